# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS probes of real servers with certificates made here."""

from __future__ import annotations

import hashlib
import socket
import ssl
import struct
import sys
import typing as t
import warnings
from pathlib import Path

import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.probing import certificates, tls

from .conftest import DAY, NOW, Authority, Probing, Servers

NAME = "sip.contoso.test"


def look(probing: t.Any, port: int, authority: t.Any, **options: t.Any) -> dict[str, t.Any]:
    probe = {"address": "127.0.0.1", "server_name": NAME, "trust": str(authority.path), **options}
    return probing.one(protocol="tls", port=port, **probe)


def test_a_good_certificate_and_its_facts(probing: t.Any, servers: t.Any, authority: t.Any) -> None:
    path = authority.issue(NAME, "pool1.contoso.test")
    port = servers.tls(authority.server(path))
    result = look(probing, port, authority, names=[NAME, "POOL1.contoso.test"])
    assert (result["outcome"], result["detail"]) == ("open", "")
    assert result["facts"]["tls"]["version"] == "TLSv1.3"
    assert result["facts"]["certificate"] == {
        "subject": f"CN={NAME}",
        "issuer": "CN=Test authority",
        "serial": "A0B1C2",
        "not_before": (NOW - DAY).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "not_after": (NOW + 30 * DAY).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "sans": [NAME, "pool1.contoso.test"],
        "eku": ["serverAuth", "clientAuth"],
        "crl": ["http://crl.test/ca.crl"],
        "key": {"kind": "EC", "bits": 256},
        "sha256": hashlib.sha256(ssl.PEM_cert_to_DER_cert(path.read_text().split("-----BEGIN PRIV")[0])).hexdigest(),
    }


def test_trust_may_be_text(probing: t.Any, servers: t.Any, authority: t.Any) -> None:
    port = servers.tls(authority.server(authority.issue(NAME)))
    assert look(probing, port, authority, trust=authority.path.read_text())["outcome"] == "open"


def test_another_name(probing: t.Any, servers: t.Any, authority: t.Any) -> None:
    port = servers.tls(authority.server(authority.issue("other.contoso.test")))
    result = look(probing, port, authority)
    assert result["outcome"] == "wrong_name"
    assert result["detail"] == f"not for {NAME}; the certificate is for other.contoso.test"
    assert result["facts"]["certificate"]["sans"] == ["other.contoso.test"]


def test_a_name_that_is_lacking_and_a_wildcard_that_does_not_count(
    probing: t.Any, servers: t.Any, authority: t.Any
) -> None:
    port = servers.tls(authority.server(authority.issue("*.contoso.test")))
    result = look(probing, port, authority, names=[NAME])
    assert result["outcome"] == "wrong_name"
    assert result["detail"] == f"lacks {NAME}; has *.contoso.test"
    assert look(probing, port, authority)["outcome"] == "open"


@pytest.mark.parametrize(
    ("certificate", "outcome"),
    [
        ({"begins": NOW - 9 * DAY, "ends": NOW - DAY}, "expired"),
        ({"begins": NOW + DAY, "ends": NOW + 9 * DAY}, "not_yet_valid"),
        ({"self_signed": True}, "untrusted"),
    ],
)
def test_certificates_not_to_be_trusted(
    probing: t.Any, servers: t.Any, authority: t.Any, certificate: dict[str, t.Any], outcome: str
) -> None:
    port = servers.tls(authority.server(authority.issue(NAME, **certificate)))
    result = look(probing, port, authority, expect="passed")
    assert result["outcome"] == outcome
    assert result["met"] is True
    assert result["detail"]
    assert result["facts"]["certificate"]["subject"] == f"CN={NAME}"


def test_a_foreign_authority(probing: t.Any, servers: t.Any, authority: t.Any, tmp_path: Path) -> None:
    (tmp_path / "foreign").mkdir()
    foreign = Authority(tmp_path / "foreign")
    port = servers.tls(authority.server(authority.issue(NAME)))
    assert look(probing, port, foreign)["outcome"] == "untrusted"


def test_any_certificate_when_not_verified(probing: t.Any, servers: t.Any, authority: t.Any) -> None:
    port = servers.tls(authority.server(authority.issue("other", self_signed=True)))
    result = probing.one(protocol="tls", address="127.0.0.1", port=port, verify=False)
    assert result["outcome"] == "open"
    assert result["facts"]["certificate"]["sans"] == ["other"]


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("tickets", [0, 2])
def test_mutual_tls(probing: t.Any, servers: t.Any, authority: t.Any, version: ssl.TLSVersion, tickets: int) -> None:
    context = authority.server(authority.issue(NAME), clients=authority.path)
    context.minimum_version = context.maximum_version = version
    context.num_tickets = tickets
    port = servers.tls(context)
    without = look(probing, port, authority)
    assert without["outcome"] == "tls_failed"
    assert "client certificate" in without["detail"]
    client = str(authority.issue("client.contoso.test"))
    assert look(probing, port, authority, client_certificate=client)["outcome"] == "open"


