# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates as servers show them: looked at from this host, over the wire. Private to the collection."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import datetime
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..items import Field, Fields, problems_of
from . import certificates, files, names, revocation
from . import library as lib
from .model import EKUS, CertificateFacts

STARTTLS = ("", "xmpp")
LONGEST_GREETING = 65536
# Part of what OpenSSL calls an alert, and what it means to who showed a certificate or showed none.
_REFUSALS = {
    "ALERT_UNSUPPORTED_CERTIFICATE": "the server wants another use on our certificate; servers with OpenSSL ask for "
    "the client use, those of Windows do not",
    "ALERT_UNKNOWN_CA": "the server does not trust the issuer of our certificate",
    "ALERT_CERTIFICATE_EXPIRED": "the server says that our certificate has ended",
    "ALERT_CERTIFICATE_REVOKED": "the server says that our certificate is revoked",
    "ALERT_CERTIFICATE_UNKNOWN": "the server does not accept our certificate",
    "ALERT_BAD_CERTIFICATE": "the server does not accept our certificate",
    "ALERT_CERTIFICATE_REQUIRED": "the server wants a certificate of ours",
}
CHECK: Fields = {
    "id": Field(str, required=True),
    "address": Field(str, required=True),
    "port": Field(int, required=True),
    "source_address": Field(str),
    "server_name": Field(str),
    "names": Field(list, elements=str),
    "eku": Field(list, elements=str),
    "sha256": Field(list, elements=str),
    "key_sha256": Field(str),
    "trust": Field(str),
    "client_certificate": Field(str),
    "client_key": Field(str),
    "revocation": Field(bool),
    "least_days": Field(int),
    "same_key": Field(str),
    "starttls": Field(str, choices=STARTTLS),
    "legacy": Field(bool),
}


@dataclasses.dataclass(frozen=True)
class Check:
    """A server to look at, and what its certificate is to be."""

    id: str
    address: str
    port: int
    source_address: str = ""
    server_name: str = ""
    names: tuple[str, ...] = ()
    eku: tuple[str, ...] = ()
    sha256: tuple[str, ...] = ()
    key_sha256: str = ""
    trust: str = ""  # a path, or the text of one
    client_certificate: str = ""
    client_key: str = ""
    revocation: bool = False
    least_days: int = 0
    same_key: str = ""
    starttls: str = ""
    legacy: bool = False


@dataclasses.dataclass(frozen=True)
class Seen:
    """What a server showed, and all that is wrong with it, by kind, in words."""

    id: str
    wrong: Mapping[str, str] = dataclasses.field(default_factory=dict)
    days_left: int | None = None
    sha256: str = ""
    key_sha256: str = ""

    def shown(self) -> dict[str, Any]:
        return {**dataclasses.asdict(self), "wrong": dict(self.wrong)}


def decode(items: Any, roots: Mapping[str, str] | None = None) -> tuple[list[Check], list[str]]:
    """Checks as they are given, and everything that is wrong with them; `roots` are texts that `trust` may name."""
    problems = problems_of("checks", items, CHECK)
    if problems:
        return [], problems
    for index, item in enumerate(items):
        where = f"checks[{index}]"
        if not 0 < item["port"] < 65536:
            problems.append(f"{where}.port: {item['port']} is no port; 1 to 65535 are")
        wrong = [word for word in item.get("eku", ()) if word not in EKUS]
        problems += [f"{where}.eku: {word!r} is none of {', '.join(EKUS)}" for word in wrong]
        if bool(item.get("client_certificate")) != bool(item.get("client_key")):
            problems.append(f"{where}: client_certificate and client_key go together")
        if item.get("revocation") and not item.get("trust"):
            problems.append(f"{where}.revocation: needs trust, since lists are signed by whom it leads to")
    if problems:
        return [], problems
    known = roots or {}
    fields: list[dict[str, Any]] = [
        {key: tuple(value) if isinstance(value, list) else value for key, value in item.items()} for item in items
    ]
    made = [Check(**each) for each in fields]
    return [dataclasses.replace(check, trust=known.get(check.trust, check.trust)) for check in made], []


