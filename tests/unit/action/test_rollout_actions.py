# SPDX-License-Identifier: GPL-3.0-or-later
"""Gates, checkpoints and failures as tasks of a run meet them, on a run that was begun in a folder of the test's."""

from __future__ import annotations

import errno
import json
import os
import types
import typing as t
from pathlib import Path

import pytest
from ansible import constants
from ansible.errors import AnsibleError, AnsiblePromptNoninteractive

from ansible_collections.openuc.ocs.plugins.action import checkpoint, gate, journal
from ansible_collections.openuc.ocs.plugins.action import rollout as beginning
from ansible_collections.openuc.ocs.plugins.plugin_utils.acting import rollout
from ansible_collections.openuc.ocs.plugins.plugin_utils.acting.rollout_files import holder_of
from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue.model import Source
from ansible_collections.openuc.ocs.plugins.plugin_utils.rollout.blueprint import PlannedStep
from ansible_collections.openuc.ocs.plugins.plugin_utils.rollout.checks import Seen, State, StepCheckFact
from ansible_collections.openuc.ocs.plugins.plugin_utils.rollout.walk import Wave
from tests.support import ROOT

WAVE = Wave(
    id="pool.02-dns",
    stage="pool",
    title="Names",
    kind="apply",
    mechanism="dns",
    hosts=("a", "b"),
    stages={"a": ("pool",), "b": ("pool",)},
    contents={"a": "c1", "b": "c2"},
)
PEOPLE = Wave(id="pool.03-checkpoints", stage="pool", title="", kind="checkpoints", steps=("s.one@pool", "s.two@pool"))
LOOK = Wave(id="pool.verify", stage="pool", title="Look", kind="verify", hosts=("a",), stages={"a": ("pool",)})
STEPS = [
    {"id": "s.one@pool", "stage": "pool", "title": "One", "kind": "checkpoint", "targets": ["p"], "optional": False},
    {"id": "s.two@pool", "stage": "pool", "title": "Two", "kind": "checkpoint", "targets": [], "optional": True},
]


class Screen:
    """What is shown, and what a person answers; nobody is there when that is nothing."""

    def __init__(self, *answers: str) -> None:
        self.shown: list[str] = []
        self.answers = list(answers)

    def display(self, words: str, **_how: t.Any) -> None:
        self.shown.append(words)

    warning = display

    def prompt_until(self, _words: str) -> bytes:
        if not self.answers:
            raise AnsiblePromptNoninteractive("no terminal")
        return self.answers.pop(0).encode()


class Running:
    """A run under way, and its tasks."""

    def __init__(self, folder: Path, **options: t.Any) -> None:
        (folder / "plan").mkdir()
        (folder / "plan" / "plan.json").write_text(json.dumps({"steps": STEPS}))
        (folder / "openuc").mkdir()
        log = str(folder / "journal" / "rollout.jsonl")
        check = bool(options.pop("check", False))
        undoes = str(options.pop("undoes", ""))
        plan = str(folder / "plan")
        self.run = rollout.UnderWay("r1", log, str(folder), plan, check, options, (WAVE, PEOPLE, LOOK), undoes)
        self.run.save()
        if not check:
            self.run.lease.take(holder_of("r1"), "")
        self.run.log.add("begun", "r1", {})
        self.screen = Screen()

    def task(self, plugin: t.Any, alive: str = "abc", host: str = "a", **arguments: str) -> dict[str, t.Any]:
        action = plugin.ActionModule.__new__(plugin.ActionModule)
        action._task = types.SimpleNamespace(args=arguments, async_val=0, check_mode=self.run.check)
        action._display = self.screen
        action._templar = types.SimpleNamespace(template=lambda value: value)
        action._connection = types.SimpleNamespace(_shell=types.SimpleNamespace(tmpdir=None))
        hosts = {"ansible_play_hosts": list(alive), "ansible_play_hosts_all": list("abc"), "inventory_hostname": host}
        return t.cast("dict[str, t.Any]", action.run(None, hosts))

    def events(self) -> list[str]:
        return [entry.event for entry in self.run.log.history().entries][1:]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(tmp_path))
    return tmp_path


