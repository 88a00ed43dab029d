# SPDX-License-Identifier: GPL-3.0-or-later
"""Zones of several servers at once, and the result of all of them. Private to the collection."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ..contract import MOST_SHOWN, result
from ..files import FileError, read_bytes
from ..items import refused
from ..limits import limits_of
from ..rendered import written
from ..zone_text import counted
from . import formats, journal, library, names, rdata, verification
from .jobs import OFFLINE, Common, Job, jobs_of, whole_zone_problems
from .planning import Change
from .records import key_text
from .resolvers import MOST_ASKED
from .transfer import Live
from .work import Outcome, work

Result = dict[str, Any]
_SERVERS_AT_ONCE = 16


def run(options: Mapping[str, Any], check: bool) -> Result:
    """What the module returns; with `failed` and `msg` when something went wrong."""
    problem = library.problem()
    if problem:
        return {"failed": True, "msg": problem}
    if options["state"] in OFFLINE:
        return _offline(options, check)
    jobs, problems = jobs_of(options)
    try:
        run_id = options["run"] if options["state"] == "restored" else journal.new_run(options["run"])
    except journal.JournalError as error:
        problems.append(str(error))
        run_id = ""
    if problems:
        return {"failed": True, "msg": refused(problems)}
    common = Common(
        state=options["state"],
        run=run_id,
        check=check,
        journal_dir=options["journal_dir"] or "",
        limits=limits_of(options),
        default_ttl=options["default_ttl"],
        adopt=options["adopt"],
        foreign=options["report_foreign"],
        verify=options["verify"],
        timeout=options["timeout"],
    )
    outcomes = _all(jobs, common)
    _follow_chains(outcomes)
    return result_of(outcomes, common)


def _offline(options: Mapping[str, Any], check: bool) -> Result:
    """What the states return that ask no server."""
    return _parsed(options) if options["state"] == "parsed" else _rendered(options, check)


def _rendered(options: Mapping[str, Any], check: bool) -> Result:
    form, folder = options["format"], options["rendered_dir"]
    jobs, problems = jobs_of(options)
    if form == "zone":
        problems += [problem for job in jobs for problem in whole_zone_problems(job)]
    if problems:
        return {"failed": True, "msg": refused(problems)}
    zones = options["zones"] if options["zones"] is not None else [options]
    files: dict[str, str] = {}
    for job, zone in zip(jobs, zones):
        place, default_ttl = job.place, options["default_ttl"]
        contents = formats.Contents(
            place.zone, place.server, zone["records"], default_ttl, job.name_servers, options["serial"]
        )
        prefix = f"{place.view or 'zone'}/" if len(jobs) > 1 else ""
        files.update({prefix + name: text for name, text in formats.render(form, contents).items()})
    if form == "zone" and folder:
        files = {name: counted(text, _there(Path(folder) / name)) for name, text in files.items()}
    return {**written(folder, files, check), "rendered": files}


def _there(path: Path) -> str:
    """A file as it is; empty where there is none, and where there is no reading it, which writing tells of."""
    try:
        return (read_bytes(path) or b"").decode("ascii", "replace")
    except FileError:
        return ""


def _parsed(options: Mapping[str, Any]) -> Result:
    missing = [f"{option}: is missing; state: parsed needs it" for option in ("zone", "text") if not options[option]]
    if missing:
        return {"failed": True, "msg": refused(missing)}
    items, problems = formats.parse(options["zone"], options["text"], options["default_ttl"])
    return {"failed": True, "msg": refused(problems)} if problems else {**result([]), "parsed": items}


def _all(jobs: Sequence[Job], common: Common) -> list[Outcome]:
    """Zones of one server in turn, servers side by side; results in the order of the zones."""
    by_server: dict[tuple[str, int], list[Job]] = collections.defaultdict(list)
    for job in jobs:
        by_server[job.place.address, job.port].append(job)
    if len(by_server) == 1:
        return [work(job, common) for job in jobs]
    with ThreadPoolExecutor(min(_SERVERS_AT_ONCE, len(by_server))) as pool:
        done = pool.map(lambda server: [work(job, common) for job in server], by_server.values())
        outcomes = {(outcome.job.place, outcome.job.zone): outcome for listed in done for outcome in listed}
    return [outcomes[job.place, job.zone] for job in jobs]


def _follow_chains(outcomes: Sequence[Outcome]) -> None:
    """What is wanted of a zone may lead to names of another zone of its view."""
    views: dict[str, dict[bytes, Live]] = collections.defaultdict(dict)
    for outcome in outcomes:
        if outcome.live:
            views[outcome.job.place.view][outcome.job.zone] = outcome.live
    for outcome in outcomes:
        if outcome.live:
            broken = verification.broken_chains(outcome.job.want, views[outcome.job.place.view])
            outcome.warnings += [f"{outcome.job.place}: {each}" for each in broken]


def result_of(outcomes: Sequence[Outcome], common: Common) -> Result:
    changes = [change for outcome in outcomes for change in (outcome.changes if common.check else outcome.applied)]
    # Of those whose answer was lost it is not known; the zone may be changed.
    unknown = any(outcome.unknown for outcome in outcomes)
    foreign = [each for outcome in outcomes for each in outcome.foreign]
    stored = [outcome.stored for outcome in outcomes if outcome.stored]
    undo = next((outcome.run for outcome in outcomes if outcome.stored), "")
    found = result([change.operation for change in changes], foreign, undo, ", ".join(stored))
    found["changed"] = found["changed"] or unknown
    found["zones"] = [_zone(outcome, common) for outcome in outcomes]
    found["to_hear"] = _to_hear(outcomes)
    found["warnings"] = [warning for outcome in outcomes for warning in outcome.warnings]
    if common.state == "gathered":
        found["gathered"] = [_gathered(outcome) for outcome in outcomes]
    # A run may have changed some of the zones only; the others have nothing to be put back to.
    found["unknown_run"] = all(outcome.unstored for outcome in outcomes)
    ignored = not found["unknown_run"]
    errors = [outcome.error for outcome in outcomes if outcome.error and not (outcome.unstored and ignored)]
    if errors:
        found.update(failed=True, msg=_failure(errors, outcomes))
    return found


def _zone(outcome: Outcome, common: Common) -> Result:
    place = outcome.job.place
    return {
        "zone": place.zone,
        "view": place.view,
        "server": place.server,
        "read": outcome.read,
        "changes": len(outcome.changes),
        "applied": 0 if common.check else len(outcome.applied),
        "unknown": [key_text(change.key) for change in outcome.unknown[:MOST_SHOWN]],
        "not_applied": [] if common.check else [key_text(change.key) for change in outcome.missing[:MOST_SHOWN]],
        "serial_before": outcome.serials[0],
        "serial_after": outcome.serials[1],
        "verified": outcome.verified,
        "name_servers": [dataclasses.asdict(standing) for standing in outcome.standings],
        "resolvers": [dataclasses.asdict(heard) for heard in outcome.heard],
        "error": "" if outcome.unstored else outcome.error,
    }


def _to_hear(outcomes: Sequence[Outcome]) -> dict[str, list[Result]]:
    """For each host that clients look from, what was changed of the zones that they see, as it was and as it is."""
    found: dict[str, list[Result]] = collections.defaultdict(list)
    for outcome in outcomes:
        items = [_heard_item(change, outcome.lowest_ttl) for change in outcome.applied[:MOST_ASKED]]
        for vantage in outcome.job.vantages if items else ():
            found[vantage] += items[: MOST_ASKED - len(found[vantage])]
    return dict(found)


def _heard_item(change: Change, lowest_ttl: int) -> Result:
    name, kind = change.key
    before, after = (
        [rdata.to_text(kind, value) for value in rrset[1]] if rrset else [] for rrset in (change.before, change.after)
    )
    named = {"name": names.to_text(name), "type": rdata.type_text(kind)}
    return {**named, "values": after, "before": before, "lowest_ttl": lowest_ttl}


def _gathered(outcome: Outcome) -> Result:
    place = outcome.job.place
    return {"zone": place.zone, "view": place.view, "server": place.server, "records": outcome.gathered}


def _failure(errors: Sequence[str], outcomes: Sequence[Outcome]) -> str:
    if len(outcomes) == 1:
        return errors[0]
    return "\n".join([f"{len(errors)} of {len(outcomes)} zones failed:", *errors])