def look_at_all(checks: Sequence[Check], timeout: float, at_once: int, now: datetime.datetime) -> list[Seen]:
    """All of them, many at a time, in their order."""
    with concurrent.futures.ThreadPoolExecutor(max(1, min(at_once, len(checks)))) as pool:
        seen = list(pool.map(lambda check: look(check, timeout, now), checks))
    return _compared(checks, seen)


def _compared(checks: Sequence[Check], seen: Sequence[Seen]) -> list[Seen]:
    """Servers of an array show the same key."""
    keys: dict[str, dict[str, list[str]]] = {}
    for check, one in zip(checks, seen):
        if check.same_key and one.key_sha256:
            keys.setdefault(check.same_key, {}).setdefault(one.key_sha256, []).append(one.id)
    found = []
    for check, one in zip(checks, seen):
        groups = keys.get(check.same_key, {})
        others = [name for key, ids in groups.items() if key != one.key_sha256 for name in ids]
        words = f"the key is another than that of {', '.join(others)}; all of {check.same_key} have the same"
        differs = {"same_key": words} if others and one.key_sha256 else {}
        found.append(dataclasses.replace(one, wrong={**one.wrong, **differs}))
    return found


def look(check: Check, timeout: float, now: datetime.datetime) -> Seen:
    """One server. It is spoken to twice: as somebody who trusts all, and as a peer who does not."""
    try:
        leaf, sent = _handshake(check, _context(check), timeout)
    except (OSError, ValueError) as error:
        return Seen(check.id, {"peer" if _is_refusal(check, error) else "connection": _reason(error)})
    facts = certificates.facts(leaf)
    wrong = _wrong(check, facts, now)
    if check.trust:
        wrong.update(_as_a_peer(check, timeout, leaf, sent, now))
    return Seen(check.id, wrong, facts.days_left(now), facts.sha256, facts.key)


def _wrong(check: Check, facts: CertificateFacts, now: datetime.datetime) -> dict[str, str]:
    wrong: dict[str, str] = {}
    lacking = [name for name in check.names if not any(covers(san, name) for san in facts.sans)]
    if lacking:
        wrong["name"] = f"alternative names lack {' '.join(lacking)}; there are {' '.join(facts.sans) or 'none'}"
    uses = [use for use in check.eku if use not in facts.eku]
    if uses:
        wrong["eku"] = f"extended key usage lacks {' '.join(uses)}; there is {' '.join(facts.eku) or 'none'}"
    date = certificates.date_problem(facts.not_before, facts.not_after, now, "it")
    days = facts.days_left(now)
    if date or days < check.least_days:
        wrong["date"] = date or f"{days} days are left, fewer than {check.least_days}"
    if check.sha256 and facts.sha256 not in check.sha256:
        expected = " or ".join(each[:16] for each in check.sha256)
        wrong["other"] = f"{facts.sha256[:16]} is shown in place of {expected}; was the server reloaded?"
    if check.key_sha256 and check.key_sha256 != facts.key:
        wrong["key"] = f"it is for another key, {facts.key[:16]}, than {check.key_sha256[:16]}"
    return wrong


def covers(san: str, name: str) -> bool:
    """Whether a name on a certificate is good for a name, with a wildcard for one label."""
    san, name = names.normal(san).lower(), names.normal(name).lower()
    return san == name or (san.startswith("*.") and san[2:] == name.partition(".")[2])


