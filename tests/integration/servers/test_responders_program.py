# SPDX-License-Identifier: GPL-3.0-or-later
"""The responder for real: started in a network namespace of its own, and asked from there."""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import json
import os
import signal
import socket
import ssl
import subprocess
import time
import typing as t
from pathlib import Path

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.integration.servers.responding import (
    ASK_FROM_THERE,
    HERE,
    OPTIONS,
    PROGRAM,
    SECOND,
    Authority,
    Running,
    answer,
    ask_by_udp,
    connect,
    neighbour,
    said_to,
    secured,
    shown,
    tables,
    tcp,
    udp,
)

_CLONE_NEWNET = 0x40000000


@pytest.fixture
def namespace() -> t.Iterator[None]:
    """A network namespace for this thread and what it starts. It has no name, so it is gone with the last of them."""
    libc = ctypes.CDLL(None, use_errno=True)
    own = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        assert libc.unshare(_CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
        lines = ["link set lo up", f"addr add {HERE}/24 dev lo", f"addr add {SECOND}/24 dev lo"]
        subprocess.run(["ip", "-batch", "-"], input="\n".join(lines), text=True, check=True)
        yield
    finally:
        assert libc.setns(own, _CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
        os.close(own)


@pytest.fixture
def responder(namespace: None, tmp_path: Path) -> t.Iterator[Running]:
    running = Running(tmp_path)
    yield running
    if running.process:
        running.process.kill()
        running.process.wait()
        assert running.process.stdout is not None
        running.process.stdout.close()


def test_says_at_once_who_it_is_and_then_echoes(responder: Running) -> None:
    said = responder.start(tcp("5060"))
    assert said == "openuc.ocs lab responder: test equipment, no UC server; fe1 listens on 1 ports and ranges\n"
    with connect(5060, source=40001) as connection:
        assert answer(connection) == {
            "notice": "openuc.ocs lab responder: test equipment, no UC server",
            "host": "fe1",
            "address": HERE,
            "port": 5060,
            "protocol": "tcp",
            "transport": "plain",
            "application": "sip",
            "peer_address": SECOND,
            "peer_port": 40001,
            "certificate_sha256": None,
            "client_certificate_sha256": None,
        }
        connection.sendall(b"still there?")
        assert connection.recv(100) == b"still there?"


@pytest.mark.parametrize(
    ("asked", "first", "echoed"),
    [
        (OPTIONS, b"SIP/2.0 200 OK", {b"Call-ID: 7@b", b"CSeq: 1 OPTIONS"}),
        (b"GET / HTTP/1.1\r\nHost: contoso.com\r\n\r\n", b"HTTP/1.1 200 OK", {b"Server: openuc-lab"}),
    ],
    ids=["sip", "http"],
)
def test_who_speaks_first_is_answered_in_kind_and_told_who_it_is(
    responder: Running, asked: bytes, first: bytes, echoed: set[bytes]
) -> None:
    responder.start(tcp("5060"))
    with connect(5060) as connection:
        connection.sendall(asked)
        head, _blank, body = connection.recv(4096).partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == first
    assert echoed | {b"Content-Length: %d" % len(body)} <= set(lines)
    said = json.loads(body)
    assert (said["host"], said["port"]) == ("fe1", 5060)
    assert said["notice"].endswith("test equipment, no UC server")


def test_a_stream_of_xmpp_is_opened_as_the_domain_that_was_asked_for(responder: Running) -> None:
    responder.start(tcp("5269"))
    with connect(5269) as connection:
        connection.sendall(b"<?xml version='1.0'?><stream:stream to='contoso.com' version='1.0'>")
        opened = connection.recv(4096)
    assert b"<stream:stream " in opened
    assert b"from='contoso.com'" in opened


OPENING = b"<?xml version='1.0'?><stream:stream to='xmpp.contoso.com' version='1.0'>"
STARTTLS = b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"


def test_a_stream_of_xmpp_goes_on_with_tls_where_who_opened_it_asks_for_that(
    responder: Running, tmp_path: Path
) -> None:
    installed = Authority().install(tmp_path / "row@xmpp1", "xmpp1")
    responder.start(tcp("5269", transport="starttls", application="xmpp", certificate={"id": "row@xmpp1"}))
    with connect(5269) as connection:
        connection.sendall(OPENING)
        said = connection.recv(4096)
        assert b"from='xmpp.contoso.com'" in said
        assert b"<starttls " in said
        connection.sendall(STARTTLS)
        assert connection.recv(4096).startswith(b"<proceed ")
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with context.wrap_socket(connection) as inside:
            assert hashlib.sha256(inside.getpeercert(binary_form=True)).hexdigest() == installed
            inside.sendall(OPENING)
            assert b"from='xmpp.contoso.com'" in inside.recv(4096)


def test_no_tls_is_offered_where_no_certificate_is_installed_and_none_to_who_speaks_no_xmpp(responder: Running) -> None:
    responder.start(tcp("5269", transport="starttls", application="xmpp", certificate={"id": "row@none"}))
    with connect(5269) as connection:
        connection.sendall(OPENING)
        assert b"starttls" not in connection.recv(4096)
    with connect(5269) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")


def test_a_binding_request_of_stun_is_answered_with_where_it_came_from(responder: Running) -> None:
    responder.start(udp("3478"))
    cookie, transaction = bytes.fromhex("2112a442"), bytes(range(12))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(5)
        asking.bind((SECOND, 40005))
        asking.sendto(b"\x00\x01\x00\x00" + cookie + transaction, (HERE, 3478))
        data = asking.recv(4096)
    assert data[:2] == b"\x01\x01"
    assert data[4:20] == cookie + transaction
    # One attribute, XOR-MAPPED-ADDRESS: port 40005 (0x9c45) and 10.99.0.2 (0x0a630002), each with the cookie.
    assert data[20:] == bytes.fromhex("002000080001bd572b71a440")


def test_a_tls_port_is_open_before_its_certificate_and_serves_it_afterwards(responder: Running, tmp_path: Path) -> None:
    responder.start(tcp("5061", transport="tls", certificate={"id": "row@fe1"}))
    with pytest.raises((ssl.SSLError, ConnectionError)):
        secured(5061)
    before = responder.status()["listeners"][0]
    assert before["tls_failures"] == {"no certificate": 1}
    assert before["certificate_problem"] == f"{tmp_path}/row@fe1/certificate.pem is not there"

    fingerprint = Authority().install(tmp_path / "row@fe1", "fe1")
    with secured(5061) as connection:
        said = answer(connection)
        presented = connection.getpeercert(binary_form=True) or b""
    assert said["certificate_sha256"] == fingerprint == hashlib.sha256(presented).hexdigest()
    assert (said["transport"], said["client_certificate_sha256"]) == ("tls", None)


def test_a_new_certificate_is_shown_while_connections_go_on_and_a_broken_one_is_not(
    responder: Running, tmp_path: Path
) -> None:
    authority, folder = Authority(), tmp_path / "row@fe1"
    first = authority.install(folder, "first")
    responder.start(tcp("5061", transport="tls", certificate={"id": "row@fe1"}))
    with secured(5061) as old:
        assert answer(old)["certificate_sha256"] == first
        second = authority.install(folder, "second")
        assert shown(5061) == second != first
        (folder / "key.pem").write_text("no key")
        assert shown(5061) == second
        problem = responder.status()["listeners"][0]["certificate_problem"]
        assert f"{folder}/certificate.pem with {folder}/key.pem and" in problem
        assert "cannot be used" in problem
        old.sendall(b"on")
        assert old.recv(10) == b"on"
    assert shown(5061) == second
    third = authority.install(folder, "third")
    assert shown(5061) == third
    assert responder.status()["listeners"][0]["certificate_problem"] == ""


def test_mutual_tls_takes_only_clients_of_the_authority(responder: Running, tmp_path: Path) -> None:
    authority = Authority()
    authority.install(tmp_path / "row@fe1", "fe1")
    known = authority.install(tmp_path / "friend", "friend")
    Authority().install(tmp_path / "stranger", "stranger")
    certificate = {"id": "row@fe1"}
    responder.start(
        tcp("5061", transport="mtls", certificate=certificate),
        tcp("5062", transport="tls_or_mtls", certificate=certificate),
    )
    for client in (None, tmp_path / "stranger"):
        assert said_to(5061, client) == b""
    with secured(5061, tmp_path / "friend") as accepted:
        assert answer(accepted)["client_certificate_sha256"] == known
    with secured(5062) as anonymous:
        assert answer(anonymous)["client_certificate_sha256"] is None
    with secured(5062, tmp_path / "friend") as accepted:
        assert answer(accepted)["client_certificate_sha256"] == known
    failures = responder.status()["listeners"][0]["tls_failures"]
    assert sum(failures.values()) == 2
    assert failures["peer did not return a certificate"] == 1


def test_servers_show_one_another_certificates_for_servers(responder: Running, tmp_path: Path) -> None:
    """As the products do, and OpenSSL by itself does not."""
    authority = Authority()
    authority.install(tmp_path / "row@fe1", "fe1")
    known = authority.install(tmp_path / "server", "server", ExtendedKeyUsageOID.SERVER_AUTH)
    authority.install(tmp_path / "signer", "signer", ExtendedKeyUsageOID.CODE_SIGNING)
    responder.start(tcp("5061", transport="mtls", certificate={"id": "row@fe1"}))
    with secured(5061, tmp_path / "server") as accepted:
        assert answer(accepted)["client_certificate_sha256"] == known
    assert said_to(5061, tmp_path / "signer") == b""
    assert "client certificate" in str(responder.status()["listeners"][0]["tls_failures"])


def test_any_port_of_a_range_answers_as_itself(responder: Running) -> None:
    assert responder.start(tcp("50000-59999"), udp("50000-59999"), tcp("55000", application="other"))
    assert responder.errors == ""
    for port in (50000, 52345, 59999):
        with connect(port) as connection:
            said = answer(connection)
        assert (said["port"], said["application"]) == (port, "sip")
    for port in (50000, 52344, 59998):
        said, sender = ask_by_udp(port)
        assert said["port"] == port
        assert sender == (HERE, port)
    with connect(55000) as connection:
        assert answer(connection)["application"] == "other"
    for outside in (49999, 60000):
        with pytest.raises(ConnectionRefusedError):
            connect(outside)
    assert "table ip lab_responder" in tables()


def test_odd_ports_of_media_are_closed_as_they_are_before_a_call(responder: Running) -> None:
    """What traces marks counts on it: the last hop tells of a datagram by refusing it."""
    responder.start(udp("50000-59999"))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(5)
        asking.connect((HERE, 50001))
        asking.send(b"hello")
        with pytest.raises(ConnectionRefusedError):
            asking.recv(4096)


def test_two_ports_of_a_range_asked_from_one_port_are_told_apart(responder: Running) -> None:
    responder.start(udp("50000-59999"))
    for port in (50002, 50004, 50006):
        said, sender = ask_by_udp(port, source=40002)
        assert (said["port"], said["peer_port"], sender[1]) == (port, 40002, port)


def test_a_range_answers_over_a_link_from_the_address_that_was_asked(responder: Running) -> None:
    """The address is not the one of the interface that the packets come in by."""
    responder.start(tcp("50000-59999"), udp("50000-59999"))
    with neighbour("10.98.0.2") as within:
        command = [*within, "/usr/bin/python3", "-c", ASK_FROM_THERE, HERE, "54320"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    by_tcp, by_udp = map(json.loads, done.stdout.splitlines())
    for said, sender in (by_tcp, by_udp):
        assert (said["address"], said["port"], said["peer_address"]) == (HERE, 54320, "10.98.0.2")
        assert sender == [HERE, 54320]


def test_a_range_gives_way_to_a_listener_on_the_port_of_its_socket(responder: Running) -> None:
    responder.start(udp("50000-50009"))
    responder.renew(udp("50000-50009"), {**udp("50009"), "application": "other"})
    assert responder.errors == ""
    assert ask_by_udp(50009)[0]["application"] == "other"
    assert ask_by_udp(50008)[0]["application"] == "rtp"


def test_counts_what_it_saw_and_begins_anew_when_asked(responder: Running) -> None:
    responder.start(tcp("5060"), udp("3478"))
    with connect(5060, source=40003) as connection:
        answer(connection)
        ask_by_udp(3478, source=40004)
        seen = responder.status("--reset")["listeners"]
    assert [(each["connections"], each["open"], each["datagrams"]) for each in seen] == [(1, 1, 0), (0, 0, 1)]
    assert seen[0]["peers"] == [f"{SECOND}:40003 > {HERE}:5060"]
    assert seen[1]["peers"] == [f"{SECOND}:40004 > {HERE}:3478"]
    anew = responder.status()["listeners"]
    assert [(each["connections"], each["datagrams"], each["peers"]) for each in anew] == [(0, 0, []), (0, 0, [])]


def test_a_new_configuration_keeps_what_is_unchanged(responder: Running) -> None:
    responder.start(tcp("5060"), tcp("5062"))
    with connect(5060) as kept, connect(5062) as dropped:
        answer(kept)
        answer(dropped)
        assert "listens on 2 ports" in responder.renew(tcp("5060", flows=["a.flow"]), tcp("5063"))
        kept.sendall(b"on")
        assert kept.recv(10) == b"on"
        assert dropped.recv(10) == b""
    with connect(5063) as connection:
        assert answer(connection)["port"] == 5063
    with pytest.raises(ConnectionRefusedError):
        connect(5062)
    first = responder.status()["listeners"][0]
    assert (first["connections"], first["flows"]) == (1, ["a.flow"])


def test_a_configuration_that_cannot_be_read_changes_nothing(responder: Running) -> None:
    responder.start(tcp("5060"))
    responder.path.write_text("{")
    assert responder.process is not None
    responder.process.send_signal(signal.SIGHUP)
    assert "listens on 1 ports" in responder.said()
    assert "is no JSON" in responder.errors
    assert "what was there before is kept" in responder.errors
    with connect(5060) as connection:
        assert answer(connection)["port"] == 5060


def test_every_problem_is_told_and_the_rest_serves(responder: Running) -> None:
    with socket.socket() as holder:
        holder.bind((HERE, 5060))
        holder.listen()
        responder.start(
            tcp("5060"),
            {**tcp("5061"), "address": "fe1", "transport": "ssl"},
            tcp("70000"),
            tcp("5062", certificate={}, colour="red"),
            tcp("5063"),
            tcp("5063"),
        )
    path = responder.path
    known = "address, protocol, port, transport, application, certificate, flows"
    remedy = "find who holds it with `ss -lnp`, end that, and send SIGHUP"
    assert responder.errors.splitlines() == [
        f"{path}: listeners[1]: transport 'ssl' is not one of plain, tls, mtls, tls_or_mtls, starttls",
        f"{path}: listeners[1]: address 'fe1' is no IPv4 address",
        f"{path}: listeners[2]: port '70000' is neither a port nor a range such as 50000-59999",
        f"{path}: listeners[3]: colour is not known; known are {known}",
        f"{path}: listeners[3]: certificate has no id, and no certificate, key, trust either",
        f"{path}: listeners[5]: tcp {HERE}:5063 is listed before already",
        f"tcp {HERE}:5060 cannot be listened on: Address already in use; {remedy}",
    ]
    assert responder.status()["problems"] == responder.errors.splitlines()
    with connect(5063) as connection:
        assert answer(connection)["port"] == 5063


def test_without_nft_it_says_so_and_one_port_of_a_range_answers(responder: Running, tmp_path: Path) -> None:
    responder.start(udp("50000-50009"), path=str(tmp_path))
    assert responder.errors == (
        "nft is missing, so only one port of each range answers; install the package nftables\n"
    )
    assert ask_by_udp(50009)[0]["port"] == 50009


def test_an_address_may_come_up_later(responder: Running) -> None:
    later = "10.99.7.7"
    responder.start({**tcp("5060"), "address": later})
    assert responder.errors == ""
    subprocess.run(["ip", "addr", "add", f"{later}/32", "dev", "lo"], check=True)
    with connect(5060, later) as connection:
        assert answer(connection)["address"] == later


def test_leaves_nothing_behind(responder: Running) -> None:
    responder.start(tcp("5060"), udp("50000-59999"))
    with connect(5060) as connection:
        answer(connection)
        assert responder.end() == 0
        assert connection.recv(10) == b""
    assert tables() == ""
    assert not responder.socket.exists()
    assert responder.errors == ""


def test_starts_after_one_that_was_killed_and_refuses_to_be_two(responder: Running) -> None:
    responder.start(udp("50000-59999"))
    assert responder.process is not None
    second = subprocess.run(
        ["/usr/bin/python3", str(PROGRAM), str(responder.path)], capture_output=True, text=True, check=False
    )
    assert second.returncode == 1
    assert second.stderr == f"a responder runs already and serves {responder.socket}; end it first\n"
    responder.process.kill()
    responder.process.wait()
    assert responder.process.stdout is not None
    responder.process.stdout.close()
    responder.start(udp("50000-59999"))
    assert ask_by_udp(51110)[0]["port"] == 51110


def test_ten_thousand_ports_take_one_socket(responder: Running) -> None:
    responder.start(udp("50000-59999"))
    assert responder.process is not None
    links = [path.readlink() for path in Path(f"/proc/{responder.process.pid}/fd").iterdir()]
    assert sum(str(link).startswith("socket:") for link in links) < 8


def test_many_clients_at_once_are_all_answered(responder: Running) -> None:
    responder.start(tcp("5060"))
    started = time.monotonic()
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(connect(5060)) for _each in range(200)]
        ports = {answer(each)["peer_port"] for each in connections}
    assert len(ports) == 200
    assert time.monotonic() - started < 10
