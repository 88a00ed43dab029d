# SPDX-License-Identifier: GPL-3.0-or-later
"""`.reg` files, version 5.00: rendered and parsed. Private to the collection."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from .values import HIVES, SZ, TYPES, BadDataError, Value, data_of, raw_of

SIGNATURE = "Windows Registry Editor Version 5.00"
LINE_LENGTH = 76
_DWORD = TYPES["REG_DWORD"]
_BINARY = TYPES["REG_BINARY"]
_HIVES = {long: short for short, long in HIVES.items()}

_QUOTED = r'"((?:[^"\\]|\\["\\])*)"'
_LINE = re.compile(
    rf"""[ \t]*(?:
      (?P<nothing>(?:;[^\r\n]*)?)(?=\r?\n|\Z)
    | \[(?P<minus>-?)(?P<key>[^\r\n]*)\][ \t]*(?:;[^\r\n]*)?(?=\r?\n|\Z)
    | (?:@|{_QUOTED})[ \t]*=[ \t]*(?:
          (?P<removed>-)
        | {_QUOTED.replace("(", "(?P<text>", 1)}
        | dword:(?P<dword>[0-9a-fA-F]{{1,8}})
        | hex(?:\((?P<kind>[0-9a-fA-F]+)\))?:(?P<bytes>(?:[0-9a-fA-F]{{1,2}}|[,\ \t]|\\[ \t]*\r?\n)*)
      )[ \t]*(?:;[^\r\n]*)?(?=\r?\n|\Z)
    )(?:\r?\n|\Z)""",
    re.VERBOSE,
)


class BadFileError(ValueError):
    """A file that is not of its format; the message names the place."""


def render(values: Iterable[Value], heading: Sequence[str] = ()) -> bytes:
    """A file that sets the values when it is imported. Keys stand in the order of their first value."""
    lines = [SIGNATURE, ""]
    lines += [*(f"; {line}" for line in heading), ""] if heading else []
    by_key: dict[tuple[str, str], list[Value]] = {}
    for value in values:
        by_key.setdefault(value.key_id, []).append(value)
    for group in by_key.values():
        lines += [f"[{HIVES[group[0].hive]}\\{group[0].key}]", *(_line(value) for value in group), ""]
    return b"\xff\xfe" + "".join(f"{line}\r\n" for line in lines).encode("utf-16-le", "surrogatepass")


def parse(content: bytes) -> list[Value]:
    """The values that a file sets. BadFileError names the line of what cannot be read."""
    text = _decoded(content)
    signature, _end, rest = text.partition("\n")
    if signature.rstrip("\r") != SIGNATURE:
        raise BadFileError(f"line 1: expected {SIGNATURE!r}, got {signature.strip()[:60]!r}; export it as version 5.00")
    found: list[Value] = []
    place: tuple[str, str] | None = None
    position = 0
    while position < len(rest):
        match = _LINE.match(rest, position)
        number = 2 + rest.count("\n", 0, position)
        if match is None:
            line = rest[position:].split("\n", 1)[0].strip()
            raise BadFileError(f"line {number}: cannot be read: {line[:60]!r}")
        position = match.end()
        if match["key"] is not None:
            place = _place(match["key"], number)
            if match["minus"]:
                raise BadFileError(f"line {number}: removes a key; only files that set values are read")
        elif match["nothing"] is None:
            if place is None:
                raise BadFileError(f"line {number}: a value before any key")
            found.append(_value(match, place, number))
        elif match.end() == match.start():
            break
    return found


def _decoded(content: bytes) -> str:
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return content.decode(encoding, "surrogatepass" if encoding == "utf-16" else "strict")
    except UnicodeDecodeError as error:
        raise BadFileError(f"byte {error.start}: is not {encoding}, which version 5.00 is written in") from None


def _line(value: Value) -> str:
    name = f'"{_escaped(value.name)}"=' if value.name else "@="
    data = data_of(value.kind, value.raw)
    canonical = not isinstance(data, dict) and raw_of(value.kind, data) == value.raw
    if value.kind == SZ and canonical and not re.search(r"[\x00-\x1f]", data):
        return f'{name}"{_escaped(data)}"'
    if value.kind == _DWORD and canonical:
        return f"{name}dword:{data:08x}"
    return _wrapped(f"{name}hex{'' if value.kind == _BINARY else f'({value.kind:x})'}:", value.raw)


def _wrapped(start: str, raw: bytes) -> str:
    lines, line = [], start
    for index, byte in enumerate(raw):
        piece = f"{byte:02x}" + ("," if index < len(raw) - 1 else "")
        if len(line) + len(piece) > LINE_LENGTH and index:
            lines.append(line + "\\")
            line = "  "
        line += piece
    return "\r\n".join([*lines, line])


def _place(path: str, number: int) -> tuple[str, str]:
    hive, _backslash, key = path.partition("\\")
    short = _HIVES.get(hive.upper())
    if short is None or not key:
        raise BadFileError(f"line {number}: {path!r} is no key below {' or '.join(_HIVES)}")
    return short, key


def _value(match: re.Match[str], place: tuple[str, str], number: int) -> Value:
    name = _unescaped(match[4] or "")
    if match["removed"]:
        raise BadFileError(f"line {number}: removes the value {name!r}; only files that set values are read")
    if match["text"] is not None:
        return Value(*place, name, SZ, _raw(SZ, _unescaped(match["text"]), number))
    if match["dword"] is not None:
        return Value(*place, name, _DWORD, _raw(_DWORD, int(match["dword"], 16), number))
    kind = int(match["kind"], 16) if match["kind"] else _BINARY
    digits = re.sub(r"\\[ \t]*\r?\n|[ \t]", "", match["bytes"])
    return Value(*place, name, kind, bytes(int(byte, 16) for byte in digits.split(",") if byte))


def _raw(kind: int, data: object, number: int) -> bytes:
    try:
        return raw_of(kind, data)
    except BadDataError as problem:
        raise BadFileError(f"line {number}: {problem}") from None


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _unescaped(text: str) -> str:
    return re.sub(r'\\(["\\])', r"\1", text)
