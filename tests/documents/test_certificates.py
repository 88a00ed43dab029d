# SPDX-License-Identifier: GPL-3.0-or-later
"""The printed certificate tables against the plan, both ways; each difference is named by an erratum."""

from __future__ import annotations

import functools
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue import loader
from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue.facts import ErratumFact
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.base import Stages
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.certificates import (
    CertificateFact,
    CertificateRuleFact,
    CertificateSpec,
    plan_certificates,
)
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.build import read
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.inventory import RawHost, RawInventory
from tests import support

HERE = Path(__file__).parent
POOL1 = "uc_pools/pool1.corp.contoso.com"
TWO_DOMAINS: dict[str, t.Any] = {"uc_sip_domains/retail.contoso.com": {}}
ONLY_RETAIL: dict[str, t.Any] = {**TWO_DOMAINS, "uc_sip_domains/corp.contoso.com": "~delete"}
ELSEWHERE: dict[str, t.Any] = {
    "uc_edge_pools/other.corp.contoso.com": {"site": "hq"},
    "uc_sip_domains/contoso.com/remote_access": "other.corp.contoso.com",
}
VARIANTS: dict[str, tuple[str, dict[str, t.Any]]] = {
    "lab": (
        "lab",
        {
            **TWO_DOMAINS,
            "uc_features/13": "public_im",
            "uc_federation/public_im": ["aol"],
            "uc_mediation/med1.corp.contoso.com/transport": "tls",
        },
    ),
    "lab_ended": (
        "lab",
        {
            **{f"uc_web_access/{site}/terminate": True for site in ("im.contoso.com", "im.corp.contoso.com")},
            **{
                f"uc_web_access/{site}/balancer": "lb1.corp.contoso.com"
                for site in ("im.contoso.com", "im.corp.contoso.com")
            },
            "uc_web_access/im.contoso.com/vip": "10.20.0.120",
            "uc_web_access/im.corp.contoso.com/vip": "10.20.0.121",
        },
    ),
    "lab_xmpp": ("lab", {**TWO_DOMAINS, "uc_features/13": "xmpp_federation"}),
    "terminated": (
        "lab",
        {
            f"uc_web_access/{name}/{key}": value
            for name in ("im.contoso.com", "im.corp.contoso.com")
            for key, value in (("terminate", True), ("vip", "10.20.0.120"))
        },
    ),
    "web_farm": ("lab", {f"{POOL1}/web_farm/internal": "meetings.corp.contoso.com"}),
    "standard": ("standard", TWO_DOMAINS),
    "standard_director": (
        "standard",
        {
            **TWO_DOMAINS,
            "uc_pools/dir1.corp.contoso.com": {"edition": "standard", "role": "director"},
            "@dir1.corp.contoso.com/uc_addresses": "10.20.0.14",
        },
    ),
    "multisite": (
        "multisite",
        {
            "uc_pools/pool2.corp.contoso.com/applications": ["response_group"],
            "uc_sip_domains/emea.contoso.com/remote_access": "edge-dub.emea.contoso.com",
            "uc_federation/discovery": True,
        },
    ),
    "ocs2007": (
        "ocs2007",
        {
            **ONLY_RETAIL,
            "uc_sip_domains/retail.contoso.com": {"remote_access": "edge.corp.contoso.com"},
            "uc_features": ["remote_access", "public_im"],
            "uc_federation/public_im": ["aol"],
        },
    ),
    "ocs2007_web_farm": ("ocs2007", {f"{POOL1}/web_farm/internal": "meetings.corp.contoso.com"}),
    "ocs2007_elsewhere": (
        "ocs2007",
        {**ELSEWHERE, "uc_features": ["remote_access", "federation"], "uc_federation/discovery": True},
    ),
    "ocs2007_more": ("ocs2007", {}),
    "lync": ("lync2010", {}),
    "lync_elsewhere": ("lync2010", ELSEWHERE),
}
POOL2 = "pool2.corp.contoso.com"
PROXIED = {"uc_addresses": {"internal": "10.30.0.34", "external": "203.0.113.34"}}
ADDED: dict[str, dict[str, tuple[str, dict[str, t.Any]]]] = {
    "lab_xmpp": {"xmpp1.contoso.com": ("xmpp_gateway", PROXIED)},
    "standard_director": {"dir1.corp.contoso.com": ("director", {"uc_addresses": "10.20.0.14"})},
    "ocs2007_more": {
        "um1.corp.contoso.com": ("exchange_um", {"uc_addresses": "10.20.0.62"}),
    },
}


