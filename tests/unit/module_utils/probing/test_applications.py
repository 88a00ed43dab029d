# SPDX-License-Identifier: GPL-3.0-or-later
"""SIP, XMPP, HTTP, STUN and LDAP: what each kind of answer is told as. The servers answer byte by byte as real ones."""

from __future__ import annotations

import socket
import struct
import typing as t

import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.probing import ldap

from .conftest import Authority, Probing, Servers

LOCAL = {"address": "127.0.0.1"}
SIP = {**LOCAL, "protocol": "sip", "domain": "contoso.com"}
WEB = {**LOCAL, "protocol": "https", "transport": "tcp"}
STUN = {**LOCAL, "protocol": "stun"}


def hears(servers: Servers, answer: bytes) -> tuple[int, list[bytes]]:
    """A server that notes what it is asked, and says this."""
    heard: list[bytes] = []

    def talk(connection: socket.socket) -> None:
        heard.append(connection.recv(4096))
        connection.sendall(answer)

    return servers.tcp(talk), heard


# --- SIP --------------------------------------------------------------------------------------------------------------


def test_any_answer_of_a_sip_server_shows_that_it_is_there(probing: Probing, servers: Servers) -> None:
    port, heard = hears(servers, b"SIP/2.0 404 Not Found\r\nServer: RTC/4.0\r\nContent-Length: 0\r\n\r\n")
    seen = probing.one(**SIP, port=port, transport="tcp")
    assert (seen["outcome"], seen["facts"]) == ("open", {"status": 404, "reason": "Not Found", "server": "RTC/4.0"})
    lines = heard[0].decode().split("\r\n")
    assert lines[0] == "OPTIONS sip:contoso.com SIP/2.0"
    assert {line.split(":")[0] for line in lines[1:] if line} == {
        "Via", "Max-Forwards", "From", "To", "Call-ID", "CSeq", "Content-Length"
    }  # fmt: skip
    assert heard[0].endswith(b"\r\n\r\n")


def test_sip_is_spoken_over_tls_and_its_certificate_is_told(
    probing: Probing, servers: Servers, authority: Authority
) -> None:
    context = authority.server(authority.issue("sip.contoso.com"))

    def talk(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            assert secure.recv(4096).startswith(b"OPTIONS")
            secure.sendall(b"SIP/2.0 200 OK\r\n\r\n")

    seen = probing.one(**SIP, port=servers.tcp(talk), server_name="sip.contoso.com", trust=str(authority.path))
    assert (seen["outcome"], seen["facts"]["status"]) == ("open", 200)
    assert seen["facts"]["certificate"]["sans"] == ["sip.contoso.com"]


def test_a_wrong_certificate_counts_before_what_is_spoken_behind_it(
    probing: Probing, servers: Servers, authority: Authority
) -> None:
    port = servers.tls(authority.server(authority.issue("other.contoso.com")))
    seen = probing.one(**SIP, port=port, server_name="sip.contoso.com", trust=str(authority.path))
    assert seen["outcome"] == "wrong_name"


@pytest.mark.parametrize("spoken", [SIP, {**WEB, "transport": "tls"}], ids=["sip", "https"])
def test_a_name_that_a_certificate_lacks_counts_before_what_is_spoken_behind_it(
    probing: Probing, servers: Servers, authority: Authority, spoken: dict[str, t.Any]
) -> None:
    port = servers.tls(authority.server(authority.issue("other.contoso.com")))
    seen = probing.one(**spoken, port=port, names=["web.contoso.com"], trust=str(authority.path))
    assert (seen["outcome"], seen["detail"]) == ("wrong_name", "lacks web.contoso.com; has other.contoso.com")
    assert seen["facts"]["certificate"]["sans"] == ["other.contoso.com"]


# --- HTTP -------------------------------------------------------------------------------------------------------------


def test_a_web_server_is_asked_for_a_path_of_a_host(probing: Probing, servers: Servers) -> None:
    port, heard = hears(servers, b"HTTP/1.1 302 Found\r\nLocation: /login\r\nServer: IIS\r\n\r\n")
    seen = probing.one(**WEB, port=port, path="/meet", host="web.contoso.com")
    assert (seen["outcome"], seen["facts"]) == ("open", {"status": 302, "location": "/login", "server": "IIS"})
    assert heard[0].startswith(b"GET /meet HTTP/1.1\r\nHost: web.contoso.com\r\n")


def test_another_status_than_those_expected_is_a_wrong_answer(probing: Probing, servers: Servers) -> None:
    port, _heard = hears(servers, b"HTTP/1.1 503 Service Unavailable\r\n\r\n")
    seen = probing.one(**WEB, port=port, statuses=[200, 401])
    assert (seen["outcome"], seen["detail"]) == ("wrong_answer", "status 503; expected 200, 401")


# --- XMPP -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "outcome", "facts"),
    [
        (b"<?xml version='1.0'?><stream:stream from='xmpp.contoso.com' id='1'>", "open", {"from": "xmpp.contoso.com"}),
        (
            b"<stream:stream from='x'><stream:error><host-unknown xmlns='urn'/></stream:error></stream:stream>",
            "bad_answer",
            {"from": "x"},
        ),
        (b"220 mail ready\r\n", "bad_answer", {}),
    ],
)
def test_a_stream_of_xmpp_is_told_from_what_is_none(
    probing: Probing, servers: Servers, answer: bytes, outcome: str, facts: dict[str, str]
) -> None:
    port, heard = hears(servers, answer)
    seen = probing.one(**LOCAL, protocol="xmpp", port=port, domain="contoso.com")
    assert (seen["outcome"], seen["facts"]) == (outcome, facts)
    assert b'to="contoso.com"' in heard[0]


