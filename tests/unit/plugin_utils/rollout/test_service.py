# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that serve are drained before they change, and no others."""

from __future__ import annotations

import dataclasses

from ansible_collections.openuc.ocs.plugins.plugin_utils.rollout.blueprint import SliceFile
from ansible_collections.openuc.ocs.plugins.plugin_utils.rollout.service import balancers_of, drained
from ansible_collections.openuc.ocs.plugins.plugin_utils.rollout.standing import Standing
from ansible_collections.openuc.ocs.plugins.plugin_utils.rollout.walk import Wave

SERVICES = {"services": [{"members": [{"name": "fe1"}, {"name": "fe2"}]}, {"members": [{"name": "fe1"}]}]}
OUTSIDE = {"services": [{"members": [{"name": "fe1"}]}]}
SLICES = (
    SliceFile("load_balancer", "lb1", SERVICES),
    SliceFile("load_balancer", "lb2", OUTSIDE),
    SliceFile("dns_records", "ns", {"services": [{"members": [{"name": "fe3"}]}]}),
)
BALANCERS = {"fe1": ("lb1", "lb2"), "fe2": ("lb1",)}
WAVE = Wave(
    id="w",
    stage="pool",
    title="",
    kind="apply",
    mechanism="certificates",
    hosts=("fe1", "fe2", "sql"),
    stages=dict.fromkeys(("fe1", "fe2", "sql"), ("pool",)),
    contents=dict.fromkeys(("fe1", "fe2", "sql"), "c1"),
)
BALANCED = {("load_balancer", "lb1"): frozenset({"pool"})}


def test_balancers_are_found_by_their_members() -> None:
    assert balancers_of(SLICES) == BALANCERS


def test_nobody_is_drained_before_there_is_a_service() -> None:
    assert drained(WAVE, BALANCERS, Standing()) == {}


def test_members_are_drained_where_they_serve() -> None:
    assert drained(WAVE, BALANCERS, Standing(done=BALANCED)) == {"fe1": ("lb1",), "fe2": ("lb1",)}


def test_what_is_as_planned_stays_in_service() -> None:
    done = {**BALANCED, **{("certificates", host): frozenset({"pool"}) for host in ("fe1", "fe2")}}
    same = Standing(done=done, contents={("certificates", host): "c1" for host in ("fe1", "fe2")})
    assert drained(WAVE, BALANCERS, same) == {}


def test_what_is_planned_anew_or_for_a_further_stage_is_drained() -> None:
    done = {**BALANCED, ("certificates", "fe1"): frozenset({"pool"}), ("certificates", "fe2"): frozenset({"early"})}
    standing = Standing(done=done, contents={("certificates", "fe1"): "c0", ("certificates", "fe2"): "c1"})
    assert drained(WAVE, BALANCERS, standing) == {"fe1": ("lb1",), "fe2": ("lb1",)}


def test_who_only_looks_stays_in_service() -> None:
    looking = dataclasses.replace(WAVE, kind="verify", mechanism="")
    assert drained(looking, BALANCERS, Standing(done=BALANCED)) == {}
