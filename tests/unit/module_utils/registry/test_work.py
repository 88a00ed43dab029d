# SPDX-License-Identifier: GPL-3.0-or-later
"""Targets from reading to result, with registries in memory in place of those on the network."""

from __future__ import annotations

import dataclasses
import json
import os
import pickle
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.registry import faults, fleet, jobs, work
from ansible_collections.openuc.ocs.plugins.module_utils.registry.engine import Change, LiveKey, Reading
from ansible_collections.openuc.ocs.plugins.module_utils.registry.journal import Journal
from ansible_collections.openuc.ocs.plugins.module_utils.registry.values import Value, key_id
from ansible_collections.openuc.ocs.plugins.module_utils.specs import QOS_REGISTRY

KEY = r"SOFTWARE\Contoso\UC"


def value(name: str, data: int, key: str = KEY) -> dict[str, t.Any]:
    return {"hive": "HKLM", "key": key, "name": name, "type": "REG_DWORD", "data": data}


@dataclasses.dataclass
class Store:
    """A registry in a file, as every target is served by a process of its own."""

    path: Path
    fault: str = ""
    forgets: bool = False
    dies_after: int | None = None
    silent: bool = False
    unfinished: str = ""
    would_need: str = ""

    @property
    def values(self) -> dict[tuple[str, str, str], Value]:
        return pickle.loads(self.path.read_bytes()) if self.path.exists() else {}

    @property
    def shown(self) -> dict[str, str]:
        return {found.name: found.shown for found in self.values.values()}

    def put(self, values: t.Mapping[tuple[str, str, str], Value]) -> None:
        self.path.write_bytes(pickle.dumps(values))

    def open(self) -> Store:
        if self.fault:
            raise faults.RegistryError(self.fault, "as the test wants it")
        return self

    def read(self, keys: t.Sequence[tuple[str, str]]) -> Reading:
        found = self.values.values()
        live = [LiveKey(hive, key, tuple(v for v in found if v.key_id == key_id(hive, key))) for hive, key in keys]
        there = [key for key in live if key.values]
        absent = [(key.hive, key.key) for key in live if not key.values]
        return Reading(there, absent, self.unfinished, self.would_need)

    def write(self, changes: t.Sequence[Change], done: t.Callable[[int], None]) -> None:
        for index, change in enumerate(changes):
            if index == self.dies_after:
                os._exit(9)
            if self.silent:
                time.sleep(60)
            values = self.values
            if change.after and not self.forgets:
                values[change.after.id] = change.after
            elif change.before:
                values.pop(change.before.id)
            self.put(values)
            done(index)
        self.unfinished = ""


