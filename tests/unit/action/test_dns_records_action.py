# SPDX-License-Identifier: GPL-3.0-or-later
"""The dns_records action as a user meets it: slices of a folder, stages, addresses and the journal's place."""

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
from tests.unit.module_utils.dns.nameserver import SECRET, START, Nameserver, running


class Play:
    """A playbook of one task, with an inventory where ns1 is on loopback."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.slices = folder / "slices" / "dns_records" / "ns1.contoso.com"
        self.slices.mkdir(parents=True)
        hosts = {"all": {"hosts": {"ns1.contoso.com": {"uc_addresses": "127.0.0.1/8", "ansible_connection": "local"}}}}
        (folder / "estate").mkdir()
        (folder / "estate" / "hosts.yml").write_text(yaml.safe_dump(hosts))

    def slice(self, zone: str, port: int, *records: dict[str, t.Any], **more: t.Any) -> Path:
        path = self.slices / f"internal.{zone}.json"
        given = {"state": "replaced", "server": "ns1.contoso.com", "zone": zone, "view": "internal", "port": port}
        path.write_text(json.dumps({**given, "key_name": "openuc", "records": list(records), **more}))
        return path

    def run(self, *arguments: str, **task: t.Any) -> tuple[dict[str, t.Any], str]:
        """What the module returned, and all that Ansible said."""
        tasks = [
            {
                "openuc.ocs.dns_records": {"keys": {"openuc": SECRET}, **task},
                "register": "found",
                "ignore_errors": True,
            },
            {"ansible.builtin.copy": {"content": "{{ found | to_json }}", "dest": str(self.folder / "found.json")}}
            | {"check_mode": False, "diff": False},
        ]
        play = [{"hosts": "ns1.contoso.com", "gather_facts": False, "tasks": tasks}]
        (self.folder / "play.yml").write_text(yaml.safe_dump(play))
        environment = {**os.environ, "ANSIBLE_CONFIG": str(support.ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"}
        environment["ANSIBLE_PYTHON_INTERPRETER"] = sys.executable
        program = str(Path(sys.executable).parent / "ansible-playbook")
        command = [program, "-i", str(self.folder / "estate"), str(self.folder / "play.yml"), *arguments]
        done = subprocess.run(command, env=environment, cwd=support.ROOT, capture_output=True, text=True, check=False)
        assert SECRET not in done.stdout + done.stderr
        return json.loads((self.folder / "found.json").read_text()), done.stdout + done.stderr


@pytest.fixture
def play(tmp_path: Path) -> Play:
    return Play(tmp_path)


def record(name: str, address: str, stage: str, **more: t.Any) -> dict[str, t.Any]:
    return {"id": name, "stage": stage, "why": ["row.x"], "name": name, "type": "A", "values": [address], **more}


def test_a_folder_is_all_zones_of_a_server_in_one_call(play: Play) -> None:
    with running(Nameserver()) as contoso, running(Nameserver("fabrikam.com", START)) as fabrikam:
        play.slice("contoso.com", contoso.port, record("sip.contoso.com", "10.0.0.1", "pool"))
        play.slice("fabrikam.com", fabrikam.port, record("sip.fabrikam.com", "10.0.0.2", "pool"))
        found, said = play.run("--check", "--diff", slice=str(play.slices))
        assert ("+sip.contoso.com A 3600 10.0.0.1" in said, "+sip.fabrikam.com A 3600 10.0.0.2" in said) == (True, True)
        assert (found["changed"], contoso.serial, fabrikam.serial) == (True, 1, 1)
        found, _said = play.run(slice=str(play.slices))
        assert [(zone["zone"], zone["applied"]) for zone in found["zones"]] == [("contoso.com", 1), ("fabrikam.com", 1)]
        assert "sip.fabrikam.com 3600 A 10.0.0.2" in fabrikam.records()
    journal = play.folder / "estate.estate" / "journal" / "dns_records"
    assert sorted(path.name for path in journal.iterdir()) == [
        "internal.contoso.com_ns1.contoso.com",
        "internal.fabrikam.com_ns1.contoso.com",
    ]


def test_only_what_was_reached_is_applied_without_what_it_replaces(play: Play) -> None:
    with running(Nameserver()) as server:
        path = play.slice(
            "contoso.com",
            server.port,
            record("old.contoso.com", "10.0.0.1", "pool"),
            record("new.contoso.com", "10.0.0.2", "director", replaces="old.contoso.com"),
            record("far.contoso.com", "10.0.0.3", "edge"),
        )
        play.run(slice=str(path), stages=["pool", "director"])
        assert {line.split()[0] for line in server.records()} == {"ns1.contoso.com", "new.contoso.com"}


def test_what_the_task_says_goes_before_the_slice(play: Play) -> None:
    with running(Nameserver()) as server:
        path = play.slice("contoso.com", 1, record("sip.contoso.com", "10.0.0.1", "pool"))
        found, _said = play.run(slice=str(path), port=server.port, run="given", journal_dir=str(play.folder / "kept"))
    assert (found["undo_id"], found["changed"]) == ("given", True)
    assert (play.folder / "kept" / "internal.contoso.com_ns1.contoso.com" / "runs" / "given.json").exists()


def test_offline_states_need_neither_journal_nor_server(play: Play) -> None:
    path = play.slice("contoso.com", 1, record("sip.contoso.com", "10.0.0.1", "pool"))
    found, _said = play.run(slice=str(path), state="rendered")
    assert "sip.contoso.com. IN A 10.0.0.1" in found["rendered"]["contoso.com.zone"]


def test_zones_of_a_folder_that_take_no_updates_are_left_to_people(play: Play) -> None:
    with running(Nameserver()) as server:
        play.slice("fabrikam.com", 1, record("sip.fabrikam.com", "10.0.0.1", "pool"), update="none")
        found, said = play.run(slice=str(play.slices))
        assert found["skipped"]
        play.slice("contoso.com", server.port, record("sip.contoso.com", "10.0.0.1", "pool"))
        found, said = play.run(slice=str(play.slices))
        assert [zone["zone"] for zone in found["zones"]] == ["contoso.com"]
    assert "internal.fabrikam.com.json: the zone takes no updates" in " ".join(said.split())
    found, _said = play.run(slice=str(play.slices), state="rendered")
    assert len(found["rendered"]) == 2


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"slice": "{}/none.json"}, "slices are made by openuc.ocs.plan"),
        ({"slice": "{}/empty"}, "holds no slices; openuc.ocs.plan makes them"),
        ({"slice": "{}"}, "the slices differ in state (merged, replaced); set state"),
    ],
)
def test_slices_that_will_not_do_say_why(play: Play, more: dict[str, str], words: str) -> None:
    play.slice("contoso.com", 1)
    play.slice("fabrikam.com", 1, state="merged")
    (play.slices / "empty").mkdir()
    found, _said = play.run(slice=more["slice"].format(play.slices))
    assert words in found["msg"]
