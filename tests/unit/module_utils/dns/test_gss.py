# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys agreed upon, with a stand-in for Kerberos; tests/integration/dns does it with a real domain."""

from __future__ import annotations

import enum
import hashlib
import hmac
import struct
import time
import types
import typing as t

import dns.message
import dns.name
import dns.rdata
import dns.tsig
import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.dns import connection, engine, gss, names, signing, wire
from ansible_collections.openuc.ocs.plugins.module_utils.dns.errors import DnsError

from .conftest import Estate, options, record
from .nameserver import KEYRING

SERVER = "dc1.corp.contoso.com"
MUTUAL = "mutual"


class GSSError(Exception):
    pass


class Context:
    """Complete after the server's `rounds`-th token."""

    rounds = 1
    proven: t.ClassVar[list[str]] = [MUTUAL]

    def __init__(self, **_given: t.Any) -> None:
        self.tokens: list[bytes] = []
        self.complete = False
        self.actual_flags = self.proven

    def step(self, token: bytes | None = None) -> bytes:
        if token is not None:
            self.tokens.append(token)
        if token == b"refused":
            raise GSSError("Ticket expired")
        self.complete = len(self.tokens) >= self.rounds
        return b"ours%d" % len(self.tokens)

    def get_signature(self, data: bytes) -> bytes:
        return hmac.new(b"agreed", data, hashlib.sha256).digest()

    def verify_signature(self, data: bytes, signature: bytes) -> None:
        if self.get_signature(data) != signature:
            raise GSSError("bad")


@pytest.fixture(autouse=True)
def _kerberos(monkeypatch: pytest.MonkeyPatch) -> None:
    flags = enum.Enum("Flags", {"mutual_authentication": MUTUAL, "replay_detection": "r", "integrity": "i"})
    fake = types.SimpleNamespace(
        Name=lambda text, _kind: text,
        NameType=types.SimpleNamespace(hostbased_service="service"),
        RequirementFlag=types.SimpleNamespace(**{flag.name: flag.value for flag in flags}),
        SecurityContext=Context,
        exceptions=types.SimpleNamespace(GSSError=GSSError),
    )
    monkeypatch.setattr(gss, "gssapi", fake, raising=False)
    monkeypatch.setattr(gss, "MISSING", None)
    monkeypatch.setattr(Context, "rounds", 1)
    monkeypatch.setattr(Context, "proven", [MUTUAL])


class Server:
    """Answers TKEY questions as another library reads and writes them."""

    def __init__(self, token: bytes = b"theirs", error: int = 0, code: int = 0) -> None:
        self.token, self.error, self.code = token, error, code
        self.seen: list[bytes] = []

    def __call__(self, request: bytes) -> wire.Message:
        query = dns.message.from_wire(request)
        (asked,) = query.additional
        assert (query.question[0].name, query.question[0].rdtype.name) == (asked.name, "TKEY")
        assert asked.name.is_subdomain(dns.name.from_text(SERVER))
        given = asked[0]
        assert (given.algorithm, given.mode, given.expiration - given.inception) == (dns.tsig.GSS_TSIG, 3, 3600)
        self.seen.append(given.key)
        reply = dns.message.make_response(query)
        reply.set_rcode(self.code)
        if self.token:
            value = given.replace(key=self.token, error=self.error)
            reply.answer.append(dns.rrset.from_rdata(asked.name, 0, value))
        return wire.Reader(reply.to_wire()).message()


def agree(server: Server) -> t.Any:
    return gss.agree(gss.Account(SERVER), server, 65535)[0]


@pytest.mark.parametrize("rounds", [1, 3])
def test_a_key_is_agreed_upon_in_as_many_rounds_as_it_takes(rounds: int) -> None:
    Context.rounds = rounds
    server = Server()
    key = agree(server)
    assert key.algorithm == dns.tsig.GSS_TSIG
    assert key.secret.tokens == [b"theirs"] * rounds
    assert server.seen == [b"ours%d" % number for number in range(rounds)]


@pytest.mark.parametrize(
    ("server", "words"),
    [
        (Server(b"refused"), f"Kerberos gave no key of the task's Kerberos account for {SERVER} (Ticket expired)"),
        (Server(error=17), "the server did not accept the key of the task's Kerberos account for"),
        (Server(code=5), "the server refused to agree upon a key (TKEY) (REFUSED)"),
        (Server(b""), "the server answered without a key (TKEY)"),
    ],
)
def test_what_does_not_come_about_says_why(server: Server, words: str) -> None:
    with pytest.raises(DnsError) as told:
        agree(server)
    assert words in told.value.what


