# SPDX-License-Identifier: GPL-3.0-or-later
"""A run stops where something is wrong, names who is in what state, and takes up there again."""

from __future__ import annotations

import re

from tests.integration.rollout.stubs import StubbedEstate

FE1, FE2 = "fe1.corp.contoso.com", "fe2.corp.contoso.com"
CERTIFICATES = ("--tags", "certificates")
ALL_WELL = {
    "certificates fe1": "done",
    "certificates fe2": "done",
    "certificates fe3": "done",
    "certificates fe4": "done",
}


def test_a_plan_is_applied_in_the_order_of_the_documents(estate: StubbedEstate) -> None:
    done = estate.deploy(uc_until="first_pool")
    assert done.returncode == 0, done.stdout + done.stderr
    applied = [note for note in estate.notes() if note.startswith("done")]
    assert applied[:5] == [
        "done qos dc preflight",
        "done dns dc directory",
        "done load_balancer lb first_pool",
        "done dns dc first_pool",
        "done certificates fe1 first_pool",
    ]
    assert sorted(applied[5:7]) == ["done certificates fe2 first_pool", "done certificates fe3 first_pool"]
    assert applied[7] == "done certificates fe4 first_pool"
    steps = [entry.data["step"].split("@")[0] for entry in estate.entries("checkpoint")]
    before, create = (
        steps.index("ocs2007r2.step.enterprise-pool-configure-sql"),
        steps.index("ocs2007r2.step.enterprise-pool-create-pool"),
    )
    assert before < create
    events = [(entry.event, entry.data.get("step") or entry.data.get("mechanism")) for entry in estate.entries()]
    names = ("outcome", "dns")
    assert events.index(names) < events.index(("checkpoint", "ocs2007r2.step.enterprise-pool-create-pool@first_pool"))
    start = ("checkpoint", "ocs2007r2.step.enterprise-pool-start@first_pool")
    last_certificate = max(number for number, event in enumerate(events) if event == ("outcome", "certificates"))
    assert last_certificate < events.index(start)
    assert estate.verdicts() == ["complete"]
    assert not estate.has_lease()


def test_an_unreachable_canary_stops_everything_after_it(estate: StubbedEstate) -> None:
    unreachable = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 9}
    (estate.inventory / "host_vars").mkdir()
    lines = "".join(f"{key}: {value}\n" for key, value in unreachable.items())
    (estate.inventory / "host_vars" / f"{FE1}.yml").write_text(lines)
    done = estate.deploy(*CERTIFICATES, uc_until="first_pool")
    assert done.returncode != 0
    assert [note for note in estate.notes() if " fe2 " in note or " fe3 " in note or " fe4 " in note] == []
    assert estate.results() == {"certificates fe1": "lost"}
    assert f"{FE1}: lost, and may be half changed" in done.stdout
    assert "Not touched by what would have followed: fe2.corp.contoso.com" in done.stdout
    assert estate.verdicts() == ["stopped"]
    assert not estate.has_lease()


def test_a_host_lost_midway_is_named_and_done_again_by_the_next_run(estate: StubbedEstate) -> None:
    stopped = estate.deploy(*CERTIFICATES, uc_until="first_pool", lose=[FE2])
    assert stopped.returncode != 0
    assert estate.results() == {"certificates fe1": "done", "certificates fe2": "lost", "certificates fe3": "done"}
    assert "done certificates fe3 first_pool" in estate.notes(), "its healthy neighbour ends what it began"
    assert not any(" fe4 " in note for note in estate.notes())
    assert "Done in this wave: fe3.corp.contoso.com" in stopped.stdout
    again = estate.deploy(*CERTIFICATES, uc_until="first_pool")
    assert again.returncode == 0, again.stdout
    assert "certificates at fe2.corp.contoso.com: lost" in again.stdout + again.stderr
    assert estate.results() == ALL_WELL


def test_a_failure_takes_back_the_failing_host_only_and_counts_as_one(estate: StubbedEstate) -> None:
    done = estate.deploy(*CERTIFICATES, uc_until="first_pool", fail_at=[f"certificates {FE2}"])
    assert done.returncode != 0
    assert [note for note in estate.notes() if note.startswith("restore")] == ["restore certificates fe2 first_pool"]
    assert estate.results() == {
        "certificates fe1": "done",
        "certificates fe2": "rolled_back",
        "certificates fe3": "done",
    }
    assert f"{FE2}: failed, and is as it was before this run" in done.stdout
    assert not any(" fe4 " in note for note in estate.notes())
    assert estate.deploy(*CERTIFICATES, uc_until="first_pool").returncode == 0
    assert estate.results() == ALL_WELL


