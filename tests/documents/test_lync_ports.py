# SPDX-License-Identifier: GPL-3.0-or-later
"""The ports printed on the Lync Server 2010 poster, against the flows planned for the example inventory.

Compared are the ports that each party listens on, and who opens connections to them. The poster's text keeps no arrows,
so that many ends are inferred in the transcription; what is planned beyond the print is listed here with its reason.
"""

from __future__ import annotations

import functools
import typing as t

import pytest
import yaml

from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue import loader
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.flows import Flow
from tests import support

TABLES = support.ROOT / "tests" / "documents" / "lync2010"

# Names of the transcription, as parties of the plan. Of a pool, the web is a part of its own.
PARTIES = {
    "access_edge": ["access_edge"],
    "aol": ["partners"],
    "application_sharing_service": ["application_sharing"],
    "archiving_server": ["archiving"],
    "av_conferencing_server": ["av_conferencing"],
    "av_conferencing_service": ["av_conferencing"],
    "av_edge": ["av_edge"],
    "back_end_sql": ["back_end"],
    "branch_client": ["clients"],
    "callee_client": ["clients"],
    "client": ["clients"],
    "cms_master": ["central_management"],
    "conferencing_servers": ["im_conferencing", "web_conferencing", "application_sharing"],
    "director": ["director"],
    "dns": ["dns_server"],
    "domain_controller": ["domain_controller"],
    "edge_server": ["access_edge"],
    "enterprise_pool": ["front_end"],
    "exchange_um": ["exchange_um"],
    "external_client": ["internet"],
    "federated_company": ["partners"],
    "front_end_bandwidth_policy_service": ["application_server"],
    "front_end_server": ["front_end"],
    "global_catalog": ["domain_controller"],
    "gmail": ["internet"],
    "group_chat_server": ["group_chat"],
    "internal_client": ["clients"],
    "ip_pstn_gateway": ["media_gateway"],
    "jabber": ["internet"],
    "lync_client": ["clients"],
    "mediation_pool": ["mediation"],
    "monitoring_server": ["monitoring"],
    "msn": ["partners"],
    "reverse_proxy": ["reverse_proxy"],
    "standard_edition_server": ["front_end"],
    "survivable_branch_appliance": ["branch_appliance"],
    "web_conferencing_edge": ["web_conferencing_edge"],
    "web_conferencing_service": ["web_conferencing"],
    "xmpp_gateway": ["xmpp_gateway"],
    "yahoo": ["partners"],
}

SERVICES = {
    "Application Sharing Conferencing Service": "application_sharing",
    "IM Conferencing Service": "im_conferencing",
    "Internal Mobility Service": "front_end",
    "External Mobility Service": "front_end",
    "Telephony Conferencing Service": "application_server",
    "Mediation Server Service": "mediation",
    "Response Group Service": "application_server",
    "Conferencing Attendant Service": "application_server",
    "Conferencing Announcement Service": "application_server",
    "Call Pak Service": "application_server",
}

# Printed, but not planned so: (opener, listener, protocol, ports), and the erratum that says why.
MISPRINTS = {
    ("clients", "av_conferencing", "udp", "57501-65335"): "erratum.lync-video-range",
    ("clients", "av_conferencing", "udp", "49152-65535"): "erratum.lync-video-range",
    ("internet", "av_edge", "tcp", "50000-59999"): "erratum.lync-media-range-direction",
    ("mediation", "media_gateway", "tcp", "5067"): "erratum.lync-mediation-ports-direction",
    ("mediation", "media_gateway", "tcp", "5068"): "erratum.lync-mediation-ports-direction",
}

# Planned, but not printed with these ends: the row whose note or erratum gives the reason.
NOT_PRINTED = {
    ("av_conferencing", "udp", "49152-57500"): "lync2010.flow.clients-av-conferencing-audio",
    ("av_conferencing", "udp", "57501-65535"): "lync2010.flow.clients-av-conferencing-video",
    ("archiving", "tcp", "1801"): "lync2010.flow.pool-archiving",
    ("monitoring", "tcp", "1801"): "lync2010.flow.pool-monitoring",
    ("compliance", "tcp", "1801"): "lync2010.flow.group-chat-compliance",
    ("dns_server", "tcp", "53"): "lync2010.flow.clients-dns-tcp",
    ("dns_server", "udp", "53"): "lync2010.flow.clients-dns-udp",
    ("web_components", "tcp", "8080"): "lync2010.flow.reverse-proxy-web-http",
    ("partners", "tcp", "5061"): "lync2010.flow.federation-out",
    ("xmpp_gateway", "tcp", "5061"): "lync2010.flow.edge-xmpp",
    ("xmpp_gateway", "tcp", "5269"): "lync2010.flow.xmpp-in",
    ("mediation", "tcp", "5068"): "lync2010.flow.gateway-mediation-tcp",
    ("media_gateway", "tcp", "5060"): "lync2010.flow.mediation-gateway-tcp",
    ("media_gateway", "tcp", "5061"): "lync2010.flow.mediation-gateway-tls",
    ("branch_appliance", "tcp", "5061"): "lync2010.flow.clients-branch",
}

Key = tuple[str, str, str, str]


def table(name: str) -> list[dict[str, t.Any]]:
    return t.cast("list[dict[str, t.Any]]", yaml.safe_load((TABLES / f"{name}.yml").read_text())["rows"])


