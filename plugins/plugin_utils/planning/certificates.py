# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificate specifications: names, uses, key, issuer, and the servers and listeners that hold each certificate."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ..catalogue.model import Fact
from ..schema.fields import option
from ..topology.applied import AppliedFact, applications
from ..topology.balancing import balancer_of, vips_of
from ..topology.conditions import holds
from ..topology.context import Context
from ..topology.inputs.policy import CertificatePolicyInput
from ..topology.model import Cluster, Server, Topology
from ..topology.names import fill
from ..topology.pairing import stand_ins
from .base import Item, Stages
from .dns import ExtraFact

Eku = t.Literal["server", "client"]
IssuerChoice = t.Literal["internal", "edge_external", "av_authentication", "public"]
Shared = t.Literal["host", "pool", "edge_array"]
_KEY = re.compile(r"([a-z]+)(\d+)\Z")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFact(AppliedFact):
    """A documented certificate; applied per server it is that server's own, per cluster all its servers share it."""

    KIND: t.ClassVar[str] = "certificates"

    title: str = option("Name for people")
    subject: str = option("Common name")
    otherwise: str = option("Common name, where the inventory says none", default="")
    issuer: IssuerChoice = option("Which of the inventory's choices of issuer it follows", default="internal")
    uses: tuple[t.Literal["tls", "mtls", "https", "av_authentication"], ...] = option(
        "What it proves", default=("mtls",)
    )
    listeners: tuple[str, ...] = option("Listeners that show it, as role:interface", default=())
    assign_with: tuple[t.Literal["setup", "iis", "vendor"], ...] = option("How it is assigned", default=("setup",))
    own_key: bool = option("True when no other certificate may have its key", default=False)
    on_balancer: bool = option("True when the load balancer holds it, since TLS ends there", default=False)
    purpose: str = option("What it is for")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CertificateRuleFact(Fact):
    """A rule that adds to certificates: names, key uses, demands on the issuer or on the enrolment."""

    KIND: t.ClassVar[str] = "certificate_rules"

    certificates: tuple[str, ...] = option(
        "Ids of the certificates it is about; all of the product when left out", default=()
    )
    when: tuple[str, ...] = option("Conditions, all of which must hold", default=())
    names: tuple[str, ...] = option("Subject alternative names, in their order", default=())
    per_sip_domain: tuple[str, ...] = option(
        "Conditions on each SIP domain, where the names are made for each", default=()
    )
    otherwise: str = option("Name, where the inventory says none", default="")
    derived: bool = option("True when the names follow from who connects, and are printed nowhere", default=False)
    eku: tuple[Eku, ...] = option("Extended key usages", default=())
    public_ca: bool = option("True when the issuer must be a public authority", default=False)
    crl_distribution_point: bool = option("True when it must name where revocation lists are", default=False)
    auto_enrolment: t.Literal["", "yes", "no"] = option(
        "Whether it may be enrolled without a request by hand", default=""
    )


@dataclasses.dataclass(frozen=True, slots=True)
class San:
    """A subject alternative name and the rows that ask for it."""

    name: str
    why: tuple[str, ...]
    derived: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CertificateSpec(Item):
    """A certificate to be requested. `own_key` asks that its key is nobody else's, also on the same server."""

    certificate: str
    title: str
    cluster: str
    hosts: tuple[str, ...]
    shared: Shared
    subject: str
    sans: tuple[San, ...]
    eku: tuple[Eku, ...]
    key_algorithm: str
    key_bits: int
    own_key: bool
    issuer: t.Literal["internal", "public"]
    issuer_kind: str
    public_ca_required: bool
    crl_distribution_point: bool
    auto_enrolment: bool
    uses: tuple[str, ...]
    listeners: tuple[str, ...]
    assign_with: tuple[str, ...]
    purpose: str

    @property
    def names(self) -> tuple[str, ...]:
        """Names that the certificate is good for."""
        return tuple(dict.fromkeys((self.subject, *(san.name for san in self.sans))))


def key_of(text: str) -> tuple[str, int] | None:
    """Algorithm and bits of `rsa2048`; None when the text is no such thing."""
    match = _KEY.match(text)
    return (match[1], int(match[2])) if match else None


def plan_certificates(topology: Topology, stages: Stages) -> tuple[CertificateSpec, ...]:
    """All certificate specifications, in the order of their rows and of the inventory."""
    planner = _Planner(topology, stages)
    specs = (planner.spec(fact, context) for fact, context in applications(topology, CertificateFact))
    return tuple(spec for spec in specs if spec)


