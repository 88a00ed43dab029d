# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding a SIP server as clients do: which name is taken, and at which step a client would stop."""

from __future__ import annotations

import socket
import struct
import typing as t

import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.probing import dns_wire

from .conftest import Authority, Probing, Servers

KINDS = {1: "A", 33: "SRV"}
Records = dict[tuple[str, str], list[bytes]]


def wire_name(name: str) -> bytes:
    return b"".join(bytes((len(label),)) + label.encode() for label in name.split(".")) + b"\0"


def srv(priority: int, port: int, host: str) -> bytes:
    return struct.pack("!HHH", priority, 0, port) + wire_name(host)


def zone(records: Records) -> t.Callable[[bytes], bytes]:
    """A DNS server that knows these records and no others."""

    def reply(query: bytes) -> bytes:
        name, place = [], 12
        while query[place]:
            name.append(query[place + 1 : place + 1 + query[place]].decode())
            place += query[place] + 1
        question = query[12 : place + 5]
        (kind,) = struct.unpack_from("!H", query, place + 1)
        found = records.get((".".join(name).lower(), KINDS[kind]), [])
        code = 0 if found else 3
        answers = b"".join(b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 60, len(data)) + data for data in found)
        return query[:2] + struct.pack("!HHHHH", 0x8580 | code, 1, len(found), 0, 0) + question + answers

    return reply


def sip_server(servers: Servers, authority: Authority, *names: str) -> int:
    context = authority.server(authority.issue(*names))

    def talk(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            if secure.recv(4096):
                secure.sendall(b"SIP/2.0 200 OK\r\n\r\n")

    return servers.tcp(talk)


@pytest.fixture
def look(probing: Probing, servers: Servers, authority: Authority) -> t.Callable[..., dict[str, t.Any]]:
    def run(records: Records, **options: t.Any) -> dict[str, t.Any]:
        attempts = [{"name": "_in._tcp.contoso.com", "type": "SRV"}, {"name": "_out._tls.contoso.com", "type": "SRV"}]
        given = {"attempts": attempts, "trust": str(authority.path), "timeout": 5, **options}
        port = servers.dns(zone(records))
        return probing.one(protocol="discovery", address="127.0.0.1", port=port, domain="contoso.com", **given)

    return run


LOCAL = [socket.inet_aton("127.0.0.1")]


def test_the_first_name_that_leads_to_a_server_is_taken(
    look: t.Callable[..., dict[str, t.Any]], servers: Servers, authority: Authority
) -> None:
    port = sip_server(servers, authority, "pool.contoso.com")
    seen = look(
        {("_out._tls.contoso.com", "SRV"): [srv(0, port, "pool.contoso.com")], ("pool.contoso.com", "A"): LOCAL}
    )
    assert (seen["outcome"], seen["facts"]["target"], seen["facts"]["port"]) == ("open", "pool.contoso.com", port)
    assert seen["facts"]["steps"] == [
        {"asked": "SRV _in._tcp.contoso.com", "answered": "NXDOMAIN"},
        {"asked": "SRV _out._tls.contoso.com", "answered": f"0 0 {port} pool.contoso.com"},
        {"asked": "A pool.contoso.com", "answered": "127.0.0.1"},
        {"asked": f"SIP/TLS pool.contoso.com:{port} (127.0.0.1)", "answered": "200 OK"},
    ]


def test_of_several_servers_the_preferred_one_is_asked_first_and_the_next_when_it_is_down(
    look: t.Callable[..., dict[str, t.Any]], servers: Servers, authority: Authority, closed_port: int
) -> None:
    port = sip_server(servers, authority, "b.contoso.com")
    records = {
        ("_in._tcp.contoso.com", "SRV"): [srv(20, port, "b.contoso.com"), srv(10, closed_port, "a.contoso.com")],
        ("a.contoso.com", "A"): LOCAL,
        ("b.contoso.com", "A"): LOCAL,
    }
    seen = look(records)
    assert seen["facts"]["target"] == "b.contoso.com"
    assert [step["answered"].split(":")[0] for step in seen["facts"]["steps"][2::2]] == ["refused", "200 OK"]


def test_a_server_of_another_domain_is_not_trusted_unless_policy_says_so(
    look: t.Callable[..., dict[str, t.Any]], servers: Servers, authority: Authority
) -> None:
    port = sip_server(servers, authority, "pool.corp.example")
    records = {
        ("_in._tcp.contoso.com", "SRV"): [srv(0, port, "pool.corp.example")],
        ("pool.corp.example", "A"): LOCAL,
    }
    strict, trusting = look(records), look(records, strict=False)
    assert (strict["outcome"], trusting["outcome"]) == ("wrong_answer", "open")
    assert strict["detail"] == "pool.corp.example is not in contoso.com: a client does not trust that"


@pytest.mark.parametrize(
    ("records", "outcome", "detail"),
    [
        ({}, "nxdomain", "none of the names leads anywhere"),
        (
            {("_in._tcp.contoso.com", "SRV"): [srv(0, 5061, "gone.contoso.com")]},
            "nxdomain",
            "_in._tcp.contoso.com leads to gone.contoso.com, which has no address",
        ),
    ],
)
def test_where_a_client_stops_is_told(
    look: t.Callable[..., dict[str, t.Any]], records: Records, outcome: str, detail: str
) -> None:
    seen = look(records)
    assert (seen["outcome"], seen["detail"]) == (outcome, detail)


def test_the_certificate_must_be_for_the_name_that_was_looked_up(
    look: t.Callable[..., dict[str, t.Any]], servers: Servers, authority: Authority
) -> None:
    port = sip_server(servers, authority, "other.contoso.com")
    records = {("_in._tcp.contoso.com", "SRV"): [srv(0, port, "sip.contoso.com")], ("sip.contoso.com", "A"): LOCAL}
    seen = look(records)
    assert seen["outcome"] == "wrong_name"
    assert seen["facts"]["steps"][2]["answered"].startswith("wrong_name")


def test_a_partner_is_content_when_it_is_asked_for_its_certificate(
    look: t.Callable[..., dict[str, t.Any]], servers: Servers, authority: Authority
) -> None:
    port = servers.tls(authority.server(authority.issue("sip.contoso.com"), clients=authority.path))
    records = {("_fed._tcp.contoso.com", "SRV"): [srv(0, port, "sip.contoso.com")], ("sip.contoso.com", "A"): LOCAL}
    seen = look(records, attempts=[{"name": "_fed._tcp.contoso.com", "type": "SRV", "transport": "mtls"}])
    assert seen["outcome"] == "open"


def test_the_questions_of_this_test_are_those_of_dns() -> None:
    """The server above reads what the module writes, so the module is read by somebody else too."""
    assert dns_wire.query(7, "a.contoso.com", "A")[12:] == wire_name("a.contoso.com") + struct.pack("!HH", 1, 1)
