# SPDX-License-Identifier: GPL-3.0-or-later
"""Batch files of `netsh` commands, held against the usage that netsh of Windows 7 prints of each command.

No more is known than those commands that our files have, and of each of them which options there are, which must be
given and what may stand in them. What is not known is refused, so a misspelt option fails as it would on the host.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import re
import typing as t

# What cmd.exe takes as one line.
LONGEST_LINE = 8191
LARGEST_PORT = 65535
_ARGUMENT = "%~1"
_QUIETLY = " >nul 2>&1"
_WORD = re.compile(r'(?:[^\s"]|"[^"]*")+')
_GUARD = re.compile(r'if "%~1"=="" \(echo [\w .:%]+ & exit /b 1\)')
_DIRECTIVES = re.compile(r"@echo off|rem( .*)?|:.*|", re.IGNORECASE)
# What the shell takes for itself outside quotation marks, and inside.
_SHELL, _SHELL_IN_QUOTES = frozenset("&|<>^()%!"), frozenset("%!")


class NetshError(Exception):
    """A line that would not do what it says, with its number."""


@dataclasses.dataclass(frozen=True)
class Command:
    """A command of netsh: its words, and the values of its options."""

    words: tuple[str, ...]
    options: t.Mapping[str, str]


Check = t.Callable[[str], bool]


def _any_text(value: str) -> bool:
    return bool(value)


def _one_of(*words: str) -> Check:
    return lambda value: value.lower() in words


def _number(value: str) -> bool:
    return value.isdigit() and int(value) <= LARGEST_PORT


def _ports(value: str) -> bool:
    """Any, or numbers and ranges of them."""
    return value == "any" or all(_span(part) for part in value.split(","))


def _span(text: str) -> bool:
    first, dash, last = text.partition("-")
    return _number(first) and (not dash or (_number(last) and int(first) < int(last)))


def _addresses(value: str) -> bool:
    """Any, or a list of addresses, networks and ranges, of which none is the whole Internet by another name."""
    return value == "any" or all(_address(part) for part in value.split(","))


def _address(text: str) -> bool:
    ends = text.split("-")
    try:
        if len(ends) > 1:
            first, last = (ipaddress.IPv4Address(end) for end in ends)
            return first < last
        return ipaddress.IPv4Network(text).prefixlen > 0
    except ValueError:
        return False


def _single(value: str) -> bool:
    return value in ("any", "me") or (_address(value) and "/" not in value)


def _mask(value: str) -> bool:
    try:
        return ipaddress.IPv4Network(f"0.0.0.0/{value}").prefixlen > 0
    except ValueError:
        return False


def _protocol(*names: str) -> Check:
    return lambda value: value.lower() in names or (value.isdigit() and int(value) <= 255)


_FILTERED = _protocol("any", "tcp", "udp", "icmpv4", "icmpv6")
_ENDS: t.Mapping[str, Check] = {"localip": _addresses, "remoteip": _addresses}
_PORTS: t.Mapping[str, Check] = {"localport": _ports, "remoteport": _ports}
_KNOWN: t.Mapping[tuple[str, ...], tuple[t.Mapping[str, Check], frozenset[str]]] = {
    ("advfirewall", "firewall", "add", "rule"): (
        {
            "name": lambda value: value.lower() != "all",
            "dir": _one_of("in", "out"),
            "action": _one_of("allow", "block", "bypass"),
            "description": _any_text,
            "enable": _one_of("yes", "no"),
            "profile": _one_of("public", "private", "domain", "any"),
            "interfacetype": _one_of("wireless", "lan", "ras", "any"),
            "protocol": _FILTERED,
            **_ENDS,
            **_PORTS,
        },
        frozenset({"name", "dir", "action"}),
    ),
    ("advfirewall", "firewall", "delete", "rule"): (
        {"name": _any_text, "dir": _one_of("in", "out"), "protocol": _FILTERED, **_ENDS, **_PORTS},
        frozenset({"name"}),
    ),
    ("advfirewall", "consec", "add", "rule"): (
        {
            "name": lambda value: value.lower() != "all",
            "endpoint1": _addresses,
            "endpoint2": _addresses,
            "action": _one_of("requireinrequestout", "requestinrequestout", "requireinrequireout", "noauthentication"),
            "protocol": _FILTERED,
            "port1": _ports,
            "port2": _ports,
        },
        frozenset({"name", "endpoint1", "endpoint2", "action"}),
    ),
    ("ipsec", "static", "add", "filteraction"): (
        {"name": _any_text, "action": _one_of("permit", "block", "negotiate")},
        frozenset({"name"}),
    ),
    ("ipsec", "static", "add", "filterlist"): ({"name": _any_text}, frozenset({"name"})),
    ("ipsec", "static", "add", "filter"): (
        {
            "filterlist": _any_text,
            "srcaddr": _single,
            "dstaddr": _single,
            "srcmask": _mask,
            "dstmask": _mask,
            "protocol": _protocol("any", "icmp", "tcp", "udp", "raw"),
            "srcport": _number,
            "dstport": _number,
            "mirrored": _one_of("yes", "no"),
        },
        frozenset({"filterlist", "srcaddr", "dstaddr"}),
    ),
    ("ipsec", "static", "add", "rule"): (
        {"name": _any_text, "policy": _any_text, "filterlist": _any_text, "filteraction": _any_text},
        frozenset({"name", "policy", "filterlist", "filteraction"}),
    ),
}
# A range of ports stands for what is said of it: nothing is listened to at 0.
_WITHOUT_PORTS = frozenset({"any", "0", "0-65535", ""})


def commands(text: str) -> list[Command]:
    """The commands of a batch file; a NetshError names the first line that is none."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        try:
            if not (_DIRECTIVES.fullmatch(line) or _GUARD.fullmatch(line)):
                found.append(_command(line))
        except ValueError as error:
            raise NetshError(f"line {number}: {error}: {line[:200]}") from error
    _check_references(found)
    return found