def test_a_client_certificate_that_the_server_does_not_trust(probing: t.Any, servers: t.Any, authority: t.Any) -> None:
    port = servers.tls(authority.server(authority.issue(NAME), clients=authority.path))
    stranger = str(authority.issue("stranger", self_signed=True))
    result = look(probing, port, authority, client_certificate=stranger)
    assert result["outcome"] == "tls_failed"
    assert "our client certificate" in result["detail"]


def test_a_server_of_old_versions_only(probing: t.Any, servers: t.Any, authority: t.Any) -> None:
    context = authority.server(authority.issue(NAME))
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    port = servers.tls(context)
    result = look(probing, port, authority)
    assert result["outcome"] == "tls_failed"
    assert "minimum_version" in result["detail"]
    old = look(probing, port, authority, minimum_version="1.0")
    assert (old["outcome"], old["facts"]["tls"]["version"]) == ("open", "TLSv1.1")


def test_something_else_listens(probing: t.Any, servers: t.Any, authority: t.Any) -> None:
    port = servers.tcp(lambda connection: connection.sendall(b"220 mail.contoso.test\r\n"))
    result = look(probing, port, authority)
    assert result["outcome"] == "tls_failed"
    assert "does not speak TLS" in result["detail"]


def test_closed_at_once(probing: t.Any, servers: t.Any, authority: t.Any) -> None:
    port = servers.tcp(lambda connection: connection.recv(4096))
    result = look(probing, port, authority)
    assert result["outcome"] == "tls_failed"
    assert "during the" in result["detail"]


@pytest.mark.parametrize("kind", [ssl.SSLEOFError, ssl.SSLZeroReturnError])
def test_however_the_library_tells_that_it_was_closed(kind: type[ssl.SSLError]) -> None:
    """Which of them it is depends on whether the end came before our greeting was sent."""
    error = kind(6, "TLS/SSL connection has been closed (EOF)")
    error.reason = ""
    failed = tls._broken(error)
    assert failed.answer.detail == "closed during the handshake (TLS/SSL connection has been closed (EOF))"


def test_silence_after_the_connection(probing: t.Any, servers: t.Any, authority: t.Any) -> None:
    def wait_for_the_end(connection: socket.socket) -> None:
        while connection.recv(4096):
            pass

    port = servers.tcp(wait_for_the_end)
    result = look(probing, port, authority, timeout=0.3, expect="blocked")
    assert result["outcome"] == "silent"
    assert result["met"] is False


@pytest.mark.parametrize("option", ["trust", "client_certificate"])
def test_files_that_are_not_there(
    probing: t.Any, servers: t.Any, authority: t.Any, closed_port: int, option: str
) -> None:
    result = look(probing, closed_port, authority, **{option: "/nowhere/ca.pem"})
    assert result["outcome"] == "not_run"
    assert f"{option}: /nowhere/ca.pem: No such file" in result["detail"]


def test_facts_without_the_library(
    probing: t.Any, servers: t.Any, authority: t.Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = servers.tls(authority.server(authority.issue(NAME, "192.0.2.1")))
    monkeypatch.setitem(sys.modules, "cryptography", None)
    trusted = look(probing, port, authority, names=[NAME])
    assert trusted["outcome"] == "open"
    facts = trusted["facts"]["certificate"]
    assert facts["subject"] == f"CN={NAME}"
    assert facts["sans"] == [NAME, "192.0.2.1"]
    assert facts["serial"] == "A0B1C2"
    assert facts["not_after"] == (NOW + 30 * DAY).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert facts["missing"].startswith("eku, key: cryptography is not installed")


def test_only_the_fingerprint_of_an_untrusted_one_without_the_library(
    probing: t.Any, servers: t.Any, authority: t.Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = servers.tls(authority.server(authority.issue(NAME, self_signed=True)))
    monkeypatch.setitem(sys.modules, "cryptography", None)
    result = look(probing, port, authority)
    assert result["outcome"] == "untrusted"
    assert set(result["facts"]["certificate"]) == {"sha256", "missing"}
    assert "python3-cryptography" in result["facts"]["certificate"]["missing"]


def test_a_malformed_certificate_is_no_traceback() -> None:
    facts = certificates.facts_of(b"0\x03abc")
    assert set(facts) == {"sha256", "missing"}
    assert "malformed" in facts["missing"]


def test_a_server_that_ends_a_connection_at_once_is_there_and_speaks_no_tls(probing: Probing, servers: Servers) -> None:
    """As a balancer does that has no member in service."""

    def reset(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    port = servers.tcp(reset)
    seen = probing.all([{"protocol": "tls", "address": "127.0.0.1", "port": port}] * 40)
    assert {result["outcome"] for result in seen} == {"tls_failed"}
