# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys and requests for a whole slice: read once, compared once, written once. Private to the collection."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..contract import Operation
from ..files import FILE_MODE, FileError
from ..items import nearest
from ..journal import run_id
from ..limits import USUAL, Limits
from . import certificates, examining, keys, planning, requests
from .model import Held, KeyFacts, Request, RequestFacts
from .store import KEY, RECORD, REQUEST, Store

STATES = ("replaced", "overridden", "deleted", "gathered", "rendered", "parsed", "restored")


@dataclasses.dataclass(frozen=True)
class Options:
    """What is asked for, beside the requests."""

    folder: str
    state: str = "replaced"
    issuer: str = ""
    regenerate: str = "fail"
    renew_days: int = 30
    tolerated: tuple[str, ...] = ()
    run: str = ""
    limits: Limits = USUAL


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What was done, or would be, and how all certificates stand then."""

    operations: Sequence[Operation] = ()
    problems: Sequence[str] = ()
    statuses: Sequence[examining.Status] = ()
    foreign: Sequence[str] = ()
    run: str = ""
    gathered: Sequence[Mapping[str, Any]] = ()


def run(options: Options, wanted: Sequence[Request], now: datetime.datetime, *, check: bool) -> Outcome:
    """Do what the options say; in check mode only tell it."""
    store = Store(options.folder)
    check = check or options.state == "gathered"
    with contextlib.nullcontext() if check else store.locked():
        return _run(store, options, wanted, now, check=check)


def _run(store: Store, options: Options, wanted: Sequence[Request], now: datetime.datetime, *, check: bool) -> Outcome:
    if options.state == "restored":
        return restore(store, options.run, check=check)
    there = store.ids()
    have = store.read_all(there, now)
    if options.state == "gathered":
        return _gathered(options, have, now)
    steps, foreign = _steps(store, options, wanted, have)
    if steps.problems:
        return Outcome(problems=steps.problems)
    stored_as = ""
    if not check:
        if steps.touched:
            stored_as = run_id(options.run)
            have = _apply(store, steps, {request.id: request for request in wanted}, have, options.issuer, stored_as)
        store.remember()
    listed = [] if options.state == "deleted" else wanted
    return Outcome(
        operations=steps.operations,
        statuses=examining.judge_all(listed, have, now, options.renew_days, options.tolerated),
        foreign=foreign,
        run=stored_as,
    )


def _steps(
    store: Store, options: Options, wanted: Sequence[Request], have: Mapping[str, Held]
) -> tuple[planning.Steps, list[str]]:
    """What is to be done, and what is in the folder that is not ours to touch."""
    names = [request.id for request in wanted]
    others = [name for name in have if name not in names]
    ours = [name for name in others if have[name].given.get("issuer") == options.issuer]
    foreign = [name for name in others if not have[name].given]
    if options.state == "deleted":
        steps = planning.removals(names, have)
    else:
        modes = store.open_modes(name for name in names if name in have)
        steps = planning.plan(wanted, have, regenerate=options.regenerate, issuer=options.issuer, modes=modes)
    if options.state == "overridden" and not steps.problems:
        gone = planning.removals(ours, have)
        steps = dataclasses.replace(steps, operations=(*steps.operations, *gone.operations), removed=gone.removed)
    refused = options.limits.refusal(steps.removed, len(have), "certificates")
    return (planning.Steps(problems=(refused,)) if refused else steps), foreign


def _apply(
    store: Store,
    steps: planning.Steps,
    wanted: Mapping[str, Request],
    have: Mapping[str, Held],
    issuer: str,
    run: str,
) -> dict[str, Held]:
    """What is held then. Keys are made before anything is written, and each is put in place before its request."""
    made = dict(zip(steps.keys, keys.make([wanted[name] for name in steps.keys])))
    store.keep(run, steps.touched)
    loaded = {name: one.key for name, one in made.items()}
    loaded.update({name: store.load_key(name) for name in steps.requests if name not in loaded})
    # Before its key goes, so that a kill leaves no certificate beside a key that is not its own.
    for name in steps.outdated:
        store.forget_certificate(name)
    facts = {name: keys.facts(key) for name, key in loaded.items()}
    for name in steps.modes:
        store.path(name, KEY).chmod(FILE_MODE)
    signed = {name: requests.build(wanted[name], loaded[name]) for name in steps.requests}
    asked = {name: requests.facts(wanted[name], facts[name].fingerprint) for name in steps.requests}
    records = {name: planning.record_of(wanted[name], issuer) for name in steps.records}
    store.write_all(
        [
            *((name, KEY, one.pem) for name, one in made.items()),
            *((name, REQUEST, pem) for name, pem in signed.items()),
            *((name, RECORD, (json.dumps(record) + "\n").encode()) for name, record in records.items()),
        ]
    )
    for name in steps.removed:
        store.remove(name)
    for name, one in made.items():
        store.know(one.pem, facts[name])
    for name, pem in signed.items():
        store.know_request(pem, asked[name])
    changed = {
        name: _holding(
            have.get(name, Held(name)),
            key=facts[name] if name in made else None,
            request=asked.get(name),
            record=records.get(name),
            outdated=name in steps.outdated,
        )
        for name in steps.touched
        if name not in steps.removed
    }
    kept = {name: held for name, held in have.items() if name not in steps.removed}
    return {**kept, **changed}


def _holding(
    held: Held,
    *,
    key: KeyFacts | None,
    request: RequestFacts | None,
    record: Mapping[str, Any] | None,
    outdated: bool,
) -> Held:
    """What is held of one id after its new files were written; None is what was not written."""
    if key:
        held = dataclasses.replace(held, key=key, key_problem="")
    if request:
        held = dataclasses.replace(held, request=request, request_problem="")
    if record is not None:
        held = dataclasses.replace(held, given=record)
    if outdated:
        held = dataclasses.replace(held, certificate=None, certificate_problem="", chain_problem="")
    return held


def restore(store: Store, run: str, *, check: bool) -> Outcome:
    """Bring back what a run found."""
    if not run:
        raise FileError("run: is missing; state: restored needs the undo_id of the run to undo")
    found = store.restore(run)
    changes = {name: content for name, content in found.items() if store.content(name) != content}
    operations = [
        Operation("change" if content else "remove", f"certificate {name}", before="as it is", after=f"as of {run}")
        for name, content in changes.items()
    ]
    new_run = ""
    if changes and not check:
        new_run = run_id(None)
        store.keep(new_run, list(changes))
        for name, content in changes.items():
            store.put(name, content)
    return Outcome(operations=operations, run=new_run)


def _gathered(options: Options, have: Mapping[str, Held], now: datetime.datetime) -> Outcome:
    """What is in the folder of this issuer, as items of `requests`, with how each stands."""
    found = []
    for name, held in have.items():
        if held.key and held.request and held.given.get("issuer") == options.issuer:
            found.append(
                Request(
                    id=name,
                    subject=held.request.subject,
                    sans=held.request.sans,
                    eku=held.request.eku,
                    algorithm=held.key.algorithm,
                    bits=held.key.bits,
                    own_key=bool(held.given.get("own_key")),
                    hosts=tuple(held.given.get("hosts", ())),
                    crl_distribution_point=bool(held.given.get("crl_distribution_point")),
                    planned={key: held.given[key] for key in ("stage", "why", "replaces") if key in held.given},
                )
            )
    return Outcome(
        statuses=examining.judge_all(found, have, now, options.renew_days, options.tolerated),
        gathered=[request.shown() for request in found],
        foreign=[name for name, held in have.items() if not held.given],
    )


def parse(text: str) -> list[dict[str, Any]]:
    """Facts of each certificate in a text, and of each request; ValueError with the reason."""
    if "CERTIFICATE REQUEST-----" in text:
        found = requests.read(text.encode())
        return [{"subject": found.subject, "sans": list(found.sans), "eku": list(found.eku), "key_sha256": found.key}]
    listed = [certificates.facts(one) for one in certificates.load_all(text.encode())]
    return [
        {
            "subject": one.subject,
            "sans": list(one.sans),
            "eku": list(one.eku),
            "key_sha256": one.key,
            "issuer": one.issuer,
            "serial": one.serial,
            "crl": list(one.crl),
            "not_before": one.not_before.isoformat(),
            "not_after": one.not_after.isoformat(),
            "sha256": one.sha256,
        }
        for one in listed
    ]


def picked(items: Any, only: Sequence[str]) -> tuple[Any, list[str]]:
    """The items with these ids; all of them where none are named."""
    if not only:
        return items, []
    ids = [item.get("id") for item in items]
    wrong = [f"only: {name!r} is in no request{nearest(name, ids)}" for name in only if name not in ids]
    return [item for item in items if item.get("id") in only], wrong
