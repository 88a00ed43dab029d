# SPDX-License-Identifier: GPL-3.0-or-later
"""An estate whose mechanisms only take notes, and break where a test says so: the roll-out itself is what is tested."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import sys
import typing as t
from pathlib import Path

from ansible_collections.openuc.ocs.plugins.plugin_utils.rollout.records import Entry, read
from tests.support import ROOT

INVENTORY = Path(__file__).parent / "inventory"
MECHANISMS = ("dns", "firewall", "load_balancer", "certificates", "qos")
# Roles of mechanisms, and of the server types that are in the estate.
ROLES = (*MECHANISMS, "front_end", "domain_controller", "certification_authority")
PROGRAMS = Path(sys.executable).parent
PROVENANCE = "# SPDX-License-Identifier: GPL-3.0-or-later"

# What a mechanism's action does around its module. Only hosts that are to be out of reach are connected to: a module
# costs a third of a second, and what becomes of its result is what is tested.
_ACTION = (
    PROVENANCE
    + """
from ansible_collections.openuc.ocs.plugins.plugin_utils.acting.slices import SliceAction


class ActionModule(SliceAction):
    mechanism = "note"
    _requires_connection = False

    def act(self, variables):
        words, stage = self._task.args["words"], self._task.args["stage"]
        about = f"{self._task.args['mechanism']} {variables['inventory_hostname']} {stage}\\n"
        # What was done is what is there, until a test takes it away.
        with open(variables["notes"], "a+", buffering=1) as file:
            file.seek(0)
            is_there = f"done {about}" in file.read()
            # One write each, so that those of hosts that work at the same time do not mix.
            file.write(f"{'look' if self._task.check_mode else words} {about}")
        changed = words != "apply" and not (self._task.check_mode and is_there)
        operations = [{"action": "add", "name": stage}]
        return {"changed": changed, "operations": operations, "summary": "1 to add", "undo_id": "r1"}
"""
)
_NOTE = """
- name: Note {words}
  openuc_tests.stubs.note:
    words: {words}
    mechanism: "{{{{ _openuc_mechanism }}}}"
    stage: "{{{{ _openuc_stages | last }}}}"
"""
_APPLY = """
- name: Lose the host
  ansible.builtin.set_fact: {ansible_connection: ssh, ansible_host: 127.0.0.1, ansible_port: 9}
  when: inventory_hostname in lose | default([])
- name: Reach the host
  ansible.builtin.ping:
  when: inventory_hostname in lose | default([]) or ansible_connection == 'ssh'
- name: Break
  ansible.builtin.fail: {msg: it broke}
  when: (_openuc_mechanism ~ ' ' ~ inventory_hostname) in fail_at | default([])
"""
_RESTORE = """
- name: Break again
  ansible.builtin.fail: {msg: nothing to go back to}
  when: inventory_hostname in stuck | default([])
"""


@dataclasses.dataclass(frozen=True)
class StubbedEstate:
    """An estate in a folder of its own."""

    folder: Path

    @property
    def inventory(self) -> Path:
        return self.folder / "estate"

    @property
    def kept(self) -> Path:
        return self.folder / "estate.estate"

    @property
    def journal(self) -> Path:
        return self.kept / "journal" / "rollout.jsonl"

    def deploy(self, *arguments: str, **variables: t.Any) -> subprocess.CompletedProcess[str]:
        return self.play("openuc.ocs.deploy", *arguments, **variables)

    def play(self, playbook: str, *arguments: str, **variables: t.Any) -> subprocess.CompletedProcess[str]:
        """Run a playbook to its end."""
        return subprocess.run(
            self.command(playbook, *arguments, **variables),
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
            cwd=self.folder,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
        )

    def command(self, playbook: str, *arguments: str, **variables: t.Any) -> list[str]:
        own = {
            "_openuc_roles": "openuc_tests.stubs",
            "_openuc_mechanisms": list(MECHANISMS),
            "notes": str(self.folder / "notes"),
        }
        given = json.dumps({**own, **variables})
        return [str(PROGRAMS / "ansible-playbook"), playbook, "-i", str(self.inventory), "-e", given, *arguments]

    def environment(self) -> dict[str, str]:
        collections = os.pathsep.join([str(ROOT / ".build" / "collections"), str(self.folder / "collections")])
        return {
            **os.environ,
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": collections,
            "ANSIBLE_FORKS": "4",
        }

    def notes(self) -> list[str]:
        """What the mechanisms were asked to do: `apply dns host stage`."""
        path = self.folder / "notes"
        return (
            [line.replace(".corp.contoso.com", "") for line in path.read_text().splitlines()] if path.exists() else []
        )

    def entries(self, *events: str) -> list[Entry]:
        text = self.journal.read_text() if self.journal.exists() else ""
        return [entry for entry in read(text).entries if not events or entry.event in events]

    def torn(self) -> tuple[int, ...]:
        """Lines of the journal that a kill left torn."""
        return read(self.journal.read_text()).torn

    def results(self) -> dict[str, str]:
        """The last that is told of each target."""
        found = {}
        for entry in self.entries("outcome"):
            for host, told in entry.data["hosts"].items():
                found[f"{entry.data['mechanism']} {host.split('.')[0]}"] = told["result"]
        return found

    def verdicts(self) -> list[str]:
        return [str(entry.data["verdict"]) for entry in self.entries("ended")]

    def has_lease(self) -> bool:
        return (self.kept / "journal" / "lease.json").exists()


def make(folder: Path) -> StubbedEstate:
    """The estate, and the collection that its mechanisms stand in."""
    shutil.copytree(INVENTORY, folder / "estate")
    plugins = folder / "collections/ansible_collections/openuc_tests/stubs/plugins/action"
    plugins.mkdir(parents=True)
    (plugins / "note.py").write_text(_ACTION)
    for role in ROLES:
        tasks = folder / "collections/ansible_collections/openuc_tests/stubs/roles" / role / "tasks"
        tasks.mkdir(parents=True)
        apply = _NOTE.format(words="apply") + _APPLY
        restore = _NOTE.format(words="restore") + _RESTORE
        done = _NOTE.format(words="done")
        (tasks / "main.yml").write_text(f"---{apply}{done}")
        (tasks / "restore.yml").write_text(f"---{restore}")
    return StubbedEstate(folder)