def _listed(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def _parties(value: object, row: dict[str, t.Any], listening: bool) -> list[str]:
    found = [party for name in _listed(value) for party in PARTIES[name]]
    if (
        listening
        and row.get("protocol") == "HTTPS"
        and row["port"] != 444
        and "cms_master" not in _listed(row.get("from"))
    ):
        return ["web_components" if party in ("front_end", "director") else party for party in found]
    return found


def ports_of(row: dict[str, t.Any]) -> str:
    return "-".join(str(port) for port in row["range"]) if "range" in row else str(row["port"])


def protocols_of(row: dict[str, t.Any]) -> list[str]:
    """The transport; where none is printed, that of the application, media on 3478 and RTCP being UDP."""
    if "transport" in row:
        return [part.lower() for part in str(row["transport"]).split("/")]
    media = "RTCP" in str(row.get("protocol")) or row["port"] == 3478
    return ["udp" if media else "tcp"]


def printed_flows() -> dict[Key, int]:
    """Printed connections with two ends and a port, and their line."""
    found: dict[Key, int] = {}
    for row in table("flows"):
        if "port" not in row or not row.get("from") or not row.get("to"):
            continue
        for opener in _parties(row["from"], row, listening=False):
            for listener in _parties(row["to"], row, listening=True):
                for protocol in protocols_of(row):
                    found[opener, listener, protocol, ports_of(row)] = row["line"]
    return found


def printed_listeners() -> set[tuple[str, str, str]]:
    """Everything printed that somebody listens on, from all three files."""
    found = {
        (listener, protocol, ports_of(row))
        for row in table("flows")
        if "port" in row and row.get("to")
        for listener in _parties(row["to"], row, listening=True)
        for protocol in protocols_of(row)
    }
    for row in table("ports"):
        if row["section"] == "service":
            found.add((SERVICES[row["service"]], "tcp", str(row["port"])))
        elif row["section"] == "redirect":
            found |= {("web_components", "tcp", str(row["port"])), ("reverse_proxy", "tcp", str(row["port"]))}
    for row in table("edge_firewall"):
        if row["section"] != "statement":
            continue
        for protocol in protocols_of(row):
            if row["direction"] in ("inbound", "both"):
                found.add((row["host"], protocol, ports_of(row)))
            # A port is listened on by the other side, a range is the Edge's own.
            if row["direction"] in ("outbound", "both"):
                outside = "partners" if "condition" in row else "internet"
                found.add((outside, protocol, f"from {ports_of(row)}" if "range" in row else ports_of(row)))
    return found


@functools.cache
def planned() -> dict[Key, tuple[str, ...]]:
    """Planned flows as keys of the same kind; those with source ports show these instead."""
    plan = support.example_design("lync2010").plan
    assert plan is not None
    services = {service.id: service.role for service in plan.services}
    found: dict[Key, tuple[str, ...]] = {}
    for flow in plan.flows:
        if not flow.why[0].startswith("lync2010.flow."):
            continue
        for opener in _roles(flow.source, services, flow):
            for listener in _roles(flow.destination, services, flow):
                own = not flow.ports and flow.source_ports
                for ports in [f"from {flow.source_ports}"] if own else flow.ports:
                    found[opener, listener, flow.protocol, ports] = flow.why
    return found


def _roles(name: str, services: dict[str, str], flow: Flow) -> list[str]:
    if name.startswith(("vip:", "members:")):
        return [services[flow.service]]
    parties = name.partition("@")[0].partition(":")[0].split("|")
    return [party.partition(".")[0] for party in parties if party != "sip_trunk"]


def test_every_printed_connection_is_planned() -> None:
    missing = set(printed_flows()) - set(planned())
    assert missing == set(MISPRINTS)


def test_nothing_else_is_listened_on_than_what_is_printed_or_explained() -> None:
    listened = {(listener, protocol, ports) for _opener, listener, protocol, ports in planned()}
    misprinted = {(listener, protocol, ports) for _opener, listener, protocol, ports in MISPRINTS}
    # Planned towards the whole Internet, which holds these partners.
    wider = {("partners", "tcp", "from 50000-59999")}
    assert listened - printed_listeners() == set(NOT_PRINTED)
    assert printed_listeners() - listened == (misprinted - listened) | wider


@pytest.mark.parametrize("erratum", sorted(set(MISPRINTS.values())))
def test_misprints_are_errata(erratum: str) -> None:
    row = loader.load("lync2010").row(erratum)
    assert row is not None
    assert row.kind == "errata"


@pytest.mark.parametrize("key", sorted(NOT_PRINTED))
def test_what_is_not_printed_says_why(key: tuple[str, str, str]) -> None:
    row = loader.load("lync2010").row(NOT_PRINTED[key])
    assert row is not None
    assert row.data.get("note") or row.data.get("erratum")
    reasons = [why for found, why in planned().items() if found[1:] == key]
    assert any(row.id in why for why in reasons)


def test_every_row_is_planned_in_the_example_or_needs_another_shape() -> None:
    rows = {row.id for row in loader.load("lync2010").rows("flows") if row.product == "lync2010"}
    used = {row for why in planned().values() for row in why}
    # A branch without a Director.
    assert rows - used == {"lync2010.flow.branch-edge"}
