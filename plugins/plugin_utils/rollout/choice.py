# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run is asked to do, made out of its options: stages, hosts and mechanisms. Wrong options are refused, all at
once."""

from __future__ import annotations

import typing as t

from ..schema.problems import nearest
from ..topology.inputs.run import RunInput
from .blueprint import MECHANISMS, Blueprint
from .standing import Standing
from .walk import Selection
from .work import counted, left_before

# Words that Ansible itself gives a meaning to.
_EVERYTHING = frozenset({"all", "always", "tagged", "untagged", "never"})


class RefusedError(Exception):
    """The run is not begun; the message says why, and what to do."""


def choose(
    blueprint: Blueprint,
    asked: RunInput,
    standing: Standing,
    hosts: t.Collection[str],
    tags: t.Collection[str] = ("all",),
    skipped_tags: t.Collection[str] = (),
) -> Selection:
    """The stages, hosts and mechanisms of a run."""
    problems: list[str] = []
    stages = _stages(blueprint, asked, standing, problems)
    chosen = _hosts(blueprint, asked.only, hosts, problems)
    mechanisms = _mechanisms(tags, skipped_tags, problems)
    if problems:
        raise RefusedError("\n".join(["Nothing was begun:", *(f"  {problem}" for problem in problems)]))
    return Selection(stages, chosen, mechanisms)


def _stages(blueprint: Blueprint, asked: RunInput, standing: Standing, problems: list[str]) -> tuple[str, ...]:
    for name, value in (("uc_stage", asked.stage), ("uc_until", asked.until)):
        if value and value not in blueprint.stages:
            problems.append(f"{name}: {value}: expected one of {', '.join(blueprint.stages)}")
    if problems:
        return ()
    if asked.stage and asked.until:
        problems.append(f"uc_stage: {asked.stage} and uc_until: {asked.until}: say one of them")
    if not asked.stage:
        return blueprint.up_to(asked.until) if asked.until else tuple(blueprint.stages)
    for work in left_before(blueprint, standing, asked.stage):
        parts = [f"{counted(len(work.steps), 'step')} of people"] if work.steps else []
        parts += [f"{mechanism} at {host}" for mechanism, host in work.hosts]
        problems.append(
            f"uc_stage: {asked.stage}: an earlier stage is not complete: {work.stage} lacks {_some(parts)}; "
            f"run it first, or use uc_until: {asked.stage}"
        )
    return (asked.stage,)


def _some(parts: t.Sequence[str], most: int = 5) -> str:
    shown = ", ".join(parts[:most])
    return f"{shown} and {len(parts) - most} more" if len(parts) > most else shown


def _hosts(
    blueprint: Blueprint, only: t.Sequence[str], hosts: t.Collection[str], problems: list[str]
) -> frozenset[str]:
    if not only:
        return frozenset(hosts)
    chosen: set[str] = set()
    known = {unit.name for unit in blueprint.units} | {unit.site for unit in blueprint.units if unit.site}
    known |= {server for unit in blueprint.units for server in unit.servers}
    for name in only:
        if name not in known:
            near = nearest(name, known)
            meant = f"; nearest: {near}" if near else ""
            problems.append(f"uc_only: {name}: expected a site, a pool or a server of the inventory{meant}")
        for unit in blueprint.units:
            chosen.update(server for server in unit.servers if name in {unit.name, unit.site, server})
    return frozenset(chosen & set(hosts))


def _mechanisms(tags: t.Collection[str], skipped: t.Collection[str], problems: list[str]) -> frozenset[str]:
    """Tags choose mechanisms. They never choose away a gate or a checkpoint."""
    known = frozenset(MECHANISMS.values())
    for name in sorted({*tags, *skipped} - known - _EVERYTHING):
        near = nearest(name, known)
        problems.append(f"tag {name}: expected one of {', '.join(sorted(known))}{f'; nearest: {near}' if near else ''}")
    wanted = known if {"all", "tagged"} & set(tags) else known & set(tags)
    return wanted - set(skipped)
