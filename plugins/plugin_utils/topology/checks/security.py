# SPDX-License-Identifier: GPL-3.0-or-later
"""Encryption towards voice mail, and what shares a server with the outside."""

from __future__ import annotations

import dataclasses
import typing as t

from ...catalogue.model import Fact
from ...findings import Violation, violation
from ...schema.fields import option
from ...schema.problems import join
from ..model import Topology


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class VoipSecurityFact(Fact):
    """A VoIP security level of a dial plan."""

    KIND: t.ClassVar[str] = "voip_security"

    level: str = option("The level")
    mutual_tls: bool = option("Whether signalling is protected")
    srtp: bool = option("Whether media is")
    client_encryption: tuple[str, ...] = option("Policies of clients that work with it", default=())


def dial_plan_levels(topology: Topology) -> t.Iterator[Violation]:
    """Dial plans of voice mail have signalling protected, and fit the clients' policy about media."""
    facts = {fact.level: fact for fact in topology.catalogue.facts(VoipSecurityFact)}
    for name, plan in topology.estate.voice.um_dial_plans.items():
        fact = facts.get(plan.security)
        if fact is None:
            continue
        if not fact.mutual_tls:
            yield violation(
                "finding.dial-plan-unsecured",
                f"{join('uc_voice.um_dial_plans', name)}.security",
                value=plan.security,
                allowed=", ".join(level for level, other in facts.items() if other.mutual_tls),
                why=(fact.id,),
                plan=name,
            )
            continue
        for population, clients in topology.estate.clients.items():
            if clients.encryption and clients.encryption not in fact.client_encryption:
                yield violation(
                    "finding.client-encryption",
                    f"{join('uc_clients', population)}.encryption",
                    value=clients.encryption,
                    allowed=", ".join(fact.client_encryption),
                    why=(fact.id,),
                    plan=name,
                    level=plan.security,
                )


def web_access_inside_and_outside(topology: Topology) -> t.Iterator[Violation]:
    """Sites for inside and outside are better on servers of their own."""
    kinds: dict[str, set[str]] = {}
    for site in topology.estate.web_access.values():
        for member in site.members:
            kinds.setdefault(member, set()).add(site.kind)
    for host, found in kinds.items():
        if len(found) > 1:
            sites = [name for name, site in topology.estate.web_access.items() if host in site.members]
            yield violation(
                "finding.web-access-inside-and-outside", "uc_web_access", value=", ".join(sites), server=host
            )


CHECKS = (dial_plan_levels, web_access_inside_and_outside)
