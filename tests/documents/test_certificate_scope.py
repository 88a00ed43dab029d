# SPDX-License-Identifier: GPL-3.0-or-later
"""Which certificates each demand is about: an example shows a demand in one certificate, not in all of them."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue import loader
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.certificates import (
    CertificateFact,
    CertificateRuleFact,
)

SCOPE: dict[str, dict[str, dict[str, t.Any]]] = yaml.safe_load(
    (Path(__file__).with_name("certificate_scope.yml")).read_text()
)
DEMANDS = [(product, slug) for product, demands in SCOPE.items() for slug in demands]


def rules(product: str) -> dict[str, CertificateRuleFact]:
    return {fact.id.removeprefix(f"{product}."): fact for fact in loader.load(product).facts(CertificateRuleFact)}


@pytest.mark.parametrize(("product", "slug"), DEMANDS)
def test_a_demand_is_about_the_certificates_that_the_documents_name(product: str, slug: str) -> None:
    demand, fact = SCOPE[product][slug], rules(product)[slug]
    assert sorted(fact.certificates) == sorted(f"{product}.certificate.{name}" for name in demand["certificates"])
    assert fact.derived is not demand.get("printed", True)
    assert fact.public_ca is demand.get("public", False)
    assert fact.auto_enrolment == demand.get("enrolment", "")
    assert list(fact.names) == demand.get("names", list(fact.names))
    assert (list(fact.per_sip_domain), fact.otherwise) == (demand.get("each", []), demand.get("otherwise", ""))


@pytest.mark.parametrize("product", SCOPE)
def test_every_demand_of_the_catalogue_is_transcribed(product: str) -> None:
    assert set(rules(product)) == set(SCOPE[product])


@pytest.mark.parametrize("product", SCOPE)
def test_issuers_that_no_example_tells_apart(product: str) -> None:
    """XMPP gateways need a public authority outside (posters); the media key has a choice of its own (3204)."""
    printed = {"xmpp-outside": "public", "av-authentication": "av_authentication"}
    issuers = {fact.id.rpartition(".")[2]: fact.issuer for fact in loader.load(product).facts(CertificateFact)}
    assert {name: issuers[name] for name in printed if name in issuers} == {
        name: issuer for name, issuer in printed.items() if name == "av-authentication" or product != "ocs2007"
    }
