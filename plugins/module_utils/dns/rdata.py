# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of records as text and in wire form. Private to the collection.

The wire forms are canonical: uncompressed, and with names in lower case, so that equal values are equal octets.
"""

from __future__ import annotations

import re
import socket
import struct
from typing import Callable

from . import library, names

if not library.MISSING:
    import dns.exception
    import dns.name
    import dns.rdata
    import dns.rdataclass
    import dns.rdatatype

A, NS, CNAME, SOA, PTR, MX, TXT, AAAA, SRV, DNAME = 1, 2, 5, 6, 12, 15, 16, 28, 33, 39
TYPES = {"A": A, "AAAA": AAAA, "CNAME": CNAME, "MX": MX, "NS": NS, "PTR": PTR, "SRV": SRV, "TXT": TXT}
TYPE_NAMES = {code: name for name, code in TYPES.items()}
MOST_IN_STRING = 255
MOST_OCTETS = 65535


class BadValueError(ValueError):
    """A value that its type cannot have."""


def type_text(code: int) -> str:
    known = TYPE_NAMES.get(code)
    if known:
        return known
    return str(dns.rdatatype.to_text(dns.rdatatype.RdataType.make(code))) if not library.MISSING else f"TYPE{code}"


def from_text(code: int, text: str) -> bytes:
    """The canonical wire form of a value."""
    return _READERS[code](text.strip())


def to_text(code: int, wire: bytes) -> str:
    """The value as a zone file has it, with whole names."""
    writer = _WRITERS.get(code)
    if writer:
        return writer(wire)
    if library.MISSING:
        return f"\\# {len(wire)} {wire.hex()}"
    rdata = dns.rdata.from_wire(dns.rdataclass.IN, dns.rdatatype.RdataType.make(code), wire, 0, len(wire))
    return str(rdata.to_text(origin=None, relativize=False))


def _address(family: int, what: str) -> Callable[[str], bytes]:
    def read(text: str) -> bytes:
        try:
            return socket.inet_pton(family, text)
        except OSError:
            raise BadValueError(f"{text!r} is no {what} address") from None

    return read


def _name(text: str) -> bytes:
    if not text or " " in text:
        raise BadValueError(f"{text!r} is no name")
    try:
        return names.from_text(text)
    except names.BadNameError as error:
        raise BadValueError(str(error)) from None


def _numbers_and_name(what: str, count: int) -> Callable[[str], bytes]:
    pack = struct.Struct(f"!{count}H").pack

    def read(text: str) -> bytes:
        words = text.split()
        if len(words) != count + 1:
            raise BadValueError(f"{text!r} is not {what}")
        try:
            numbers = pack(*[int(word) for word in words[:-1]])
        except (ValueError, struct.error):
            raise BadValueError(f"{text!r} is not {what}, with numbers of 0 to 65535") from None
        return numbers + _name(words[-1])

    return read


def _strings(text: str) -> bytes:
    """Quoted strings as a zone file has them, or any other text as it is, however long."""
    if not text.startswith('"'):
        return _in_strings(text.encode())
    found = []
    rest = text
    while rest:
        match = _QUOTED.match(rest)
        if not match:
            raise BadValueError(f"{text!r}: a quoted string does not end, or something stands outside quotes")
        octets = _unescaped(match[1])
        if len(octets) > MOST_IN_STRING:
            raise BadValueError(
                f"a quoted string of {len(octets)} octets; at most {MOST_IN_STRING} are allowed. "
                "Write the text without quotes, and it is divided as needed"
            )
        found.append(bytes((len(octets),)) + octets)
        rest = rest[match.end() :]
    return _fitting(b"".join(found))


_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"\s*', re.DOTALL)
_ESCAPE = re.compile(rb"\\(?:(\d{3})|(.))", re.DOTALL)


def _unescaped(text: str) -> bytes:
    def octet(found: re.Match[bytes]) -> bytes:
        if not found[1]:
            return found[2]
        if int(found[1]) > 255:
            raise BadValueError(f"{text!r}: \\{found[1].decode()} is no octet; at most \\255 is allowed")
        return bytes((int(found[1]),))

    return _ESCAPE.sub(octet, text.encode())


def _in_strings(octets: bytes) -> bytes:
    parts = [octets[start : start + MOST_IN_STRING] for start in range(0, len(octets), MOST_IN_STRING)] or [b""]
    return _fitting(b"".join(bytes((len(part),)) + part for part in parts))


def _fitting(wire: bytes) -> bytes:
    if len(wire) > MOST_OCTETS:
        raise BadValueError(f"the text takes {len(wire)} octets; a record has at most {MOST_OCTETS}")
    return wire


_READERS: dict[int, Callable[[str], bytes]] = {
    A: _address(socket.AF_INET, "IPv4"),
    AAAA: _address(socket.AF_INET6, "IPv6"),
    CNAME: _name,
    NS: _name,
    PTR: _name,
    MX: _numbers_and_name("'preference name', such as '10 mail.example.org.'", 1),
    SRV: _numbers_and_name("'priority weight port target', such as '10 5 8443 host.example.org.'", 3),
    TXT: _strings,
}


def _strings_text(wire: bytes) -> str:
    parts = []
    position = 0
    while position < len(wire):
        length = wire[position]
        parts.append('"' + "".join(map(_quoted, wire[position + 1 : position + 1 + length])) + '"')
        position += 1 + length
    return " ".join(parts)


def _quoted(code: int) -> str:
    if code in (0x22, 0x5C):
        return f"\\{chr(code)}"
    return chr(code) if 0x20 <= code < 0x7F else f"\\{code:03d}"


_WRITERS: dict[int, Callable[[bytes], str]] = {
    A: lambda wire: socket.inet_ntop(socket.AF_INET, wire),
    AAAA: lambda wire: socket.inet_ntop(socket.AF_INET6, wire),
    CNAME: names.target_text,
    NS: names.target_text,
    PTR: names.target_text,
    MX: lambda wire: f"{int.from_bytes(wire[:2], 'big')} {names.target_text(wire[2:])}",
    SRV: lambda wire: " ".join([*map(str, struct.unpack("!3H", wire[:6])), names.target_text(wire[6:])]),
    TXT: _strings_text,
}
