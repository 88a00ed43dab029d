# SPDX-License-Identifier: GPL-3.0-or-later
"""The printed DNS tables against the plan, both ways; each difference is named by an erratum."""

from __future__ import annotations

import functools
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue import loader
from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue.facts import ErratumFact
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.base import Stages
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.dns import DnsFact, Record, plan_records
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.build import read
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.inventory import RawHost, RawInventory
from tests import support

HERE = Path(__file__).parent
Key = tuple[str, str, str, tuple[str, ...]]

# A SIP domain whose users sign in through another Edge pool than the one that federates.
ELSEWHERE: dict[str, t.Any] = {
    "uc_edge_pools/other.corp.contoso.com": {"site": "hq"},
    "uc_sip_domains/contoso.com/remote_access": "other.corp.contoso.com",
}
# Changes that make an estate print what the examples do not.
VARIANTS: dict[str, tuple[str, dict[str, t.Any]]] = {
    "lab": ("lab", {"uc_features/13": "xmpp_federation"}),
    "retail": ("lab", {"uc_sip_domains/retail.contoso.com": {}}),
    "sip_name": ("lab", {"uc_sign_in": {"target": "sip_name"}}),
    "tcp": ("lab", {"uc_pools/dirpool.corp.contoso.com/allow_tcp": True}),
    "tcp_sip_name": (
        "lab",
        {"uc_pools/dirpool.corp.contoso.com/allow_tcp": True, "uc_sign_in": {"target": "sip_name"}},
    ),
    "one_front_end": ("lab", {"uc_pools/pool1.corp.contoso.com/vip": "~delete"}),
    "web_farm": (
        "lab",
        {
            "uc_pools/pool1.corp.contoso.com/web_farm/internal": "meetings.corp.contoso.com",
            "uc_pools/pool1.corp.contoso.com/web_vip": "10.20.0.102",
        },
    ),
    "standard": (
        "standard",
        {
            "uc_features": ["remote_access", "device_updates", "federation"],
            "uc_federation": {"discovery": True},
        },
    ),
    "two_edges": (
        "multisite",
        {
            "uc_sip_domains/emea.contoso.com/remote_access": "edge-dub.emea.contoso.com",
            "uc_federation/discovery": True,
        },
    ),
    "backend": ("lab", {"uc_web_access/im.contoso.com/backend_name": "cwa-out.corp.contoso.com"}),
    "ocs2007": ("ocs2007", {"uc_legacy_devices": True, "uc_federation/discovery": True}),
    "ocs2007_sip_name": ("ocs2007", {"uc_sign_in": {"target": "sip_name"}}),
    "lync": ("lync2010", {"uc_sign_in": {}}),
    "lync_sip_name": ("lync2010", {}),
    "ocs2007_elsewhere": ("ocs2007", {**ELSEWHERE, "uc_federation/discovery": True}),
    "lync_elsewhere": ("lync2010", ELSEWHERE),
}
XMPP = RawHost(
    "xmpp1.contoso.com",
    ("xmpp_gateway",),
    {"uc_addresses": {"internal": "10.30.0.34", "external": "203.0.113.34"}},
)


@functools.cache
def planned(estate: str) -> tuple[Record, ...]:
    base, changes = VARIANTS[estate]
    raw = support.changed(support.example(base), changes)
    if estate == "lab":
        raw = RawInventory((*raw.hosts, RawHost(XMPP.name, XMPP.groups, {**_shared(raw), **XMPP.variables})))
    if estate == "one_front_end":
        raw = RawInventory(tuple(host for host in raw.hosts if host.name != "fe2.corp.contoso.com"))
    topology, problems = read(raw)
    assert problems == []
    return plan_records(topology, Stages(topology.catalogue))


def _shared(raw: RawInventory) -> dict[str, object]:
    """Variables that every host has."""
    first, *others = (host.variables for host in raw.hosts)
    return {key: value for key, value in first.items() if all(other.get(key) == value for other in others)}


def last(estate: str, view: str, name: str, rrtype: str) -> Record:
    """The record set as it stands in the end."""
    return [r for r in planned(estate) if (r.view, r.name, r.type) == (view, name, rrtype)][-1]


def printed(product: str) -> list[dict[str, t.Any]]:
    rows: list[dict[str, t.Any]] = yaml.safe_load((HERE / product / "dns.yml").read_text())["rows"]
    return rows