def test_it_does_not_go_on_for_ever() -> None:
    Context.rounds = 99
    with pytest.raises(DnsError, match="came about in 8 messages"):
        agree(Server())


def test_a_server_must_prove_who_it_is() -> None:
    Context.proven = []
    with pytest.raises(DnsError, match="did not prove who it is"):
        agree(Server())


class TestAnswers:
    """Signed with the agreed key, as the RFC has it or as Samba does."""

    def answer(self, code_before: t.Callable[[bytes], bytes]) -> tuple[signing.Session, wire.Message, bytes]:
        account = gss.Account(SERVER)
        key = agree(Server())
        session = signing.Session(account, agreed=key)
        request, code = session.sign(wire.question(7, names.from_text("contoso.com"), 6))
        query = dns.message.from_wire(request, keyring={key.name: key})
        plain = dns.message.make_response(dns.message.from_wire(wire.question(7, names.from_text("contoso.com"), 6)))
        whole = plain.to_wire()
        now = int(time.time())
        variables = (
            key.name.to_wire()
            + struct.pack("!HI", 255, 0)
            + gss.ALGORITHM
            + struct.pack("!HIHHH", now >> 32, now & 0xFFFFFFFF, 300, 0, 0)
        )
        mac = key.secret.get_signature(code_before(query.mac) + whole + variables)
        value = gss.ALGORITHM + struct.pack("!HIHH", now >> 32, now & 0xFFFFFFFF, 300, len(mac)) + mac
        value += struct.pack("!HHH", 7, 0, 0)
        record = key.name.to_wire() + struct.pack("!HHIH", 250, 255, 0, len(value)) + value
        return session, wire.Reader(whole[:10] + b"\0\1" + whole[12:] + record).message(), code

    def test_those_of_the_rfc_are_believed(self) -> None:
        session, message, code = self.answer(lambda mac: struct.pack("!H", len(mac)) + mac)
        session.answers(code).check(message)

    def test_those_of_samba_are_believed(self) -> None:
        session, message, code = self.answer(lambda mac: mac)
        session.answers(code).check(message)

    @pytest.mark.parametrize("before", [b"", b"another request's"])
    def test_those_to_another_request_are_not(self, before: bytes) -> None:
        session, message, code = self.answer(lambda _mac: before)
        with pytest.raises(DnsError, match="does not agree with the key"):
            session.answers(code).check(message)

    def test_a_signature_that_is_only_the_requests_speaks_for_refusals_alone(self) -> None:
        _session, message, _code = self.answer(lambda mac: mac)
        value = types.SimpleNamespace(mac=b"same")
        assert not gss.signed_as_samba_did(message, None, value, 0, b"same")
        refused = wire.Reader(wire.HEADER.pack(7, 0x8005, 0, 0, 0, 0)).message()
        assert gss.signed_as_samba_did(refused, None, value, 0, b"same")


def test_all_messages_of_a_run_are_signed_with_the_key_that_was_agreed_upon(
    estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once a connection; a transfer that is refused ends one connection, and not the key."""
    agreed: list[str] = []

    def agree_at_once(account: gss.Account, _ask: t.Any, number: int) -> tuple[t.Any, wire.Message]:
        agreed.append(account.server)
        answer = wire.Reader(wire.HEADER.pack(number, 0x8000, 0, 0, 0, 0)).message()
        return KEYRING[dns.name.from_text("openuc")], answer

    monkeypatch.setattr(gss, "agree", agree_at_once)
    estate.server.refused = {"axfr"}
    done = estate.run([record("sip", "A", "10.0.0.1")], update="gss", server=SERVER, key_name=None)
    assert (done["zones"][0]["applied"], done["zones"][0]["verified"]) == (1, True)
    assert agreed == [SERVER]


def test_the_library_is_asked_for_only_where_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gss, "MISSING", "Traceback")
    given = {"server": SERVER, "zone": "contoso.com", "update": "gss", "records": [], "journal_dir": "/nonexistent"}
    assert "update: gss needs the Python library gssapi" in engine.run(options(**given), True)["msg"]
    rendered = {**given, "state": "rendered", "format": "fragment"}
    assert "rendered" in engine.run(options(**rendered), False)


def test_an_account_is_named_in_messages_and_needs_no_key_name() -> None:
    given = {"server": f"{SERVER}.", "zone": "contoso.com", "update": "gss", "records": []}
    (job,), problems = engine.jobs_of(options(**given, journal_dir="/nonexistent"))
    assert (job.key, problems) == (gss.Account(SERVER), [])
    assert connection.Connection("127.0.0.1", 53, job.key, 1).key_name.endswith(f"account for {SERVER}")
