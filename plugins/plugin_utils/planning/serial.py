# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans as plain data and as JSON, byte for byte the same for the same plan."""

from __future__ import annotations

import dataclasses
import json
import typing as t

from .plan import SCHEMA_VERSION, Plan

_FIELDS: dict[object, tuple[str, ...]] = {}


def _fields(cls: type) -> tuple[str, ...]:
    if cls not in _FIELDS:
        _FIELDS[cls] = tuple(field.name for field in dataclasses.fields(cls))
    return _FIELDS[cls]


def plain(value: t.Any) -> t.Any:
    """Dataclasses to mappings and tuples to lists, all the way down."""
    if isinstance(value, (str, int, float)) or value is None:
        return value
    if isinstance(value, (tuple, list)):
        return [plain(element) for element in value]
    if isinstance(value, dict):
        return {key: plain(element) for key, element in value.items()}
    return {name: plain(getattr(value, name)) for name in _fields(type(value))}


def to_plain(plan: Plan, **header: object) -> dict[str, t.Any]:
    """The content of plan.json; citations are found by the id that an item gives in `why`."""
    content = {"schema_version": SCHEMA_VERSION, **header, **plain(plan)}
    content["citations"] = {citation.pop("id"): citation for citation in content["citations"]}
    return content


def to_json(plan: Plan, **header: object) -> str:
    """The text of plan.json."""
    content = to_plain(plan, **header)
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"
