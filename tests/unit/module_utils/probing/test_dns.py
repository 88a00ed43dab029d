# SPDX-License-Identifier: GPL-3.0-or-later
"""DNS probes of servers on loopback whose answers dnspython makes, and names to connect to."""

from __future__ import annotations

import os
import socket
import threading
import typing as t

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

ZONE = {
    ("sip.contoso.test.", "A"): ["10.0.0.2", "10.0.0.1"],
    ("alias.contoso.test.", "A"): [],
    ("_sip._tls.contoso.test.", "SRV"): ["0 0 443 sip.contoso.test."],
    ("text.contoso.test.", "TXT"): ['"one" "Two"'],
    ("six.contoso.test.", "AAAA"): ["::1"],
    ("here.contoso.test.", "A"): ["127.0.0.1"],
}


def answer(data: bytes) -> bytes:
    """What a small authoritative server says."""
    query = dns.message.from_wire(data)
    reply = dns.message.make_response(query)
    reply.flags |= dns.flags.AA
    question = query.question[0]
    name, kind = question.name.to_text().lower(), dns.rdatatype.to_text(question.rdtype)
    if name == "alias.contoso.test.":
        reply.answer.append(dns.rrset.from_text(name, 60, "IN", "CNAME", "sip.contoso.test."))
        name = "sip.contoso.test."
    if (name, kind) in ZONE:
        reply.answer.append(dns.rrset.from_text(name, 300, "IN", kind, *ZONE[name, kind]))
    elif not any(name == known for known, _kind in ZONE):
        reply.set_rcode(dns.rcode.NXDOMAIN)
    return reply.to_wire()


def ask(probing: t.Any, port: int, name: str, kind: str = "A", **options: t.Any) -> dict[str, t.Any]:
    return probing.one(protocol="dns", address="127.0.0.1", port=port, name=name, type=kind, **options)


@pytest.fixture
def port(servers: t.Any) -> int:
    return servers.dns(answer)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_an_answer(probing: t.Any, port: int, transport: str) -> None:
    result = ask(probing, port, "SIP.contoso.test.", transport=transport, values=["10.0.0.1", "10.0.0.2"])
    assert (result["outcome"], result["detail"]) == ("answer", "")
    assert result["facts"] == {
        "code": "NOERROR",
        "authoritative": True,
        "values": ["10.0.0.1", "10.0.0.2"],
        "ttl": 300,
    }


@pytest.mark.parametrize(
    ("name", "kind", "values"),
    [
        ("_sip._tls.contoso.test", "SRV", ["0  0 443 SIP.contoso.test."]),
        ("text.contoso.test", "TXT", ["oneTwo"]),
        ("six.contoso.test", "AAAA", ["0:0::1"]),
    ],
)
def test_values_are_compared_as_records_are(probing: t.Any, port: int, name: str, kind: str, values: list[str]) -> None:
    assert ask(probing, port, name, kind, values=values)["outcome"] == "answer"


def test_an_alias_is_followed_and_shown(probing: t.Any, port: int) -> None:
    result = ask(probing, port, "alias.contoso.test", values=["10.0.0.1", "10.0.0.2"])
    assert result["outcome"] == "answer"
    assert result["facts"]["aliases"] == ["sip.contoso.test"]


@pytest.mark.parametrize("values", [["10.0.0.1"], ["10.0.0.1", "10.0.0.2", "10.0.0.3"]])
def test_other_values(probing: t.Any, port: int, values: list[str]) -> None:
    result = ask(probing, port, "sip.contoso.test", values=values)
    assert result["outcome"] == "wrong_answer"
    assert result["detail"] == f"expected {', '.join(values)}; got 10.0.0.1, 10.0.0.2"


def test_no_such_name_and_no_such_type(probing: t.Any, port: int) -> None:
    assert ask(probing, port, "none.contoso.test")["outcome"] == "nxdomain"
    assert ask(probing, port, "sip.contoso.test", "AAAA")["outcome"] == "no_data"


@pytest.mark.parametrize(
    ("code", "outcome"),
    [(dns.rcode.REFUSED, "query_refused"), (dns.rcode.SERVFAIL, "servfail"), (dns.rcode.FORMERR, "servfail")],
)
def test_errors_of_the_server(probing: t.Any, servers: t.Any, code: dns.rcode.Rcode, outcome: str) -> None:
    def fail(data: bytes) -> bytes:
        reply = dns.message.make_response(dns.message.from_wire(data))
        reply.set_rcode(code)
        return reply.to_wire()

    result = ask(probing, servers.dns(fail), "sip.contoso.test")
    assert result["outcome"] == outcome
    assert dns.rcode.to_text(code) in result["detail"]


