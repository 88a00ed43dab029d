# SPDX-License-Identifier: GPL-3.0-or-later
"""Going back: the last change first, each target once, and the truth about what stays."""

from __future__ import annotations

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.rollout.undoing import NothingToUndoError, undoing_of

from .samples import HOSTS, history

EVERYWHERE = frozenset(HOSTS)
MECHANISMS = frozenset({"dns", "certificates"})


def intent(run: str, wave: str, mechanism: str, *hosts: str) -> tuple[str, str, dict[str, object]]:
    return ("intent", run, {"wave": wave, "mechanism": mechanism, "stages": {host: ["pool"] for host in hosts}})


TOLD = history(
    ("begun", "r1", {}),
    intent("r1", "pool.02-dns", "dns", "ns"),
    ("checkpoint", "r1", {"step": "step.create@pool"}),
    ("checkpoint", "r1", {"step": "step.users@pool", "left_out": True}),
    intent("r1", "pool.04-certificates", "certificates", "fe1", "fe2"),
    intent("r1", "edge.01-dns", "dns", "ns"),
    ("begun", "r2", {}),
    intent("r2", "pool.02-dns", "dns", "ns"),
    ("begun", "r3", {}),
)


def test_the_last_change_goes_first_and_each_target_goes_back_once() -> None:
    undone = undoing_of(TOLD, "r1", EVERYWHERE, MECHANISMS)
    assert [(wave.id, wave.hosts, wave.kind) for wave in undone.waves] == [
        ("undo.edge.01-dns", ("ns",), "undo"),
        ("undo.pool.04-certificates", ("fe1", "fe2"), "undo"),
    ]
    assert undone.steps == ("step.create@pool",)
    assert undone.later == ("r2",)


def test_the_last_run_that_changed_something_is_meant_when_none_is_named() -> None:
    undone = undoing_of(TOLD, "", EVERYWHERE, MECHANISMS)
    assert (undone.run, undone.later, undone.steps) == ("r2", (), ())


def test_hosts_and_mechanisms_narrow_it() -> None:
    assert [wave.hosts for wave in undoing_of(TOLD, "r1", frozenset({"fe2"}), MECHANISMS).waves] == [("fe2",)]
    assert undoing_of(TOLD, "r1", EVERYWHERE, frozenset()).waves == ()


def test_a_run_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(NothingToUndoError) as refused:
        undoing_of(TOLD, "r9", EVERYWHERE, MECHANISMS)
    assert str(refused.value) == "uc_run: r9: no run of that name changed anything; those that did: r1, r2"
    with pytest.raises(NothingToUndoError, match="those that did: none"):
        undoing_of(history(), "", EVERYWHERE, MECHANISMS)
