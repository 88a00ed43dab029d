# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects of a directory are found by their name, by an account that it knows; and why it does not tell is said."""

from __future__ import annotations

import socket
import typing as t

import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.probing import directory

from .conftest import Authority, Servers
from .test_applications import ber

BASE = "DC=corp,DC=contoso,DC=com"
Answers = dict[int, bytes]


def done(kind: int, code: int = 0, words: bytes = b"") -> bytes:
    return ber(kind, ber(0x0A, bytes((code,))), ber(0x04), ber(0x04, words))


def entry(name: bytes, value: bytes) -> bytes:
    attribute = ber(0x30, ber(0x04, name), ber(0x31, ber(0x04, value)))
    return ber(0x64, ber(0x04, b"CN=x"), ber(0x30, attribute))


def message(*operations: bytes) -> bytes:
    return b"".join(ber(0x30, ber(0x02, b"\1"), operation) for operation in operations)


KNOWN: Answers = {0x60: message(done(0x61)), 0x63: message(entry(b"rangeUpper", b"1008"), done(0x65))}


@pytest.fixture
def ask(servers: Servers, authority: Authority) -> t.Callable[..., t.Any]:
    """Ask a directory that answers each kind of request in one way; what it has heard is kept in `ask.heard`."""
    heard: list[bytes] = []

    def asked(answers: Answers, name: str = "localhost", trust: str = "") -> t.Any:
        context = authority.server(authority.issue("localhost"))

        def talk(connection: socket.socket) -> None:
            with context.wrap_socket(connection, server_side=True) as secure:
                while data := secure.recv(4096):
                    heard.append(data)
                    # A sequence with a number of one byte, and then the request.
                    kind = data[5] if len(data) > 5 else 0
                    if not answers.get(kind):
                        return
                    secure.sendall(answers[kind])

        account = directory.Account("reader", "secret", trust or str(authority.path))
        with directory.opened("127.0.0.1", servers.tcp(talk), name, account, 5) as there:
            return there.named(BASE, "cn", "ms-RTC-SIP-SchemaVersion", ("rangeUpper",))

    t.cast(t.Any, asked).heard = heard
    return asked


def test_an_object_is_found_by_its_name(ask: t.Any) -> None:
    assert ask(KNOWN) == {"rangeUpper": "1008"}
    assert b"secret" in ask.heard[0], "the account is named first"
    assert BASE.encode() in ask.heard[1]
    assert b"ms-RTC-SIP-SchemaVersion" in ask.heard[1]


def test_what_is_not_there_is_nothing(ask: t.Any) -> None:
    assert ask({**KNOWN, 0x63: message(done(0x65))}) is None


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({0x60: message(done(0x61, 49, b"data 52e"))}, r"does not know this name and password \(code 49: data 52e\)"),
        ({0x60: message(done(0x61, 8))}, "wants stronger authentication"),
        ({**KNOWN, 0x63: message(done(0x65, 51))}, r"answers with an error \(code 51"),
        ({0x60: b""}, "closed the connection, or said too much"),
    ],
    ids=["wrong password", "too weak", "busy", "closes"],
)
def test_why_it_does_not_tell_is_said(ask: t.Any, answers: Answers, words: str) -> None:
    with pytest.raises(directory.DirectoryError, match=words):
        ask(answers)


def test_a_password_is_sent_to_nobody_who_is_not_trusted(ask: t.Any, tmp_path: t.Any) -> None:
    with pytest.raises(directory.DirectoryError, match=r"not trusted for dc9\.test"):
        ask(KNOWN, name="dc9.test")
    nothing = tmp_path / "empty.pem"
    nothing.write_text("")
    with pytest.raises(directory.DirectoryError, match=r"empty\.pem holds no authorities to trust"):
        ask(KNOWN, trust=str(nothing))
    assert ask.heard == []


def test_a_password_is_never_shown() -> None:
    assert "secret" not in repr(directory.Account("reader", "secret"))


def test_nobody_who_listens_is_said(closed_port: int, authority: Authority) -> None:
    account = directory.Account("reader", "secret", str(authority.path))
    refused = pytest.raises(directory.DirectoryError, match="Connection refused")
    with refused, directory.opened("127.0.0.1", closed_port, "localhost", account, 5):
        pass
