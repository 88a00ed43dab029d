# SPDX-License-Identifier: GPL-3.0-or-later
"""Registry values as Windows keeps them: a type number and bytes. Private to the collection.

Bytes are what every back end carries, so that values of types nobody plans for survive being read, kept and put back.
"""

from __future__ import annotations

import dataclasses
import struct
from collections.abc import Mapping
from typing import Any

from ..items import nearest

TYPES: Mapping[str, int] = {
    "REG_NONE": 0,
    "REG_SZ": 1,
    "REG_EXPAND_SZ": 2,
    "REG_BINARY": 3,
    "REG_DWORD": 4,
    "REG_DWORD_BIG_ENDIAN": 5,
    "REG_LINK": 6,
    "REG_MULTI_SZ": 7,
    "REG_RESOURCE_LIST": 8,
    "REG_FULL_RESOURCE_DESCRIPTOR": 9,
    "REG_RESOURCE_REQUIREMENTS_LIST": 10,
    "REG_QWORD": 11,
}
HIVES: Mapping[str, str] = {"HKLM": "HKEY_LOCAL_MACHINE", "HKCU": "HKEY_CURRENT_USER"}
SZ, MULTI_SZ = TYPES["REG_SZ"], TYPES["REG_MULTI_SZ"]
TEXTS = (SZ, TYPES["REG_EXPAND_SZ"], TYPES["REG_LINK"])
NUMBERS: Mapping[int, str] = {TYPES["REG_DWORD"]: "<I", TYPES["REG_DWORD_BIG_ENDIAN"]: ">I", TYPES["REG_QWORD"]: "<Q"}
LONGEST_KEY_PART = 255
LONGEST_NAME = 16383
MOST_SHOWN_OF_DATA = 80

# A place in the registry as Windows compares it: hive, key and, for a value, its name.
KeyId = tuple[str, str]
ValueId = tuple[str, str, str]


class BadDataError(ValueError):
    """Data that its type cannot hold; the message says what it can."""


@dataclasses.dataclass(frozen=True)
class Value:
    """One value. `name` is empty for the default value of the key."""

    hive: str
    key: str
    name: str
    kind: int
    raw: bytes

    @property
    def id(self) -> ValueId:
        return (*self.key_id, folded(self.name))

    @property
    def key_id(self) -> KeyId:
        return key_id(self.hive, self.key)

    @property
    def path(self) -> str:
        """For people: `HKLM\\Software\\Key:Name`."""
        return f"{self.hive}\\{self.key}:{self.name or '(default)'}"

    @property
    def shown(self) -> str:
        """Type and data for people; long data is cut."""
        data = data_of(self.kind, self.raw)
        text = f"hex {data['hex']}" if isinstance(data, dict) else repr(data) if isinstance(data, str) else str(data)
        cut = text if len(text) <= MOST_SHOWN_OF_DATA else f"{text[:MOST_SHOWN_OF_DATA]}… ({len(self.raw)} bytes)"
        return f"{type_name(self.kind)} {cut}"

    def same_as(self, other: Value | None) -> bool:
        """Whether both mean the same to a program: type and data, not how a string happens to be ended."""
        return other is not None and self.kind == other.kind and meaning(self) == meaning(other)


def folded(text: str) -> str:
    """As Windows compares names: each character in upper case, never one as several."""
    return "".join(upper if len(upper := character.upper()) == 1 else character for character in text)


def key_id(hive: str, key: str) -> KeyId:
    return hive, folded(key)


def type_name(kind: int) -> str:
    return next((name for name, number in TYPES.items() if number == kind), f"REG_{kind}")


def meaning(value: Value) -> Any:
    """What is compared."""
    return data_of(value.kind, value.raw)


def data_of(kind: int, raw: bytes) -> Any:
    """Data as arguments have it: text, number or list of texts; a mapping with `hex` for all else."""
    try:
        if kind in TEXTS:
            return _text(raw)
        if kind in NUMBERS:
            return struct.unpack(NUMBERS[kind], raw)[0]
        if kind == MULTI_SZ:
            return _texts(raw)
    except (ValueError, struct.error):
        pass
    return {"hex": raw.hex()}