def test_a_wave_that_goes_well_is_told_before_and_after(folder: Path) -> None:
    running = Running(folder)
    assert running.task(gate, wave=WAVE.id, point="before") == {"changed": False}
    standing = running.run.log.standing()
    assert set(standing.attempts) == {("dns", "a"), ("dns", "b")}
    assert running.task(gate, wave=WAVE.id, point="after") == {"changed": False}
    standing = running.run.log.standing()
    assert standing.attempts == {}
    assert standing.contents == {("dns", "a"): "c1", ("dns", "b"): "c2"}
    assert running.run.lease.read() is not None


def test_a_host_that_is_gone_stops_the_run_and_ends_the_lease(folder: Path) -> None:
    running = Running(folder)
    running.task(gate, wave=WAVE.id, point="before")
    stopped = running.task(gate, alive="ac", wave=WAVE.id, point="after")
    assert stopped["failed"]
    assert "b: lost, and may be half changed" in stopped["msg"]
    assert running.events() == ["intent", "outcome", "stopped", "ended"]
    assert running.run.lease.read() is None


def test_nobody_is_changed_when_somebody_is_missing(folder: Path) -> None:
    running = Running(folder)
    stopped = running.task(gate, alive="bc", wave=WAVE.id, point="before")
    assert stopped["failed"]
    assert running.events() == ["stopped", "ended"]


def test_a_failure_is_told_by_the_host_and_judged_at_the_gate(folder: Path) -> None:
    running = Running(folder)
    running.task(gate, wave=WAVE.id, point="before")
    failed = running.task(journal, host="b", wave=WAVE.id, result="rolled_back", reason="no disk")
    assert failed == {"failed": True, "msg": "b: dns failed in wave pool.02-dns: no disk"}
    assert running.events() == ["intent", "outcome"]
    stopped = running.task(gate, alive="ac", wave=WAVE.id, point="after")
    assert "b: failed, and is as it was before this run" in stopped["msg"]
    assert "Done in this wave: a" in stopped["msg"]


def test_the_last_of_those_who_all_failed_closes_the_run(folder: Path) -> None:
    running = Running(folder)
    running.task(gate, wave=WAVE.id, point="before")
    running.task(journal, alive="ab", host="a", wave=WAVE.id, result="failed", reason="x")
    assert running.events() == ["intent", "outcome"]
    running.task(journal, alive="ab", host="b", wave=WAVE.id, result="failed", reason="y")
    assert running.events() == ["intent", "outcome", "outcome", "stopped", "ended"]
    assert running.run.lease.read() is None


def test_what_is_undone_is_told_as_undone(folder: Path) -> None:
    running = Running(folder, undoes="r0")
    running.task(gate, wave=WAVE.id, point="before")
    running.task(gate, wave=WAVE.id, point="after")
    last = running.run.log.history().entries[-1]
    assert (last.event, last.data["hosts"], last.data["of"]) == ("undone", ["a", "b"], "r0")


def test_a_stage_that_looks_wrong_stops_the_run_unless_it_is_only_told(folder: Path) -> None:
    running = Running(folder)
    assert running.task(gate, wave=LOOK.id, point="before") == {"changed": False}
    assert running.task(gate, wave=LOOK.id, point="after", wrong="") == {"changed": False}
    stopped = running.task(gate, wave=LOOK.id, point="after", wrong="2 checks failed")
    assert stopped["msg"].startswith("The stage pool does not look as planned: 2 checks failed. Mend it")
    assert running.run.log.standing().verified == {"pool": "2 checks failed"}


def test_a_stage_that_looks_wrong_may_be_told_only(folder: Path) -> None:
    running = Running(folder, verification="tell")
    assert running.task(gate, wave=LOOK.id, point="after", wrong="2 checks failed") == {"changed": False}
    assert running.screen.shown == ["The stage pool does not look as planned: 2 checks failed"]


def test_a_run_that_lost_its_lease_changes_nothing_more(folder: Path) -> None:
    running = Running(folder)
    running.run.lease.path.unlink()
    refused = running.task(gate, wave=WAVE.id, point="before")
    assert refused["failed"]
    assert "has lost its lease" in refused["msg"]
    assert running.events() == []


