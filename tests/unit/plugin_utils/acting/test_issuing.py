# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates are made in the waves that need them, and asked about in no others."""

from __future__ import annotations

import typing as t

from ansible_collections.openuc.ocs.plugins.plugin_utils.acting.issuing import stages_to_issue
from ansible_collections.openuc.ocs.plugins.plugin_utils.rollout.blueprint import SliceFile
from ansible_collections.openuc.ocs.plugins.plugin_utils.rollout.walk import Wave


def ordered(name: str, stage: str, replaces: str = "") -> dict[str, t.Any]:
    return {"id": name, "stage": stage, "replaces": replaces, "hosts": ["a"]}


SLICES = (
    SliceFile("certificate_request", "internal", {"requests": [ordered("pool", "pool"), ordered("edge", "edge")]}),
    SliceFile("certificate_request", "public", {"requests": [ordered("outside", "edge")]}),
    SliceFile("dns_records", "ns", {"requests": [ordered("a name", "pool")]}),
)


def wave(name: str, stages: tuple[str, ...], mechanism: str = "certificates") -> Wave:
    return Wave(id=name, stage=stages[-1], title="", kind="apply", mechanism=mechanism, stages={"a": stages})


def test_the_first_wave_of_a_stage_has_it_issued_and_the_others_install_it() -> None:
    waves = (wave("1", ("pool",)), wave("2", ("pool",)), wave("3", ("pool", "edge")), wave("4", ("pool", "edge")))
    assert stages_to_issue(waves, SLICES, ()) == {"1": ("pool",), "2": (), "3": ("pool", "edge"), "4": ()}


def test_a_finished_estate_is_asked_about_once() -> None:
    waves = (wave("1", ("pool",)), wave("2", ("pool", "edge")))
    assert stages_to_issue(waves, SLICES, ("pool", "edge")) == {"1": ("pool", "edge"), "2": ()}


def test_a_certificate_that_a_later_stage_replaces_is_still_made_for_who_needs_it() -> None:
    grown = SliceFile(
        "certificate_request", "internal", {"requests": [ordered("old", "pool"), ordered("new", "edge", "old")]}
    )
    waves = (wave("1", ("pool",)), wave("2", ("pool", "edge")))
    assert stages_to_issue(waves, (grown,), ("pool", "edge")) == {"1": ("pool",), "2": ("pool", "edge")}


def test_other_waves_have_nothing_issued() -> None:
    looking = Wave(id="look", stage="pool", title="", kind="verify")
    assert stages_to_issue((wave("1", ("pool",), "dns"), looking), SLICES, ()) == {}
