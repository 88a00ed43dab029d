# SPDX-License-Identifier: GPL-3.0-or-later
"""Which servers are changed together."""

from __future__ import annotations

import hypothesis as h
import pytest
from hypothesis import strategies as s

from ansible_collections.openuc.ocs.plugins.plugin_utils.rollout.blueprint import Unit
from ansible_collections.openuc.ocs.plugins.plugin_utils.rollout.waves import batches, together_at_most
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.inputs.run import WavesInput

from .samples import HOSTS, blueprint

UNIT_OF = blueprint().unit_of


def test_a_canary_goes_first_then_pool_by_pool_half_of_one_at_a_time() -> None:
    assert batches(HOSTS, UNIT_OF, WavesInput()) == (
        ("fe1",),
        ("fe2", "fe3"),
        ("fe4",),
        ("edge1",),
        ("edge2",),
        ("fw",),
        ("ns",),
    )


def test_by_site_everything_there_goes_together_but_never_a_whole_pool() -> None:
    found = batches(HOSTS, UNIT_OF, WavesInput(by="site", canaries=0))
    assert found == (("fe1", "fe2", "edge1", "fw"), ("fe3", "fe4", "edge2"), ("ns",))


def test_all_at_once_is_still_not_a_whole_pool() -> None:
    found = batches(HOSTS, UNIT_OF, WavesInput(by="all", canaries=0))
    assert found == (("fe1", "fe2", "edge1", "fw", "ns"), ("fe3", "fe4", "edge2"))


def test_a_count_is_never_exceeded() -> None:
    found = batches(HOSTS, UNIT_OF, WavesInput(by="all", count=2, canaries=2))
    assert found == (("fe1",), ("fe2",), ("fe3", "fe4"), ("edge1", "fw"), ("edge2", "ns"))


def test_one_server_needs_no_canary() -> None:
    assert batches(("fw",), UNIT_OF, WavesInput(canaries=3)) == (("fw",),)
    assert batches((), UNIT_OF, WavesInput()) == ()


def test_a_host_of_no_unit_stands_for_itself() -> None:
    assert batches(("stray",), UNIT_OF, WavesInput()) == (("stray",),)


@pytest.mark.parametrize(
    ("members", "kept", "most"), [(1, 0, 1), (2, 0, 1), (3, 0, 1), (4, 0, 2), (8, 0, 4), (8, 6, 2), (2, 5, 1)]
)
def test_a_pool_keeps_servers_in_service(members: int, kept: int, most: int) -> None:
    assert together_at_most(members, WavesInput(in_service=kept)) == most


@h.given(
    sizes=s.lists(s.integers(1, 9), min_size=1, max_size=6),
    by=s.sampled_from(["pool", "site", "all"]),
    count=s.integers(0, 5),
    canaries=s.integers(0, 3),
    kept=s.integers(0, 9),
)
def test_every_server_is_changed_once_and_no_pool_goes_dark(
    sizes: list[int], by: str, count: int, canaries: int, kept: int
) -> None:
    units = [
        Unit(f"u{number}", "pool", f"s{number % 2}", tuple(f"u{number}m{member}" for member in range(size)))
        for number, size in enumerate(sizes)
    ]
    unit_of = {host: unit for unit in units for host in unit.servers}
    asked = WavesInput(by=by, count=count, canaries=canaries, in_service=kept)  # type: ignore[arg-type]
    found = batches(tuple(unit_of), unit_of.get, asked)
    assert sorted(host for wave in found for host in wave) == sorted(unit_of)
    for wave in found:
        assert wave
        assert not count or len(wave) <= count
        for unit in units:
            changed = sum(host in unit.servers for host in wave)
            assert changed < len(unit.servers) or len(unit.servers) == 1
