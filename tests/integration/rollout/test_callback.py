# SPDX-License-Identifier: GPL-3.0-or-later
"""The callback shows a roll-out to people; standard lines stay for programs that read them."""

from __future__ import annotations

import re
import subprocess

from tests.integration.rollout.stubs import StubbedEstate


def shown(estate: StubbedEstate, *arguments: str, **variables: object) -> str:
    command = estate.command("openuc.ocs.deploy", *arguments, uc_until="first_pool", **variables)
    environment = {**estate.environment(), "ANSIBLE_STDOUT_CALLBACK": "openuc.ocs.rollout"}
    done = subprocess.run(
        command, env=environment, cwd=estate.folder, capture_output=True, text=True, check=False, timeout=300
    )
    return done.stdout + done.stderr


def test_stages_waves_and_changes_are_shown_and_nothing_else(estate: StubbedEstate) -> None:
    lines = shown(estate, "--tags", "certificates").splitlines()
    assert [line.split("]")[0] for line in lines if line.startswith("STAGE")] == [
        "STAGE [preflight",
        "STAGE [directory",
        "STAGE [first_pool",
    ]
    heads = [line.strip() for line in lines if re.match(r" +\d+/\d+ first_pool.*certificates", line)]
    assert [head.rpartition("-> ")[2] for head in heads] == [
        "fe1.corp.contoso.com",
        "fe2.corp.contoso.com, fe3.corp.contoso.com",
        "fe4.corp.contoso.com",
    ]
    assert sum(line.strip().startswith("well, after") for line in lines) == 3
    assert not any(line.startswith(("skipping:", "included:", "TASK [")) for line in lines)
    assert any(line.startswith("PLAY RECAP") for line in lines)


def test_failures_are_shown_as_ever(estate: StubbedEstate) -> None:
    text = shown(estate, "--tags", "certificates", fail_at=["certificates fe1.corp.contoso.com"])
    assert "fatal: [fe1.corp.contoso.com]: FAILED!" in text
    assert "The roll-out stops at first_pool" in text
