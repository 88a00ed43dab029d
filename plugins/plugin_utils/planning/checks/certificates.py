# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates: who may issue them, their keys, and whether the names that are connected to stand on them."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from ...catalogue.model import Fact
from ...findings import Violation, violation
from ...schema.fields import option
from ...schema.problems import nearest
from ...topology.model import Topology
from ..certificates import CertificateSpec, key_of
from ..dns import Record
from ..plan import Plan


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class KeyFact(Fact):
    """Keys that a product, or the authorities it needs, can work with."""

    KIND: t.ClassVar[str] = "certificate_keys"

    algorithm: str = option("Algorithm")
    least_bits: int = option("Bits below which it is discouraged", default=0)
    most_bits: int = option("Bits that are supported at most", default=0)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AuthorityFact(Fact):
    """What a kind of authority is good for."""

    KIND: t.ClassVar[str] = "certificate_authorities"

    kind: str = option("Kind of the authority for internal names")
    finding: str = option("Finding that it gives")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LifetimeFact(Fact):
    """How long certificates of public authorities may be good."""

    KIND: t.ClassVar[str] = "certificate_lifetimes"

    since: datetime.date = option("First day on which certificates are issued so")
    days: int = option("Days that they are good at most")


# A third of the life is left for renewing, as ACME clients do it.
_SHARE = 3


def issuers(topology: Topology, plan: Plan) -> t.Iterator[Violation]:
    """A public authority where one is required, and a good one inside."""
    private = [spec for spec in plan.certificates if spec.public_ca_required and spec.issuer != "public"]
    if private:
        titles = "; ".join(dict.fromkeys(spec.title for spec in private))
        why = tuple(dict.fromkeys(row for spec in private for row in spec.why))
        yield violation(
            "finding.public-ca-required",
            "uc_certificates.edge_external_ca",
            value=topology.estate.certificates.edge_external_ca,
            allowed="public",
            why=why,
            titles=titles,
        )
    elif topology.has_feature("federation") and any(_is_private_edge(spec) for spec in plan.certificates):
        yield violation(
            "finding.public-ca-better",
            "uc_certificates.edge_external_ca",
            value=topology.estate.certificates.edge_external_ca,
        )
    for product, catalogue in topology.catalogues.items():
        for fact in catalogue.facts(AuthorityFact):
            if fact.kind == topology.estate.certificates.internal_ca and product == topology.estate.product:
                yield violation(fact.finding, "uc_certificates.internal_ca", value=fact.kind, why=(fact.id,))


def _is_private_edge(spec: CertificateSpec) -> bool:
    return "access_edge:access" in spec.listeners and spec.issuer != "public"


def client_usage(_topology: Topology, plan: Plan) -> t.Iterator[Violation]:
    """Public authorities give the client usage up."""
    for spec in plan.certificates:
        if "client" in spec.eku and spec.issuer == "public":
            yield violation("finding.client-usage-from-public-ca", "uc_federation.public_im", why=(spec.certificate,))
            return


def lifetimes(topology: Topology, plan: Plan) -> t.Iterator[Violation]:
    """Public certificates live ever shorter; who renews them early would soon renew them all the time."""
    as_of = topology.estate.as_of
    if as_of is None or not any(spec.issuer == "public" for spec in plan.certificates):
        return
    facts = sorted(topology.catalogue.facts(LifetimeFact), key=lambda fact: fact.since)
    coming = [fact for fact in facts if fact.since > as_of]
    now = [fact for fact in facts if fact.since <= as_of][-1:]
    renew_days = topology.estate.certificates.renew_days
    if now and renew_days * _SHARE > now[0].days:
        yield violation(
            "finding.renewed-too-early",
            "uc_certificates.renew_days",
            value=renew_days,
            allowed=f"at most {now[0].days // _SHARE}",
            why=tuple(fact.id for fact in (*now, *coming)),
            lives=", ".join(
                [
                    f"{now[0].days} days since {now[0].since}",
                    *(f"{fact.days} days from {fact.since}" for fact in coming),
                ]
            ),
        )