def test_a_full_disk_stops_before_anything_is_changed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    running = Running(folder)

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    refused = running.task(gate, wave=WAVE.id, point="before")
    assert refused["failed"]
    assert "the journal of the roll-out cannot be kept" in refused["msg"]
    assert "No space left on device" in refused["msg"]


# --- people -----------------------------------------------------------------------------------------------------------

BY_ANN = {"step": "s.one", "by": "ann", "evidence": "she did it"}


def test_what_somebody_vouches_for_is_passed_and_the_optional_left_out(folder: Path) -> None:
    running = Running(folder, confirmed=[BY_ANN])
    assert running.task(checkpoint, wave=PEOPLE.id) == {"changed": False}
    passed = running.run.log.standing().passed
    assert (passed["s.one@pool"].by, passed["s.one@pool"].targets) == ("ann", {"p"})
    assert passed["s.two@pool"].left_out


def test_a_run_without_a_terminal_waits_and_leaves_nothing_out_meanwhile(folder: Path) -> None:
    running = Running(folder)
    waiting = running.task(checkpoint, wave=PEOPLE.id)
    assert waiting["failed"]
    assert waiting["waiting"] == ["s.one"]
    assert running.events() == ["ended"]
    assert running.run.log.standing().runs[-1].verdict == "waiting"


@pytest.mark.parametrize(("answer", "evidence"), [("y", "confirmed at the terminal"), ("ticket 7", "ticket 7")])
def test_a_person_at_the_terminal_is_asked(folder: Path, answer: str, evidence: str) -> None:
    running = Running(folder)
    running.screen = Screen(answer)
    assert running.task(checkpoint, wave=PEOPLE.id) == {"changed": False}
    assert running.run.log.standing().passed["s.one@pool"].evidence == evidence


def test_an_empty_answer_stops_and_nobody_is_asked_where_that_is_not_wanted(folder: Path) -> None:
    running = Running(folder)
    running.screen = Screen("  ")
    assert running.task(checkpoint, wave=PEOPLE.id)["failed"]


def test_nobody_is_asked_where_that_is_not_wanted(folder: Path) -> None:
    running = Running(folder, checkpoints="fail")
    running.screen = Screen("y")
    assert running.task(checkpoint, wave=PEOPLE.id)["failed"]


def test_check_mode_tells_what_would_wait(folder: Path) -> None:
    running = Running(folder, check=True)
    assert running.task(checkpoint, wave=PEOPLE.id) == {"changed": False, "would_wait": ["s.one"]}
    assert running.screen.shown == ["would wait for people: One (s.one)"]
    assert not (folder / "journal" / "lease.json").exists()


# --- what can be seen of their work -----------------------------------------------------------------------------------


