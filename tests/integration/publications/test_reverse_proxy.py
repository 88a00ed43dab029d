# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan's publications rolled out to a real reverse proxy of the lab, asked for from the Internet, taken back."""

from __future__ import annotations

import dataclasses
import datetime
import re
import typing as t
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ansible_collections.openuc.ocs.plugins.module_utils import specs
from ansible_collections.openuc.ocs.plugins.module_utils.publishing.text import TRUSTED
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.publications import Publication
from tests import support
from tests.integration.balancer.ends import until
from tests.integration.conftest import RunningLab
from tests.lab import lab
from tests.support import ROOT

LAB = ROOT / "inventories/lab"
PROXY, WORLD, SITE, BALANCER = "rp1.contoso.com", "world1.example.net", "cwa1.corp.contoso.com", "lb1.corp.contoso.com"
AUTHORITY = "/run/openuc-test-root.pem"
END = "\x1e"
OVERLAY: t.Final = f"""
all:
  hosts:
    {PROXY}: {{uc_access: ssh, uc_backend: {{reverse_proxy: haproxy}}}}
"""
DAYS = datetime.timedelta(days=1)

# What stands for the web servers: it tells who it is, and what it was asked for as what.
SERVER: t.Final = """
import http.server, ssl, sys
name, address = sys.argv[1:]
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        body = f"{name} {self.headers['Host']} {self.path}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *arguments):
        pass
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("/run/openuc-test.pem")
server = http.server.ThreadingHTTPServer((address, 443), Handler)
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
"""
PLAN: t.Final = support.example_design("lab").plan
assert PLAN is not None
PUBLICATIONS: t.Final = tuple(each for each in PLAN.publications if each.proxy == PROXY)


@dataclasses.dataclass(frozen=True)
class Authority:
    """An authority that makes a certificate for names, as PEM with its key."""

    key: ec.EllipticCurvePrivateKey = dataclasses.field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def certificate(self) -> str:
        return self._signed("openuc test", self.key.public_key(), x509.BasicConstraints(ca=True, path_length=0))

    def identity(self, names: t.Sequence[str]) -> str:
        key = ec.generate_private_key(ec.SECP256R1())
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        found = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        return self._signed(names[0], key.public_key(), found) + pem.decode()

    def _signed(self, name: str, key: ec.EllipticCurvePublicKey, extension: x509.ExtensionType) -> str:
        now = datetime.datetime.now(datetime.UTC)
        builder = x509.CertificateBuilder().subject_name(_named(name)).issuer_name(_named("openuc test"))
        builder = builder.public_key(key).serial_number(x509.random_serial_number())
        builder = (
            builder.not_valid_before(now - DAYS).not_valid_after(now + DAYS).add_extension(extension, critical=False)
        )
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _put(running_lab: RunningLab, host: str, path: str, text: str) -> None:
    running_lab.on(host, "sh", "-c", f'mkdir -p "$(dirname {path})" && printf %s "$0" >{path}', text)


def _stop_stand_in(running_lab: RunningLab, host: str) -> None:
    running_lab.on(host, "start-stop-daemon", "--stop", "--retry", "5", "--pidfile", "/run/openuc-responder.pid")


@dataclasses.dataclass(frozen=True)
class Internet:
    """Somebody outside who asks for web pages."""

    lab: RunningLab

    def ask(self, name: str, *paths: str) -> list[tuple[str, str]]:
        """Status and body for each path, asked as it is; nothing where not even TLS comes about."""
        known = ["--cacert", AUTHORITY, "--resolve", f"{name}:443:{PUBLICATIONS[0].address}", "--path-as-is"]
        urls = [f"https://{name}{path}" for path in paths]
        command = ["curl", "-s", "--max-time", "10", *known, "-w", f"\\n%{{http_code}}{END}"]
        done = self.lab.on(WORLD, *command, *urls, check=False)
        blocks = done.stdout.split(END)[:-1] if done.returncode == 0 else []
        return [(status, body) for body, _line, status in (block.rpartition("\n") for block in blocks)]


@pytest.fixture(scope="module")
def proxy(running_lab: RunningLab) -> t.Iterator[RunningLab]:
    """A proxy with its certificate and nothing published yet, and the servers behind it."""
    authority = Authority()
    _put(running_lab, WORLD, AUTHORITY, authority.certificate)
    assert PLAN is not None
    shown = {each.id: each for each in PLAN.certificates if PROXY in each.hosts}
    places = [f"{specs.CERTIFICATES_FOLDER}/{name}" for name in shown]
    for certificate, place in zip(shown.values(), places, strict=True):
        names = [certificate.subject, *(san.name for san in certificate.sans)]
        _put(running_lab, PROXY, f"{place}/combined.pem", authority.identity(names))
    running_lab.on(PROXY, "cp", TRUSTED, f"{TRUSTED}.kept")
    running_lab.on(PROXY, "sh", "-c", f'printf %s "$0" >>{TRUSTED}', authority.certificate)
    backends = {(each.backend, each.backend_addresses[0]) for each in PUBLICATIONS}
    running_lab.on(BALANCER, "ip", "address", "add", "10.20.0.100/32", "dev", "lan")
    for host in (PROXY, SITE):
        _stop_stand_in(running_lab, host)
    for name, address in sorted(backends):
        host = SITE if name == SITE else BALANCER
        _put(running_lab, host, "/run/openuc-test.pem", authority.identity([name]))
        daemon = ["start-stop-daemon", "--start", "--background", "--make-pidfile", "--pidfile", "/run/openuc-web.pid"]
        running_lab.on(host, *daemon, "--exec", "/usr/bin/python3", "--", "-c", SERVER, name, address)
    yield running_lab
    for host in (BALANCER, SITE):
        running_lab.on(host, "start-stop-daemon", "--stop", "--retry", "5", "--pidfile", "/run/openuc-web.pid")
    running_lab.on(BALANCER, "ip", "address", "del", "10.20.0.100/32", "dev", "lan")
    running_lab.on(PROXY, "mv", f"{TRUSTED}.kept", TRUSTED)
    running_lab.on(PROXY, "rm", "-rf", "/etc/haproxy/openuc-publications.cfg", "/var/lib/openuc/publications", *places)
    running_lab.on(PROXY, "sed", "-i", "/^EXTRAOPTS=/d", "/etc/default/haproxy")
    running_lab.on(WORLD, "rm", AUTHORITY)
    for host in (PROXY, SITE):
        lab.restart(running_lab.lab, host)