def raw_of(kind: int, data: Any) -> bytes:
    """Bytes of data; BadDataError when the type cannot hold it."""
    if isinstance(data, Mapping):
        return _bytes_of(data)
    if kind in TEXTS:
        if not isinstance(data, str):
            raise BadDataError(f"expected text, got {data!r}; write it in quotes")
        return _encoded(data)
    if kind in NUMBERS:
        return _number(kind, data)
    if kind == MULTI_SZ:
        if not isinstance(data, (list, tuple)) or not all(isinstance(text, str) and text for text in data):
            raise BadDataError(f"expected a list of texts, none of them empty, got {data!r}")
        return b"".join(_encoded(text) for text in data) + b"\0\0"
    raise BadDataError(f"expected a mapping with hex, such as {{'hex': '2e00'}}, got {data!r}")


def key_problem(key: object) -> str:
    """What is wrong with the path of a key; empty when nothing is."""
    if not isinstance(key, str) or not key:
        return f"expected a path below the hive, got {key!r}"
    if any(ord(character) < ord(" ") for character in key):
        return f"{key!r} holds a control character"
    parts = key.split("\\")
    if parts[0].upper() in {*HIVES, *HIVES.values()}:
        return f"{key!r} begins with a hive, which belongs into hive"
    if not all(parts):
        return f"{key!r} has an empty part; single backslashes stand between parts only"
    long = next((part for part in parts if len(part) > LONGEST_KEY_PART), "")
    return f"{long[:40]!r}… is longer than {LONGEST_KEY_PART} characters" if long else ""


def name_problem(name: object) -> str:
    """What is wrong with the name of a value; empty when nothing is."""
    if not isinstance(name, str):
        return f"expected text, got {name!r}"
    if any(ord(character) < ord(" ") for character in name):
        return f"{name!r} holds a control character"
    return f"is longer than {LONGEST_NAME} characters" if len(name) > LONGEST_NAME else ""


def value_of(where: str, item: Mapping[str, Any]) -> tuple[Value | None, list[str]]:
    """The value that an item of arguments stands for, or everything that is wrong with its key, name and data."""
    found = [
        f"{where}.{option}: {problem}"
        for option, problem in (("key", key_problem(item.get("key"))), ("name", name_problem(item.get("name"))))
        if problem
    ]
    kind = TYPES.get(str(item.get("type")))
    if kind is None:
        found.append(f"{where}.type: {item.get('type')!r} is no type{nearest(item.get('type'), TYPES)}")
        return None, found
    try:
        raw = raw_of(kind, item.get("data"))
    except BadDataError as problem:
        found.append(f"{where}.data: {item['type']} {item.get('name')}: {problem}")
    return (None if found else Value(item["hive"], item["key"], item["name"], kind, raw)), found


def item_of(value: Value) -> dict[str, Any]:
    """A value as an item of arguments, which makes the same value again."""
    return {
        "hive": value.hive,
        "key": value.key,
        "name": value.name,
        "type": type_name(value.kind),
        "data": data_of(value.kind, value.raw),
    }


def _encoded(text: str) -> bytes:
    if "\0" in text:
        raise BadDataError(f"{text!r} holds a NUL character, which ends text")
    return text.encode("utf-16-le", "surrogatepass") + b"\0\0"


def _text(raw: bytes) -> str:
    """Text with or without the end that it should have; ValueError for what would not come out again."""
    text = raw.decode("utf-16-le", "surrogatepass")
    text = text.removesuffix("\0")
    if "\0" in text:
        raise ValueError("text goes on after its end")
    return text


def _texts(raw: bytes) -> list[str]:
    text = raw.decode("utf-16-le", "surrogatepass")
    parts = text[:-1].split("\0")[:-1] if text != "\0" else []
    if any(not part for part in parts) or not text.endswith("\0" if not parts else "\0\0"):
        raise ValueError("no list of texts")
    return parts


def _number(kind: int, data: Any) -> bytes:
    largest = 2 ** (8 * struct.calcsize(NUMBERS[kind])) - 1
    if isinstance(data, bool) or not isinstance(data, int):
        raise BadDataError(f"expected a whole number, got {data!r}; write it without quotes")
    if not 0 <= data <= largest:
        raise BadDataError(f"{data} is not in 0-{largest}")
    return struct.pack(NUMBERS[kind], data)


def _bytes_of(data: Mapping[str, Any]) -> bytes:
    text = data.get("hex")
    if set(data) != {"hex"} or not isinstance(text, str):
        raise BadDataError(f"expected a mapping with hex alone, got {dict(data)!r}")
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise BadDataError(f"{text!r} is no sequence of hexadecimal bytes") from None