# line: estate, view, name, values, and the erratum where the print says otherwise.
Case = tuple[str, str, str, tuple[str, ...], str]
R2: dict[int, Case] = {
    2799: ("lab", "internal", "pool1.corp.contoso.com", ("10.20.0.100",), ""),
    2802: ("one_front_end", "internal", "pool1.corp.contoso.com", ("10.20.0.11",), ""),
    2805: ("web_farm", "internal", "meetings.corp.contoso.com", ("10.20.0.102",), ""),
    2808: ("lab", "internal", "_sipinternaltls._tcp.contoso.com", ("0 0 5061 dirpool.corp.contoso.com.",), ""),
    2811: ("lab", "internal", "ucupdates-r2.contoso.com", ("10.20.0.100",), ""),
    2818: ("lab", "external", "webext.contoso.com", ("203.0.113.33",), ""),
    2832: ("lab", "internal", "pool1.corp.contoso.com", ("10.20.0.100",), ""),
    2838: ("web_farm", "internal", "pool1.corp.contoso.com", ("10.20.0.100",), ""),
    2840: ("web_farm", "internal", "meetings.corp.contoso.com", ("10.20.0.102",), ""),
    2856: ("standard", "internal", "ocs1.corp.contoso.com", ("10.20.0.11",), ""),
    2859: ("standard", "internal", "_sipinternaltls._tcp.contoso.com", ("0 0 5061 ocs1.corp.contoso.com.",), ""),
    2862: ("standard", "internal", "ucupdates-r2.contoso.com", ("10.20.0.11",), ""),
    2869: ("standard", "external", "webext.contoso.com", ("203.0.113.21",), ""),
    2875: ("lab", "internal", "im.corp.contoso.com", ("10.20.0.19",), ""),
    2878: ("lab", "external", "as.im.contoso.com", ("im.contoso.com.",), "erratum.alias-to-an-address"),
    2881: ("lab", "external", "download.im.contoso.com", ("im.contoso.com.",), "erratum.alias-to-an-address"),
    2887: ("lab", "external", "im.contoso.com", ("203.0.113.33",), ""),
    2915: ("lab", "external", "_sipfederationtls._tcp.contoso.com", ("0 0 5061 sip.contoso.com.",), ""),
    2917: ("lab", "external", "_sip._tls.contoso.com", ("0 0 443 sip.contoso.com.",), ""),
    2923: ("lab", "external", "sip.contoso.com", ("203.0.113.100",), ""),
    2925: ("lab", "external", "webconf.contoso.com", ("203.0.113.101",), ""),
    2927: ("lab", "external", "av.contoso.com", ("203.0.113.102",), ""),
    2931: ("lab", "external", "webext.contoso.com", ("203.0.113.33",), ""),
    2933: ("lab", "external", "ucupdates-r2.contoso.com", ("203.0.113.33",), "erratum.ucupdates-outside"),
    2942: ("standard", "internal", "edge1.corp.contoso.com", ("10.30.0.31",), ""),
    2945: ("standard", "perimeter", "av.contoso.com", ("203.0.113.33",), ""),
    2950: ("lab", "internal", "access.corp.contoso.com", ("10.30.0.100",), ""),
    2953: ("lab", "internal", "av.corp.contoso.com", ("10.30.0.101",), ""),
    2956: ("lab", "internal", "edge2.contoso.com", ("10.30.0.32",), ""),
    2978: ("lab", "internal", "_sipinternaltls._tcp.contoso.com", ("0 0 5061 dirpool.corp.contoso.com.",), ""),
    2981: (
        "tcp",
        "internal",
        "_sipinternal._tcp.contoso.com",
        ("0 0 5060 dirpool.corp.contoso.com.",),
        "erratum.sign-in-tcp-port",
    ),
    2997: ("lab", "internal", "_sipinternaltls._tcp.contoso.com", ("0 0 5061 dirpool.corp.contoso.com.",), ""),
    3001: (
        "retail",
        "internal",
        "_sipinternaltls._tcp.retail.contoso.com",
        ("0 0 5061 dirpool.corp.contoso.com.",),
        "erratum.single-sign-in-record",
    ),
    7509: ("lab", "external", "ucupdates-r2.contoso.com", ("203.0.113.33",), "erratum.ucupdates-outside"),
}
OCS2007: dict[int, Case] = {
    3: ("ocs2007", "internal", "_sipinternaltls._tcp.contoso.com", ("0 0 5061 dirs.corp.contoso.com.",), ""),
    4: ("ocs2007", "internal", "_sipinternal._tcp.contoso.com", ("0 0 5060 dirs.corp.contoso.com.",), ""),
    5: ("ocs2007", "external", "_sip._tls.contoso.com", ("0 0 443 sip.contoso.com.",), ""),
}
EDGE = ("203.0.113.31", "203.0.113.32")
LYNC: dict[int, Case] = {
    102: (
        "lync",
        "external",
        "_sipfederationtls._tcp.contoso.com",
        ("0 0 5061 sip.contoso.com.",),
        "erratum.lync-access-edge-name",
    ),
    103: ("lync", "external", "_sip._tls.contoso.com", ("0 0 443 sip.contoso.com.",), ""),
    104: (
        "lync",
        "external",
        "_xmpp-server._tcp.contoso.com",
        ("0 0 5269 xmpp.contoso.com.",),
        "erratum.lync-xmpp-target",
    ),
    105: ("lync", "internal", "lyncdiscoverinternal.contoso.com", ("10.20.0.111",), "erratum.lync-discovery-alias"),
    106: ("lync", "external", "lyncdiscover.contoso.com", ("dirwebext.contoso.com.",), "erratum.lync-discovery-alias"),
    107: ("lync", "internal", "meet.fabrikam.com", ("10.20.0.111",), ""),
    108: ("lync", "internal", "dialin.contoso.com", ("10.20.0.111",), ""),
    109: ("lync", "external", "sip.contoso.com", EDGE, "erratum.lync-access-edge-name"),
    110: ("lync", "external", "av.contoso.com", ("203.0.113.51", "203.0.113.52"), ""),
    111: ("lync", "external", "conf.contoso.com", ("203.0.113.41", "203.0.113.42"), ""),
    112: ("lync", "external", "webext.contoso.com", ("203.0.113.21",), "erratum.lync-external-web-services"),
    33: ("lync", "external", "_sip._tls.fabrikam.com", ("0 0 443 sip.fabrikam.com.",), ""),
    269: ("lync", "internal", "_sipinternaltls._tcp.contoso.com", ("0 0 5061 dirpool.corp.contoso.com.",), ""),
}
# Printed lines that no record comes of.
LEFT_OUT = {("ocs2007", 6): "erratum.ocs2007-plain-sip-outside"}
TABLES = {"ocs2007r2": R2, "ocs2007": OCS2007, "lync2010": LYNC}
EVERY = [(product, row) for product in TABLES for row in printed(product)]


