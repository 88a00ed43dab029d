# SPDX-License-Identifier: GPL-3.0-or-later
"""What hosts listen on, against what the documents say of the lab's servers; expectations are worked out by hand."""

from __future__ import annotations

import dataclasses
import json
import typing as t
from pathlib import Path

import pytest

from tests import support
from tests.lab.errors import LabError
from tests.lab.responders import configuration
from tests.lab.responders.listeners import Listener, config_of, listeners_of

EXAMPLES = ("lab", "multisite", "standard", "ocs2007", "lync2010", "departments")


def of(example: str, leave_out: t.Collection[str] = ()) -> dict[str, tuple[Listener, ...]]:
    design = support.example_design(example)
    assert design.plan
    return listeners_of(design.topology, design.plan, leave_out)


def at(listeners: t.Iterable[Listener], address: str, protocol: str, port: str) -> Listener:
    return next(each for each in listeners if (each.address, each.protocol, each.port) == (address, protocol, port))


def brief(listeners: t.Iterable[Listener]) -> list[tuple[str, str, str, str]]:
    return [(each.address, each.protocol, each.port, each.transport) for each in listeners]


def test_an_edge_server_listens_on_its_own_addresses_inside_and_outside() -> None:
    assert brief(of("lab")["edge1.contoso.com"]) == [
        ("10.30.0.31", "tcp", "443", "plain"),  # STUN has no TLS
        ("10.30.0.31", "tcp", "5061", "mtls"),
        ("10.30.0.31", "tcp", "5062", "mtls"),
        ("10.30.0.31", "tcp", "8057", "mtls"),
        ("10.30.0.31", "udp", "3478", "plain"),
        ("203.0.113.31", "tcp", "443", "tls"),
        ("203.0.113.31", "tcp", "5061", "mtls"),
        ("203.0.113.41", "tcp", "443", "tls"),
        ("203.0.113.51", "tcp", "443", "plain"),
        ("203.0.113.51", "udp", "3478", "plain"),
    ]


@pytest.mark.parametrize(
    ("address", "port", "row"),
    [
        ("10.30.0.31", "5061", "edge-internal"),
        ("10.30.0.31", "5062", "edge-internal"),
        ("203.0.113.31", "443", "edge-access"),
        ("203.0.113.31", "5061", "edge-access"),
        ("203.0.113.41", "443", "edge-web-conferencing"),
    ],
)
def test_each_interface_of_an_edge_server_shows_its_own_certificate(address: str, port: str, row: str) -> None:
    listener = at(of("lab")["edge1.contoso.com"], address, "tcp", port)
    assert listener.certificate == f"ocs2007r2.certificate.{row}@edge.corp.contoso.com:edge1.contoso.com"


def test_a_member_speaks_what_reaches_its_balancer() -> None:
    """The leg from the balancer says nothing of SIP; clients speak TLS to it, and servers mutual TLS."""
    listener = at(of("lab")["fe1.corp.contoso.com"], "10.20.0.11", "tcp", "5061")
    assert listener.transport == "tls_or_mtls"
    assert listener.applications == ("sip",)
    assert listener.certificate == "ocs2007r2.certificate.enterprise-consolidated@pool1.corp.contoso.com"
    pool = "pool1.corp.contoso.com"
    assert f"ocs2007r2.lb.front-end-5061@{pool}:5061/tcp:to_member" in listener.flows
    assert f"ocs2007r2.flow.client-to-front-end-sip-tls@{pool}:first_pool:to_vip:5061" in listener.flows
    # Other services are judged by this port too.
    assert f"ocs2007r2.lb.front-end-135@{pool}:135/tcp:health_check" in listener.flows


def test_web_sites_of_one_server_show_the_certificate_of_their_own() -> None:
    listeners = of("lab")["cwa1.corp.contoso.com"]
    shown = {port: at(listeners, "10.20.0.19", "tcp", port).certificate for port in ("443", "4443", "5061")}
    assert shown == {
        "443": "ocs2007r2.certificate.web-access-site-external@im.contoso.com",
        "4443": "ocs2007r2.certificate.web-access-site-internal@im.corp.contoso.com",
        "5061": "ocs2007r2.certificate.web-access-mtls@cwa1.corp.contoso.com",
    }


def test_a_mediation_server_listens_on_both_its_sides() -> None:
    assert brief(of("lab")["med1.corp.contoso.com"]) == [
        ("10.20.0.20", "tcp", "5061", "mtls"),
        ("10.20.0.20", "udp", "60000-64000", "plain"),
        ("10.22.0.20", "tcp", "5060", "plain"),
        ("10.22.0.20", "udp", "60000-64000", "plain"),
    ]


def test_an_xmpp_gateway_lets_tls_begin_on_a_stream_and_shows_its_outer_certificate_then() -> None:
    listener = at(of("multisite")["xmpp1.contoso.com"], "203.0.113.61", "tcp", "5269")
    assert listener.transport == "starttls"
    assert listener.certificate == "ocs2007r2.certificate.xmpp-outside@xmpp1.contoso.com"


