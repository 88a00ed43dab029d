# SPDX-License-Identifier: GPL-3.0-or-later
"""The responder for real: started in a network namespace of its own, and asked from there."""

from __future__ import annotations

import contextlib
import ctypes
import datetime
import hashlib
import ipaddress
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
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support import ROOT

PROGRAM = ROOT / "tests" / "lab" / "responders" / "responder.py"
HERE = "10.99.0.1"
SECOND = "10.99.0.2"
_CLONE_NEWNET = 0x40000000
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="making a network namespace takes root")


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


class Running:
    """A responder that is started, and what is asked of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "config.json"
        self.socket = folder / "status.sock"
        self.process: subprocess.Popen[str] | None = None

    def configure(self, *listeners: dict[str, t.Any]) -> None:
        config = {"host": "fe1", "status": str(self.socket), "certificates": str(self.folder), "listeners": listeners}
        self.path.write_text(json.dumps(config))

    def start(self, *listeners: dict[str, t.Any], path: str = os.environ["PATH"]) -> str:
        """Its first line, which it says when it listens."""
        self.configure(*listeners)
        # It must not outlive a test run that is killed.
        command = ["/usr/bin/setpriv", "--pdeathsig", "KILL", "/usr/bin/python3", str(PROGRAM), str(self.path)]
        with (self.folder / "errors").open("w") as errors:
            self.process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=errors, env={"PATH": path}, text=True
            )
        return self.said()

    def said(self) -> str:
        assert self.process is not None
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    @property
    def errors(self) -> str:
        return (self.folder / "errors").read_text()

    def renew(self, *listeners: dict[str, t.Any]) -> str:
        assert self.process is not None
        self.configure(*listeners)
        self.process.send_signal(signal.SIGHUP)
        return self.said()

    def status(self, option: str = "--status") -> dict[str, t.Any]:
        done = subprocess.run(
            ["/usr/bin/python3", str(PROGRAM), option, str(self.path)], capture_output=True, text=True, check=True
        )
        return t.cast("dict[str, t.Any]", json.loads(done.stdout))

    def end(self) -> int:
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(10)


@pytest.fixture
def responder(namespace: None, tmp_path: Path) -> t.Iterator[Running]:
    running = Running(tmp_path)
    yield running
    if running.process:
        running.process.kill()
        running.process.wait()
        assert running.process.stdout is not None
        running.process.stdout.close()


class Authority:
    """Makes certificates, and installs them where a responder looks."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._signed("authority", self.key.public_key(), ca=True)

    def _signed(self, name: str, public: ec.EllipticCurvePublicKey, *, ca: bool) -> x509.Certificate:
        now = datetime.datetime.now(tz=datetime.UTC)
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")])
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(issuer)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.IPv4Address(HERE))]), critical=False)
            .sign(self.key, hashes.SHA256())
        )

    def install(self, folder: Path, name: str) -> str:
        """The fingerprint of a new certificate, whose files are in the folder now."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = self._signed(name, key.public_key(), ca=False)
        files = {
            "trust.pem": self.certificate.public_bytes(serialization.Encoding.PEM),
            "key.pem": key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ),
            "certificate.pem": made.public_bytes(serialization.Encoding.PEM),
        }
        folder.mkdir(exist_ok=True)
        for file, content in files.items():
            (folder / file).write_bytes(content)
        return hashlib.sha256(made.public_bytes(serialization.Encoding.DER)).hexdigest()


def tcp(port: str, **more: t.Any) -> dict[str, t.Any]:
    return {"address": HERE, "protocol": "tcp", "port": port, "transport": "plain", "application": "sip", **more}


def udp(port: str) -> dict[str, t.Any]:
    return {"address": HERE, "protocol": "udp", "port": port, "application": "rtp"}


def connect(port: int, address: str = HERE, source: int = 0) -> socket.socket:
    return socket.create_connection((address, port), timeout=5, source_address=(SECOND, source))


def answer(connection: socket.socket) -> dict[str, t.Any]:
    line = b""
    while not line.endswith(b"\n"):
        received = connection.recv(4096)
        assert received, f"the connection ended after {line!r}"
        line += received
    return t.cast("dict[str, t.Any]", json.loads(line))


def secured(port: int, client: Path | None = None) -> ssl.SSLSocket:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if client:
        context.load_cert_chain(client / "certificate.pem", client / "key.pem")
    connection = connect(port)
    try:
        return context.wrap_socket(connection)
    except BaseException:
        connection.close()
        raise


def said_to(port: int, client: Path | None) -> bytes:
    """What a client hears, nothing where it is refused: with TLS 1.3 it learns that only after its own handshake."""
    try:
        with secured(port, client) as connection:
            return connection.recv(4096)
    except (ssl.SSLError, ConnectionError):
        return b""


def shown(port: int) -> str:
    """Fingerprint of the certificate that a port shows."""
    with secured(port) as connection:
        return hashlib.sha256(connection.getpeercert(binary_form=True) or b"").hexdigest()


def ask_by_udp(port: int, source: int = 0) -> tuple[dict[str, t.Any], tuple[str, int]]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(5)
        asking.bind((SECOND, source))
        asking.sendto(b"hello", (HERE, port))
        data, sender = asking.recvfrom(4096)
        return json.loads(data), sender


def tables() -> str:
    return subprocess.run(["nft", "list", "tables"], capture_output=True, text=True, check=True).stdout


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


def test_any_port_of_a_range_answers_as_itself(responder: Running) -> None:
    assert responder.start(tcp("50000-59999"), udp("50000-59999"), tcp("55000", application="other"))
    assert responder.errors == ""
    for port in (50000, 52345, 59999):
        with connect(port) as connection:
            said = answer(connection)
        assert (said["port"], said["application"]) == (port, "sip")
        said, sender = ask_by_udp(port)
        assert said["port"] == port
        assert sender == (HERE, port)
    with connect(55000) as connection:
        assert answer(connection)["application"] == "other"
    for outside in (49999, 60000):
        with pytest.raises(ConnectionRefusedError):
            connect(outside)
    assert "table ip lab_responder" in tables()


def test_two_ports_of_a_range_asked_from_one_port_are_told_apart(responder: Running) -> None:
    responder.start(udp("50000-59999"))
    for port in (50001, 50002, 50003):
        said, sender = ask_by_udp(port, source=40002)
        assert (said["port"], said["peer_port"], sender[1]) == (port, 40002, port)


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
        f"{path}: listeners[1]: transport 'ssl' is not one of plain, tls, mtls, tls_or_mtls",
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
    assert ask_by_udp(51111)[0]["port"] == 51111


def test_ten_thousand_ports_take_one_socket(responder: Running) -> None:
    responder.start(udp("50000-59999"))
    assert responder.process is not None
    links = [path.readlink() for path in Path(f"/proc/{responder.process.pid}/fd").iterdir()]
    assert sum(str(link).startswith("socket:") for link in links) < 8


def test_many_clients_at_once_are_all_answered(responder: Running) -> None:
    responder.start(tcp("5060"))
    started = time.monotonic()
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(connect(5060)) for _ in range(200)]
        ports = {answer(each)["peer_port"] for each in connections}
    assert len(ports) == 200
    assert time.monotonic() - started < 10
