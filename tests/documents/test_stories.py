# SPDX-License-Identifier: GPL-3.0-or-later
"""What clients and partners ask for by themselves, beside what is printed about it."""

from __future__ import annotations

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue import loader
from ansible_collections.openuc.ocs.plugins.plugin_utils.verification.stories import StoryFact
from tests.documents import printed

PRODUCTS = ("ocs2007", "ocs2007r2", "lync2010")
OVER = {"TLS": "tls", "TCP": "tcp", "mutual TLS": "mtls"}
# A client asks for the same names wherever it is; what it finds tells it where it is.
TOLD = {
    "sign-in-inside": ("client", "internal", "client"),
    "sign-in-outside": ("internet", "external", "client"),
    "federation": ("partner", "external", "partner"),
}


@pytest.mark.parametrize("product", PRODUCTS)
def test_names_that_are_asked_for(product: str) -> None:
    rows = printed.rows("stories")
    facts = {fact.id: fact for fact in loader.load(product).facts(StoryFact)}
    assert set(facts) == {f"{product}.story.{name}" for name in TOLD}
    for name, (teller, view, who) in TOLD.items():
        fact = facts[f"{product}.story.{name}"]
        assert (fact.teller, fact.view) == (teller, view)
        assert [(each.name, each.type, each.transport, str(each.port)) for each in fact.attempts] == [
            (row["asks"].replace("{d}", "{sip_domain}"), row["type"], OVER[row["over"]], str(row.get("port", "")))
            for row in rows
            if row["who"] == who and product in row["products"]
        ]
