# SPDX-License-Identifier: GPL-3.0-or-later
"""At a terminal a run asks about steps of people, one after another, and goes on with what it is told."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time

from tests.integration.rollout.stubs import StubbedEstate

QUESTION = "Is it done? Say how you know"
PATIENCE = 240


def answered(estate: StubbedEstate, *answers: str) -> tuple[int, str]:
    """Deploy the first stage at a terminal, and give an answer to each question."""
    controller, terminal = pty.openpty()
    command = estate.command("openuc.ocs.deploy", uc_until="preflight", uc_confirmed=[])
    process = subprocess.Popen(
        command,
        env=estate.environment(),
        cwd=estate.folder,
        # Ansible asks only at a terminal that is its own, in the foreground.
        preexec_fn=lambda: os.login_tty(terminal),  # noqa: PLW1509 - the test has no threads
    )
    os.close(terminal)
    left, shown, seen = list(answers), "", 0
    until = time.monotonic() + PATIENCE
    try:
        while time.monotonic() < until:
            if not select.select([controller], [], [], 1)[0]:
                # Ansible throws away what was typed before it began to listen, so it is answered once it is silent.
                if shown.count(QUESTION) > seen and left:
                    seen += 1
                    os.write(controller, f"{left.pop(0)}\r".encode())
                continue
            try:
                shown += os.read(controller, 65536).decode("utf-8", "replace")
            except OSError:  # The other end was closed.
                break
        return process.wait(60), shown
    finally:
        process.kill()
        os.close(controller)


def test_answers_are_evidence_and_an_empty_one_stops(estate: StubbedEstate) -> None:
    code, shown = answered(estate, "signed on paper", "")
    assert code != 0, shown
    assert shown.count(QUESTION) == 2
    (reviewed,) = estate.entries("checkpoint")
    assert reviewed.data["step"] == "ocs2007r2.step.planning-plan-review@preflight"
    assert reviewed.data["evidence"] == "signed on paper"
    assert estate.verdicts() == ["waiting"]
