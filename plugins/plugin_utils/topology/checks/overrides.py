# SPDX-License-Identifier: GPL-3.0-or-later
"""The way out: overrides, waivers and additions, each with a reason and perhaps a last day."""

from __future__ import annotations

import typing as t

from ...catalogue.facts import FindingFact
from ...findings import Violation, violation
from ...schema.problems import join, nearest
from ..model import Topology


def overrides_in_force(topology: Topology) -> t.Iterator[Violation]:
    """Every override shows, and one past its day is an error until it is renewed or removed."""
    as_of = topology.estate.as_of
    for row_id, override in topology.estate.overrides.items():
        path = join("uc_overrides", row_id)
        row = next((row for c in topology.catalogues.values() if (row := c.row(row_id))), None)
        if override.until and as_of and as_of > override.until:
            yield violation(
                "finding.override-expired", join(path, "until"), value=override.until.isoformat(), row=row_id
            )
        elif row and isinstance(override.value, t.Mapping) and override.value.items() <= row.data.items():
            reason = override.reason.strip().rstrip(".")
            given = ", ".join(f"{key}: {value}" for key, value in override.value.items())
            yield violation(
                "finding.override-in-force",
                path,
                value=given,
                row=row_id,
                reason=reason,
                why=(row_id,),
            )


def waivers(topology: Topology) -> t.Iterator[Violation]:
    """Waivers name findings that exist and may be waived, and are not past their day."""
    facts = {fact.id: fact for fact in topology.catalogue.facts(FindingFact)}
    as_of = topology.estate.as_of
    for index, waiver in enumerate(topology.estate.waivers):
        path = f"uc_waivers[{index}]"
        fact = facts.get(waiver.finding)
        if fact is None:
            yield violation(
                "finding.waiver-unknown",
                f"{path}.finding",
                value=waiver.finding,
                nearest=nearest(waiver.finding, facts),
            )
        elif not fact.waivable:
            yield violation("finding.waiver-refused", f"{path}.finding", value=waiver.finding)
        elif waiver.until and as_of and as_of > waiver.until:
            yield violation(
                "finding.waiver-expired", f"{path}.until", value=waiver.until.isoformat(), waived=waiver.finding
            )


def reasons(topology: Topology) -> t.Iterator[Violation]:
    """A reason is words."""
    estate = topology.estate
    given = [
        *((join("uc_overrides", name), override.reason) for name, override in estate.overrides.items()),
        *((f"uc_waivers[{index}]", waiver.reason) for index, waiver in enumerate(estate.waivers)),
        *((f"uc_extra_flows[{index}]", flow.reason) for index, flow in enumerate(estate.extra_flows)),
        *((f"uc_extra_records[{index}]", record.reason) for index, record in enumerate(estate.extra_records)),
        *((f"uc_extra_sans[{index}]", san.reason) for index, san in enumerate(estate.extra_sans)),
    ]
    for path, reason in given:
        if not reason.strip():
            yield violation("finding.empty-reason", f"{path}.reason")


CHECKS = (overrides_in_force, waivers, reasons)