@functools.cache
def planned(estate: str) -> tuple[CertificateSpec, ...]:
    base, changes = VARIANTS[estate]
    raw = support.example(base)
    first, *others = (host.variables for host in raw.hosts)
    shared = {key: value for key, value in first.items() if all(other.get(key) == value for other in others)}
    added = ADDED.get(estate, {})
    new = [RawHost(name, (group,), {**shared, **own}) for name, (group, own) in added.items()]
    changes = dict(changes)
    if estate == "ocs2007_more":
        changes.update(ONLY_RETAIL)
        site = {"kind": "internal", "members": ["cwa1.corp.contoso.com"]}
        ended = {**site, "vip": "10.20.0.120", "balancer": "lb1.corp.contoso.com", "terminate": True}
        changes["uc_web_access"] = {"im.corp.contoso.com": site, "im2.corp.contoso.com": ended}
    topology, problems = read(support.changed(RawInventory((*raw.hosts, *new)), changes))
    assert problems == []
    return plan_certificates(topology, Stages(topology.catalogue))


def spec_of(estate: str, row: str, cluster: str = "") -> CertificateSpec:
    return next(spec for spec in planned(estate) if spec.certificate == row and cluster in ("", spec.cluster))


def printed(product: str) -> dict[int, dict[str, t.Any]]:
    rows = yaml.safe_load((HERE / product / "certificates.yml").read_text())["rows"]
    return {row["line"]: row for row in rows}


def as_planned(spec: CertificateSpec) -> tuple[str, list[str], set[str]]:
    """Subject, the other names that are printed somewhere, and key usages."""
    return spec.subject, [san.name for san in spec.sans if san.name != spec.subject and not san.derived], set(spec.eku)