def test_hosts_that_are_left_out_have_no_listeners() -> None:
    all_hosts = of("lab")
    rest = of("lab", {"dc1.corp.contoso.com"})
    assert set(all_hosts) - set(rest) == {"dc1.corp.contoso.com"}
    assert rest == {host: listeners for host, listeners in all_hosts.items() if host in rest}


@pytest.mark.parametrize("example", EXAMPLES)
def test_a_host_listens_only_on_addresses_of_its_own_and_once_on_each_port(example: str) -> None:
    topology = support.example_design(example).topology
    found = of(example)
    assert found
    for host, listeners in found.items():
        addresses = topology.servers[host].given.addresses
        own = {str(topology.servers[host].address(name)) for name in addresses.given()}
        assert {listener.address for listener in listeners} <= own
        places = [(listener.address, listener.protocol, listener.port) for listener in listeners]
        assert len(places) == len(set(places))


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_flow_to_a_host_of_its_own_is_served(example: str) -> None:
    """Counted from the flows: what no listener names ends at a balancer, at a network, or has no ports."""
    design = support.example_design(example)
    assert design.plan
    named = {flow for listeners in of(example).values() for listener in listeners for flow in listener.flows}
    sets = {each.name: each for each in design.plan.sets}
    unserved = [
        flow.id
        for flow in design.plan.flows
        if flow.id not in named and flow.leg != "to_vip" and flow.protocol in ("tcp", "udp")
        if any(
            str(design.topology.servers[member.host].address(name)) == member.address
            for member in sets[flow.destination].members
            for name in design.topology.servers[member.host].given.addresses.given()
        )
    ]
    assert unserved == []


def test_two_certificates_on_one_port_are_refused_with_both_flows() -> None:
    """Both web sites of the lab's web access server on one port: the planner allows it, a socket does not."""
    design = support.example_design("lab")
    assert design.plan
    flows = [
        dataclasses.replace(flow, ports=("443",)) if flow.ports == ("4443",) else flow for flow in design.plan.flows
    ]
    with pytest.raises(LabError) as caught:
        listeners_of(design.topology, dataclasses.replace(design.plan, flows=tuple(flows)))
    assert str(caught.value) == (
        "cwa1.corp.contoso.com, tcp 10.20.0.19:443: "
        "ocs2007r2.flow.client-to-web-access@im.corp.contoso.com:internal_addons needs the certificate "
        "ocs2007r2.certificate.web-access-site-internal@im.corp.contoso.com, and "
        "ocs2007r2.flow.reverse-proxy-to-web-access@im.contoso.com:external_access needs "
        "ocs2007r2.certificate.web-access-site-external@im.contoso.com, but a port shows one. "
        "Give one of them another address or port in the inventory."
    )


def test_tls_that_ends_on_the_balancer_is_not_spoken_behind_it() -> None:
    design = support.example_design("lab")
    assert design.plan
    services = tuple(
        dataclasses.replace(service, terminate=True) if service.port == "443" else service
        for service in design.plan.services
    )
    found = listeners_of(design.topology, dataclasses.replace(design.plan, services=services))
    listener = at(found["fe1.corp.contoso.com"], "10.20.0.11", "tcp", "443")
    assert (listener.transport, listener.applications) == ("plain", ("https",))


def test_a_flow_of_the_inventory_without_ports_is_every_port() -> None:
    extra = {"name": "all", "from": ["admin1.corp.contoso.com"], "to": ["sql1.corp.contoso.com"]}
    changes = {"uc_extra_flows": [{**extra, "protocol": "tcp", "ports": [], "reason": "test"}]}
    design = support.design(support.changed(support.example("lab"), changes), support.TODAY)
    assert design.plan, [finding.message for finding in design.errors]
    sql = listeners_of(design.topology, design.plan)["sql1.corp.contoso.com"]
    assert at(sql, "10.20.0.13", "tcp", "1-65535").flows == ("extra.flow@all",)
    assert at(sql, "10.20.0.13", "tcp", "1433").transport == "plain"


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_program_takes_what_is_written_for_it(example: str, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    for host, listeners in of(example).items():
        path.write_text(json.dumps(config_of(host, listeners)))
        read = configuration.read(path)
        assert read.problems == ()
        assert read.host == host
        assert len(read.listeners) == len(listeners)


def test_certificates_are_looked_for_below_one_folder(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config_of("rp1.contoso.com", of("lab")["rp1.contoso.com"])))
    (listener,) = configuration.read(path).listeners
    folder = "/etc/openuc/certificates/ocs2007r2.certificate.reverse-proxy@rp1.contoso.com"
    assert listener.files == configuration.Files(
        f"{folder}/certificate.pem", f"{folder}/key.pem", f"{folder}/trust.pem"
    )