class Registries(dict[str, Store]):
    """Registries by target, and the module run on them."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.journal = folder / "journal"
        self._folder = folder

    def __missing__(self, name: str) -> Store:
        self[name] = Store(self._folder / f"{name}.registry")
        return self[name]

    def run(self, *targets: dict[str, t.Any], check: bool = False, **given: t.Any) -> dict[str, t.Any]:
        options = {name: spec.get("default") for name, spec in QOS_REGISTRY.items()}
        options |= {
            "accounts": {"default": {"user": "u"}},
            "passwords": {"default": "p"},
            "journal_dir": str(self.journal),
            "timeout": 5.0,
            **({"targets": list(targets)} if targets else {"target": "fe1"}),
            **given,
        }
        return work.run(options, check)


@pytest.fixture
def registries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registries:
    made = Registries(tmp_path)
    monkeypatch.setattr(work, "HAS_SAMBA", True)
    monkeypatch.setattr(work, "_opened", lambda target, timeout: made[target.name].open())
    return made


def test_check_apply_apply_check(registries: Registries) -> None:
    promised = registries.run(values=[value("A", 1)], check=True)
    assert not registries.journal.exists()
    applied = registries.run(values=[value("A", 1)])
    assert applied["operations"] == promised["operations"]
    assert applied["operations"][0]["name"] == rf"fe1: HKLM\{KEY}:A"
    assert applied["summary"] == "1 to add"
    assert Path(applied["details"]).stem == applied["undo_id"]
    for check in (False, True):
        again = registries.run(values=[value("A", 1)], check=check)
        assert (again["changed"], again["undo_id"], again["details"]) == (False, "", "")
    assert registries["fe1"].shown == {"A": "REG_DWORD 1"}


def test_diff_shows_what_was_and_what_is(registries: Registries) -> None:
    registries.run(values=[value("A", 1)])
    diff = registries.run(values=[value("A", 2)])["diff"]
    assert diff == {
        "before": f"fe1: HKLM\\{KEY}:A REG_DWORD 1\n",
        "after": f"fe1: HKLM\\{KEY}:A REG_DWORD 2\n",
    }


def test_why_goes_with_each_change(registries: Registries) -> None:
    planned = {**value("A", 1), "id": "i", "stage": "s", "why": ["row.one", "row.two"]}
    assert registries.run(values=[planned])["operations"][0]["why"] == "row.one row.two"


def test_undoing_leads_back_and_can_be_done_once_only_in_effect(registries: Registries) -> None:
    registries.run(values=[value("A", 1)])
    run = registries.run(values=[value("A", 2), value("B", 2)])["undo_id"]
    foreseen = registries.run(state="restored", run=run, check=True)
    assert foreseen["summary"] == "1 to change, 1 to remove"
    assert registries["fe1"].shown == {"A": "REG_DWORD 2", "B": "REG_DWORD 2"}
    assert registries.run(state="restored", run=run)["operations"] == foreseen["operations"]
    assert registries["fe1"].shown == {"A": "REG_DWORD 1"}
    assert not registries.run(state="restored", run=run)["changed"]
    assert registries.run(state="deleted")["summary"] == "2 to remove"  # with the key


def test_undoing_an_unknown_run_names_those_that_are_known(registries: Registries) -> None:
    run = registries.run(values=[value("A", 1)])["undo_id"]
    result = registries.run(state="restored", run="unknown")
    assert result["failed"]
    assert f"stored are {run}" in result["msg"]


def test_targets_that_a_run_did_not_change_are_not_even_connected_to(registries: Registries) -> None:
    run = registries.run({"target": "fe1", "values": [value("A", 1)]})["undo_id"]
    registries["fe2"].fault = "unreachable"
    result = registries.run({"target": "fe1"}, {"target": "fe2"}, state="restored", run=run)
    assert "failed" not in result
    assert registries["fe1"].shown == {}


def test_one_target_that_fails_stops_no_other_and_is_named_with_a_remedy(registries: Registries) -> None:
    registries["fe1"].fault = "unreachable"
    result = registries.run(*({"target": name, "values": [value("A", 1)]} for name in ("fe1", "fe2", "fe3")), at_once=1)
    assert result["failed"]
    assert result["changed"]
    assert result["msg"] == f"fe1: as the test wants it; {faults.REMEDIES['unreachable']}"
    assert [(item["target"], item["outcome"], item["done"]) for item in result["targets"]] == [
        ("fe1", "unreachable", 0),
        ("fe2", "ok", 1),
        ("fe3", "ok", 1),
    ]
    assert result["details"] == str(registries.journal)


def test_a_process_that_dies_leaves_what_it_began_ours(registries: Registries) -> None:
    many = [value(name, 1) for name in "ABC"]
    registries["fe1"].dies_after = 2
    result = registries.run(values=many)
    assert result["targets"][0]["not_done"] == [rf"HKLM\{KEY}:C"]
    assert "2 of 3 steps were done" in result["msg"]
    assert result["summary"] == "2 to add"
    registries["fe1"].dies_after = None
    assert registries.run(values=many)["summary"] == "1 to add"
    assert registries.run(state="deleted")["summary"] == "4 to remove"  # with the key
    registries["fe1"].dies_after = 1
    run = registries.run(values=many)["undo_id"]
    registries["fe1"].dies_after = None
    registries.run(state="restored", run=run)
    assert registries["fe1"].shown == {}


def test_a_target_that_says_nothing_is_given_up(registries: Registries) -> None:
    registries["fe1"].silent = True
    result = registries.run({"target": "fe1", "values": [value("A", 1)]}, timeout=0.3)
    assert result["targets"][0]["outcome"] == "gone"
    assert "no answer within 0.3 s; 0 of 1 steps were done" in result["msg"]


def test_what_is_not_kept_is_told(registries: Registries) -> None:
    registries["fe1"].forgets = True
    result = registries.run(values=[value("A", 1)])
    assert result["targets"][0]["outcome"] == "not_kept"
    assert rf"after it was written, HKLM\{KEY}:A is not there" in result["msg"]
    assert "failed" not in registries.run(values=[value("A", 1)], verify=False)


def test_what_a_stopped_run_left_is_finished_though_all_values_are_right(registries: Registries) -> None:
    registries.run(values=[value("A", 1)])
    registries["fe1"].unfinished = "version 2 here, 1 there"
    assert registries.run(values=[value("A", 1)], check=True)["summary"] == "1 to change"
    assert registries.run(values=[value("A", 1)])["operations"][0]["name"] == "fe1: version"


def test_check_mode_foresees_what_would_be_made_first(registries: Registries) -> None:
    registries["fe1"].would_need = "the object"
    assert registries.run(values=[value("A", 1)], check=True)["would_need"] == ["the object"]
    assert registries.run(values=[], check=True)["would_need"] == []


def test_more_than_may_be_removed_stops_the_target(registries: Registries) -> None:
    registries.run(values=[value(f"V{index}", index) for index in range(11)])
    result = registries.run(state="overridden", values=[])
    assert result["targets"][0]["outcome"] == "refused"
    assert len(registries["fe1"].shown) == 11


def test_values_of_others_are_told_when_asked_for(registries: Registries) -> None:
    registries.run(values=[value("Theirs", 1)], journal_dir=str(registries.journal / "another"))
    assert registries.run(values=[value("A", 1)])["foreign"] == []
    told = registries.run(values=[value("A", 1)], report_foreign=True)
    assert told["foreign"] == [rf"fe1: HKLM\{KEY}:Theirs"]


def test_gathered_values_are_arguments(registries: Registries) -> None:
    registries.run(values=[value("A", 1), value("B", 2)])
    gathered = registries.run(state="gathered", keys=[f"HKLM\\{KEY}"])["gathered"]
    assert gathered == [{"target": "fe1", "values": [value("A", 1), value("B", 2)]}]
    assert not registries.run(*gathered)["changed"]


def test_a_target_that_another_run_holds_is_left_alone(registries: Registries) -> None:
    with Journal(str(registries.journal), "fe1").locked():
        result = registries.run(
            {"target": "fe1", "values": [value("A", 1)]}, {"target": "fe2", "values": [value("A", 1)]}
        )
    assert [item["outcome"] for item in result["targets"]] == ["journal", "ok"]
    assert registries["fe1"].shown == {}


def test_a_spoilt_journal_stops_its_target_and_says_what_to_do(registries: Registries) -> None:
    registries.run(values=[value("A", 1)])
    (registries.journal / "fe1" / "owned.json").write_text(json.dumps({"values": [{"hive": "HKLM"}], "keys": []}))
    result = registries.run(values=[value("A", 2)])
    assert result["targets"][0]["outcome"] == "journal"
    assert "owned.json is spoilt ('type'); restore it from a backup, or remove it" in result["msg"]
    assert registries["fe1"].shown == {"A": "REG_DWORD 1"}


def test_without_samba_nothing_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "HAS_SAMBA", False)
    result = Registries(tmp_path).run(values=[])
    assert result["failed"]
    assert "python3-samba" in result["msg"]


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    result = Registries(tmp_path).run(values=[value("A", -1)], run="no/name", timeout=0)
    assert result["msg"].startswith("3 problem(s) with the options; nothing was done:\nvalues[0].data: ")
    assert "run: 'no/name' cannot name a run" in result["msg"]


def test_one_journal_serves_one_place(tmp_path: Path) -> None:
    """The object tells journals of policies apart, whatever populations share it; of hosts it is their name."""
    target = jobs.Target("hq", "", jobs.Account(), gpo="UC", controller="dc1.a.b", domain="a.b")
    assert target.place == dataclasses.replace(target, name="leeds").place != dataclasses.replace(target, gpo="X").place


def test_an_error_nobody_thought_of_stops_its_target_only(registries: Registries) -> None:
    def broken() -> t.NoReturn:
        raise ZeroDivisionError("by chance")

    fine = fleet.Job("fine", registries["fine"].open, [], lambda reading: ())
    reports = fleet.run([fleet.Job("broken", broken, [], lambda reading: ()), fine], 2, 5)
    assert [(report.outcome, report.detail) for report in reports] == [
        ("failed", "ZeroDivisionError: by chance"),
        ("ok", ""),
    ]
