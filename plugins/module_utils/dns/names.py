# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of the DNS as text and in wire form. Private to the collection.

Wire forms that are compared are in lower case. Lengths of labels are below the codes of letters, so that a whole name
may be put in lower case at once.
"""

from __future__ import annotations

import re

MOST_OCTETS = 255
MOST_IN_LABEL = 63
# Printed bare; everything else in a label is escaped.
_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_*/+=:!%^~|?&#'<>[]{},`")
_ESCAPED = re.compile(r"\\(?:(\d{3})|(.))|(\.)|([^\\.]+)", re.DOTALL)


class BadNameError(ValueError):
    """A name that cannot be one."""


def from_text(text: str) -> bytes:
    """The wire form, in lower case, of a whole name; a dot at its end makes no difference."""
    if text in (".", ""):
        if not text:
            raise BadNameError("a name is empty")
        return b"\0"
    try:
        text.encode("ascii")
    except UnicodeEncodeError:
        raise BadNameError(f"{text!r} has letters beyond ASCII; write it in its xn-- form") from None
    labels = _split(text) if "\\" in text else [label.encode() for label in text.removesuffix(".").split(".")]
    if not all(labels):
        raise BadNameError(f"{text!r} has an empty label")
    for label in labels:
        if len(label) > MOST_IN_LABEL:
            raise BadNameError(f"{text!r} has a label of {len(label)} octets; at most {MOST_IN_LABEL} are allowed")
    wire = b"".join([bytes((len(label),)) + label for label in labels]).lower() + b"\0"
    if len(wire) > MOST_OCTETS:
        raise BadNameError(f"{text!r} is {len(wire)} octets long; at most {MOST_OCTETS} are allowed")
    return wire


def _split(text: str) -> list[bytes]:
    labels = [bytearray()]
    position = 0
    while position < len(text):
        found = _ESCAPED.match(text, position)
        if not found:
            raise BadNameError(f"{text!r} ends with a backslash")
        code, letter, dot, plain = found.groups()
        if dot:
            labels.append(bytearray())
        elif code:
            if int(code) > 255:
                raise BadNameError(f"{text!r}: \\{code} is no octet; at most \\255 is allowed")
            labels[-1].append(int(code))
        else:
            labels[-1] += (letter or plain).encode()
        position = found.end()
    if len(labels) > 1 and not labels[-1]:
        labels.pop()
    return [bytes(label) for label in labels]


def to_text(wire: bytes) -> str:
    """A name without the dot at its end; the root is a dot."""
    labels = []
    position = 0
    while wire[position]:
        length = wire[position]
        labels.append(_label(wire[position + 1 : position + 1 + length]))
        position += 1 + length
    return ".".join(labels) or "."


def target_text(wire: bytes) -> str:
    """A name with the dot at its end, as targets of records are written."""
    text = to_text(wire)
    return text if text == "." else f"{text}."


def _label(label: bytes) -> str:
    if _PLAIN.issuperset(label):
        return label.decode()
    return "".join(_character(code) for code in label)


def _character(code: int) -> str:
    if code in _PLAIN:
        return chr(code)
    return f"\\{chr(code)}" if 0x20 < code < 0x7F else f"\\{code:03d}"


def within(wire: bytes, zone: bytes) -> bool:
    """True when a name is the zone's or below it."""
    return wire == zone or (wire.endswith(zone) and wire[-len(zone) :] == zone and _at_label(wire, len(zone)))


def _at_label(wire: bytes, tail: int) -> bool:
    """True when the tail begins at a label, and not within one."""
    position, start = 0, len(wire) - tail
    while position < start:
        position += 1 + wire[position]
    return position == start


def parents(wire: bytes, zone: bytes) -> list[bytes]:
    """The names above one, up to the zone's."""
    found = []
    while wire not in (zone, b"\x00"):
        wire = wire[1 + wire[0] :]
        found.append(wire)
    return found
