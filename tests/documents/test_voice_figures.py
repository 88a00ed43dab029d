# SPDX-License-Identifier: GPL-3.0-or-later
"""Single printed statements about telephony, beside the values that the planner looks up by name."""

from __future__ import annotations

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue import loader
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.voice import VoiceFigureFact
from tests.documents import printed

DOCUMENTS = {"ocs2007": "ocs2007-dns", "ocs2007r2": "guide-r2", "lync2010": "lync-poster"}
PRODUCTS = sorted(DOCUMENTS)
STAGE = "stage"  # ours: the documents know no stages of a rollout by these names
DIFFERENCES = {
    "gateway_port_tls": "erratum.gateway-port-under-tls",
    "mediation_nics": "erratum.cards-of-mediation-servers",
    "prefix_matching": "erratum.external-access-prefix-first-digit",
    "off_hook_overlap": "erratum.off-hook-example",
    "emergency_gateway": "erratum.default-policy-without-emergency-usage",
}


@pytest.mark.parametrize("product", PRODUCTS)
def test_each_statement_is_what_the_planner_knows(product: str) -> None:
    facts = {fact.figure: fact for fact in loader.load(product).facts(VoiceFigureFact)}
    assert facts.pop(STAGE).value == "voice"
    statements = printed.rows(f"{product}/voice_figures")
    assert {name: fact.value for name, fact in facts.items()} == {row["figure"]: row["value"] for row in statements}
    for row in statements:
        source = facts[row["figure"]].source
        assert source.document == DOCUMENTS[product]
        assert source.lines[0] <= row["line"] <= source.lines[-1], row


def test_every_noted_statement_is_an_erratum() -> None:
    noted = {row["figure"] for row in printed.rows("ocs2007r2/voice_figures") if "note" in row}
    facts = {fact.figure: fact for fact in loader.load("ocs2007r2").facts(VoiceFigureFact)}
    assert noted == set(DIFFERENCES)
    assert {name: facts[name].erratum for name in noted} == DIFFERENCES
