# SPDX-License-Identifier: GPL-3.0-or-later
"""Making plain data of the values that Ansible hands out, each distinct object once.

Ansible's values carry tags: where they were written, whether they may be templates. What depends on Ansible comes in as
functions (`Tags`), so that nothing here needs it.
"""

from __future__ import annotations

import collections.abc
import dataclasses
import re
import typing as t

from ..schema.problems import split
from .inventory import PREFIX, RawHost, RawInventory

VAULTED: t.Final = "(vaulted)"
# A template that does nothing but name variables: what it comes to depends on their values alone.
_REFERENCE = re.compile(r"\{\{\s*([A-Za-z_]\w*)\s*\}\}")
_Names = tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Tags:
    """What Ansible knows of its values."""

    is_template: t.Callable[[str], bool]
    is_vaulted: t.Callable[[object], bool]
    origin: t.Callable[[object], str]


@dataclasses.dataclass(frozen=True, slots=True)
class TaggedHost:
    """A host as Ansible has it; `template` resolves a value with this host's variables."""

    name: str
    groups: tuple[str, ...]
    variables: t.Mapping[str, object]
    template: t.Callable[[object], object]


@dataclasses.dataclass(frozen=True, slots=True)
class _Plain:
    value: object
    templated: bool
    names: _Names | None  # variables that its templates name, where they do nothing else
    original: object  # kept alive, so that its id stays its own


class InventoryReader:
    """Reads tagged hosts.

    Values of groups are the same object on every host and are converted once; templates that only name variables are
    resolved once for each set of their values, since resolving one costs as much as all else that is done for a host.
    """

    def __init__(self, tags: Tags) -> None:
        self._tags = tags
        self._seen: dict[int, _Plain] = {}
        self._resolved: dict[tuple[object, ...], object] = {}

    def read(self, hosts: t.Iterable[TaggedHost]) -> RawInventory:
        raw: list[RawHost] = []
        tagged: dict[str, t.Mapping[str, object]] = {}
        for host in hosts:
            own = {str(name): value for name, value in host.variables.items() if name.startswith(PREFIX)}
            tagged[host.name] = own
            variables = {name: self._plain(value, host) for name, value in own.items()}
            raw.append(RawHost(host.name, host.groups, variables))
        return RawInventory(tuple(raw), lambda host, path: self._origin(tagged, host, path))

    def _plain(self, value: object, host: TaggedHost) -> object:
        known = self._seen.get(id(value))
        if known is None:
            plain, templated = self._convert(value)
            names = _named(plain) if templated else None
            known = self._seen[id(value)] = _Plain(plain, templated, names, value)
        if not known.templated:
            return known.value
        given = None if known.names is None else self._scalars(known.names, host.variables)
        if given is None:
            return self._convert(host.template(value))[0]
        question = (id(value), *given)
        if question not in self._resolved:
            self._resolved[question] = self._convert(host.template(value))[0]
        return self._resolved[question]

    def _scalars(self, names: _Names, variables: t.Mapping[str, object]) -> tuple[object, ...] | None:
        """The values of variables, with their types; None as soon as one is more than a plain value."""
        found: list[object] = []
        for name in names:
            value = variables.get(name)
            if not isinstance(value, (str, int, float)) or (isinstance(value, str) and self._tags.is_template(value)):
                return None
            found += (value.__class__, value)
        return tuple(found)

    def _convert(self, value: object) -> tuple[object, bool]:
        """The plain form of a value, and whether a template is in it."""
        if isinstance(value, str):
            return str(value), self._tags.is_template(value)
        if self._tags.is_vaulted(value):
            return VAULTED, False
        if isinstance(value, collections.abc.Mapping):
            pairs = {str(key): self._convert(element) for key, element in value.items()}
            return {key: plain for key, (plain, _t) in pairs.items()}, any(
                templated for _p, templated in pairs.values()
            )
        if isinstance(value, (list, tuple)):
            items = [self._convert(element) for element in value]
            return [plain for plain, _t in items], any(templated for _p, templated in items)
        if isinstance(value, bool) or value is None:
            return value, False
        if isinstance(value, int):
            return int(value), False
        if isinstance(value, float):
            return float(value), False
        return value, False

    def _origin(self, tagged: t.Mapping[str, t.Mapping[str, object]], host: str, path: str) -> str:
        """Where the last part of the path that exists was written."""
        keys = split(path)
        holder: object = tagged.get(host) if host else next((v for v in tagged.values() if keys and keys[0] in v), None)
        found = ""
        for key in keys:
            if isinstance(holder, collections.abc.Mapping):
                written = next((name for name in holder if str(name) == key), None)
                if written is None:
                    break
                found = self._tags.origin(written) or self._tags.origin(holder[written]) or found
                holder = holder[written]
            elif isinstance(holder, (list, tuple)) and key.isdigit() and int(key) < len(holder):
                holder = holder[int(key)]
                found = self._tags.origin(holder) or found
            else:
                break
        return found


def _named(value: object) -> _Names | None:
    """Variables that the templates within a value name; None when one of them does anything else."""
    if isinstance(value, str):
        rest = _REFERENCE.sub("", value)
        return None if "{" in rest or "}" in rest else tuple(_REFERENCE.findall(value))
    parts: t.Iterable[object] = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    found: dict[str, None] = {}
    for part in parts:
        names = _named(part)
        if names is None:
            return None
        found.update(dict.fromkeys(names))
    return tuple(found)