def _as_a_peer(check: Check, timeout: float, leaf: Any, sent: Sequence[Any], now: datetime.datetime) -> dict[str, str]:
    """Chain, mutual TLS and revocation, as another server of the estate would see them."""
    wrong: dict[str, str] = {}
    try:
        context = _context(check)
        if _is_text(check.trust):
            context.load_verify_locations(cadata=check.trust)
        else:
            context.load_verify_locations(check.trust)
        context.verify_mode = ssl.CERT_REQUIRED
        _handshake(check, context, timeout)
    except ssl.SSLCertVerificationError as error:
        # Dates are told above, by both clocks.
        if "expired" not in error.verify_message and "not yet valid" not in error.verify_message:
            wrong["chain"] = f"{error.verify_message}; is the whole chain shown, and is it the right authority's?"
    except (OSError, ValueError) as error:
        wrong["peer"] = _reason(error)
    if check.revocation and not sent:
        wrong["revocation"] = "not looked at, since Python tells the chain that a server sends from 3.10 on only"
    elif check.revocation and "chain" not in wrong:
        try:
            trust = check.trust.encode() if _is_text(check.trust) else files.read(Path(check.trust))
            roots = certificates.load_all(trust)
            chain, problem = certificates.chain_of(leaf, list(sent), roots, now)
        except ValueError as error:
            chain, problem = [], str(error)
        found = problem or revocation.problem(chain, now)
        if found:
            wrong["revocation"] = found
    return wrong


def _context(check: Check) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if check.legacy:
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
    if check.client_certificate:
        context.load_cert_chain(check.client_certificate, check.client_key)
        # With newer versions a server that refuses says so after the handshake only.
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


def _handshake(check: Check, context: ssl.SSLContext, timeout: float) -> tuple[Any, list[Any]]:
    """The certificate, and all that came with it."""
    name = check.server_name or (check.address if not names.is_address(check.address) else "")
    source = (check.source_address, 0) if check.source_address else None
    with socket.create_connection((check.address, check.port), timeout, source_address=source) as connection:
        if check.starttls == "xmpp":
            _start_xmpp(connection, name)
        with context.wrap_socket(connection, server_hostname=name or None) as secured:
            der = secured.getpeercert(binary_form=True)
            if not der:
                raise ValueError("no certificate is shown")
            return lib.x509.load_der_x509_certificate(der), _sent(secured)


def _sent(secured: ssl.SSLSocket) -> list[Any]:
    """The chain as it came: Python tells it since 3.13, and by a name of its own since 3.10."""
    inner: Any = getattr(secured, "_sslobj", None)
    told: Callable[[], Any] | None = getattr(inner, "get_unverified_chain", None)
    listed = (told() if told else None) or []
    # 1 is PEM to the inner object, whose constants have no public name.
    return [lib.x509.load_pem_x509_certificate(each.public_bytes(1).encode()) for each in listed]


def _start_xmpp(connection: socket.socket, name: str) -> None:
    """Ask an XMPP server to go on with TLS (RFC 6120, section 5)."""
    stream = "<?xml version='1.0'?><stream:stream xmlns='jabber:server' version='1.0' "
    connection.sendall(f"{stream}xmlns:stream='http://etherx.jabber.org/streams' to='{name}'>".encode())
    _read_until(connection, b"</stream:features>")
    connection.sendall(b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
    _read_until(connection, b"<proceed")


def _read_until(connection: socket.socket, mark: bytes) -> None:
    data = b""
    while mark not in data or not data.rstrip().endswith(b">"):
        more = connection.recv(4096)
        data += more
        if not more or len(data) > LONGEST_GREETING:
            raise ValueError(f"the server offers no TLS for XMPP; it said {data[:80]!r}")


def _is_text(trust: str) -> bool:
    return "-----BEGIN" in trust


def _is_refusal(check: Check, error: Exception) -> bool:
    """Whether a server ends a handshake because of the certificate that it was shown."""
    reason = (error.reason or "") if isinstance(error, ssl.SSLError) else ""
    return bool(check.client_certificate) and any(part in reason for part in _REFUSALS)


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        reason = error.reason or str(error)
        meaning = next((words for part, words in _REFUSALS.items() if part in reason), "")
        return f"the handshake ends with {reason}{': ' if meaning else ''}{meaning}"
    return str(error) or type(error).__name__