# --- STUN -------------------------------------------------------------------------------------------------------------


def stun_success(request: bytes) -> bytes:
    """A binding response: XOR-MAPPED-ADDRESS 192.0.2.1:50000, written out by RFC 5389, 15.2."""
    value = struct.pack("!BBH", 0, 1, 50000 ^ 0x2112) + bytes(
        a ^ b for a, b in zip(b"\xc0\0\2\1", b"\x21\x12\xa4\x42", strict=True)
    )
    body = struct.pack("!HH", 0x0020, len(value)) + value + struct.pack("!HH", 0x8022, 5) + b"relay\0\0\0"
    return struct.pack("!HH", 0x0101, len(body)) + request[4:20] + body


def test_a_stun_server_tells_what_it_sees_us_as(probing: Probing, servers: Servers) -> None:
    seen = probing.one(**STUN, port=servers.udp(stun_success))
    assert seen["outcome"] == "open"
    assert seen["facts"] == {"kind": "success", "mapped": "192.0.2.1:50000", "server": "relay"}


def test_a_mapped_address_that_is_not_the_expected_one_is_a_wrong_answer(probing: Probing, servers: Servers) -> None:
    seen = probing.one(**STUN, port=servers.udp(stun_success), mapped="203.0.113.102")
    assert (seen["outcome"], seen["detail"]) == ("wrong_answer", "seen as 192.0.2.1; expected 203.0.113.102")


def test_stun_over_tcp_waits_for_the_whole_answer(probing: Probing, servers: Servers) -> None:
    def talk(connection: socket.socket) -> None:
        answer = stun_success(connection.recv(4096))
        connection.sendall(answer[:10])
        connection.sendall(answer[10:])

    assert probing.one(**STUN, port=servers.tcp(talk), transport="tcp")["facts"]["mapped"] == "192.0.2.1:50000"


def test_a_server_that_wants_to_know_who_asks_is_a_stun_server_too(probing: Probing, servers: Servers) -> None:
    def reply(request: bytes) -> bytes:
        body = struct.pack("!HHHBB", 0x0009, 4, 0, 4, 1)
        return struct.pack("!HH", 0x0111, len(body)) + request[4:20] + body

    seen = probing.one(**STUN, port=servers.udp(reply))
    assert (seen["outcome"], seen["facts"]) == ("open", {"kind": "error", "error": 401})


