# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans as plain data and as JSON, byte for byte the same for the same plan."""

from __future__ import annotations

import typing as t

from ..json_text import dump, plain, to_mapping
from .plan import SCHEMA_VERSION, Plan


def to_plain(plan: Plan, **header: object) -> dict[str, t.Any]:
    """The content of plan.json as mappings and lists."""
    return t.cast("dict[str, t.Any]", plain(_content(plan, header)))


def to_json(plan: Plan, **header: object) -> str:
    """The text of plan.json."""
    return dump(_content(plan, header))


def _content(plan: Plan, header: t.Mapping[str, object]) -> dict[str, t.Any]:
    """Citations are found by the id that an item gives in `why`."""
    citations = {citation.id: to_mapping(citation) for citation in plan.citations}
    for citation in citations.values():
        del citation["id"]
    return {"schema_version": SCHEMA_VERSION, **header, **to_mapping(plan), "citations": citations}