class Looking:
    """Somebody who sees the same of every step, and a row that says how much that is worth."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, state: State) -> None:
        row = StepCheckFact(id="c", source=Source("guide"), steps=("s.one",), title="", look="listening", decides=True)
        self.looked: list[str] = []
        monkeypatch.setattr(checkpoint, "checks_of", lambda step: (row,) if step.row == "s.one" else ())
        monkeypatch.setattr(checkpoint, "Lookout", lambda *_about: self)
        self.seen = Seen("c", state, "fe1 port 5061")

    def look(self, step: PlannedStep) -> tuple[Seen, ...]:
        self.looked.append(step.row)
        return (self.seen,) if step.row == "s.one" else ()


def begun(folder: Path, **options: t.Any) -> Running:
    running = Running(folder, **options)
    (folder / "plan" / "plan.json").write_text(json.dumps({"steps": STEPS, "stages": [{"stage": "pool"}]}))
    return running


def task_of(running: Running) -> dict[str, t.Any]:
    return running.task(checkpoint, wave=PEOPLE.id)


def test_what_was_seen_of_a_confirmed_step_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Looking(monkeypatch, "seen")
    running = begun(folder, confirmed=[BY_ANN])
    assert task_of(running) == {"changed": False}
    told = next(entry.data for entry in running.run.log.history().entries if entry.event == "checkpoint")
    assert (told["by"], told["seen"]) == ("ann", [{"check": "c", "state": "seen", "words": "fe1 port 5061"}])


def test_nobodys_word_passes_what_is_missing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Looking(monkeypatch, "missing")
    running = begun(folder, confirmed=[BY_ANN])
    waiting = task_of(running)
    assert waiting["failed"]
    assert "Said to be done by ann (she did it), but something is missing" in waiting["msg"]
    assert "Missing: fe1 port 5061" in waiting["msg"]
    assert running.events() == ["ended"]


def test_what_is_missing_may_be_told_only(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Looking(monkeypatch, "missing")
    running = begun(folder, confirmed=[BY_ANN], checkpoint_checks="tell")
    assert task_of(running) == {"changed": False}
    assert running.screen.shown == ["One: ann says that it is done, but fe1 port 5061"]


@pytest.mark.parametrize(("state", "passes"), [("seen", True), ("unknown", False), ("missing", False)])
def test_what_the_run_sees_itself_passes_a_step_where_that_is_wanted(
    folder: Path, monkeypatch: pytest.MonkeyPatch, state: State, passes: bool
) -> None:
    Looking(monkeypatch, state)
    running = begun(folder, checkpoints="seen")
    assert task_of(running).get("failed", False) is not passes
    passed = running.run.log.standing().passed
    assert ("s.one@pool" in passed) is passes
    if passes:
        assert passed["s.one@pool"].by == "the roll-out, which looked"


def test_nobody_looks_where_that_is_not_wanted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looking = Looking(monkeypatch, "missing")
    assert task_of(begun(folder, confirmed=[BY_ANN], checkpoint_checks="none")) == {"changed": False}
    assert looking.looked == []


def test_check_mode_opens_no_connection_to_look(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looking = Looking(monkeypatch, "missing")
    assert task_of(begun(folder, confirmed=[BY_ANN], check=True)) == {"changed": False}
    assert looking.looked == []


# --- wrong use --------------------------------------------------------------------------------------------------------


def test_wrong_options_are_named(folder: Path) -> None:
    running = Running(folder)
    with pytest.raises(AnsibleError, match="point: beside: expected before or after"):
        running.task(gate, wave=WAVE.id, point="beside")
    with pytest.raises(AnsibleError, match="wave: nine: this run has no such wave"):
        running.task(gate, wave="nine", point="before")
    with pytest.raises(AnsibleError, match="result: fine: expected one of failed, rolled_back"):
        running.task(journal, wave=WAVE.id, result="fine")
    with pytest.raises(AnsibleError, match="wave: missing"):
        running.task(checkpoint)


def test_a_task_outside_a_run_is_refused(folder: Path) -> None:
    with pytest.raises(AnsibleError, match="no roll-out is under way"):
        rollout.under_way()


def test_a_plan_that_cannot_be_read_is_named(folder: Path) -> None:
    with pytest.raises(AnsibleError, match=r"plan\.json cannot be read"):
        rollout.planned(folder / "nowhere")


def test_a_plan_on_disk_is_read_with_its_slices() -> None:
    found = rollout.blueprint_in(ROOT / "tests/golden/standard/intended", {"first_pool": "First pool"})
    assert ("dns", "dc1.corp.contoso.com") in {(one.mechanism, one.host) for one in found.demands}
    assert ("firewall", "fw-ext.contoso.com") in {(one.mechanism, one.host) for one in found.demands}
    assert found.unit_of("ocs1.corp.contoso.com") is not None


def test_a_server_of_several_types_is_changed_by_a_role_that_does_it() -> None:
    certificates = Wave(id="c", stage="pool", title="", kind="apply", mechanism="certificates")
    marking = Wave(id="q", stage="pool", title="", kind="apply", mechanism="qos")
    groups = {"certification_authority": ["dc"], "domain_controller": ["dc"], "dns_server": ["dc"], "edge": ["e"]}
    assert beginning._role(marking, "dc", groups) == "domain_controller"
    assert beginning._role(certificates, "dc", groups) == "certificates"
    assert beginning._role(certificates, "e", groups) == "edge"
    assert beginning._role(WAVE, "dc", groups) == "dns"