def keys(topology: Topology, _plan: Plan) -> t.Iterator[Violation]:
    """The key of requests is one that the servers can use."""
    text = topology.estate.certificates.key
    facts = [fact for catalogue in topology.catalogues.values() for fact in catalogue.facts(KeyFact)]
    found = key_of(text)
    if found is None or (facts and found[0] not in {fact.algorithm for fact in facts}):
        algorithms = sorted({fact.algorithm for fact in facts})
        allowed = ", ".join(f"{name} and its bits, such as {name}2048" for name in algorithms)
        yield violation("finding.key-algorithm", "uc_certificates.key", value=text, allowed=allowed)
        return
    why = tuple(dict.fromkeys(fact.id for fact in facts if fact.algorithm == found[0]))
    most = min((fact.most_bits for fact in facts if fact.most_bits), default=0)
    least = max((fact.least_bits for fact in facts), default=0)
    if most and found[1] > most:
        yield violation(
            "finding.key-too-long", "uc_certificates.key", value=text, allowed=f"at most {most} bits", why=why
        )
    elif found[1] < least:
        yield violation(
            "finding.key-too-short", "uc_certificates.key", value=text, allowed=f"{least} bits or more", why=why
        )


def extra_names(topology: Topology, plan: Plan) -> t.Iterator[Violation]:
    """Names that the inventory adds belong to some certificate."""
    owners = {owner for spec in plan.certificates for owner in (spec.id, spec.cluster, *_host_of(spec))}
    for index, extra in enumerate(topology.estate.extra_sans):
        if extra.certificate not in owners:
            yield violation(
                "finding.extra-name-without-certificate",
                f"uc_extra_sans[{index}].certificate",
                value=extra.certificate,
                nearest=nearest(extra.certificate, owners),
            )


def _host_of(spec: CertificateSpec) -> tuple[str, ...]:
    """The server whose own certificate it is."""
    return spec.hosts if spec.shared == "host" else ()


def names_on_certificates(topology: Topology, plan: Plan) -> t.Iterator[Violation]:
    """Every name that leads to a TLS listener stands on the certificate that the listener shows."""
    shown: dict[str, set[str]] = {}
    for spec in plan.certificates:
        for listener in spec.listeners:
            shown.setdefault(f"{listener}@{spec.cluster}", set()).update(name.lower() for name in spec.names)
    by_name = {(record.view, record.name): record for record in plan.records if record.reaches}
    by_value = {
        (record.view, record.values): record for record in plan.records if record.reaches and record.type == "A"
    }
    for record in plan.records:
        known = _leads_to(record, by_name, by_value)
        missing = [listener for listener in known if listener in shown and record.name not in shown[listener]]
        if missing:
            yield violation(
                "finding.name-not-on-certificate",
                _path(topology, record),
                value=record.name,
                why=record.why,
                listener=_in_words(missing[0]),
                view=record.view,
            )


def _in_words(listener: str) -> str:
    """`access_edge:access@edge1` as access edge of edge1."""
    party, _at, cluster = listener.partition("@")
    return f"{party.partition(':')[0].replace('_', ' ')} of {cluster}"


def _leads_to(
    record: Record,
    by_name: t.Mapping[tuple[str, str], Record],
    by_value: t.Mapping[tuple[str, tuple[str, ...]], Record],
) -> tuple[str, ...]:
    """Listeners behind a record: its own, or for one that the inventory adds, those of what it points to."""
    if record.reaches or record.why != ("extra.record",):
        return record.reaches
    if record.type == "CNAME":
        target = by_name.get((record.view, record.values[0].rstrip(".").lower()))
    else:
        target = by_value.get((record.view, record.values)) if record.type == "A" else None
    return target.reaches if target else ()


def _path(topology: Topology, record: Record) -> str:
    for index, extra in enumerate(topology.estate.extra_records):
        if (extra.view, extra.name.lower()) == (record.view, record.name):
            return f"uc_extra_records[{index}]"
    return "uc_extra_sans"


CHECKS = (issuers, client_usage, lifetimes, keys, extra_names, names_on_certificates)