SIP = ["sip.contoso.com", "sip.retail.contoso.com"]
Case = tuple[str, str, str, str, list[str], set[str]]
# line: estate, row, cluster, subject, further printed names, key usages.
R2: dict[int, Case] = {
    3102: ("standard", "standard-edition", "ocs1.corp.contoso.com", "ocs1.corp.contoso.com", SIP, {"server"}),
    3121: ("lab", "enterprise-consolidated", "pool1.corp.contoso.com", "pool1.corp.contoso.com", SIP, {"server"}),
    3146: ("standard_director", "director-standard", "", "dir1.corp.contoso.com", SIP, {"server"}),
    3163: ("lab", "director-enterprise", "", "dirpool.corp.contoso.com", SIP, {"server"}),
    3172: ("lab", "web-access-site-external", "", "im.contoso.com", [], {"server"}),
    3182: ("lab", "group-chat", "", "gc1.corp.contoso.com", [], {"server"}),
    3190: ("lab", "edge-internal", "", "access.corp.contoso.com", [], {"server"}),
    3196: ("lab", "edge-web-conferencing", "", "webconf.contoso.com", [], {"server"}),
    2899: ("lab", "edge-access", "", "sip.contoso.com", SIP[1:], {"server", "client"}),
    3202: ("lab", "av-authentication", "", "av.corp.contoso.com", [], {"server"}),
    8756: ("lab", "media-gateway", "", "gw1.corp.contoso.com", [], {"server"}),
    10329: ("lab", "exchange-um", "", "um1.corp.contoso.com", [], {"server"}),
    10463: ("multisite", "response-group-web-components", "", "web1.corp.contoso.com", [], {"server"}),
}
OCS2007: dict[int, Case] = {
    68: ("ocs2007_more", "standard-edition", "", "se1.corp.contoso.com", SIP, {"server"}),
    74: ("ocs2007", "enterprise-consolidated", "", "pool1.corp.contoso.com", SIP, {"server"}),
    81: ("ocs2007_more", "expanded-front-end", POOL2, POOL2, SIP, {"server"}),
    86: ("ocs2007_more", "expanded-web-conferencing", POOL2, POOL2, [], {"server"}),
    91: ("ocs2007_more", "expanded-av-conferencing", POOL2, POOL2, [], {"server"}),
    96: ("ocs2007_more", "expanded-web-components", POOL2, "web2int.corp.contoso.com", [], {"server"}),
    101: ("ocs2007_more", "director-standard", "", "dir3.corp.contoso.com", SIP, {"server"}),
    107: ("ocs2007_more", "director-enterprise", "", "dirpool.corp.contoso.com", SIP, {"server"}),
    113: (
        "ocs2007_more",
        "director-standard-array",
        "",
        "dir1.corp.contoso.com",
        ["dirs.corp.contoso.com", *SIP],
        {"server"},
    ),
}
TWO = ["sip.contoso.com", "sip.fabrikam.com"]
URLS = [*TWO, "meet.contoso.com", "meet.fabrikam.com", "dialin.contoso.com"]
LYNC: dict[int, Case] = {
    195: ("lync", "edge-internal", "", "edge.corp.contoso.com", [], {"server"}),
    200: ("lync", "edge-external", "", "sip.contoso.com", [TWO[1], "conf.contoso.com"], {"server", "client"}),
    208: ("lync", "mediation", "", "med1.corp.contoso.com", [], {"server"}),
    215: (
        "lync",
        "director",
        "",
        "dirpool.corp.contoso.com",
        ["sipinternal.contoso.com", "sipinternal.fabrikam.com", *URLS],
        {"server"},
    ),
    225: ("lync", "front-end", "pool1.corp.contoso.com", "pool1.corp.contoso.com", URLS, {"server"}),
    297: ("lync", "branch-appliance", "", "sba1.corp.contoso.com", [], {"server"}),
    302: ("lync", "xmpp-inside", "", "xmpp1.contoso.com", [], {"server"}),
    308: ("lync", "xmpp-outside", "", "xmpp.contoso.com", [], {"server"}),
    330: ("lync", "group-chat", "", "gc1.corp.contoso.com", [], {"server", "client"}),
    336: ("lync", "exchange-um", "", "um1.corp.contoso.com", [], {"server"}),
}
TABLES = {"ocs2007r2": R2, "ocs2007": OCS2007, "lync2010": LYNC}
# Lines of running text that say something about all certificates or about authorities; tests below hold them.
TEXT = {
    "ocs2007r2": {3064, 3067, 3070, 3073, 3035, 3038, 11691, 1484, 1487, 1490, 1493, 8753, 10337}
    | {13266, 13274, 13277, 13280, 13291, 13293, 13295, 7515},
    "ocs2007": set(),
    "lync2010": set(),
}
CASES = [(product, line, case) for product, table in TABLES.items() for line, case in table.items()]


@pytest.mark.parametrize(
    ("product", "line", "case"), CASES, ids=[f"{product}-{line}" for product, line, _case in CASES]
)
def test_printed_row_is_planned(product: str, line: int, case: Case) -> None:
    estate, row, cluster, subject, names, usages = case
    spec = spec_of(estate, f"{product}.certificate.{row}", cluster)
    assert as_planned(spec) == (subject, names, usages)
    wanted = {str(eku).rstrip("*").split()[0] for eku in printed(product)[line].get("eku") or ["server"]}
    assert wanted <= usages
    authority = printed(product)[line].get("root_ca")
    assert authority is None or spec.issuer == {"private": "internal", "public": "public"}[authority]


