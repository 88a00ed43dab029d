# SPDX-License-Identifier: GPL-3.0-or-later
"""A table as the packet filter lists it, as JSON or as text, in words that both have in common.

Private to the collection. Nothing is made of it here: what the words mean is for `live` to say.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from .text import FAMILY, TABLE

_WORD = re.compile(r'"[^"]*"|[^\s,{}"]+|[,{}]')
_HEAD = re.compile(r"^(set|map|chain) (\S+) \{$")
_KNOWN_OF_SETS = frozenset({"family", "name", "table", "type", "handle", "map", "flags", "stmt", "elem"})
_PRIORITIES = {
    ("filter", "forward", 0): "filter hook forward priority filter",
    ("filter", "forward", -150): "filter hook forward priority mangle",
    ("nat", "prerouting", -100): "nat hook prerouting priority dstnat",
    ("nat", "postrouting", 100): "nat hook postrouting priority srcnat",
}

_CLASSES = {"be": 0, "df": 0, "lephb": 1, "va": 44, "ef": 46}


class ListingError(Exception):
    """What was listed cannot be read."""


class Element(NamedTuple):
    """An element of a set: the fields of its key, the value that a map has for it, its comment and its packets."""

    key: tuple[str, ...]
    value: str = ""
    comment: str = ""
    packets: int = 0


class Listing(NamedTuple):
    """A table: declarations of its sets and chains, by `set name`, `map name` and `chain name`, and the elements."""

    structure: dict[str, tuple[str, ...]]
    elements: dict[str, list[Element]]


# --- JSON -------------------------------------------------------------------------------------------------------------


def of_json(text: str) -> Listing | None:
    """The table in what `nft -j list table` says; None where it is not there."""
    try:
        objects = json.loads(text)["nftables"]
    except (ValueError, KeyError, TypeError) as error:
        raise ListingError(f"this is not what nft lists as JSON: {error}") from error
    found = Listing({}, {})
    present = False
    rules: dict[str, list[str]] = {}
    for item in objects:
        kind, body = next(iter(item.items()))
        if kind == "metainfo" or (body.get("family"), body.get("table", body.get("name"))) != (FAMILY, TABLE):
            continue
        present = True
        if kind in ("set", "map"):
            found.structure[f"{kind} {body['name']}"] = tuple(_declared(body))
            types = body["type"] if isinstance(body["type"], list) else [body["type"]]
            found.elements[body["name"]] = [_element(entry, types) for entry in body.get("elem") or ()]
        elif kind == "chain":
            rules[body["name"]] = list(_hooked(body))
        elif kind == "rule":
            rules.setdefault(body["chain"], []).append(_rule_text(body))
        elif kind != "table":
            found.structure[f"{kind} {body.get('name', '')}"] = (json.dumps(body, sort_keys=True),)
    found.structure.update({f"chain {name}": tuple(lines) for name, lines in rules.items()})
    return found if present else None


def _declared(body: Mapping[str, Any]) -> Iterator[str]:
    types = body["type"] if isinstance(body["type"], list) else [body["type"]]
    yield "type " + " . ".join(types) + (f" : {body['map']}" if "map" in body else "")
    flags = body.get("flags") or ()
    if flags:
        yield "flags " + ",".join([flags] if isinstance(flags, str) else flags)
    for statement in body.get("stmt") or ():
        yield _statement(statement)
    for key in sorted(body.keys() - _KNOWN_OF_SETS):
        yield f"{key} {json.dumps(body[key])}"


def _element(entry: Any, types: Sequence[str]) -> Element:
    value = ""
    if isinstance(entry, list):
        entry, value = entry[0], _verdict(entry[1])
    comment, packets = "", 0
    if isinstance(entry, dict) and "elem" in entry:
        body = entry["elem"]
        comment = body.get("comment", "")
        packets = (body.get("counter") or {}).get("packets", 0)
        entry = body["val"]
    parts = entry["concat"] if isinstance(entry, dict) and "concat" in entry else [entry]
    key = tuple(_quoted(part) if kind == "ifname" else _part(part) for part, kind in zip(parts, types))
    return Element(key, value, comment, packets)


def _quoted(part: Any) -> str:
    return f'"{part}"'


def _part(part: Any) -> str:
    if isinstance(part, (str, int)):
        return str(part)
    if isinstance(part, dict) and "prefix" in part:
        return f"{part['prefix']['addr']}/{part['prefix']['len']}"
    if isinstance(part, dict) and "range" in part:
        return f"{part['range'][0]}-{part['range'][1]}"
    return json.dumps(part)


def _verdict(value: Any) -> str:
    if isinstance(value, dict) and len(value) == 1:
        word, body = next(iter(value.items()))
        return f"{word} {body['target']}" if isinstance(body, dict) and "target" in body else str(word)
    return str(value)


def _hooked(body: Mapping[str, Any]) -> Iterator[str]:
    if "hook" in body:
        found = _PRIORITIES.get((body["type"], body["hook"], body["prio"]))
        found = found or f"{body['type']} hook {body['hook']} priority {body['prio']}"
        yield f"type {found}; policy {body.get('policy', 'accept')};"


def _rule_text(body: Mapping[str, Any]) -> str:
    said = f' comment "{body["comment"]}"' if body.get("comment") else ""
    return " ".join(_statement(statement) for statement in body["expr"]) + said


def _statement(statement: Mapping[str, Any]) -> str:
    """A statement as text; what our own tables never hold stays JSON, and differs from all that they do hold."""
    word, body = next(iter(statement.items()))
    if word in ("accept", "drop", "counter"):
        return str(word)
    try:
        if word == "match":
            right = body["right"]
            right = ",".join(right) if body["op"] == "in" and isinstance(right, list) else right
            if body["op"] in ("==", "in") and isinstance(right, (str, int)):
                return f"{_expression(body['left'])} {right}"
        elif word in ("goto", "jump"):
            return f"{word} {body['target']}"
        elif word == "vmap":
            return f"{_expression(body['key'])} vmap {body['data']}"
        elif word in ("dnat", "snat") and set(body) == {"family", "addr"}:
            mapped = body["addr"]["map"]
            return f"{word} {body['family']} to {_expression(mapped['key'])} map {mapped['data']}"
        elif word == "limit" and set(body) <= {"rate", "burst", "per"}:
            return f"limit rate {body['rate']}/{body['per']} burst {body['burst']} packets"
        elif word == "mangle" and "payload" in body["key"]:
            return f"{_expression(body['key'])} set {_number(body['value'])}"
        elif word == "log" and set(body) == {"prefix"}:
            return f'log prefix "{body["prefix"]}"'
    except (KeyError, TypeError):
        pass
    return json.dumps(statement, sort_keys=True)


def _expression(given: Mapping[str, Any]) -> str:
    if "concat" in given:
        return " . ".join(_expression(part) for part in given["concat"])
    if "payload" in given:
        return f"{given['payload']['protocol']} {given['payload']['field']}"
    if "ct" in given:
        return f"ct {given['ct']['key']}"
    if "meta" in given:
        key = given["meta"]["key"]
        return str(key) if key in ("iifname", "oifname") else f"meta {key}"
    return json.dumps(given, sort_keys=True)


# --- text -------------------------------------------------------------------------------------------------------------


def of_text(text: str) -> Listing | None:
    """The table in a file for `nft -f`, or in what `nft list` says; None where it is not there."""
    opening = f"table {FAMILY} {TABLE} {{"
    found: Listing | None = None
    lines = iter(text.splitlines())
    for line in lines:
        if line.strip() == opening:
            found = found or Listing({}, {})
            _read_table(lines, found)
    return found


def _read_table(lines: Iterator[str], found: Listing) -> None:
    for line in lines:
        words = line.strip()
        if words == "}":
            return
        head = _HEAD.match(words)
        if head:
            kind, name = head.groups()
            declared = list(_block(lines))
            elements = [each for each in declared if each.startswith("elements = {")]
            kept = [_plain(each) for each in declared if each not in elements]
            found.structure[f"{kind} {name}"] = tuple(kept)
            if kind != "chain":
                found.elements[name] = [each for block in elements for each in _elements(block)]
        elif words and not words.startswith("#"):
            raise ListingError(f"{words!r}: expected a set, a map or a chain of {FAMILY} {TABLE}")
    raise ListingError(f"the text ends within table {FAMILY} {TABLE}")


def _block(lines: Iterable[str]) -> Iterator[str]:
    """Lines of a set or chain; elements, which may stand on many, as one."""
    gathered: list[str] = []
    for line in lines:
        words = line.strip()
        if gathered or words.startswith("elements = {"):
            gathered.append(words)
            if words.endswith("}"):
                yield " ".join(gathered)
                gathered = []
        elif words == "}":
            return
        elif words:
            yield words
    raise ListingError("the text ends within a set or chain")


def _plain(line: str) -> str:
    """Without what counters have counted, and with numbers for the names of marks."""
    line = re.sub(r"counter packets \d+ bytes \d+", "counter", line)
    return re.sub(r"(?<= dscp set )\w+$", lambda found: _number(found[0]), line)


def _number(word: object) -> str:
    """A mark as a number: nft lists some by the names of their classes."""
    text = str(word)
    selector, assured = re.fullmatch(r"cs([0-7])", text), re.fullmatch(r"af([1-4])([1-3])", text)
    if selector:
        return str(8 * int(selector[1]))
    if assured:
        return str(8 * int(assured[1]) + 2 * int(assured[2]))
    if text in _CLASSES:
        return str(_CLASSES[text])
    try:
        return str(int(text, 0))
    except ValueError:
        return text


def _elements(block: str) -> Iterator[Element]:
    inside = block.partition("{")[2].rpartition("}")[0]
    words: list[str] = []
    for word in [*_WORD.findall(inside), ","]:
        if word != ",":
            words.append(word)
        elif words:
            try:
                yield _element_of(words)
            except (ValueError, IndexError) as error:
                raise ListingError(f"{' '.join(words)!r}: expected an element of a set") from error
            words = []


def _element_of(words: list[str]) -> Element:
    """`a . b counter packets 1 bytes 2 comment "c" : value`, of which only the key must be there."""
    value = ""
    if ":" in words:
        at = words.index(":")
        words, value = words[:at], " ".join(words[at + 1 :])
    comment, packets = "", 0
    if "comment" in words:
        at = words.index("comment")
        comment, words = words[at + 1].strip('"'), words[:at]
    if "counter" in words:
        at = words.index("counter")
        # Without what was counted, where the table is listed without its state.
        counted, words = words[at + 1 :], words[:at]
        packets = int(counted[1]) if counted else 0
    return Element(tuple(word for word in words if word != "."), value, comment, packets)
