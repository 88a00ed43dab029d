# SPDX-License-Identifier: GPL-3.0-or-later
"""A responder that a test starts, the certificates it shows, and what clients hear of it."""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import ipaddress
import json
import os
import signal
import socket
import ssl
import subprocess
import typing as t
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support import ROOT

PROGRAM = ROOT / "tests" / "lab" / "responders" / "responder.py"
HERE = "10.99.0.1"
SECOND = "10.99.0.2"

# What a client of SIP begins with.
OPTIONS = (
    b"OPTIONS sip:contoso.com SIP/2.0\r\nVia: SIP/2.0/TCP 10.99.0.2;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\n"
    b"To: <sip:contoso.com>\r\nCall-ID: 7@b\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
)

# Run on a neighbour: what a port says over TCP and UDP, and from where.
ASK_FROM_THERE = """
import json, socket, sys
address, port = sys.argv[1], int(sys.argv[2])
with socket.create_connection((address, port), timeout=5) as stream:
    print(json.dumps([json.loads(stream.makefile().readline()), stream.getpeername()]))
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
    datagrams.settimeout(5)
    datagrams.sendto(b"hello", (address, port))
    data, sender = datagrams.recvfrom(4096)
    print(json.dumps([json.loads(data), sender]))
"""


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


class Authority:
    """Makes certificates, and installs them where a responder looks."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._signed("authority", self.key.public_key(), ca=True)

    def _signed(
        self, name: str, public: ec.EllipticCurvePublicKey, *, ca: bool, use: x509.ObjectIdentifier | None = None
    ) -> x509.Certificate:
        now = datetime.datetime.now(tz=datetime.UTC)
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")])
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(issuer)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.IPv4Address(HERE))]), critical=False)
        )
        if use:
            builder = builder.add_extension(x509.ExtendedKeyUsage([use]), critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def install(self, folder: Path, name: str, use: x509.ObjectIdentifier | None = None) -> str:
        """The fingerprint of a new certificate, whose files are in the folder now."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = self._signed(name, key.public_key(), ca=False, use=use)
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


@contextlib.contextmanager
def neighbour(address: str) -> t.Iterator[list[str]]:
    """A host on the other end of a link, with a network stack of its own; how to run a command there."""
    command = ["setpriv", "--pdeathsig", "KILL", "unshare", "--net", "sh", "-c", "echo up; exec cat"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "up\n"
            within = ["nsenter", "--target", str(process.pid), "--net"]
            here = (
                f"ip link add here type veth peer name there netns {process.pid}",
                "ip link set here up",
                "ip addr add 10.98.0.1/24 dev here",
            )
            there = (
                f"ip addr add {address}/24 dev there",
                "ip link set there up",
                "ip route add default via 10.98.0.1",
            )
            for command in [*map(str.split, here), *([*within, *line.split()] for line in there)]:
                subprocess.run(command, check=True)
            yield within
        finally:
            process.kill()