def test_a_host_that_cannot_go_back_is_named_as_half_changed(estate: StubbedEstate) -> None:
    done = estate.deploy(*CERTIFICATES, uc_until="first_pool", fail_at=[f"certificates {FE2}"], stuck=[FE2])
    assert done.returncode != 0
    assert estate.results()["certificates fe2"] == "failed"
    assert f"{FE2}: failed, and may be half changed (Break: it broke)" in done.stdout


def test_the_only_host_of_a_run_that_fails_leaves_a_last_word(estate: StubbedEstate) -> None:
    done = estate.deploy(*CERTIFICATES, "--limit", FE1, uc_until="first_pool", fail_at=[f"certificates {FE1}"])
    assert done.returncode != 0
    assert estate.verdicts() == ["stopped"]
    assert not estate.has_lease()


def test_a_second_run_looks_at_each_target_once_and_asks_and_changes_nobody(estate: StubbedEstate) -> None:
    assert estate.deploy(uc_until="first_pool").returncode == 0
    first = estate.notes()
    done = estate.deploy(uc_until="first_pool")
    assert done.returncode == 0, done.stdout
    targets = {tuple(note.split()[1:3]) for note in first if note.startswith("done")}
    second = [tuple(note.split()[:3]) for note in estate.notes()[len(first) :] if not note.startswith("apply")]
    # A stub notes twice: when it begins, and when it is done.
    assert sorted(set(second)) == sorted(("look", *target) for target in targets)
    assert f"As planned: {len(targets)} of those; 0 waves of changes are left" in done.stdout
    (looked,) = estate.entries("looked")
    assert not any(looked.data["differing"].values())
    assert len({entry.data["step"] for entry in estate.entries("checkpoint")}) == len(estate.entries("checkpoint"))
    assert estate.verdicts() == ["complete", "complete"]


def test_only_what_drifted_has_a_wave_with_its_gates(estate: StubbedEstate) -> None:
    assert estate.deploy(uc_until="first_pool").returncode == 0
    path = estate.folder / "notes"
    path.write_text(re.sub(rf"done certificates {FE2}.*\n", "", path.read_text()))
    before = len(estate.entries())
    assert estate.deploy(uc_until="first_pool").returncode == 0
    later = estate.entries()[before:]
    (looked,) = [entry for entry in later if entry.event == "looked"]
    assert {mechanism: hosts for mechanism, hosts in looked.data["differing"].items() if hosts} == {
        "certificates": {FE2: "1 to add"}
    }
    assert [entry.data["stages"].keys() for entry in later if entry.event == "intent"] == [{FE2: ""}.keys()]
    assert [entry.data["hosts"] for entry in later if entry.event == "outcome"] == [
        {FE2: {"result": "done", "reason": ""}}
    ]


def test_a_host_that_cannot_be_looked_at_stops_the_run_before_anything_is_changed(estate: StubbedEstate) -> None:
    assert estate.deploy(uc_until="first_pool").returncode == 0
    done = estate.deploy(uc_until="first_pool", lose=[FE2])
    assert done.returncode != 0
    assert f"stops before it changes anything: {FE2} could not be reached to be looked at" in done.stdout
    run = estate.entries("begun")[-1].run
    assert [entry.event for entry in estate.entries() if entry.run == run] == ["begun", "stopped", "ended"]
    assert not estate.has_lease()


def test_a_run_that_loses_its_only_host_is_told_as_one_that_never_ended(estate: StubbedEstate) -> None:
    """Ansible runs nothing any more then, so that no last word can be said; the journal says what was begun."""
    only = (*CERTIFICATES, "--limit", FE1)
    assert estate.deploy(*only, uc_until="first_pool", lose=[FE1]).returncode != 0
    told = estate.play("openuc.ocs.status").stdout
    assert "it never ended: killed, its machine died, or the last of its hosts was lost" in told
    again = estate.deploy(*only, uc_until="first_pool")
    assert again.returncode == 0, again.stdout
    assert f"certificates at {FE1}: was begun and may be half done" in " ".join(again.stderr.split())
    # Lost while it is looked at, before anything is begun.
    assert estate.deploy(*only, uc_until="first_pool", lose=[FE1]).returncode != 0
    assert [entry.event for entry in estate.entries()][-1] == "begun"
    assert estate.deploy(*only, uc_until="first_pool").returncode == 0
    assert estate.verdicts() == ["complete", "complete"]
    assert not estate.has_lease()


def test_waves_keep_their_order_however_many_hosts_answer_at_once(estate: StubbedEstate) -> None:
    done = estate.deploy(*CERTIFICATES, uc_until="first_pool", uc_waves={"by": "all", "count": 1, "canaries": 0})
    assert done.returncode == 0, done.stdout
    applied = [note.split()[2] for note in estate.notes() if note.startswith("done")]
    assert applied == ["fe1", "fe2", "fe3", "fe4"]
