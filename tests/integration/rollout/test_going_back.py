# SPDX-License-Identifier: GPL-3.0-or-later
"""Rolling back a run, and the status of an estate."""

from __future__ import annotations

from tests.integration.rollout.stubs import StubbedEstate

FE2 = "fe2.corp.contoso.com"


def test_a_run_goes_back_the_last_change_first_and_the_status_tells(estate: StubbedEstate) -> None:
    untouched = estate.play("openuc.ocs.status")
    assert untouched.returncode == 0, untouched.stdout
    assert "Nothing was deployed yet." in untouched.stdout
    assert not estate.kept.exists()
    assert estate.deploy("--tags", "load_balancer,dns", uc_until="first_pool").returncode == 0
    assert "x directory        Directory and accounts: complete" in estate.play("openuc.ocs.status").stdout
    back = estate.play("openuc.ocs.rollback")
    assert back.returncode == 0, back.stdout
    assert [note for note in estate.notes() if note.startswith("restore")] == [
        "restore dns dc first_pool",
        "restore load_balancer lb first_pool",
    ]
    assert "steps of people stay done" in back.stdout + back.stderr
    assert estate.entries("undone")[0].data["of"] == estate.entries("begun")[0].run
    told = estate.play("openuc.ocs.status").stdout
    assert "directory        Directory and accounts: one change left" in told


def test_a_host_that_does_not_go_back_is_named(estate: StubbedEstate) -> None:
    assert estate.deploy("--tags", "certificates", uc_until="first_pool").returncode == 0
    back = estate.play("openuc.ocs.rollback", stuck=[FE2])
    assert back.returncode != 0
    assert f"{FE2}: failed, and may be half changed (Break again: nothing to go back to)" in back.stdout
    assert "certificates at fe2.corp.contoso.com: failed" in estate.play("openuc.ocs.status").stdout


def test_a_run_that_is_not_there_undoes_nothing(estate: StubbedEstate) -> None:
    refused = estate.play("openuc.ocs.rollback", uc_run="r9")
    assert refused.returncode != 0
    assert "uc_run: r9: no run of that name changed anything; those that did: none" in refused.stdout
    assert not estate.journal.exists()
