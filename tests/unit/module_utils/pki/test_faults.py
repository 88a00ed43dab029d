# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that answer nonsense, half or nothing, a disk that is full at any byte, and certificates as long as they get.

Each is a finding in words, and overwrites nothing.
"""

from __future__ import annotations

import contextlib
import datetime
import errno
import os
import socket
import ssl
import threading
import types
import typing as t
from pathlib import Path

import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.pki import (
    acme,
    authority,
    certificates,
    files,
    issuing,
    revocation,
    wire,
)
from tests.unit.module_utils.pki.conftest import DAY, EDGE, FRONT, NOW, Estate, item
from tests.unit.module_utils.pki.test_installing import Host

BOTH = (item(), item(EDGE))
LOCAL = "127.0.0.1"
NONSENSE = b"220 mail.contoso.com ready\r\n"
REFUSAL = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 4000\r\n\r\n{"
HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n{"
SILENCE = b""


class Rude:
    """A server that says one thing to whoever comes, and then nothing more, and never hangs up."""

    def __init__(self, saying: bytes, context: ssl.SSLContext | None = None) -> None:
        self._saying, self._context = saying, context
        self._over = threading.Event()
        self._socket = socket.create_server((LOCAL, 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _peer = self._socket.accept()
            except OSError:
                return
            with contextlib.suppress(OSError), contextlib.ExitStack() as open_:
                open_.enter_context(connection)
                connection.settimeout(5)
                if self._context:
                    connection = open_.enter_context(self._context.wrap_socket(connection, server_side=True))
                connection.recv(4096)
                connection.sendall(self._saying)
                self._over.wait(5)

    def close(self) -> None:
        self._over.set()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)


@pytest.fixture
def rude() -> t.Iterator[t.Callable[..., Rude]]:
    servers: list[Rude] = []

    def start(saying: bytes, context: ssl.SSLContext | None = None) -> Rude:
        servers.append(Rude(saying, context))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def wait_little(monkeypatch: pytest.MonkeyPatch, who: types.ModuleType, saying: bytes) -> None:
    """For what never comes; what is said at once may come late on a machine that is busy."""
    if saying is not NONSENSE:
        monkeypatch.setattr(who, "SECONDS", 0.2)


class TestServers:
    @pytest.mark.parametrize(
        ("saying", "told"),
        [
            (NONSENSE, "220 mail.contoso.com ready"),
            (HALF, "timed out"),
            (REFUSAL, "timed out"),
            (SILENCE, "timed out"),
        ],
        ids=["nonsense", "half an answer", "half a refusal", "silence"],
    )
    def test_an_acme_server(self, estate: Estate, rude, monkeypatch, saying, told):
        """Over TLS, with a certificate that is trusted, so that what is said is all that is wrong."""
        wait_little(monkeypatch, acme, saying)
        local = item(subject=LOCAL, sans=[LOCAL], crl_distribution_point=False)
        now = datetime.datetime.now(datetime.UTC)
        estate.request(local)
        assert estate.issue(local, now=now).problems == []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(estate.path("certificate.pem"), estate.path("key.pem"))
        url = f"https://{LOCAL}:{rude(saying, context).port}/dir"
        before = certificates_in(estate)
        server = issuing.AcmeOptions(directory=url, directory_trust=str(estate.path("trust.pem")), timeout=1)
        (problem,) = estate.issue(local, authority="acme", acme=server, now=now + 340 * DAY).problems
        assert problem.startswith(f"{url}: cannot be reached: ")
        assert told in problem
        assert certificates_in(estate) == before

    @pytest.mark.parametrize(
        ("saying", "told"),
        [
            (NONSENSE, "gave no revocation list: 220 mail.contoso.com ready"),
            (HALF, "gave no revocation list: timed out"),
            (SILENCE, "gave no revocation list: timed out"),
        ],
        ids=["nonsense", "half", "silence"],
    )
    def test_a_server_of_revocation_lists(self, estate: Estate, rude, monkeypatch, saying, told):
        wait_little(monkeypatch, revocation, saying)
        url = f"http://{LOCAL}:{rude(saying).port}"
        estate.profile = authority.Profile("Contoso", url, algorithm="ecdsa", bits=256)
        estate.request()
        assert estate.issue().problems == []
        parts = [certificates.load_all(estate.path(file).read_bytes()) for file in ("certificate.pem", "trust.pem")]
        chain, _problem = certificates.chain_of(parts[0][0], parts[0][1:], parts[1], NOW)
        assert revocation.problem(chain, NOW).startswith(f"{url}/issuing.crl: {told}")

    @pytest.mark.parametrize(
        ("saying", "told"), [(NONSENSE, "the handshake ends with WRONG_VERSION_NUMBER"), (SILENCE, "timed out")]
    )
    def test_a_server_of_the_estate(self, rude, saying, told):
        checks, _problems = wire.decode([{"id": "x", "address": LOCAL, "port": rude(saying).port}])
        (seen,) = wire.look_at_all(checks, 5 if saying else 0.2, 1, NOW)
        assert told in next(iter(seen.wrong.values()))


def certificates_in(estate: Estate) -> dict[str, bytes]:
    return {path: data for path, data in estate.snapshot().items() if path.startswith("certificates/")}


@pytest.fixture
def fills_up(monkeypatch: pytest.MonkeyPatch) -> t.Callable[[int], None]:
    """From now on the disk takes so many files more, and of the next one nothing reaches it."""

    def arm(files_left: int) -> None:
        fsync, left = os.fsync, [files_left]

        def full(descriptor: int) -> None:
            left[0] -= 1
            if left[0] < 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            fsync(descriptor)

        monkeypatch.setattr(os, "fsync", full)

    return arm


@pytest.mark.parametrize("files_left", range(4))
def test_a_full_disk_leaves_certificates_as_they_were(estate: Estate, fills_up, monkeypatch, files_left: int):
    estate.request(*BOTH)
    estate.issue(*BOTH)
    before = certificates_in(estate)
    fills_up(files_left)
    with pytest.raises(files.PROBLEMS, match=r"No space left on device\. Mend its permissions, or make room"):
        estate.issue(*BOTH, now=NOW + 340 * DAY)
    monkeypatch.undo()
    assert certificates_in(estate) == before
    assert not list(estate.folder.rglob(".half-*"))
    assert estate.issue(*BOTH, now=NOW + 340 * DAY).problems == []
    assert certificates_in(estate) != before


@pytest.mark.parametrize("files_left", range(4))
def test_a_full_disk_leaves_a_host_with_what_it_shows(
    estate: Estate, tmp_path: Path, fills_up, monkeypatch, files_left
):
    estate.request(*BOTH)
    estate.issue(*BOTH)
    host = Host(tmp_path / "etc", estate)
    host.run(FRONT, EDGE)
    shown = {name: os.readlink(host.folder / name) for name in (FRONT, EDGE)}
    estate.issue(*BOTH, now=NOW + 340 * DAY)
    fills_up(files_left)
    with pytest.raises(files.PROBLEMS, match="No space left on device"):
        host.run(FRONT, EDGE)
    monkeypatch.undo()
    assert {name: os.readlink(host.folder / name) for name in (FRONT, EDGE)} == shown
    host.run(FRONT, EDGE)
    assert not {os.readlink(host.folder / name) for name in (FRONT, EDGE)} & set(shown.values())
    assert not list(host.folder.rglob(".half-*"))


def test_five_hundred_names_and_those_of_other_scripts_are_issued_installed_and_carried(estate: Estate, tmp_path: Path):
    """xn--bcher-kva is how the name of a book shop stands in the DNS."""
    long = item(sans=["pool.contoso.com", "xn--bcher-kva.example", *(f"host{n}.contoso.com" for n in range(498))])
    estate.request(long)
    assert estate.issue(long).statuses[0].state == "issued"
    host = Host(tmp_path / "etc", estate)
    (there,) = host.run(FRONT).installed
    assert (there["sans"], there["wrong"]) == (long["sans"], {})