def test_silence_and_a_closed_port(probing: t.Any, servers: t.Any, closed_port: int) -> None:
    silent = servers.udp(lambda data: None)
    assert ask(probing, silent, "sip.contoso.test", timeout=0.2)["outcome"] == "no_answer"
    assert ask(probing, closed_port, "sip.contoso.test")["outcome"] == "refused"
    assert ask(probing, closed_port, "sip.contoso.test", transport="tcp")["outcome"] == "refused"


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("spoil", [lambda data: data[:14], lambda data: data[:2] + b"\xff" * 30])
def test_no_dns_at_all(probing: t.Any, servers: t.Any, transport: str, spoil: t.Callable[[bytes], bytes]) -> None:
    port = servers.dns(lambda data: spoil(answer(data)))
    assert ask(probing, port, "sip.contoso.test", transport=transport)["outcome"] == "bad_answer"


def test_an_answer_to_somebody_else_is_not_taken(probing: t.Any, servers: t.Any) -> None:
    port = servers.udp(lambda data: bytes([data[0] ^ 1]) + answer(data)[1:])
    assert ask(probing, port, "sip.contoso.test", timeout=0.2)["outcome"] == "no_answer"


def test_a_truncated_answer_is_fetched_over_tcp(probing: t.Any, servers: t.Any) -> None:
    times: list[int] = []

    def truncated_first(data: bytes) -> bytes:
        times.append(1)
        reply = dns.message.from_wire(answer(data))
        if len(times) == 1:
            reply.flags |= dns.flags.TC
            reply.answer.clear()
        return reply.to_wire()

    result = ask(probing, servers.dns(truncated_first), "sip.contoso.test")
    assert result["outcome"] == "answer"
    assert "TCP" in result["detail"]


@pytest.mark.parametrize("reply", [b"", b"\x00\x40abc"])
def test_tcp_that_ends_in_the_middle(probing: t.Any, servers: t.Any, reply: bytes) -> None:
    def talk(connection: socket.socket) -> None:
        connection.recv(512)
        connection.sendall(reply)

    result = ask(probing, servers.tcp(talk), "sip.contoso.test", transport="tcp")
    assert result["outcome"] == "bad_answer"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may listen where resolvers are asked, at port 53")
def test_the_name_to_connect_to_is_asked_of_the_resolver(probing: t.Any, servers: t.Any) -> None:
    questions = []

    def note(data: bytes) -> bytes:
        questions.append(dns.message.from_wire(data).question[0].to_text())
        return answer(data)

    resolver = "127.53.7.9"
    servers.dns(note, resolver, 53)
    port = servers.tcp(lambda connection: None)
    probe = {"protocol": "tcp", "port": port, "resolver": resolver}
    here, again, none, lost = probing.all(
        [
            {**probe, "address": "here.contoso.test"},
            {**probe, "address": "HERE.contoso.test"},
            {**probe, "address": "none.contoso.test"},
            {**probe, "address": "here.contoso.test", "resolver": "127.53.7.10"},
        ]
    )
    assert (here["outcome"], here["address"]) == ("open", "127.0.0.1")
    assert again["outcome"] == "open"
    assert none["outcome"] == "unresolved"
    assert none["detail"] == "none.contoso.test: 127.53.7.9 answers A NXDOMAIN, AAAA NXDOMAIN"
    assert lost["outcome"] == "unresolved"
    assert "nothing listens" in lost["detail"]
    assert questions.count("here.contoso.test. IN A") == 1


def test_a_name_that_the_host_does_not_know(probing: t.Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_arguments: object, **_options: object) -> t.NoReturn:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    result = probing.one(protocol="tcp", address="nowhere.test", port=9)
    assert (result["outcome"], result["address"]) == ("unresolved", "nowhere.test")
    assert "Name or service not known" in result["detail"]


def test_a_resolver_of_the_host_that_hangs_holds_nobody_up(probing: t.Any, monkeypatch: pytest.MonkeyPatch) -> None:
    hanging = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_arguments, **_options: hanging.wait(30) and [])
    try:
        result = probing.one(protocol="tcp", address="slow.test", port=9, timeout=0.2)
    finally:
        hanging.set()
    assert result["outcome"] == "unresolved"
    assert result["detail"] == "slow.test: no answer from the resolver of this host"


def test_tcp_that_stays_silent(probing: t.Any, servers: t.Any) -> None:
    def wait_for_the_end(connection: socket.socket) -> None:
        while connection.recv(512):
            pass

    result = ask(probing, servers.tcp(wait_for_the_end), "sip.contoso.test", transport="tcp", timeout=0.2)
    assert result["outcome"] == "silent"
