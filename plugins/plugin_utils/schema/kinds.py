# SPDX-License-Identifier: GPL-3.0-or-later
"""Kinds of text that occur in inventories and in the catalogue, each with its check and its words for people."""

from __future__ import annotations

import dataclasses
import re
import typing as t

_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)\Z", re.IGNORECASE)
_SIP_ADDRESS = re.compile(r"[^\s@:;]+@([^@]+)\Z")
_PORTS = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?\Z")
MAX_PORT = 65535
MAX_DSCP = 63
UNMANAGED_DSCP = ("not_configured", "disabled")

# Vocabularies that begin so are the names that the inventory itself declares.
INVENTORY = "inventory."


def is_dns_name(text: str) -> bool:
    """True for dotted or single-label names made of well-formed labels."""
    return 0 < len(text) <= 253 and all(_LABEL.match(label) for label in text.split("."))


def is_sip_address(text: str) -> bool:
    """True for a user's SIP URI without the scheme."""
    match = _SIP_ADDRESS.match(text)
    return bool(match and is_dns_name(match[1]))


def parse_ports(text: str) -> tuple[int, int] | None:
    """First and last port of `5061` or `50000-59999`; None when the text is neither."""
    match = _PORTS.match(text)
    if not match:
        return None
    first = int(match[1])
    last = int(match[2] or first)
    return (first, last) if 0 < first <= last <= MAX_PORT else None


def is_dscp(text: str) -> bool:
    """True for a code point of six bits and for the words that leave marking to Windows."""
    return text in UNMANAGED_DSCP or (text.isascii() and text.isdecimal() and int(text) <= MAX_DSCP)


@dataclasses.dataclass(frozen=True, slots=True)
class TextKind:
    """A checked kind of text: `allowed` says in words what is accepted."""

    name: str
    allowed: str
    accepts: t.Callable[[str], bool]
    json_pattern: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class OneOf:
    """Text that must be a word of a named vocabulary, which the catalogue or the inventory itself provides."""

    vocabulary: str


_NAME_PATTERN = r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$"

Name = t.Annotated[str, TextKind("name", "letters, digits, hyphens and dots", is_dns_name, _NAME_PATTERN)]
SipAddress = t.Annotated[
    str, TextKind("SIP address", "a user's SIP URI without sip:, such as anna@contoso.com", is_sip_address)
]
Ports = t.Annotated[
    str, TextKind("ports", "a port or a range such as 5061 or 50000-59999", lambda text: parse_ports(text) is not None)
]
Dscp = t.Annotated[str, TextKind("dscp", "a whole number from 0 to 63, not_configured or disabled", is_dscp)]
UserFigure = t.Annotated[str, OneOf("user_model")]
Product = t.Annotated[str, OneOf("products")]
Peer = t.Annotated[str, OneOf("peers")]
Feature = t.Annotated[str, OneOf("features")]
Application = t.Annotated[str, OneOf("applications")]
ServerType = t.Annotated[str, OneOf("server_types")]
Stage = t.Annotated[str, OneOf("stages")]

SiteName = t.Annotated[str, OneOf(INVENTORY + "sites")]
NetworkName = t.Annotated[str, OneOf(INVENTORY + "networks")]
PoolName = t.Annotated[str, OneOf(INVENTORY + "pools")]
EdgePoolName = t.Annotated[str, OneOf(INVENTORY + "edge_pools")]
SipDomain = t.Annotated[str, OneOf(INVENTORY + "sip_domains")]
HostName = t.Annotated[str, OneOf(INVENTORY + "hosts")]
