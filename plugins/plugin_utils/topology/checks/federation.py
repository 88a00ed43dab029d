# SPDX-License-Identifier: GPL-3.0-or-later
"""Federation: its one Edge pool, its partners, public providers."""

from __future__ import annotations

import typing as t

from ...findings import Violation, violation
from ...schema.problems import join
from ..model import Topology
from ..rules import PartnerFact, PerimeterFact

_FEDERATING = ("federation", "public_im", "xmpp_federation")


def one_edge_pool(topology: Topology) -> t.Iterator[Violation]:
    """All federation goes through one Edge pool, which must be known where there are several."""
    estate = topology.estate
    wanted = any(topology.has_feature(name) for name in _FEDERATING)
    facts = [f for f in topology.catalogue.facts(PerimeterFact) if f.rule == "one_federation_edge"]
    if wanted and len(estate.edge_pools) > 1 and not estate.federation.edge_pool:
        yield violation(
            "finding.federation-edge-unknown",
            "uc_federation.edge_pool",
            allowed=", ".join(estate.edge_pools),
            why=tuple(fact.id for fact in facts),
        )


def partners(topology: Topology) -> t.Iterator[Violation]:
    """Partners are others, each named once, and the feature is there for them."""
    estate = topology.estate
    seen: set[str] = set()
    for index, partner in enumerate(estate.federation.partners):
        path = f"uc_federation.partners[{index}].domain"
        domain = partner.domain.casefold()
        if domain in {name.casefold() for name in estate.sip_domains}:
            yield violation("finding.partner-is-own-domain", path, value=partner.domain)
        elif domain in seen:
            yield violation("finding.partner-twice", path, value=partner.domain)
        seen.add(domain)
    if estate.federation.partners and not topology.has_feature("federation"):
        names = ", ".join(partner.domain for partner in estate.federation.partners)
        yield violation("finding.partners-without-feature", "uc_features", value=names, feature="federation")
    if estate.federation.public_im and not topology.has_feature("public_im"):
        names = ", ".join(estate.federation.public_im)
        yield violation("finding.partners-without-feature", "uc_features", value=names, feature="public_im")


def partner_products(topology: Topology) -> t.Iterator[Violation]:
    """What the partner's product changes: the media port range, and what works at all."""
    estate = topology.estate
    if not topology.has_feature("federation"):
        return
    facts = {fact.partner: fact for fact in topology.catalogue.facts(PartnerFact)}
    given = [
        (f"uc_federation.partners[{index}].product", partner.domain, partner.product)
        for index, partner in enumerate(estate.federation.partners)
    ]
    if estate.federation.discovery:
        given.append(("uc_federation.unknown_partners", "any partner found by DNS", estate.federation.unknown_partners))
    for path, partner_name, product in given:
        fact = facts.get(product)
        if fact is None or not estate.federation.av:
            continue
        finding = "partner-needs-media-range" if fact.media_range_inbound else "partner-without-av"
        if fact.media_range_inbound or (fact.features and "av_conferencing" not in fact.features):
            yield violation(
                f"finding.{finding}",
                path,
                value=product,
                partner=partner_name,
                features=", ".join(fact.features),
                why=(fact.id,),
            )


def public_providers(topology: Topology) -> t.Iterator[Violation]:
    """Public instant messaging names its providers, and needs a licence of its own."""
    if not topology.has_feature("public_im"):
        return
    path = join("uc_federation", "public_im")
    providers = topology.estate.federation.public_im
    if not providers:
        yield violation("finding.no-public-provider", path, allowed="msn, yahoo, aol")
    else:
        yield violation("finding.public-im-licence", path, value=", ".join(providers))


CHECKS = (one_edge_pool, partners, partner_products, public_providers)