def test_every_printed_row_has_its_case() -> None:
    for product, table in TABLES.items():
        assert set(printed(product)) == set(table) | TEXT[product]


def test_the_example_of_two_sip_domains_has_both_names() -> None:
    rows = printed("ocs2007r2")
    names = spec_of("lab", "ocs2007r2.certificate.enterprise-consolidated").names
    assert {rows[3035]["san"].replace("<domain>", "contoso.com"), "sip.retail.contoso.com"} <= set(names)


def test_all_certificates_prove_servers_and_name_their_revocation_lists() -> None:
    for spec in (spec for estate in VARIANTS for spec in planned(estate)):
        assert "server" in spec.eku
        assert spec.crl_distribution_point


def test_enrolment_is_automatic_inside_and_never_on_edges() -> None:
    automatic = {spec.certificate for spec in planned("lab") if spec.auto_enrolment}
    assert "ocs2007r2.certificate.enterprise-consolidated" in automatic
    assert not any("edge" in name or "av-authentication" in name for name in automatic)


def test_only_the_media_key_is_shared_by_an_edge_array_and_by_nothing_else() -> None:
    (spec,) = [spec for spec in planned("lab") if spec.own_key]
    assert (spec.shared, spec.hosts) == ("edge_array", ("edge1.contoso.com", "edge2.contoso.com"))
    assert spec.listeners == ()


@pytest.mark.parametrize("estate", ["ocs2007_more", "lync"])
def test_the_media_key_serves_nothing_else_in_the_other_products(estate: str) -> None:
    """Of OCS 2007 R2 it is printed (3204); the other products have the same service."""
    assert {spec.certificate.partition(".")[2] for spec in planned(estate) if spec.own_key} == {
        "certificate.av-authentication"
    }


def test_compliance_and_group_chat_have_the_authority_of_the_pools() -> None:
    inside = [spec for spec in planned("lab") if "chat" in spec.certificate or "enterprise" in spec.certificate]
    assert {spec.issuer_kind for spec in inside} == {"enterprise"}


def test_errata_of_certificates_are_known() -> None:
    for product in TABLES:
        catalogue = loader.load(product)
        errata = {fact.id for fact in catalogue.facts(ErratumFact)}
        named = {fact.erratum for kind in (CertificateFact, CertificateRuleFact) for fact in catalogue.facts(kind)}
        assert named - {""} <= errata


PINS = yaml.safe_load((HERE / "certificate_rows.yml").read_text())["rows"]


@pytest.mark.parametrize("pin", PINS, ids=lambda pin: str(pin["row"]))
def test_each_row_of_the_catalogue_plans_what_was_read_from_the_documents(pin: dict[str, t.Any]) -> None:
    spec = next(spec for spec in planned(pin["estate"]) if spec.id == pin["id"])
    assert pin["row"] in spec.why
    assert [san.name for san in spec.sans if pin["row"] in san.why] == pin["names"]
    assert {
        "stage": spec.stage,
        "hosts": list(spec.hosts),
        "eku": list(spec.eku),
        "issuer": spec.issuer,
        "public": spec.public_ca_required,
        "automatic": spec.auto_enrolment,
        "listeners": list(spec.listeners),
        "assign_with": list(spec.assign_with),
        "uses": list(spec.uses),
    } == {key: value for key, value in pin.items() if key not in ("row", "estate", "id", "names")}


def test_every_row_of_the_catalogue_is_pinned() -> None:
    rows = {
        fact.id
        for product in TABLES
        for kind in (CertificateFact, CertificateRuleFact)
        for fact in loader.load(product).facts(kind)
    }
    assert rows - {pin["row"] for pin in PINS} == set()
