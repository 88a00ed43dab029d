# SPDX-License-Identifier: GPL-3.0-or-later
"""The printed firewall tables of Edge Servers and reverse proxy, against what the two firewalls of the lab let through.

Both sides are brought to the form that is printed: service, firewall, direction, local port, remote port, transport.
Local is the server in the perimeter; on the internal firewall *outbound* leads to it, on the external one from it.
"""

from __future__ import annotations

import itertools
import re
import typing as t

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.base import Stages
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.flow_plan import plan_flows
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.flows import Flow
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.load_balancing import plan_services
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.parties import Parties
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.build import read
from tests import support

from . import printed

Rule = tuple[str, str, str, str, str, str]
FIREWALLS = {"fw-int.contoso.com": "internal", "fw-ext.contoso.com": "external"}
SERVICES = ("access_edge", "web_conferencing_edge", "av_edge", "reverse_proxy", "xmpp_gateway")
VIPS = {
    "10.30.0.100": "access_edge",
    "10.30.0.101": "av_edge",
    "203.0.113.100": "access_edge",
    "203.0.113.101": "web_conferencing_edge",
    "203.0.113.102": "av_edge",
}
R2_PARTNERS = {
    "uc_federation/discovery": False,
    "uc_federation/partners": [{"domain": "fabrikam.com", "product": "ocs2007r2", "addresses": ["198.51.100.53"]}],
}
OLD_PARTNERS = {
    "uc_federation/discovery": False,
    "uc_federation/partners": [{"domain": "woodgrove.com", "product": "ocs2007", "addresses": ["198.51.100.54"]}],
}


def planned(changes: t.Mapping[str, t.Any]) -> set[Rule]:
    topology, _found = read(support.changed(support.example("lab"), changes))
    stages = Stages(topology.catalogue)
    flows = plan_flows(topology, stages, Parties(topology), plan_services(topology, stages))
    return {rule for flow in flows for rule in rules(flow)}


def rules(flow: Flow) -> t.Iterator[Rule]:
    source, destination = service_of(flow.source), service_of(flow.destination)
    for crossing in flow.crossings:
        side = FIREWALLS[crossing.firewall]
        for port in flow.ports or ("any",):
            if destination:
                direction = "outbound" if side == "internal" else "inbound"
                yield destination, side, direction, port, flow.source_ports or "any", flow.protocol
            if source:
                direction = "inbound" if side == "internal" else "outbound"
                yield source, side, direction, flow.source_ports or "any", port, flow.protocol


def service_of(name: str) -> str:
    if name.startswith("vip:"):
        return VIPS.get(name.removeprefix("vip:"), "")
    role = re.split("[:@]", name.removeprefix("members:"))[0]
    return role if role in SERVICES else ""


def cell(text: str) -> tuple[str, str]:
    """Port and transport of a printed cell such as `5061 TCP (SIP/MTLS)`."""
    if text == "Any":
        return "any", ""
    transport = next((name.lower() for name in ("TCP", "UDP") if name in text), "")
    return printed.ports(text.partition("(")[0])[0], transport


def rules_of(row: printed.Row) -> set[Rule]:
    local, remote = cell(row["local_port"]), cell(row["remote_port"])
    transport = local[1] or remote[1] or "tcp"
    return {
        (row["printed_table"], row["firewall"].lower(), direction.lower(), local[0], remote[0], transport)
        for direction in row["direction"].split("/")
    }


EDGE_ROWS = [row for row in printed.rows("ocs2007r2/edge_firewall") if row["printed_table"] != "media_range"]
# What is planned in the place of a printed row, and the erratum that says why.
READINGS: dict[int, tuple[str, set[Rule]]] = {
    7882: (
        "erratum.federation-remote-port",
        {
            ("access_edge", "external", "inbound", "5061", "any", "tcp"),
            ("access_edge", "external", "outbound", "any", "5061", "tcp"),
        },
    ),
    7906: (
        "erratum.swapped-ports",
        {("access_edge", "external", "outbound", "any", "53", name) for name in ("tcp", "udp")},
    ),
    7918: ("erratum.swapped-ports", {("access_edge", "external", "outbound", "any", "80", "tcp")}),
}


def test_both_firewalls_let_through_what_is_printed_and_nothing_else() -> None:
    wanted = set(
        itertools.chain.from_iterable(
            READINGS[row["line"]][1] if row["line"] in READINGS else rules_of(row) for row in EDGE_ROWS
        )
    )
    assert planned(R2_PARTNERS) == wanted


