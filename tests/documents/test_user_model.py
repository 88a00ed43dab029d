# SPDX-License-Identifier: GPL-3.0-or-later
"""The printed user model, beside the figures that loads are worked out from."""

from __future__ import annotations

from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue import loader
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.user_model import UserModelFact
from tests.documents import printed
from tests.documents.user_model import MODEL, ROWS, value

DIFFERENCES = {
    2217: "erratum.group-chat-limits",
    4291: "erratum.group-chat-limits",
    11711: "erratum.group-chat-limits",
    2375: "erratum.e1-channels",
    2380: "erratum.e1-channels",
    2387: "erratum.e1-channels",
    2392: "erratum.e1-channels",
    13044: "erratum.mediation-memory",
}


def test_every_noted_row_is_an_erratum() -> None:
    assert {row["line"] for row in ROWS if "note" in row} == set(DIFFERENCES)
    for line, erratum in DIFFERENCES.items():
        assert printed.explains("ocs2007r2", erratum, "guide-r2", line), (line, erratum)


def test_user_model() -> None:
    facts = loader.load("ocs2007r2").facts(UserModelFact)
    assert {fact.id.partition(".")[2]: (fact.value, fact.unit) for fact in facts} == MODEL


def test_participants_outside_are_the_three_kinds_together() -> None:
    kinds = ("participants with remote access", "anonymous participants", "federated participants")
    assert sum(map(value, kinds)) == MODEL["outside_participants"][0]


def test_mobile_devices_of_the_printed_pool() -> None:
    share = MODEL["voice_users"][0] / 100 * MODEL["mobile_users"][0] / 100
    assert 100000 * share == value("mobile devices of 100000 users")
