# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys and signatures against another library."""

from __future__ import annotations

import base64
import struct
from pathlib import Path

import dns.message
import dns.name
import dns.tsig
import pytest
from dns.rdtypes.ANY.TSIG import TSIG

from ansible_collections.openuc.ocs.plugins.module_utils.dns import names, signing, wire
from ansible_collections.openuc.ocs.plugins.module_utils.dns.errors import BadSignatureError

SECRET = base64.b64encode(b"a secret of some length indeed").decode()
NOW = 1_700_000_000
QUESTION = wire.question(7, names.from_text("contoso.com"), 6)


def keyring(algorithm: str) -> dict[dns.name.Name, dns.tsig.Key]:
    name = dns.name.from_text("openuc")
    return {name: dns.tsig.Key(name, SECRET, algorithm)}


def clock(drift: int = 0):
    return lambda: NOW + drift


@pytest.fixture(autouse=True)
def _their_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dns.message.time, "time", clock())


LIBRARY_NAMES = {
    "hmac-sha256": "hmac-sha256.",
    "hmac-sha512": "hmac-sha512.",
    "hmac-md5": "HMAC-MD5.SIG-ALG.REG.INT.",
}


@pytest.mark.parametrize("algorithm", sorted(LIBRARY_NAMES))
def test_requests_are_verified_and_answers_believed(algorithm: str) -> None:
    ring = keyring(LIBRARY_NAMES[algorithm])
    session = signing.Session(signing.key_of("OpenUC", f"{algorithm}:{SECRET}"), clock())
    signed, code = session.sign(QUESTION)
    query = dns.message.from_wire(signed, keyring=ring)
    assert (query.had_tsig, query.keyname) == (True, dns.name.from_text("openuc"))
    answer = dns.message.make_response(query).to_wire()
    session.answers(code).check(wire.Reader(answer).message())


def checked(answer: bytes, code: bytes, session: signing.Session) -> str:
    with pytest.raises(BadSignatureError) as told:
        session.answers(code).check(wire.Reader(answer).message())
    return told.value.what


class TestAnswersThatAreNotBelieved:
    SESSION = signing.Session(signing.key_of("openuc", SECRET), clock())

    def answer(self) -> tuple[bytearray, bytes]:
        signed, code = self.SESSION.sign(QUESTION)
        query = dns.message.from_wire(signed, keyring=keyring("hmac-sha256."))
        return bytearray(dns.message.make_response(query).to_wire()), code

    def test_those_that_were_changed(self) -> None:
        answer, code = self.answer()
        answer[3] ^= 3
        assert "does not agree with the key openuc" in checked(bytes(answer), code, self.SESSION)

    def test_those_to_another_question(self) -> None:
        answer, code = self.answer()
        assert "does not agree" in checked(bytes(answer), bytes(len(code)), self.SESSION)

    def test_those_without_a_signature(self) -> None:
        plain = dns.message.make_response(dns.message.from_wire(QUESTION)).to_wire()
        assert "bears no signature" in checked(plain, b"", self.SESSION)

    def test_those_of_another_time(self) -> None:
        late = signing.Session(signing.key_of("openuc", SECRET), clock(1000))
        answer, code = self.answer()
        assert "the clocks differ" in checked(bytes(answer), code, late)


class TestTransfers:
    """A server may sign some messages of a transfer only: the first, the last, and every so many between."""

    def messages(
        self, signed: tuple[bool, ...], spoil: int | None = None
    ) -> tuple[signing.Answers, list[wire.Message]]:
        session = signing.Session(signing.key_of("openuc", SECRET), clock())
        _request, code = session.sign(QUESTION)
        (key,) = keyring("hmac-sha256.").values()
        made, context = [], None
        for number, signs in enumerate(signed):
            plain = wire.HEADER.pack(7, 0x8400, 0, 0, 0, 0)
            if not signs:
                context.update(plain)
            else:
                blank = TSIG(255, 250, key.algorithm, 0, 300, b"", 7, 0, b"")
                value, context = dns.tsig.sign(plain, key, blank, NOW, code, context, True)
                octets = value.to_wire()
                record = key.name.to_wire() + struct.pack("!HHIH", 250, 255, 0, len(octets)) + octets
                plain = plain[:10] + b"\0\1" + record
            if number == spoil:
                plain = plain[:2] + b"\x84\x05" + plain[4:]
            made.append(wire.Reader(plain).message())
        return session.answers(code), made

    def believe(self, answers: signing.Answers, messages: list[wire.Message]) -> None:
        for message in messages:
            answers.check(message, several=True)
        answers.finish()

    @pytest.mark.parametrize("signed", [(True,), (True, True), (True, False, False, True), (True, False, True, True)])
    def test_all_that_a_later_signature_covers_is_believed(self, signed: tuple[bool, ...]) -> None:
        self.believe(*self.messages(signed))

    @pytest.mark.parametrize("spoilt", [0, 1, 2])
    def test_what_was_changed_on_the_way_is_noticed(self, spoilt: int) -> None:
        with pytest.raises(BadSignatureError, match="does not agree"):
            self.believe(*self.messages((True, False, True), spoilt))

    def test_the_last_must_be_signed(self) -> None:
        with pytest.raises(BadSignatureError, match="the last message of the transfer bears no signature"):
            self.believe(*self.messages((True, False)))


def test_without_a_key_nothing_is_signed_or_checked() -> None:
    session = signing.Session(None)
    assert session.sign(QUESTION) == (QUESTION, b"")
    session.answers(b"").check(wire.Reader(wire.HEADER.pack(7, 0x8000, 0, 0, 0, 0)).message())


def test_a_secret_never_shows() -> None:
    assert "secret" not in repr(signing.key_of("openuc", SECRET))


@pytest.mark.parametrize(
    ("text", "words"),
    [("hmac-sha3:" + SECRET, "'hmac-sha3' is none of hmac-sha256"), ("not base64!", "the secret is no base64")],
)
def test_keys_that_cannot_be_say_why_without_the_secret(text: str, words: str) -> None:
    with pytest.raises(signing.BadKeyError) as told:
        signing.key_of("openuc", text)
    assert words in str(told.value)
    assert SECRET not in str(told.value)
    assert "not base64!" not in str(told.value)


class TestKeyFiles:
    def read(self, tmp_path: Path, text: str | bytes, mode: int = 0o600) -> dict[str, str]:
        path = tmp_path / "openuc.key"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        path.chmod(mode)
        return signing.keys_in(str(path))

    def test_keys_are_read_as_bind_has_them(self, tmp_path: Path) -> None:
        text = f'# by tsig-keygen\nkey "OpenUC." {{\n\talgorithm hmac-sha512;\n\tsecret "{SECRET}";\n}};\n'
        text += f"key other {{ secret {SECRET}; }};"
        assert self.read(tmp_path, text) == {"openuc": f"hmac-sha512:{SECRET}", "other": f"hmac-sha256:{SECRET}"}

    @pytest.mark.parametrize(
        ("text", "mode", "words"),
        [
            ("key openuc { secret x; };", 0o640, "can be read by others (mode 0640); chmod 0600 it"),
            ("nothing", 0o600, "has no key"),
            (b"\xff\xfe", 0o600, "it is no text"),
        ],
    )
    def test_files_that_will_not_do_say_why(self, tmp_path: Path, text: str | bytes, mode: int, words: str) -> None:
        with pytest.raises(signing.BadKeyError) as told:
            self.read(tmp_path, text, mode)
        assert words in str(told.value)

    def test_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(signing.BadKeyError, match="No such file"):
            signing.keys_in(str(tmp_path / "none"))
