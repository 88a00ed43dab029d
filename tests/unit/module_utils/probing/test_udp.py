# SPDX-License-Identifier: GPL-3.0-or-later
"""UDP probes of real sockets on loopback."""

from __future__ import annotations

import socket
import typing as t


def test_a_reply(probing: t.Any, servers: t.Any) -> None:
    port = servers.udp(lambda data: data[::-1])
    result = probing.one(protocol="udp", address="127.0.0.1", port=port, payload="abc")
    assert result["outcome"] == "open"
    assert result["facts"] == {"reply": "cba", "reply_bytes": 3}


def test_bytes_in_hexadecimal(probing: t.Any, servers: t.Any) -> None:
    port = servers.udp(lambda data: data if data == b"\x00\x01\xff" else None)
    result = probing.one(protocol="udp", address="127.0.0.1", port=port, payload_hex="00 01 ff")
    assert result["facts"] == {"reply": "\\xff".join(["\x00\x01", ""]), "reply_bytes": 3}


def test_silence_is_no_proof(probing: t.Any, servers: t.Any) -> None:
    heard: list[bytes] = []
    port = servers.udp(heard.append)
    result = probing.one(protocol="udp", address="127.0.0.1", port=port, payload="abc", timeout=0.2, tries=3)
    assert result["outcome"] == "no_answer"
    assert "proves nothing" in result["detail"]
    assert heard == [b"abc"] * 3


def test_a_lost_datagram_is_sent_again(probing: t.Any, servers: t.Any) -> None:
    heard: list[bytes] = []

    def second_time(data: bytes) -> bytes | None:
        heard.append(data)
        return data if len(heard) == 2 else None

    port = servers.udp(second_time)
    result = probing.one(protocol="udp", address="127.0.0.1", port=port, payload="abc", timeout=1)
    assert (result["outcome"], result["detail"]) == ("open", "answered when sent 2 times")


def test_a_closed_port_says_so_by_icmp(probing: t.Any, closed_port: int) -> None:
    result = probing.one(protocol="udp", address="127.0.0.1", port=closed_port, payload="abc")
    assert result["outcome"] == "refused"
    assert result["facts"] == {"icmp": {"type": 3, "code": 3, "from": "127.0.0.1"}}


def test_a_closed_port_of_ipv6_says_so_too(probing: t.Any) -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as taken:
        taken.bind(("::1", 0))
        taken.connect(("::1", 9))  # hears only from there, so that others are told that the port is closed
        port = taken.getsockname()[1]
        result = probing.one(protocol="udp", address="::1", port=port, payload="abc")
    assert result["outcome"] == "refused"
    assert result["facts"] == {"icmp": {"type": 1, "code": 4, "from": "::1"}}