@pytest.mark.parametrize(("line", "erratum"), [(line, reading[0]) for line, reading in READINGS.items()])
def test_readings_are_errata(line: int, erratum: str) -> None:
    assert printed.explains("ocs2007r2", erratum, "guide-r2", line)


def media_range(changes: t.Mapping[str, t.Any]) -> set[tuple[str, str]]:
    """Direction and transport of all that touches the media range on the external firewall."""
    return {
        (direction, transport)
        for service, _side, direction, local, _remote, transport in planned(changes)
        if service == "av_edge" and local == "50000-59999"
    }


@pytest.mark.parametrize(
    ("line", "changes"),
    [
        (8094, R2_PARTNERS),
        (8097, OLD_PARTNERS),
        (8097, {"uc_federation/unknown_partners": "ocs2007", "uc_federation/partners": []}),
        (8100, R2_PARTNERS),
        (8100, {"uc_federation/partners": []}),
        (8103, {"uc_federation/av": False}),
    ],
)
def test_the_media_range_follows_the_partners(line: int, changes: dict[str, t.Any]) -> None:
    row = next(row for row in printed.rows("ocs2007r2/edge_firewall") if row["line"] == line)
    directions = [] if row["direction"] == "closed" else row["direction"].lower().split("/")
    names = [name.rpartition("/")[2].lower() for name in row["protocol"]]
    assert media_range(changes) == set(itertools.product(directions, names))


POSTER = [row for row in printed.rows("ocs2007r2/poster") if row["section"] == "firewall"]
POSTER_HOSTS = {
    "accesssrv.<sip-domain>": "access_edge",
    "conf.<sip-domain>": "web_conferencing_edge",
    "av.<sip-domain>": "av_edge",
    "xmpp.<sip-domain>": "xmpp_gateway",
}
WITH_XMPP = {
    **R2_PARTNERS,
    "@xmpp1.contoso.com/groups": ["xmpp_gateway"],
    "@xmpp1.contoso.com/uc_addresses": {"internal": "10.30.0.60", "external": "203.0.113.60"},
}


@pytest.mark.parametrize("row", POSTER, ids=lambda row: f"{row['firewall']}-{row['host'][:4]}-{row['port']}")
def test_each_port_of_the_poster_is_open_or_an_erratum(row: printed.Row) -> None:
    port = printed.ports(row["port"])[0]
    service = POSTER_HOSTS[row["host"]]
    is_open = any(
        rule[:2] == (service, row["firewall"]) and port in rule[3:5] and rule[5] == row["transport"].lower()
        for rule in planned(WITH_XMPP)
    )
    slips = ("erratum.poster-access-edge-ports", "erratum.poster-media-range-inside")
    excused = row["firewall"] == "internal" and row["port"] not in (5061, 8057, 443, 3478)
    assert is_open != excused
    if excused:
        assert any(printed.explains("ocs2007r2", erratum, "poster-r2", row["line"]) for erratum in slips)


def test_the_media_range_may_be_another() -> None:
    changes = {**R2_PARTNERS, "uc_edge_pools/edge.corp.contoso.com/av_port_range": "51000-51999"}
    assert ("av_edge", "external", "outbound", "51000-51999", "any", "tcp") in planned(changes)
    assert not media_range(changes)


PERIMETER_2007 = printed.rows("ocs2007/edge_firewall")
SERVICES_2007 = {
    "Reverse Proxy": "reverse_proxy",
    "Access Edge Server": "access_edge",
    "Web Conferencing Edge Server": "web_conferencing_edge",
    "A/V Edge Server": "av_edge",
}


@pytest.mark.parametrize(
    "row", [row for row in PERIMETER_2007 if row["component"] in SERVICES_2007], ids=lambda row: str(row["line"])
)
def test_each_perimeter_row_of_2007_is_open(row: printed.Row) -> None:
    service = SERVICES_2007[row["component"]]
    port = printed.ports(row["port"])[0]
    found = {
        (rule[1], rule[2])
        for rule in planned({**R2_PARTNERS, "uc_product": "ocs2007"})
        if rule[0] == service and port in rule[3:5] and rule[5] == row["protocol"].rpartition("/")[2].lower()
    }
    sides = row["firewall"] if isinstance(row["firewall"], list) else [row["firewall"]]
    for side in sides:
        assert any(side in ("unspecified", found_side) for found_side, _direction in found)
    wanted = {"both": {"inbound", "outbound"}, "unspecified": set()}.get(row["direction"], {row["direction"]})
    assert wanted <= {direction for _side, direction in found}
