# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers on loopback, certificates and a batch of one, for the tests of probes."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import socket
import ssl
import struct
import threading
import typing as t
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ansible_collections.openuc.ocs.plugins.module_utils.probing import batch, specification

NOW = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
DAY = datetime.timedelta(days=1)


class Probing:
    """Tries probes, and gives their results as they are shown."""

    def one(self, **options: t.Any) -> dict[str, t.Any]:
        return self.all([options])[0]

    def all(self, items: list[dict[str, t.Any]], at_once: int = 100, time_limit: float = 60) -> list[dict[str, t.Any]]:
        numbered = [{"id": str(number), **item} for number, item in enumerate(items)]
        probes, problems = specification.decode(numbered)
        assert problems == []
        return [result.shown() for result in batch.run(probes, at_once, time_limit)]


@pytest.fixture
def probing() -> Probing:
    return Probing()


class Servers:
    """Makes servers, each with a thread of its own, and ends them all."""

    def __init__(self, stack: contextlib.ExitStack) -> None:
        self.stack = stack
        self.callers: list[t.Any] = []

    def _start(self, sock: socket.socket, serve: t.Callable[[], None]) -> int:
        def loop() -> None:
            with contextlib.suppress(OSError):  # the socket is shut when the test ends
                while True:
                    serve()

        thread = threading.Thread(target=loop)

        def end() -> None:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
            thread.join()

        thread.start()
        self.stack.callback(end)
        return sock.getsockname()[1]

    def tcp(self, talk: t.Callable[[socket.socket], None], host: str = "127.0.0.1", port: int = 0) -> int:
        """A listener that talks to one caller after another."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, port), family=family, backlog=512)

        def serve() -> None:
            connection, address = listener.accept()
            self.callers.append(address)
            connection.settimeout(10)
            with connection, contextlib.suppress(OSError):
                talk(connection)

        return self._start(listener, serve)

    def tls(self, context: ssl.SSLContext) -> int:
        def talk(connection: socket.socket) -> None:
            with context.wrap_socket(connection, server_side=True) as secure:
                secure.recv(1)

        return self.tcp(talk)

    def udp(self, reply: t.Callable[[bytes], bytes | None], host: str = "127.0.0.1", port: int = 0) -> int:
        """Answers each datagram, or not."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((host, port))

        def serve() -> None:
            data, address = sock.recvfrom(65535)
            if not address:  # what a shut socket of UDP receives
                raise OSError
            answer = reply(data)
            if answer is not None:
                sock.sendto(answer, address)

        return self._start(sock, serve)

    def dns(self, reply: t.Callable[[bytes], bytes | None], host: str = "127.0.0.1", port: int = 0) -> int:
        """The same answers over UDP, and over TCP at the same port."""

        def talk(connection: socket.socket) -> None:
            (length,) = struct.unpack("!H", connection.recv(2))
            answer = reply(connection.recv(length))
            if answer is not None:
                connection.sendall(struct.pack("!H", len(answer)) + answer)

        port = self.tcp(talk, host, port)
        return self.udp(reply, host, port)


@pytest.fixture
def servers() -> t.Iterator[Servers]:
    with contextlib.ExitStack() as stack:
        yield Servers(stack)


@pytest.fixture
def closed_port() -> t.Iterator[int]:
    """A port that nothing listens on: taken, so that nobody else gets it, and not listened on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


class Authority:
    """A certification authority, and certificates of it as files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = _name("Test authority")
        self.certificate = self._sign(self.name, self.key, [x509.BasicConstraints(ca=True, path_length=None)])
        self.path = self._store("ca", self.certificate, None)

    def issue(
        self,
        *sans: str,
        begins: datetime.datetime = NOW - DAY,
        ends: datetime.datetime = NOW + 30 * DAY,
        self_signed: bool = False,
    ) -> Path:
        """A file with a key and a certificate."""
        key = ec.generate_private_key(ec.SECP256R1())
        extensions = [
            x509.SubjectAlternativeName([_general_name(san) for san in sans]),
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]),
            x509.CRLDistributionPoints(
                [x509.DistributionPoint([x509.UniformResourceIdentifier("http://crl.test/ca.crl")], None, None, None)]
            ),
        ]
        certificate = self._sign(_name(sans[0]), key, extensions, begins, ends, self_signed)
        return self._store(f"{len(list(self.folder.iterdir()))}", certificate, key)

    def server(self, certificate: Path, clients: Path | None = None) -> ssl.SSLContext:
        """What a server with this certificate does; with `clients`, it wants certificates of that authority."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        if clients:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(clients)
        return context

    def _sign(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        extensions: list[x509.ExtensionType],
        begins: datetime.datetime = NOW - 400 * DAY,
        ends: datetime.datetime = NOW + 400 * DAY,
        self_signed: bool = False,
    ) -> x509.Certificate:
        builder = x509.CertificateBuilder(
            subject if self_signed else self.name,
            subject,
            key.public_key(),
            0xA0B1C2,
            begins,
            ends,
        )
        for extension in extensions:
            builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        return builder.sign(key if self_signed else self.key, hashes.SHA256())

    def _store(self, name: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey | None) -> Path:
        path = self.folder / f"{name}.pem"
        text = certificate.public_bytes(serialization.Encoding.PEM)
        if key:
            text += key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        path.write_bytes(text)
        return path


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _general_name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    folder = tmp_path / "authority"
    folder.mkdir()
    return Authority(folder)
