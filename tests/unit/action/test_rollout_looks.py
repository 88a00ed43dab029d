# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that has looked at what was done before: who is as planned has no wave any more."""

from __future__ import annotations

import json
import types
import typing as t
from pathlib import Path

import pytest
from ansible import constants

from ansible_collections.openuc.ocs.plugins.action import rollout as action
from ansible_collections.openuc.ocs.plugins.plugin_utils.acting import rollout
from ansible_collections.openuc.ocs.plugins.plugin_utils.acting.compared import Compared, keep_comparison
from ansible_collections.openuc.ocs.plugins.plugin_utils.acting.rollout_files import holder_of
from ansible_collections.openuc.ocs.plugins.plugin_utils.json_text import plain
from ansible_collections.openuc.ocs.plugins.plugin_utils.rollout.walk import Selection, Wave
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.inputs.run import RunInput

STAGE = "infrastructure"
LOOK = Wave(
    id="look.dns",
    stage="",
    title="",
    kind="look",
    mechanism="dns",
    hosts=("a", "b"),
    stages=dict.fromkeys("ab", (STAGE,)),
    contents=dict.fromkeys("ab", "c"),
)
HOSTS = ("a", "b", "other")


class Looked:
    """A run whose plan has names for two servers, both of which were given them."""

    def __init__(self, folder: Path) -> None:
        plan = folder / "plan"
        for host in LOOK.hosts:
            place = plan / "slices" / "dns_records" / f"{host}.json"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(json.dumps({"records": [{"id": host, "stage": STAGE}]}))
        (plan / "plan.json").write_text(json.dumps({"steps": [], "overview": {"clusters": []}}))
        (folder / "openuc").mkdir()
        chosen = rollout.selected(Selection((STAGE,), frozenset(HOSTS)))
        journal, options = str(folder / "journal" / "rollout.jsonl"), plain(RunInput())
        self.run = rollout.UnderWay("r1", journal, str(folder), str(plan), False, options, (), "", (LOOK,), chosen)
        self.run.save()
        self.run.lease.take(holder_of("r1"), "")
        self.shown: list[str] = []
        self.seen = folder / "openuc" / "looked" / "dns"

    def saw(self, host: str, **told: t.Any) -> None:
        keep_comparison(self.seen, Compared("dns_records", host, host), told)

    def task(self, alive: t.Sequence[str] = HOSTS) -> dict[str, t.Any]:
        acting = action.ActionModule.__new__(action.ActionModule)
        acting._task = types.SimpleNamespace(args={"state": "looked"}, async_val=0, check_mode=False)
        acting._display = types.SimpleNamespace(display=self.shown.append)
        acting._templar = types.SimpleNamespace(template=lambda value: value)
        acting._connection = types.SimpleNamespace(_shell=types.SimpleNamespace(tmpdir=None))
        hosts = {"ansible_play_hosts": list(alive), "ansible_play_hosts_all": list(HOSTS), "groups": {}}
        return t.cast("dict[str, t.Any]", acting.run(None, hosts))

    def entries(self) -> list[tuple[str, t.Mapping[str, t.Any]]]:
        return [(entry.event, entry.data) for entry in self.run.log.history().entries]


@pytest.fixture
def looked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Looked:
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(tmp_path))
    return Looked(tmp_path)


def test_nothing_is_left_to_walk_where_all_is_as_planned(looked: Looked) -> None:
    for host in LOOK.hosts:
        looked.saw(host, changed=False)
    done = looked.task()
    assert (done["waves"], done["looks"]) == ([], [])
    assert looked.entries() == [("looked", {"as_planned": {"dns": ["a", "b"]}, "differing": {"dns": {}}})]
    assert rollout.under_way().waves == ()
    assert looked.shown == ["As planned: 2 of those; 0 waves of changes are left"]


def test_what_drifted_keeps_its_wave_and_is_named(looked: Looked) -> None:
    looked.saw("a", changed=False)
    looked.saw("b", changed=True, summary="1 to add")
    (wave,) = looked.task()["waves"]
    assert (wave["mechanism"], wave["hosts"], wave["of"]) == ("dns", ("b",), 1)
    assert [one.hosts for one in rollout.under_way().waves] == [("b",)], "as gates of the run know it"
    assert looked.shown == ["As planned: 1 of those; one wave of changes is left", "  dns at b: 1 to add"]


def test_a_host_that_kept_no_comparison_is_not_taken_for_well(looked: Looked) -> None:
    looked.saw("a", changed=False)
    assert [wave["hosts"] for wave in looked.task()["waves"]] == [("b",)]
    assert looked.shown[1:] == ["  dns at b: nothing was seen of it"]


def test_who_cannot_be_reached_stops_the_run_before_anything_is_changed(looked: Looked) -> None:
    looked.saw("a", changed=True)
    stopped = looked.task(alive=("a", "other"))
    assert stopped["failed"]
    assert "b could not be reached" in stopped["msg"]
    assert [event for event, _data in looked.entries()] == ["stopped", "ended"]
    assert looked.run.lease.read() is None


def test_who_is_not_looked_at_may_be_missing(looked: Looked) -> None:
    for host in LOOK.hosts:
        looked.saw(host, changed=False)
    assert looked.task(alive=("a", "b"))["waves"] == []
