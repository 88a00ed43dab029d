# SPDX-License-Identifier: GPL-3.0-or-later
"""TCP probes of real sockets on loopback."""

from __future__ import annotations

import socket
import threading
import typing as t


def ignore(_connection: socket.socket) -> None:
    pass


def test_an_open_port(probing: t.Any, servers: t.Any) -> None:
    port = servers.tcp(ignore)
    result = probing.one(protocol="tcp", address="127.0.0.1", port=port, expect="open")
    assert result["outcome"] == "open"
    assert result["met"] is True
    assert 0 < result["milliseconds"] < 4000
    assert result["facts"] == {}


def test_a_closed_port_is_refused(probing: t.Any, closed_port: int) -> None:
    result = probing.one(protocol="tcp", address="127.0.0.1", port=closed_port, expect="blocked")
    assert result["outcome"] == "refused"
    assert result["met"] is False  # the way is open, or no reset would have come
    assert result["milliseconds"] is None
    assert "nothing listens" in result["detail"]


def test_ipv6(probing: t.Any, servers: t.Any) -> None:
    port = servers.tcp(ignore, host="::1")
    assert probing.one(protocol="tcp", address="::1", port=port)["outcome"] == "open"


def test_a_name_is_resolved_by_the_host(probing: t.Any, servers: t.Any) -> None:
    port = servers.tcp(ignore)
    result = probing.one(protocol="tcp", address="localhost", port=port)
    assert (result["outcome"], result["address"]) == ("open", "127.0.0.1")


def test_source_address_and_port_are_used_and_used_again_at_once(probing: t.Any, servers: t.Any) -> None:
    heard = threading.Semaphore(0)
    port = servers.tcp(lambda _connection: heard.release())
    with socket.socket() as free:
        free.bind(("127.9.9.9", 0))
        source_port = free.getsockname()[1]
    probe = {
        "protocol": "tcp",
        "address": "127.0.0.1",
        "port": port,
        "source_address": "127.9.9.9",
        "source_port": source_port,
    }
    for _turn in range(2):
        assert probing.one(**probe)["outcome"] == "open"
        assert heard.acquire(timeout=10)
    assert servers.callers == [("127.9.9.9", source_port)] * 2


def test_a_source_address_that_the_host_has_not(probing: t.Any, closed_port: int) -> None:
    result = probing.one(protocol="tcp", address="127.0.0.1", port=closed_port, source_address="192.0.2.77")
    assert result["outcome"] == "not_run"
    assert "source address" in result["detail"]
