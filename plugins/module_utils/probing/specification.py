# SPDX-License-Identifier: GPL-3.0-or-later
"""From options to probes: checked in one pass, with all problems at once. Private to the collection."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Callable

from ..items import Field, Fields, item_problems, nearest
from . import outcomes
from .addresses import family_of
from .model import Probe, Protocol
from .protocols import PROTOCOLS

COMMON: Fields = {
    "id": Field(str, required=True),
    "protocol": Field(str, required=True, choices=tuple(PROTOCOLS)),
    "address": Field(str, required=True),
    "port": Field(int),
    "resolver": Field(str),
    "source_address": Field(str),
    "source_port": Field(int),
    "timeout": Field(float),
    "slow_after": Field(float),
    "expect": Field(object),
}
# The kernel tells after about three seconds that a neighbour does not answer; before, it looks like a filter.
DEFAULT_TIMEOUT = 4.0
LONGEST_TIMEOUT = 600
MOST_TRIES = 10
HIGHEST_PORT = 2**16 - 1

_HOST_NAME = re.compile(
    r"(?=.{1,253}\.?$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*\.?",
    re.IGNORECASE,
)
# Options that tell what the answer must hold.
_CONTENTS = ("values", "names", "mapped", "statuses")
_LOOKS_NUMERIC = re.compile(r"[0-9.]+|.*:.*")
_FIELDS: Mapping[str, Fields] = {name: {**COMMON, **protocol.fields} for name, protocol in PROTOCOLS.items()}
_ALL_FIELDS: Fields = {key: field for fields in _FIELDS.values() for key, field in fields.items()}


def decode(items: Any, defaults: Mapping[str, Any] | None = None) -> tuple[list[Probe], list[str]]:
    """The probes that options ask for, and every problem of them; no probe is usable while there is a problem."""
    if not isinstance(items, (list, tuple)):
        return [], [f"probes: expected a list, got {type(items).__name__}"]
    problems = list(_default_problems(defaults or {}))
    if problems:
        return [], problems
    usual = {
        name: {key: value for key, value in (defaults or {}).items() if key in fields}
        for name, fields in _FIELDS.items()
    }
    probes: list[Probe] = []
    seen: dict[str, int] = {}
    for index, given in enumerate(items):
        where = f"probes[{index}]"
        found = list(_problems(where, given, usual, seen))
        if found:
            problems.extend(found)
        else:
            seen[given["id"]] = index
            probes.append(_probe({**usual[given["protocol"]], **given}))
    return probes, problems


def _default_problems(defaults: Mapping[str, Any]) -> Iterator[str]:
    for key in ("id", "protocol"):
        if key in defaults:
            yield f"defaults.{key}: belongs to each probe"
    optional = {key: Field(field.kind, False, field.choices, field.elements) for key, field in _ALL_FIELDS.items()}
    yield from item_problems("defaults", defaults, optional)


def _problems(where: str, given: Any, usual: Mapping[str, Mapping[str, Any]], seen: Mapping[str, int]) -> Iterator[str]:
    if not isinstance(given, Mapping):
        yield f"{where}: expected a mapping, got {given!r}"
        return
    name = given.get("protocol")
    if not isinstance(name, str) or name not in PROTOCOLS:
        # What else it may have depends on its protocol.
        yield from item_problems(where, {key: given[key] for key in COMMON if key in given}, COMMON)
        return
    item = {**usual[name], **given}
    wrong_types = item_problems(where, item, _FIELDS[name])
    if wrong_types:
        yield from wrong_types
        return
    if item["id"] in seen:
        yield f"{where}.id: {item['id']!r} is the id of probes[{seen[item['id']]}] already"
    for key, value in item.items():
        check = _CHECKS.get(key)
        problem = check(value) if check else ""
        if problem:
            yield f"{where}.{key}: {problem}"
    protocol = PROTOCOLS[name]
    if "port" not in item and protocol.port is None:
        yield f"{where}.port: is missing"
    yield from _expect_problems(where, item, protocol)
    yield from _family_problems(where, item)
    yield from protocol.problems(where, item)


def _probe(item: Mapping[str, Any]) -> Probe:
    protocol = PROTOCOLS[item["protocol"]]
    return Probe(
        id=item["id"],
        protocol=item["protocol"],
        address=item["address"],
        port=item.get("port", protocol.port),
        timeout=item.get("timeout", DEFAULT_TIMEOUT),
        resolver=item.get("resolver"),
        source_address=item.get("source_address"),
        source_port=item.get("source_port"),
        slow_after=item.get("slow_after"),
        expect=_expected(item, protocol),
        options=protocol.options(item),
    )


def _expected(item: Mapping[str, Any], protocol: Protocol) -> frozenset[str] | None:
    """What is asked for by `expect`; an item that tells what the answer must hold expects that without it."""
    words = item.get("expect")
    if words is None:
        return outcomes.RIGHT & protocol.outcomes if any(item.get(key) for key in _CONTENTS) else None
    listed = [words] if isinstance(words, str) else words
    return frozenset(outcome for word in listed for outcome in outcomes.GROUPS.get(word, (word,)))


def _expect_problems(where: str, item: Mapping[str, Any], protocol: Protocol) -> Iterator[str]:
    words = item.get("expect")
    if words is None:
        return
    allowed = [*(word for word in outcomes.MEANINGS if word in protocol.outcomes), *outcomes.GROUPS]
    listed = [words] if isinstance(words, str) else words
    if not isinstance(listed, list) or not listed:
        yield f"{where}.expect: expected a word or a list of words, got {words!r}"
        return
    for word in listed:
        if word not in allowed:
            yield (
                f"{where}.expect: {word!r} is no outcome of {item['protocol']}; "
                f"it may be {', '.join(allowed)}{nearest(word, allowed)}"
            )


def _family_problems(where: str, item: Mapping[str, Any]) -> Iterator[str]:
    families = {family_of(item["address"]), family_of(item.get("source_address", ""))} - {None}
    if len(families) > 1:
        yield f"{where}.source_address: {item['source_address']!r} is not of the family of {item['address']!r}"


def _port_problem(value: int) -> str:
    return "" if 1 <= value <= HIGHEST_PORT else f"expected 1 to {HIGHEST_PORT}, got {value}"


def _address_problem(value: str) -> str:
    if family_of(value) is not None:
        return ""
    if _LOOKS_NUMERIC.fullmatch(value) or not _HOST_NAME.fullmatch(value):
        return f"expected an IP address or a host name, got {value!r}"
    return ""


def _name_problem(value: str) -> str:
    return "" if _HOST_NAME.fullmatch(value) else f"expected a name such as example.org, got {value!r}"


def _ip_problem(value: str) -> str:
    return "" if family_of(value) is not None else f"expected an IP address, got {value!r}"


def _seconds_problem(value: float) -> str:
    return "" if 0 < value <= LONGEST_TIMEOUT else f"expected seconds, up to {LONGEST_TIMEOUT}, got {value}"


def _tries_problem(value: int) -> str:
    return "" if 1 <= value <= MOST_TRIES else f"expected 1 to {MOST_TRIES}, got {value}"


_CHECKS: Mapping[str, Callable[[Any], str]] = {
    "port": _port_problem,
    "source_port": _port_problem,
    "address": _address_problem,
    "resolver": _ip_problem,
    "source_address": _ip_problem,
    "timeout": _seconds_problem,
    "slow_after": _seconds_problem,
    "tries": _tries_problem,
    "domain": _name_problem,
    "origin": _name_problem,
    "host": _name_problem,
}
