# SPDX-License-Identifier: GPL-3.0-or-later
"""How an input class declares its options.

One dataclass is type, validation, documentation and editor schema at once.
"""

from __future__ import annotations

import dataclasses
import typing as t

_DOC = "doc"
_SCOPE = "scope"
_KEY = "key"


class _Required:
    """Marks an option that has no default."""


REQUIRED = _Required()


def option(doc: str, *, default: object = REQUIRED, scope: str = "", key: str = "") -> t.Any:
    """Declare one option. `key` is its name in YAML where that is no Python identifier (`from`, `class`)."""
    # Declaring fields through this one function is its purpose, which the linter takes for a slip.
    # pylint: disable=invalid-field-call
    metadata = {_DOC: doc, _SCOPE: scope, _KEY: key}
    if default is REQUIRED:
        return dataclasses.field(metadata=metadata)
    if isinstance(default, dict):
        return dataclasses.field(default_factory=dict, metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


@dataclasses.dataclass(frozen=True, slots=True)
class OptionInfo:
    """One declared option of an input class, as the decoder and the generators of documentation need it."""

    name: str
    key: str
    doc: str
    scope: str
    type: object
    required: bool
    default: object


def options_of(cls: type) -> tuple[OptionInfo, ...]:
    """Options of an input class in the order of their declaration."""
    hints = t.get_type_hints(cls, include_extras=True)
    found = []
    for field in dataclasses.fields(cls):
        if not field.init:
            continue
        has_factory = field.default_factory is not dataclasses.MISSING
        required = field.default is dataclasses.MISSING and not has_factory
        default: object = None
        if not required:
            default = {} if has_factory else field.default
        found.append(
            OptionInfo(
                name=field.name,
                key=field.metadata.get(_KEY) or field.name,
                doc=field.metadata.get(_DOC, ""),
                scope=field.metadata.get(_SCOPE, ""),
                type=hints[field.name],
                required=required,
                default=default,
            )
        )
    return tuple(found)
