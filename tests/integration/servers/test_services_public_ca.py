# SPDX-License-Identifier: GPL-3.0-or-later
"""The public certification authority, from its own certificate to one that it issues after asking DNS and the web."""

from __future__ import annotations

import json
import pathlib
import sys
import typing as t

import pytest
from cryptography import x509

from tests.integration.balancer.ends import until
from tests.integration.servers import throwaway
from tests.lab.services import public_ca
from tests.lab.services.crl import crl_server

CA, WEB, RESOLVER = "10.99.0.10", "10.99.0.11", throwaway.CLIENT_ADDRESS
SERVICE = public_ca.acme_ca(CA, ["acme.example.net"], RESOLVER)
ORDER = pathlib.Path(__file__).with_name("acme_order.py")


# Every name is at the web server, except those that are not at all.
ANSWERS = f"""
import dns.flags, dns.message, dns.rcode, dns.rrset, socket
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
    server.bind(("{RESOLVER}", 53))
    while True:
        data, client = server.recvfrom(4096)
        query = dns.message.from_wire(data)
        answer = dns.message.make_response(query, recursion_available=True)
        name, kind = query.question[0].name, query.question[0].rdtype
        if str(name).startswith("absent."):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        elif kind == 1:
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", "A", "{WEB}"))
        server.sendto(answer.to_wire(), client)
"""


def settings(**options: int) -> dict[str, t.Any]:
    made = public_ca.acme_ca(CA, ["acme.example.net"], RESOLVER, **options)
    return json.loads(made.files["/etc/pebble/pebble.json"].text)["pebble"]


def test_it_proves_names_at_the_ports_of_the_web_unless_told_otherwise():
    assert (settings()["httpPort"], settings()["tlsPort"]) == (80, 443)
    assert (settings(http_port=8080)["httpPort"], settings(tls_port=8443)["tlsPort"]) == (8080, 8443)


def test_it_asks_the_resolver_it_was_given():
    assert f"-dnsserver {RESOLVER}:53" in SERVICE.start
    assert "-dnsserver 192.0.2.1:5353" in public_ca.acme_ca(CA, ["a.example"], "192.0.2.1:5353").start


def test_its_own_certificate_holds_its_names_and_address_and_its_key_is_kept_close():
    certificate = x509.load_pem_x509_certificate(SERVICE.files["/etc/pebble/server.pem"].text.encode())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["acme.example.net"]
    assert [str(each) for each in names.get_values_for_type(x509.IPAddress)] == [CA]
    authority = x509.load_pem_x509_certificate(SERVICE.files[public_ca.AUTHORITY].text.encode())
    certificate.verify_directly_issued_by(authority)
    assert all(file.mode == 0o600 for file in SERVICE.files.values() if "PRIVATE KEY" in file.text)


class Authority(t.NamedTuple):
    network: throwaway.Network
    host: throwaway.Process
    folder: pathlib.Path
    """Where the certificate of its authority is, and where answers to challenges go."""

    def fetch(self, url: str) -> str:
        trust = str(self.folder / "authority.pem")
        return self.network.client.run("curl", "-sS", "--cacert", trust, url).stdout

    def order(self, name: str) -> tuple[int, str]:
        words = (f"https://{CA}/dir", str(self.folder / "authority.pem"), name, str(self.folder / "challenges"))
        done = self.network.client.run(sys.executable, str(ORDER), *words, check=False)
        return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> t.Iterator[Authority]:
    folder = tmp_path_factory.mktemp("acme")
    (folder / "authority.pem").write_text(SERVICE.files[public_ca.AUTHORITY].text)
    with throwaway.network() as network:
        network.background(sys.executable, "-c", ANSWERS)
        web = network.host("web", WEB, crl_server(WEB, "/srv/web"))
        web.run("mkdir -p /srv/web/.well-known/acme-challenge")
        (folder / "challenges").symlink_to(f"/proc/{web.pid}/root/srv/web/.well-known/acme-challenge")
        yield Authority(network, network.host("acme", CA, SERVICE), folder)


class TestServer:
    def test_it_tells_where_things_are(self, authority):
        assert {"newAccount", "newOrder", "newNonce"} <= set(json.loads(authority.fetch(f"https://{CA}/dir")))

    def test_it_issues_for_a_name_it_found_by_its_resolver(self, authority):
        status, said = authority.order("sip.example.org")
        assert status == 0, said
        leaf, issuing = x509.load_pem_x509_certificates(said.encode())[:2]
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert names.get_values_for_type(x509.DNSName) == ["sip.example.org"]
        root = x509.load_pem_x509_certificate(authority.fetch(f"https://{CA}:15000/roots/0").encode())
        leaf.verify_directly_issued_by(issuing)
        issuing.verify_directly_issued_by(root)

    def test_it_does_not_issue_for_a_name_that_is_not_there(self, authority):
        status, said = authority.order("absent.example.org")
        assert status
        assert "not proven" in said

    def test_it_writes_a_log_and_starts_once(self, authority):
        authority.host.run(SERVICE.start)
        assert authority.host.run("pgrep -c pebble").stdout == "1\n"
        assert "Starting Pebble" in authority.host.run("cat", public_ca.LOG).stdout

    def test_it_ends_and_starts_by_its_pid_file(self, authority):
        stop = f"start-stop-daemon --stop --retry 5 --pidfile {public_ca.PIDFILE} --exec /usr/bin/pebble"
        authority.host.run(stop)
        # Ended, it is seen until its host has buried it.
        until(lambda: authority.host.run("pgrep pebble", check=False).returncode == 1)
        authority.network.start(authority.host, SERVICE)
        assert "newOrder" in authority.fetch(f"https://{CA}/dir")
