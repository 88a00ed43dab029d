# SPDX-License-Identifier: GPL-3.0-or-later
"""A small estate on hosts of its own: how it is deployed, what its journal tells, and what its hosts really hold."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import subprocess
import sys
import typing as t
from pathlib import Path

from ansible_collections.openuc.ocs.plugins.plugin_utils.rollout.records import Entry, History, read
from ansible_collections.openuc.ocs.plugins.plugin_utils.rollout.standing import Standing, standing_of
from tests.integration.conftest import own_name
from tests.lab import estate, kernel, lab, machine
from tests.lab.lab import Lab
from tests.lab.layout import CONTROLLER
from tests.support import ROOT

INVENTORY = ROOT / "tests/integration/inventories/faults.yml"
Done = subprocess.CompletedProcess


@dataclasses.dataclass(frozen=True)
class Hosts:
    """The hosts of a lab, and the folder of the estate that is deployed to them."""

    lab: Lab
    kept: Path

    def deploy(self, *arguments: str, **environment: str) -> Done[str]:
        """Run the roll-out to its end, or until it dies."""
        inside = kernel.NAMED / kernel.namespace(self.lab.name, CONTROLLER)
        inventories = ["-i", str(INVENTORY), "-i", str(self.lab.folder / "inventory.yml")]
        program = str(Path(sys.executable).parent / "ansible-playbook")
        command = [program, "openuc.ocs.deploy", *inventories, "-e", f"uc_estate_dir={self.kept}", *arguments]
        return subprocess.run(
            ["nsenter", f"--net={inside}", *command],
            env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), **environment},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    def on(self, host: str, command: str) -> str:
        """What a line of shell prints on a host."""
        within = machine.command_in(self.lab.first_process(host), ("sh", "-c", command))
        return subprocess.run(within, capture_output=True, text=True, check=True, timeout=60).stdout

    def history(self) -> History:
        path = self.kept / "journal/rollout.jsonl"
        return read(path.read_text()) if path.exists() else History()

    def entries(self, event: str) -> list[Entry]:
        return [entry for entry in self.history().entries if entry.event == event]

    def standing(self) -> Standing:
        return standing_of(self.history())

    def has_lease(self) -> bool:
        return (self.kept / "journal/lease.json").exists()


@contextlib.contextmanager
def hosts_in(folder: Path, letter: str) -> t.Iterator[Hosts]:
    """Fresh hosts that nothing was deployed to, and that are gone afterwards."""
    name = Lab(own_name(letter))
    try:
        lab.up(name, estate.read(INVENTORY), let_in=False, say=print)
        yield Hosts(name, folder / "estate")
    finally:
        lab.down(name, print)
