# SPDX-License-Identifier: GPL-3.0-or-later
"""What the plan action does with an inventory, without the run of Ansible around it."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest
from ansible.errors import AnsibleError

from ansible_collections.openuc.ocs.plugins.plugin_utils.acting import planning
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.inventory import RawHost, RawInventory
from tests import support

STANDARD = support.example("standard")


class Planned:
    """Runs over inventories, and what was said in them."""

    def __init__(self, folder: Path) -> None:
        self.places = planning.Places(folder / "estate" / "intended", folder / "private" / "plan")
        self.said: list[str] = []

    def run(self, inventory: RawInventory = STANDARD, check_mode: bool = False, with_diff: bool = False) -> t.Any:
        return planning.run(inventory, self.places, self._say, check_mode, with_diff)

    def _say(self, text: str, color: str = "") -> None:
        self.said.append(text)


@pytest.fixture
def planned(tmp_path: Path) -> Planned:
    return Planned(tmp_path)


def test_what_was_planned_is_told_and_written(planned: Planned) -> None:
    told = planned.run()
    assert told["changed"]
    assert told["digest"] == support.example_digest("standard")
    assert told["stages"]
    assert told["findings"]["error"] == 0
    assert told["counts"]["records"] == len(json.loads((planned.places.private / "plan.json").read_text())["records"])
    assert planned.said[-3:] == told["summary"]
    assert told["summary"][2] == f"In: {planned.places.intended}"
    manifest = json.loads((planned.places.intended / "manifest.json").read_text())
    assert manifest["input"] == told["digest"]
    assert {path for path in manifest["files"] if not (planned.places.intended / path).is_file()} == set()


def test_what_is_planned_again_changes_nothing(planned: Planned) -> None:
    planned.run()
    again = planned.run(with_diff=True)
    assert (again["changed"], again["diff"]) == (False, [])


def test_check_mode_shows_all_files_and_keeps_what_machines_read(planned: Planned) -> None:
    told = planned.run(check_mode=True, with_diff=True)
    assert not planned.places.intended.parent.exists()
    shown = {change["after_header"]: change["after"] for change in told["diff"]}
    assert shown["plan.json"] == (planned.places.private / "plan.json").read_text()
    assert shown["flows.csv"].startswith("id,stage,")
    assert [path.name for path in planned.places.private.parent.iterdir()] == ["plan"]


def test_of_many_findings_of_a_kind_the_first_are_said(planned: Planned) -> None:
    own = {**STANDARD.hosts[0].variables, "uc_addresses": "10.99.0.1"}
    strangers = (RawHost(f"stranger{number}.contoso.com", ("strange",), own) for number in range(8))
    planned.run(RawInventory((*STANDARD.hosts, *strangers)))
    assert sum("is in no group that this collection knows" in said for said in planned.said) == 5
    more = [said for said in planned.said if said.startswith("... and ")]
    assert more == ["... and 3 more of finding.ungrouped-host: see findings.md"]


def test_errors_are_all_told_and_nothing_is_written(planned: Planned) -> None:
    told = planned.run(support.changed(STANDARD, {"uc_pols": 1, "uc_colour": "red"}))
    assert told["failed"]
    assert told["msg"].startswith("The inventory has 2 errors; nothing was planned or written.")
    assert told["findings"]["error"] == 2
    assert not planned.places.intended.exists()


@pytest.mark.parametrize("check_mode", [False, True])
def test_a_place_that_cannot_be_written_is_named_and_left_as_it_is(planned: Planned, check_mode: bool) -> None:
    blocked = planned.places.private.parent if check_mode else planned.places.intended.parent
    blocked.write_text("a file where the folder should be")
    with pytest.raises(AnsibleError, match=f"{blocked}.* cannot be written .*nothing was changed there"):
        planned.run(check_mode=check_mode)
    assert blocked.read_text() == "a file where the folder should be"