@dataclasses.dataclass(frozen=True)
class Estate:
    """The lab's inventory with a proxy that is HAProxy, and the folder of its plan and journal."""

    lab: RunningLab
    folder: Path

    def play(self, name: str, *options: str) -> int:
        """How many changes a playbook makes on the proxy, or would make."""
        given = ["-i", str(self.folder / "haproxy.yml"), "-e", f"uc_estate_dir={self.folder}"]
        done = self.lab.ansible("ansible-playbook", LAB, f"openuc.ocs.{name}", *given, *options)
        recap = re.search(rf"^{re.escape(PROXY)} .*changed=(\d+)\s+unreachable=0\s+failed=0", done.stdout, re.MULTILINE)
        assert recap is not None, done.stdout[-5000:] + done.stderr
        assert done.returncode == 0, done.stdout[-5000:]
        return int(recap[1])

    def deploy(self, *options: str) -> int:
        return self.play("deploy", "--tags", "publications", "-e", f'{{"uc_only": ["{PROXY}"]}}', *options)


@pytest.fixture(scope="module")
def estate(proxy: RunningLab, tmp_path_factory: pytest.TempPathFactory) -> Estate:
    folder = tmp_path_factory.mktemp("estate")
    (folder / "haproxy.yml").write_text(OVERLAY)
    return Estate(proxy, folder)


@pytest.fixture(scope="module")
def internet(estate: Estate) -> Internet:
    """All is published by the roll-out, as is said ahead of it, and nothing is left to the playbook for it alone."""
    assert estate.deploy("--check") == 1
    assert not _listens(estate.lab)
    assert estate.deploy() == 1
    assert estate.play("publish") == 0
    found = Internet(estate.lab)
    until(lambda: found.ask(PUBLICATIONS[0].name, "/"))
    return found


def _listens(running_lab: RunningLab) -> bool:
    return f"{PUBLICATIONS[0].address}:443" in running_lab.on(PROXY, "ss", "-ltn").stdout


def _each(publications: t.Iterable[Publication]) -> t.Iterator[tuple[Publication, str]]:
    for publication in publications:
        for name in (publication.name, *publication.aliases):
            yield publication, name


def test_every_published_path_reaches_its_server_under_the_name_it_expects(internet: Internet) -> None:
    for publication, name in _each(PUBLICATIONS):
        paths = [path.replace("*", "some/page.aspx?id=1") for path in publication.allowed]
        host = name if publication.host_header == "original" else publication.backend
        assert internet.ask(name, *paths) == [("200", f"{publication.backend} {host} {path}") for path in paths]


def test_no_internal_path_comes_in_however_it_is_written(internet: Internet) -> None:
    asked = 0
    for publication, name in _each(each for each in PUBLICATIONS if each.refused):
        first = publication.allowed[0].rstrip("*")
        paths = [path for refused in publication.refused for path in (refused, f"{refused}/", refused.upper())]
        assert {status for status, _body in internet.ask(name, *paths, "/")} == {"403"}
        around = [
            f"{first}{up}{refused}"
            for refused in publication.refused
            for up in ("../..", "%2e%2e/%2e%2e", "..%2f..", "..%5c..", "%252e%252e/..")
        ]
        assert {status for status, _body in internet.ask(name, *around)} == {"400"}
        asked += len(paths) + len(around)
    assert asked >= 8 * len([each for each in PUBLICATIONS if each.refused])


def test_a_path_that_only_begins_like_a_published_one_stays_out(internet: Internet) -> None:
    for publication in PUBLICATIONS:
        paths = [path.replace("/*", "Other") for path in publication.allowed if path != "/*"]
        if paths:
            assert {status for status, _body in internet.ask(publication.name, *paths)} == {"403"}


def test_names_that_are_not_published_get_no_handshake(internet: Internet) -> None:
    assert internet.ask("pool1.corp.contoso.com", "/") == []
    assert internet.ask("www.contoso.com", "/") == []


def test_a_roll_out_is_taken_back(internet: Internet, estate: Estate) -> None:
    """The last of this file, since nothing is published after it."""
    assert internet.ask(PUBLICATIONS[0].name, "/")
    assert estate.play("rollback") > 0
    until(lambda: not _listens(estate.lab))
    assert internet.ask(PUBLICATIONS[0].name, "/") == []
