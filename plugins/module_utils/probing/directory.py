# SPDX-License-Identifier: GPL-3.0-or-later
"""What a directory tells somebody it knows: objects by their name (RFC 4511), over TLS. Private to the collection.

A password is sent to nobody whose certificate was not verified.
"""

from __future__ import annotations

import contextlib
import dataclasses
import socket
import ssl
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .ldap import (
    BOOLEAN,
    DONE,
    ENTRY,
    ENUMERATED,
    INTEGER,
    OCTETS,
    PRESENT,
    SEARCH,
    SEQUENCE,
    attributes_of,
    messages_of,
    part,
    parts_of,
)

_BIND, _BOUND, _SIMPLE, _EQUAL, _UNBIND = 0x60, 0x61, 0x80, 0xA3, 0x42
_VERSION = b"\3"
_BASE, _WHOLE_TREE = b"\0", b"\2"
_MOST_BYTES = 1024 * 1024
# Codes that mean something else to whoever has to mend it than "it failed".
_CODES = {8: "it wants stronger authentication", 49: "it does not know this name and password", 32: "no such object"}


class DirectoryError(Exception):
    """The directory did not tell; the message says why."""


@dataclasses.dataclass(frozen=True)
class Account:
    """Who asks."""

    name: str
    password: str = dataclasses.field(repr=False)
    trust: str | None = None  # a file of authorities; those of the system when left out


class Directory:
    """A directory that was reached, and knows who asks."""

    def __init__(self, line: ssl.SSLSocket) -> None:
        self._line = line
        self._number = 0

    def root(self) -> Mapping[str, str]:
        """What it says of itself."""
        names = ("defaultNamingContext", "schemaNamingContext", "configurationNamingContext")
        found = self._search(b"", _BASE, part(PRESENT, b"objectClass"), names)
        return found[0] if found else {}

    def named(self, base: str, key: str, value: str, attributes: Iterable[str]) -> Mapping[str, str] | None:
        """The object below `base` of which the attribute `key` has a value; None where there is none."""
        equal = part(_EQUAL, part(OCTETS, key.encode()) + part(OCTETS, value.encode()))
        found = self._search(base.encode(), _WHOLE_TREE, equal, attributes)
        return found[0] if found else None

    def bind(self, account: Account) -> None:
        simple = part(_SIMPLE, account.password.encode())
        self._ask(part(_BIND, part(INTEGER, _VERSION) + part(OCTETS, account.name.encode()) + simple), _BOUND)

    def _search(self, base: bytes, scope: bytes, wanted: bytes, attributes: Iterable[str]) -> list[Mapping[str, str]]:
        whole = b"".join(
            (
                part(OCTETS, base),
                part(ENUMERATED, scope),
                part(ENUMERATED, b"\0"),
                part(INTEGER, b"\2"),
                part(INTEGER, b"\0"),
                part(BOOLEAN, b"\0"),
                wanted,
                part(SEQUENCE, b"".join(part(OCTETS, name.encode()) for name in attributes)),
            )
        )
        found = []
        for kind, content in self._ask(part(SEARCH, whole), DONE):
            parts = list(parts_of(content))
            if kind == ENTRY and len(parts) > 1:
                found.append(attributes_of(parts[1][1]))
        return found

    def _ask(self, operation: bytes, last: int) -> list[tuple[int, bytes]]:
        """All messages up to the last one, which says how it went."""
        self._number += 1
        self._line.sendall(part(SEQUENCE, part(INTEGER, bytes((self._number,))) + operation))
        data = b""
        while True:
            more = self._line.recv(65536)
            data += more
            heard = list(messages_of(data))
            if heard and heard[-1][0] == last:
                break
            if not more or len(data) > _MOST_BYTES:
                raise DirectoryError("it closed the connection, or said too much, before it had answered")
        code, words = _result(heard[-1][1])
        if code:
            raise DirectoryError(f"{_CODES.get(code, 'it answers with an error')} (code {code}: {words})")
        return heard


@contextlib.contextmanager
def opened(address: str, port: int, server_name: str, account: Account, timeout: float) -> Iterator[Directory]:
    """A directory at an address, whose certificate is for `server_name`."""
    try:
        context = _context(account)
        plain = socket.create_connection((address, port), timeout)
        with plain, context.wrap_socket(plain, server_hostname=server_name) as line:
            directory = Directory(line)
            directory.bind(account)
            yield directory
            line.sendall(part(SEQUENCE, part(INTEGER, b"\x7f") + part(_UNBIND, b"")))
    except ssl.SSLCertVerificationError as error:
        raise DirectoryError(f"its certificate is not trusted for {server_name}: {error.verify_message}") from error
    except OSError as error:
        raise DirectoryError(error.strerror or str(error) or "no answer in time") from error


def _context(account: Account) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=account.trust)
    except OSError as error:
        raise DirectoryError(f"{account.trust} holds no authorities to trust: {error.strerror or error}") from error


def _result(content: bytes) -> tuple[int, str]:
    parts: list[tuple[int, Any]] = list(parts_of(content))
    if not parts:
        raise DirectoryError("that is no LDAP answer")
    return int.from_bytes(parts[0][1], "big"), parts[2][1].decode("utf-8", "replace") if len(parts) > 2 else ""
