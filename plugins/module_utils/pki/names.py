# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that may stand on a certificate. Private to the collection."""

from __future__ import annotations

import ipaddress
import re

LONGEST = 253
LONGEST_LABEL = 63
LONGEST_COMMON_NAME = 64
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?", re.IGNORECASE)


def problem(name: str) -> str:
    """What is wrong with a name, and how to mend it; empty when nothing is.

    Internationalised names are refused rather than encoded here, since there are two encodings that differ for some
    letters, and only who registered the name knows which one is in the DNS.
    """
    if is_address(name):
        return ""
    if not name.isascii():
        return f"{name!r} has letters beyond ASCII{_as_encoded(name)}"
    if len(name) > LONGEST:
        return f"{name!r} is {len(name)} characters long; a name has at most {LONGEST}"
    labels = name.split(".")
    if labels[0] == "*":
        labels = labels[1:]
        if len(labels) < 2:
            return f"{name!r} is a wildcard for a whole top-level domain; write at least *.domain.tld"
    for label in labels:
        if "*" in label:
            return f"{name!r} has a wildcard that is not the whole leftmost label; write *.domain.tld"
        if not label:
            return f"{name!r} has an empty label; take leading, trailing and double dots away"
        if len(label) > LONGEST_LABEL:
            return f"{name!r} has a label of {len(label)} characters; a label has at most {LONGEST_LABEL}"
        if not _LABEL.fullmatch(label):
            return f"{name!r}: {label!r} is no label of a host name; letters, digits, - and _ are allowed"
    return ""


def is_address(name: str) -> bool:
    """Whether it is an IP address, which has an alternative name of a kind of its own."""
    if not (name[-1:].isdigit() or ":" in name):  # most names are told by their last letter, and quickly
        return False
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def normal(name: str) -> str:
    """The name as it is read back: addresses have several spellings."""
    return str(ipaddress.ip_address(name)) if is_address(name) else name


def _as_encoded(name: str) -> str:
    try:
        encoded = name.lower().encode("idna").decode("ascii")
        if encoded.encode("ascii").decode("idna") == name.lower():
            return f"; write it as it stands in the DNS, {encoded}"
    except UnicodeError:
        pass
    return "; write it as it stands in the DNS, with labels that begin with xn--"
