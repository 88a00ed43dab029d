# SPDX-License-Identifier: GPL-3.0-or-later
"""Registry.pol, the registry settings of a Group Policy object: rendered and parsed. Private to the collection."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping

from .reg_file import BadFileError
from .values import Value

# Folders of an object, one for each hive.
HALVES: Mapping[str, str] = {"HKLM": "Machine", "HKCU": "User"}
HEADER = b"PReg" + struct.pack("<I", 1)
LONGEST_DATA = 0xFFFF
_OPEN, _SEMICOLON, _CLOSE = ("[".encode("utf-16-le"), ";".encode("utf-16-le"), "]".encode("utf-16-le"))


def render(values: Iterable[Value]) -> bytes:
    """The file with these values in their order. Their hive is the folder's that the file lies in."""
    return HEADER + b"".join(_entry(value) for value in values)


def parse(content: bytes, hive: str) -> list[Value]:
    """The entries of a file, among them those with names such as `**del.Name` that are instructions."""
    if not content:
        return []
    if content[: len(HEADER)] != HEADER:
        raise BadFileError(
            f"byte 0: expected {HEADER.hex()}, got {content[:8].hex()}; this is no Registry.pol of version 1"
        )
    found: list[Value] = []
    position = len(HEADER)
    while position < len(content):
        where = f"entry {len(found)} at byte {position}"
        position = _expect(content, position, _OPEN, where)
        key, position = _string(content, position, where)
        position = _expect(content, position, _SEMICOLON, where)
        name, position = _string(content, position, where)
        position = _expect(content, position, _SEMICOLON, where)
        kind, position = _number(content, position, where)
        position = _expect(content, position, _SEMICOLON, where)
        size, position = _number(content, position, where)
        position = _expect(content, position, _SEMICOLON, where)
        raw = content[position : position + size]
        position = _expect(content, position + size, _CLOSE, where)
        found.append(Value(hive, key, name, kind, raw))
    return found


def _entry(value: Value) -> bytes:
    if len(value.raw) > LONGEST_DATA:
        raise BadFileError(
            f"{value.path}: {len(value.raw)} bytes; an entry of Registry.pol holds at most {LONGEST_DATA}"
        )
    parts = (
        _terminated(value.key),
        _terminated(value.name),
        struct.pack("<I", value.kind),
        struct.pack("<I", len(value.raw)),
        value.raw,
    )
    return _OPEN + _SEMICOLON.join(parts) + _CLOSE


def _terminated(text: str) -> bytes:
    return f"{text}\0".encode("utf-16-le", "surrogatepass")


def _expect(content: bytes, position: int, mark: bytes, where: str) -> int:
    if content[position : position + 2] != mark:
        got = content[position : position + 2].hex() or "the end of the file"
        raise BadFileError(f"{where}: expected {mark.decode('utf-16-le')!r} at byte {position}, got {got}")
    return position + 2


def _string(content: bytes, position: int, where: str) -> tuple[str, int]:
    end = position
    while (unit := content[end : end + 2]) != b"\0\0":
        if len(unit) < 2:
            raise BadFileError(f"{where}: the text at byte {position} has no end")
        end += 2
    return content[position:end].decode("utf-16-le", "surrogatepass"), end + 2


def _number(content: bytes, position: int, where: str) -> tuple[int, int]:
    piece = content[position : position + 4]
    if len(piece) < 4:
        raise BadFileError(f"{where}: the file ends within a number at byte {position}")
    return struct.unpack("<I", piece)[0], position + 4
