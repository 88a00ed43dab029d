# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates as servers on loopback show them: right ones, and each way of being wrong."""

from __future__ import annotations

import contextlib
import datetime
import socket
import ssl
import threading
import typing as t

import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.pki import revocation, wire
from tests.unit.module_utils.pki.conftest import EDGE, FRONT, Estate, item

TODAY = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
LOCAL = "127.0.0.1"


class Server:
    """A server that shows a certificate, and wants one of its clients when it is told to."""

    def __init__(self, estate: Estate, name: str, *, mutual: bool = False, greeting: bytes = b"", chain: bool = True):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        path = estate.path("certificate.pem", name)
        if not chain:
            end = b"-----END CERTIFICATE-----\n"
            alone = path.with_name("alone.pem")
            alone.write_bytes(path.read_bytes().partition(end)[0] + end)
            path = alone
        self.context.load_cert_chain(path, estate.path("key.pem", name))
        if mutual:
            self.context.verify_mode = ssl.CERT_REQUIRED
            self.context.load_verify_locations(estate.path("trust.pem", name))
        self.greeting = greeting
        self.socket = socket.create_server((LOCAL, 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _peer = self.socket.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                connection.settimeout(5)
                if self.greeting:
                    assert b"to='xmpp.contoso.com'" in connection.recv(4096)
                    connection.sendall(self.greeting)
                    if b"starttls" not in connection.recv(4096):
                        continue
                    connection.sendall(b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
                with self.context.wrap_socket(connection, server_side=True) as secured:
                    secured.recv(1)

    def close(self) -> None:
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join(5)


@pytest.fixture
def both(estate: Estate) -> Estate:
    """Two certificates, of an authority whose clock is the real one."""
    items = [
        item(),
        item(EDGE, subject="edge1.contoso.com", sans=["edge1.contoso.com", "*.contoso.com"], eku=["server"]),
    ]
    estate.request(*items)
    assert estate.issue(*items, now=TODAY).problems == []
    return estate


@pytest.fixture
def serve(both: Estate) -> t.Iterator[t.Callable[..., Server]]:
    servers: list[Server] = []

    def start(name: str = FRONT, **options: t.Any) -> Server:
        servers.append(Server(both, name, **options))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def look(server: Server, now: datetime.datetime = TODAY, **options: t.Any) -> wire.Seen:
    checks, problems = wire.decode([{"id": "x", "address": LOCAL, "port": server.port, **options}])
    assert problems == []
    return wire.look_at_all(checks, 5, 10, now)[0]


def test_what_is_right_is_told_with_its_digests(both: Estate, serve):
    trust = str(both.path("trust.pem"))
    seen = look(serve(), names=["pool.contoso.com", "SIP.contoso.com"], eku=["server"], trust=trust, least_days=300)
    status = both.issue(now=TODAY).statuses[0]
    assert (seen.wrong, seen.days_left) == ({}, 365)
    assert (seen.sha256, seen.key_sha256) == (status.sha256, status.key_sha256)


@pytest.mark.parametrize(
    ("options", "what", "said"),
    [
        (
            {"names": ["pool2.contoso.com"]},
            "name",
            "alternative names lack pool2.contoso.com; there are pool.contoso.com",
        ),
        ({"eku": ["client"]}, "eku", "extended key usage lacks client; there is server"),
        ({"least_days": 366}, "date", "365 days are left, fewer than 366"),
        ({"sha256": ["0" * 64]}, "other", "is shown in place of 0000000000000000; was the server reloaded?"),
        ({"key_sha256": "0" * 64}, "key", "it is for another key"),
        ({"now": TODAY + datetime.timedelta(days=400)}, "date", "it expired at"),
        ({"now": TODAY - datetime.timedelta(days=1)}, "date", "it is valid from"),
    ],
)
def test_what_is_wrong_is_told(serve, options, what, said):
    seen = look(serve(), **options)
    assert list(seen.wrong) == [what]
    assert said in seen.wrong[what]


def test_a_wildcard_covers_one_label(serve):
    assert look(serve(EDGE), names=["web.contoso.com"]).wrong == {}
    assert "name" in look(serve(EDGE), names=["a.web.contoso.com"]).wrong


def test_a_chain_that_is_not_shown_is_told(both: Estate, serve):
    seen = look(serve(chain=False), trust=str(both.path("trust.pem")))
    assert seen.wrong["chain"].startswith("unable to get local issuer certificate; is the whole chain shown")


def test_another_authority_is_told(both: Estate, serve, tmp_path):
    stranger = Estate(tmp_path / "other")
    stranger.request()
    stranger.issue(now=TODAY)
    assert "chain" in look(serve(), trust=str(stranger.path("trust.pem"))).wrong


def test_mutual_tls_is_tried_with_our_own(both: Estate, serve):
    trust = {"trust": str(both.path("trust.pem"))}
    server = serve(mutual=True)
    ours = {f"client_{kind}": str(both.path(f"{kind}.pem", EDGE)) for kind in ("certificate", "key")}
    # Its use is for servers alone, which OpenSSL does not let pass for a client.
    assert "servers with OpenSSL ask for the client use" in look(server, **trust, **ours).wrong["peer"]
    both.request(item(EDGE, eku=["server", "client"]))
    both.issue(item(EDGE, eku=["server", "client"]), now=TODAY)
    assert look(server, **trust, **ours).wrong == {}


def test_servers_of_an_array_show_the_same_key(serve):
    servers = [serve(), serve(), serve(EDGE)]
    items = [
        {"id": f"s{number}", "address": LOCAL, "port": server.port, "same_key": "the array"}
        for number, server in enumerate(servers)
    ]
    seen = wire.look_at_all(wire.decode(items)[0], 5, 10, TODAY)
    assert seen[0].wrong == {"same_key": "the key is another than that of s2; all of the array have the same"}
    assert seen[2].wrong["same_key"].startswith("the key is another than that of s0, s1")
    assert wire.look_at_all(wire.decode(items[:2])[0], 5, 10, TODAY)[0].wrong == {}


class TestXmpp:
    FEATURES = b"<stream:stream><stream:features><starttls/></stream:features>"

    def test_tls_begins_after_the_greeting(self, serve):
        seen = look(
            serve(greeting=self.FEATURES), starttls="xmpp", server_name="xmpp.contoso.com", names=["sip.contoso.com"]
        )
        assert seen.wrong == {}

    def test_a_server_without_it_is_told(self, serve):
        server = serve(greeting=b"<stream:error/></stream:stream>")
        server.context.set_alpn_protocols([])
        checks = [
            {"id": "x", "address": LOCAL, "port": server.port, "starttls": "xmpp", "server_name": "xmpp.contoso.com"}
        ]
        seen = wire.look_at_all(wire.decode(checks)[0], 0.5, 1, TODAY)[0]
        assert "connection" in seen.wrong


class TestRevocation:
    @pytest.fixture(autouse=True)
    def _lists(self, both: Estate, monkeypatch):
        published = both.folder / "published"

        def fetch(url: str) -> bytes:
            return (published / url.rpartition("/")[2]).read_bytes()

        monkeypatch.setattr(revocation, "fetch", fetch)
        monkeypatch.setattr(revocation.problem, "__defaults__", (fetch,))

    def test_lists_of_the_whole_chain_are_looked_at(self, both: Estate, serve):
        options = {"trust": str(both.path("trust.pem")), "revocation": True}
        server = serve()
        assert look(server, **options).wrong == {}
        both.issue(state="deleted", now=TODAY)
        assert look(server, **options).wrong["revocation"].endswith("the certificate is revoked")


def test_a_server_that_is_not_there_is_told(serve):
    server = serve()
    server.close()
    server.socket = socket.create_server((LOCAL, 0))
    port, server.port = server.port, server.socket.getsockname()[1]
    checks = wire.decode([{"id": "x", "address": LOCAL, "port": port}])[0]
    assert "refused" in wire.look_at_all(checks, 5, 1, TODAY)[0].wrong["connection"]


def test_bad_checks_are_all_told_at_once():
    items = [
        {"id": "a", "address": "x", "port": 0, "eku": ["srv"]},
        {"id": "b", "address": "x", "port": 1, "client_key": "k", "revocation": True},
    ]
    assert wire.decode(items)[1] == [
        "checks[0].port: 0 is no port; 1 to 65535 are",
        "checks[0].eku: 'srv' is none of server, client",
        "checks[1]: client_certificate and client_key go together",
        "checks[1].revocation: needs trust, since lists are signed by whom it leads to",
    ]
    assert wire.decode([{"id": "a", "adress": "x"}])[1][0] == "checks[0].adress: no such option; did you mean address?"
