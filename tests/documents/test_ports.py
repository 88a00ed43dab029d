# SPDX-License-Identifier: GPL-3.0-or-later
"""The printed port tables, row by row, against the flows that are planned from them."""

from __future__ import annotations

import functools
import typing as t

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue import loader
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.base import Stages
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.flow_plan import plan_flows
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.flows import Flow, FlowFact
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.load_balancing import plan_services
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.parties import Parties
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.build import read
from tests import support

from . import printed

# Everything that some row depends on: SIP over TCP, web sites without HTTPS, gateways with and without TLS, pairs.
EVERYTHING = {
    "uc_pools/pool1.corp.contoso.com/allow_tcp": True,
    "uc_pools/dirpool.corp.contoso.com/allow_tcp": True,
    "uc_pools/pool1.corp.contoso.com/web_farm/scheme": "http",
    "uc_web_access/old.corp.contoso.com": {"kind": "internal", "scheme": "http", "members": ["cwa1.corp.contoso.com"]},
    "uc_web_access/out.contoso.com": {"kind": "external", "scheme": "http", "members": ["cwa1.corp.contoso.com"]},
    "@gc2.corp.contoso.com/groups": ["group_chat"],
    "@gc2.corp.contoso.com/uc_addresses": {"internal": "10.20.0.61"},
    "@med2.corp.contoso.com/groups": ["mediation"],
    "@med2.corp.contoso.com/uc_addresses": {"internal": "10.20.0.62"},
    "@gw2.corp.contoso.com/groups": ["media_gateway"],
    "@gw2.corp.contoso.com/uc_addresses": {"internal": "10.22.0.62"},
    "uc_mediation/med2.corp.contoso.com": {
        "next_hop": "pool1.corp.contoso.com",
        "gateways": ["gw2.corp.contoso.com"],
        "transport": "tls",
    },
    "uc_clients/all": {
        "network": "clients",
        "products": ["communicator", "live_meeting", "communicator_mobile", "group_chat", "phone_edition"],
        "count": 10,
    },
}

# The party, or a role of it, that stands for a printed component.
COMPONENTS = {
    "Front End Servers": ("front_end", "im_conferencing", "av_conferencing", "web_conferencing"),
    "Front End Server": ("front_end",),
    "Communicator Web Access server": ("web_access", "web_access_site"),
    "Communicator Web Access": ("web_access",),
    "Microsoft Office Communications Server 2007 R2 Group Chat Server": ("group_chat",),
    "Group Chat Server": ("group_chat",),
    "Monitoring Server": ("monitoring",),
    "Archiving Server": ("archiving",),
    "Director": ("director",),
    "Mediation Server": ("mediation",),
    "Mediation Server internal edge": ("mediation",),
    "Mediation Server external edge": ("mediation",),
    "Reverse Proxy": ("reverse_proxy",),
    "Edge Server": ("access_edge", "web_conferencing_edge", "av_edge"),
    "Office Communicator": ("clients.communicator", "internet"),
    "Live Meeting 2007 client": ("clients.live_meeting", "internet"),
    "2007 R2 version of Communicator Mobile": ("clients.communicator_mobile", "internet"),
    "Conferencing Attendant": ("front_end",),
    "Conferencing Announcement Service": ("front_end",),
    "Response Group Service": ("front_end",),
    "Outside Voice Control": ("front_end",),
    "Basic media gateway": ("media_gateway",),
    "Back-End Database": ("back_end",),
    "Web Components": ("web_components",),
    "Web Conferencing Server": ("web_conferencing",),
    "A/V Conferencing Server": ("av_conferencing",),
    "Access Edge Server": ("access_edge",),
    "Web Conferencing Edge Server": ("web_conferencing_edge",),
    "A/V Edge Server": ("av_edge",),
    "Load balancer for Front End Servers": ("front_end", "web_components"),
    "Load balancer for Director": ("director",),
    "Load balancer for Edge Servers": ("access_edge", "web_conferencing_edge", "av_edge"),
}
# Transports that a protocol cell stands for; an empty cell says nothing.
TRANSPORTS = {
    "TCP": {"tcp"}, "MTLS": {"tcp"}, "TLS": {"tcp"}, "HTTPS": {"tcp"}, "HTTP": {"tcp"}, "LDAP": {"tcp"},
    "MSFT-GC": {"tcp"}, "SIP": {"tcp"}, "TCPMTLS": {"tcp"}, "TCP and MTLS": {"tcp"}, "TCP (SIP)": {"tcp"},
    "TCP SIP": {"tcp"}, "TCP (HTTP)": {"tcp"}, "RTP/TCP": {"tcp"}, "DCOM and RPC": {"tcp"},
    "DCOM and remote procedure call (RPC)": {"tcp"}, "Message Queuing and RPC": {"tcp"},
    "UDP": {"udp"}, "User Datagram Protocol (UDP)": {"udp"}, "UDP/TCP": {"tcp", "udp"},
}  # fmt: skip
# Cells that the plan differs from, each with the erratum that says so.
DIFFERENT_PORTS = {3318: "erratum.dynamic-range-end", 3410: "erratum.dynamic-range-end"}
DIFFERENT_TRANSPORTS = {
    3380: "erratum.kerberos-transport",
    3405: "erratum.desktop-sharing-transport",
    3535: "erratum.stun-over-tcp",
}


