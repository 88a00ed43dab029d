# SPDX-License-Identifier: GPL-3.0-or-later
"""The qos_registry action as a user meets it: slices one by one and by folder, stages, the journal's place."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
import yaml

from tests import support

HOST = "fe1.corp.contoso.com"


class Play:
    """A playbook of one task that writes files, so that nobody is connected to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "estate").mkdir()
        hosts = {"all": {"hosts": {HOST: {"ansible_connection": "local"}}}}
        (folder / "estate" / "hosts.yml").write_text(yaml.safe_dump(hosts))

    def slice(self, name: str, *data: tuple[str, int], **more: t.Any) -> str:
        """A slice with a value for each stage."""
        values = [
            {
                "id": f"row@{number}",
                "stage": stage,
                "why": ["row"],
                "replaces": "",
                "hive": "HKLM",
                "key": r"SOFTWARE\Contoso",
                "name": f"V{number}",
                "type": "REG_DWORD",
                "data": number,
            }
            for stage, number in data
        ]
        path = self.folder / "slices" / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            json.dumps({"state": "replaced", "target": name.rsplit("/", maxsplit=1)[-1], "values": values, **more})
        )
        return str(path)

    def run(self, **task: t.Any) -> dict[str, t.Any]:
        """What the module returned."""
        tasks = [
            {"openuc.ocs.qos_registry": task, "register": "found", "ignore_errors": True},
            {"ansible.builtin.copy": {"content": "{{ found | to_json }}", "dest": str(self.folder / "found.json")}},
        ]
        (self.folder / "play.yml").write_text(yaml.safe_dump([{"hosts": HOST, "gather_facts": False, "tasks": tasks}]))
        environment = {**os.environ, "ANSIBLE_CONFIG": str(support.ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"}
        environment["ANSIBLE_PYTHON_INTERPRETER"] = sys.executable
        program = str(Path(sys.executable).parent / "ansible-playbook")
        command = [program, "-i", str(self.folder / "estate"), str(self.folder / "play.yml")]
        done = subprocess.run(command, env=environment, cwd=support.ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return t.cast("dict[str, t.Any]", json.loads((self.folder / "found.json").read_text()))


@pytest.fixture
def play(tmp_path: Path) -> Play:
    return Play(tmp_path)


def test_a_slice_gives_what_the_stages_have_reached(play: Play) -> None:
    found = play.run(slice=play.slice(HOST, ("first_pool", 1), ("voice", 2)), stages=["first_pool"], state="rendered")
    (text,) = found["rendered"].values()
    assert '"V1"=dword:00000001' in text
    assert "V2" not in text


def test_a_folder_in_a_list_stands_for_the_slices_in_it(play: Play) -> None:
    play.slice("dc1/hq", ("preflight", 1), gpo="UC", domain_controller="dc1")
    play.slice("dc1/leeds", ("preflight", 2), gpo="UC L", domain_controller="dc1")
    own = play.slice(HOST, ("preflight", 3))
    found = play.run(
        slice=[own, str(play.folder / "slices/dc1")], state="rendered", rendered_dir=str(play.folder / "made")
    )
    assert set(found["rendered"]) == {f"{HOST}.reg", "hq/Machine/Registry.pol", "leeds/Machine/Registry.pol"}
    assert {path.name for path in (play.folder / "made").rglob("*.*")} == {f"{HOST}.reg", "Registry.pol"}


def test_an_empty_list_is_nothing_to_do_and_a_missing_slice_is_named(play: Play) -> None:
    assert play.run(slice=[])["skipped"]
    missing = play.run(slice=str(play.folder / "nowhere.json"))
    assert missing["failed"]
    assert "nowhere.json: No such file or directory; slices are made by openuc.ocs.plan" in missing["msg"]


def test_slices_of_different_states_need_a_state(play: Play) -> None:
    paths = [play.slice("a", ("x", 1)), play.slice("b", ("x", 1), state="merged")]
    refused = play.run(slice=paths)
    assert "the slices differ in state (merged, replaced); set state" in refused["msg"]


def test_the_journal_stands_beside_the_inventory(play: Play) -> None:
    """A run that is refused for its account comes as far as to know where the journal would be."""
    refused = play.run(slice=play.slice(HOST, ("x", 1)))
    assert "accounts: is missing" in refused["msg"]
    assert "journal_dir" not in refused["msg"]