def _command(line: str) -> Command:
    if len(line) > LONGEST_LINE:
        raise ValueError(f"{len(line)} characters, of which cmd.exe takes {LONGEST_LINE}")
    said = line.removesuffix(_QUIETLY)
    if said.count('"') % 2:
        raise ValueError("a quotation mark is not closed")
    for number, part in enumerate(said.replace(_ARGUMENT, "").split('"')):
        special = set(part) & (_SHELL_IN_QUOTES if number % 2 else _SHELL)
        if special:
            raise ValueError(f"the shell takes {''.join(sorted(special))} for itself")
    program, *words = (word.replace('"', "") for word in _WORD.findall(said))
    context = tuple(word for word in words if "=" not in word)
    if program != "netsh" or context not in _KNOWN or tuple(words[: len(context)]) != context:
        raise ValueError("no command that is known")
    options: dict[str, str] = {}
    for word in words[len(context) :]:
        name, _equals, value = word.partition("=")
        if name in options:
            raise ValueError(f"{name} is given twice")
        options[name] = value
    _check(options, *_KNOWN[context])
    return Command(context, options)


def _check(options: t.Mapping[str, str], known: t.Mapping[str, Check], needed: frozenset[str]) -> None:
    for name, value in options.items():
        if name not in known:
            raise ValueError(f"no option is called {name}")
        if not known[name](value):
            raise ValueError(f"{name} cannot be {value!r}")
    if needed - options.keys():
        raise ValueError(f"{', '.join(sorted(needed - options.keys()))} must be given")
    ported = [name for name in options if "port" in name and options[name] not in _WITHOUT_PORTS]
    if ported and options.get("protocol", "any").lower() not in ("tcp", "udp"):
        raise ValueError(f"{ported[0]} needs a protocol that has ports")


def _check_references(found: t.Sequence[Command]) -> None:
    """A rule of IPsec names what was made before it."""
    made: set[tuple[str, str]] = set()
    for command in found:
        if command.words[0] != "ipsec":
            continue
        kind = command.words[-1]
        for referred in ("filterlist", "filteraction"):
            name = command.options.get(referred)
            if name is not None and (referred, name) not in made:
                raise NetshError(f"{kind} {command.options}: no {referred} is called so")
        made.add((kind, command.options.get("name", "")))
