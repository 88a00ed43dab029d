# SPDX-License-Identifier: GPL-3.0-or-later
"""What the commands of the README come to."""

from __future__ import annotations

import subprocess

from tests import support


def recipe(target: str) -> list[str]:
    done = subprocess.run(["make", "-n", target], cwd=support.ROOT, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_the_lab_is_deployed_from_its_controller() -> None:
    """The machine itself reaches the hosts' management addresses only, where no registry and no directory serves."""
    (command,) = [line for line in recipe("deploy") if "openuc.ocs.deploy" in line]
    assert command.startswith("tests/lab/lab run -- ansible-playbook")
    assert command.endswith("-i 'inventories/lab' -i '/run/openuc-lab/lab/inventory.yml'"), "any inventory has a lab"


def test_the_need_for_root_is_told_before_anything_is_set_up() -> None:
    for target in ("lab-up", "deploy"):
        assert "id -u" in recipe(target)[0]
