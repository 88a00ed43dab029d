# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers to those who speak first, as a server of what they speak would begin. None of it is a UC server."""

from __future__ import annotations

import ipaddress
import re
import struct
import typing as t

_COOKIE = 0x2112A442
_ECHOED = re.compile(rb"^(?:via|from|to|call-id|cseq)[ \t]*:[^\r\n]*", re.IGNORECASE | re.MULTILINE)
_TO = re.compile(rb"""\bto=["']([^"']*)["']""")


def to_stream(data: bytes, line: bytes) -> bytes | None:
    """What to say to the first bytes of a connection; None when they are of nothing that is known here."""
    if data.startswith(b"OPTIONS sip:"):
        headers = b"\r\n".join(_ECHOED.findall(data))
        body = f"Server: openuc-lab\r\nContent-Type: application/json\r\nContent-Length: {len(line)}\r\n\r\n"
        return b"SIP/2.0 200 OK\r\n" + headers + b"\r\n" + body.encode() + line
    if data.startswith(b"GET "):
        head = f"HTTP/1.1 200 OK\r\nServer: openuc-lab\r\nContent-Type: application/json\r\nContent-Length: {len(line)}"
        return f"{head}\r\nConnection: close\r\n\r\n".encode() + line
    if data.startswith((b"<?xml", b"<stream:stream")):
        asked = _TO.search(data)
        origin = asked[1] if asked else b"lab.invalid"
        namespace = b"http://etherx.jabber.org/streams"
        opening = b"<?xml version='1.0'?><stream:stream xmlns:stream='%s' from='%s' id='1' version='1.0'>"
        return opening % (namespace, origin)
    return None


def to_binding(data: bytes, peer: tuple[t.Any, ...]) -> bytes | None:
    """A binding response with the address that the request came from; None for what is no binding request."""
    if len(data) < 20 or struct.unpack_from("!HHI", data)[::2] != (0x0001, _COOKIE):
        return None
    address = ipaddress.IPv4Address(peer[0])
    value = struct.pack("!BBHI", 0, 1, peer[1] ^ (_COOKIE >> 16), int(address) ^ _COOKIE)
    body = struct.pack("!HH", 0x0020, len(value)) + value
    return struct.pack("!HH", 0x0101, len(body)) + data[4:20] + body