@pytest.mark.parametrize(("product", "row"), EVERY, ids=[f"{product}-{row['line']}" for product, row in EVERY])
def test_printed_row_is_planned(product: str, row: dict[str, t.Any]) -> None:
    errata = {fact.id for fact in loader.load(product).facts(ErratumFact)}
    if (product, row["line"]) in LEFT_OUT:
        assert LEFT_OUT[product, row["line"]] in errata
        return
    estate, view, name, values, erratum = TABLES[product][row["line"]]
    kinds = row.get("rrtype") or [row["record"]]
    rrtype = next(kind for kind in ("A", "CNAME", "SRV") if kind in kinds)
    record = last(estate, view, name, rrtype)
    assert record.values == values
    scope = row.get("scope") or row.get("view")
    assert scope in (None, view)
    port = row.get("port")
    assert port is None or f" {port} " in record.values[0]
    owner = str(row.get("name") or row.get("owner"))
    if owner.startswith(("_", "ucupdates", "lyncdiscover")):
        fixed = owner.replace(" ", "").partition("<")[0]
        assert name.startswith(fixed)
    if erratum:
        assert erratum in errata
        facts = {fact.id: fact for fact in loader.load(product).facts(DnsFact)}
        assert erratum in {facts[why].erratum for why in record.why}


def test_every_printed_row_has_its_case() -> None:
    for product, table in TABLES.items():
        lines = {row["line"] for row in printed(product)} - {line for name, line in LEFT_OUT if name == product}
        assert lines == set(table)


# What each row of the catalogue plans in one of the estates, also where nothing of it is printed as a row of a table.
PINS = yaml.safe_load((HERE / "dns_rows.yml").read_text())["rows"]


@pytest.mark.parametrize("pin", PINS, ids=lambda pin: str(pin["row"]))
def test_each_row_of_the_catalogue_plans_what_was_read_from_the_documents(pin: dict[str, t.Any]) -> None:
    found = [
        record
        for record in planned(pin["estate"])
        if (record.view, record.name, record.type) == (pin["view"], pin["name"], pin["type"])
        and pin["row"] in record.why
    ]
    found = [record for record in found if record.stage == pin["stage"]]
    assert [list(record.values) for record in found] == [pin["values"]]
    assert list(found[0].reaches) == pin.get("reaches", [])
    assert list(found[0].asked_by) == pin.get("asked_by", [])


def test_every_row_of_the_catalogue_is_pinned() -> None:
    rows = {fact.id for product in TABLES for fact in loader.load(product).facts(DnsFact)}
    missing = rows - {pin["row"] for pin in PINS}
    assert missing == set()