@functools.cache
def planned(product: str) -> tuple[Flow, ...]:
    changes = {**EVERYTHING, "uc_product": product}
    topology, _found = read(support.changed(support.example("lab"), changes))
    stages = Stages(topology.catalogue)
    return plan_flows(topology, stages, Parties(topology), plan_services(topology, stages))


def facts(product: str) -> dict[str, FlowFact]:
    return {fact.id: fact for fact in loader.load(product).facts(FlowFact)}


def flows_with(product: str, row: printed.Row) -> list[tuple[FlowFact, Flow]]:
    """Planned flows that the component of a printed row takes part in."""
    parties = COMPONENTS[row["component"]]
    known = facts(product)
    balanced = row["component"].startswith("Load balancer")
    found = []
    for flow in planned(product):
        fact = known.get(flow.why[0])
        ends = () if fact is None else (fact.opener, fact.listener)
        counts = flow.leg == "to_vip" or not balanced
        if fact and counts and any(_is_party(end, party) for end in ends for party in parties):
            found.append((fact, flow))
    return found


def _is_party(end: str, party: str) -> bool:
    kind, dot, products = party.partition(".")
    if dot:
        end_kind, _dot, end_products = end.partition(".")
        return end_kind == kind and (not end_products or products in end_products.split("|"))
    return party in end.partition(":")[0].split("|")


def wanted_ports(row: printed.Row) -> tuple[str, ...]:
    found = printed.ports(row["port"])
    return tuple(port.replace("65335", "65535") for port in found) if row["line"] in DIFFERENT_PORTS else found


def transports(row: printed.Row) -> set[str] | None:
    cells = row["protocol"] if isinstance(row["protocol"], list) else [row["protocol"]]
    found = [TRANSPORTS[cell] for cell in cells if cell in TRANSPORTS]
    return set().union(*found) if found else None


R2 = printed.rows("ocs2007r2/ports")
R1 = printed.rows("ocs2007/ports")


def compare(product: str, row: printed.Row) -> None:
    candidates = flows_with(product, row)
    wanted = {"udp"} if row["line"] == 3535 else transports(row)
    for port in wanted_ports(row):
        used = {flow.protocol for _fact, flow in candidates if port in (*flow.ports, flow.source_ports)}
        if wanted is None:
            assert used, f"line {row['line']}: nothing is planned for {row['component']} {port}"
        else:
            assert wanted <= used, f"line {row['line']}: {row['component']} {port} is planned over {used or 'nothing'}"


@pytest.mark.parametrize("row", R2, ids=lambda row: f"{row['line']}-{row['port']}")
def test_each_printed_row_of_2007_r2_is_planned(row: printed.Row) -> None:
    compare("ocs2007r2", row)


@pytest.mark.parametrize("row", R1, ids=lambda row: f"{row['line']}-{row['port']}")
def test_each_printed_row_of_2007_is_planned(row: printed.Row) -> None:
    compare("ocs2007", row)


@pytest.mark.parametrize(("line", "erratum"), [*DIFFERENT_PORTS.items(), *DIFFERENT_TRANSPORTS.items()])
def test_differences_are_errata(line: int, erratum: str) -> None:
    assert printed.explains("ocs2007r2", erratum, "guide-r2", line)


def cited() -> t.Iterator[tuple[str, FlowFact, printed.Row]]:
    """Rows of the catalogue that cite a row of a printed port table."""
    for product, document, table in (("ocs2007r2", "guide-r2", R2), ("ocs2007", "ocs2007-ports", R1)):
        by_line = {row["line"]: row for row in table}
        for fact in facts(product).values():
            if fact.source.document == document and fact.source.lines and fact.source.lines[0] in by_line:
                yield product, fact, by_line[fact.source.lines[0]]


@pytest.mark.parametrize(("product", "fact", "row"), [pytest.param(*case, id=case[1].id) for case in cited()])
def test_each_row_of_the_catalogue_says_what_is_printed(product: str, fact: FlowFact, row: printed.Row) -> None:
    own = {fact.source_ports} if fact.source_ports else set(fact.ports)
    assert own <= set(wanted_ports(row))
    wanted = transports(row)
    if row["line"] in DIFFERENT_TRANSPORTS and product == "ocs2007r2":
        assert fact.erratum == DIFFERENT_TRANSPORTS[row["line"]]
    elif wanted is not None:
        assert fact.protocol in wanted
    assert any(_is_party(end, party) for end in (fact.opener, fact.listener) for party in COMPONENTS[row["component"]])
    cell = " ".join(row["protocol"]) if isinstance(row["protocol"], list) else str(row["protocol"])
    if "HTTPS" in cell or cell in ("TLS", "MTLS"):
        assert fact.tls, "TLS is printed"
    if cell == "MTLS":
        assert fact.tls == "mtls"
    assert any(flow.why[0] == fact.id for flow in planned(product)), "a documented flow that nothing brings about"


# A row is one of a printed port table, of the Edge firewall tables, of a named place in the running text, or from a
# document of its own: whatever else claims a line of the guide is a slip.
ELSEWHERE = {5506, 5464, 8761}


def test_no_row_cites_a_line_that_is_not_printed() -> None:
    lines = {row["line"] for row in R2} | {row["line"] for row in printed.rows("ocs2007r2/edge_firewall")} | ELSEWHERE
    strays = [
        fact.id
        for fact in facts("ocs2007r2").values()
        if fact.source.document == "guide-r2" and fact.source.lines[0] not in lines
    ]
    assert strays == []