class _Planner:
    def __init__(self, topology: Topology, stages: Stages) -> None:
        self._topology = topology
        self._stages = stages
        self._policy = topology.estate.certificates
        self._rules = {
            product: catalogue.facts(CertificateRuleFact) for product, catalogue in topology.catalogues.items()
        }
        extras = {fact.id: fact for fact in topology.catalogue.facts(ExtraFact)}
        self._extra_row = extras["extra.certificate-name"].id
        self._key = key_of(self._policy.key) or ("", 0)

    def spec(self, fact: CertificateFact, context: Context) -> CertificateSpec | None:
        """The certificate a row asks for in a context, or None where it would have no name."""
        cluster = context.cluster
        subject = next(iter(fill(fact.subject, context) or fill(fact.otherwise, context)), "").lower()
        if cluster is None or not subject:
            return None
        hosts = (context.server,) if context.server else _holders(fact, cluster, self._topology)
        holder = context.server.name if context.server else cluster.name
        identity = f"{fact.id}@{cluster.name}" + (f":{holder}" if holder != cluster.name else "")
        rules = [rule for rule in self._rules[context.product] if _applies(rule, fact, context)]
        public_required = any(rule.public_ca for rule in rules)
        issuer, kind = _issuer(fact.issuer, self._policy)
        return CertificateSpec(
            id=identity,
            stage=self._stages.of(fact, context),
            why=tuple(dict.fromkeys((fact.id, *(rule.id for rule in rules)))),
            certificate=fact.id,
            title=fact.title,
            cluster=cluster.name,
            hosts=tuple(server.name for server in hosts),
            shared=_shared(cluster, hosts),
            subject=subject,
            sans=self._sans(subject, rules, fact, context, {identity, cluster.name, holder}),
            eku=tuple(dict.fromkeys(eku for rule in rules for eku in rule.eku)),
            key_algorithm=self._key[0],
            key_bits=self._key[1],
            own_key=fact.own_key,
            issuer=issuer,
            issuer_kind=kind,
            public_ca_required=public_required,
            crl_distribution_point=any(rule.crl_distribution_point for rule in rules),
            auto_enrolment=_auto_enrolment(rules) and kind == "enterprise",
            uses=fact.uses,
            listeners=fact.listeners,
            assign_with=fact.assign_with,
            purpose=fact.purpose,
        )

    def _sans(
        self,
        subject: str,
        rules: t.Sequence[CertificateRuleFact],
        fact: CertificateFact,
        context: Context,
        owners: t.Collection[str],
    ) -> tuple[San, ...]:
        """The subject first, since a reader of alternative names ignores the common name, then the rules' in order."""
        found: dict[str, San] = {subject: San(subject, (fact.id,))}
        for rule in rules:
            for name in _names(rule, context):
                known = found.get(name)
                why = (*(known.why if known else ()), rule.id)
                found[name] = San(name, why, rule.derived and (known is None or known.derived))
        for extra in self._topology.estate.extra_sans:
            if extra.certificate in owners:
                found.setdefault(extra.name.lower(), San(extra.name.lower(), (self._extra_row,)))
        return tuple(found.values())


def _holders(fact: CertificateFact, cluster: Cluster, topology: Topology) -> tuple[Server, ...]:
    if fact.on_balancer:
        balancers = dict.fromkeys(balancer_of(topology, cluster, vip) for vip in vips_of(cluster))
        held_by = [(name, *(server.name for server in stand_ins(topology, name))) for name in balancers if name]
        return tuple(topology.servers[name] for names in held_by for name in names if name in topology.servers)
    held = {server.name: server for role in fact.roles or (fact.role,) for server in cluster.members(role)}
    return tuple(held.values())


def _applies(rule: CertificateRuleFact, fact: CertificateFact, context: Context) -> bool:
    if rule.certificates and fact.id not in rule.certificates:
        return False
    return holds(rule.when, context)


def _names(rule: CertificateRuleFact, context: Context) -> t.Iterator[str]:
    for one in _domains(rule, context):
        for text in rule.names:
            for name in fill(text, one) or (fill(rule.otherwise, one) if rule.otherwise else ()):
                yield name.lower()


def _domains(rule: CertificateRuleFact, context: Context) -> t.Iterator[Context]:
    """The context itself, or one for each SIP domain that the rule's names are made for."""
    if not any("{sip_domain}" in text for text in (*rule.names, rule.otherwise)) and not rule.per_sip_domain:
        yield context
        return
    for domain in context.topology.estate.sip_domains:
        one = context.of_domain(domain)
        if holds(rule.per_sip_domain, one):
            yield one


def _shared(cluster: Cluster, hosts: t.Sized) -> Shared:
    if len(hosts) < 2:
        return "host"
    return "edge_array" if cluster.kind == "edge_pool" else "pool"


def _issuer(choice: IssuerChoice, policy: CertificatePolicyInput) -> tuple[t.Literal["internal", "public"], str]:
    """Whose hands a request goes to, and what kind of authority that is."""
    if choice == "public" or (choice == "edge_external" and policy.edge_external_ca == "public"):
        return "public", "public"
    if choice == "av_authentication" and policy.av_authentication_ca == "public":
        return "public", "public"
    if policy.internal_ca == "public":
        return "public", "public"
    return "internal", policy.internal_ca


def _auto_enrolment(rules: t.Iterable[CertificateRuleFact]) -> bool:
    said = {rule.auto_enrolment for rule in rules}
    return "yes" in said and "no" not in said