def test_what_answers_something_else_is_no_stun_server(probing: Probing, servers: Servers) -> None:
    assert probing.one(**STUN, port=servers.udp(lambda _data: b"hello, whoever you are"))["outcome"] == "bad_answer"


# --- LDAP -------------------------------------------------------------------------------------------------------------


def ber(tag: int, *content: bytes) -> bytes:
    """With long lengths, as Windows writes them."""
    joined = b"".join(content)
    return bytes((tag, 0x84)) + len(joined).to_bytes(4, "big") + joined


def ldap_answer(code: int = 0) -> bytes:
    attribute = ber(0x30, ber(0x04, b"dnsHostName"), ber(0x31, ber(0x04, b"dc1.corp.contoso.com")))
    entry = ber(0x30, ber(0x02, b"\1"), ber(0x64, ber(0x04, b""), ber(0x30, attribute)))
    return entry + ber(0x30, ber(0x02, b"\1"), ber(0x65, ber(0x0A, bytes((code,))), ber(0x04), ber(0x04)))


def test_a_directory_tells_who_it_is(probing: Probing, servers: Servers) -> None:
    port, heard = hears(servers, ldap_answer())
    seen = probing.one(**LOCAL, protocol="ldap", port=port)
    assert (seen["outcome"], seen["facts"]) == ("open", {"dnsHostName": "dc1.corp.contoso.com", "result": 0})
    assert heard == [ldap.question()]


def test_a_directory_that_refuses_is_no_good_answer(probing: Probing, servers: Servers) -> None:
    port, _heard = hears(servers, ldap_answer(code=53))
    assert probing.one(**LOCAL, protocol="ldap", port=port)["detail"] == "the directory answers with code 53"


# --- all of them ------------------------------------------------------------------------------------------------------

TALKERS: list[dict[str, t.Any]] = [
    {**SIP, "transport": "tcp"},
    WEB,
    {**LOCAL, "protocol": "xmpp", "domain": "contoso.com"},
    {**STUN, "transport": "tcp"},
    {**LOCAL, "protocol": "ldap"},
]


@pytest.mark.parametrize("probe", TALKERS, ids=lambda probe: str(probe["protocol"]))
def test_what_speaks_another_protocol_is_told(probing: Probing, servers: Servers, probe: dict[str, t.Any]) -> None:
    port, _heard = hears(servers, b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n\r\n")
    seen = probing.one(**probe, port=port)
    assert seen["outcome"] == "bad_answer"
    assert "SSH" in seen["detail"]


@pytest.mark.parametrize("probe", TALKERS, ids=lambda probe: str(probe["protocol"]))
def test_silence_and_an_early_end_are_told_apart(probing: Probing, servers: Servers, probe: dict[str, t.Any]) -> None:
    waiting = servers.tcp(lambda connection: connection.recv(1) and connection.recv(65536) and connection.recv(1))
    closing = servers.tcp(lambda connection: connection.recv(65536))
    silent, ended = probing.all([{**probe, "port": waiting, "timeout": 0.5}, {**probe, "port": closing}])
    assert (silent["outcome"], ended["outcome"]) == ("silent", "bad_answer")


@pytest.mark.parametrize("probe", [*TALKERS, STUN], ids=lambda probe: str(probe["protocol"]))
def test_a_port_that_nothing_listens_on_is_refused(probing: Probing, closed_port: int, probe: dict[str, t.Any]) -> None:
    seen = probing.one(**probe, port=closed_port)
    # A socket that is taken by TCP is free for UDP, where nothing listens either.
    assert seen["outcome"] == "refused"


def test_an_answer_without_end_is_cut_off(probing: Probing, servers: Servers) -> None:
    port, _heard = hears(servers, b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000)
    seen = probing.one(**WEB, port=port)
    assert seen["outcome"] == "bad_answer"
    assert seen["detail"].startswith("more than 65536 bytes")
