# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module does in each state. Private to the collection."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..contract import result
from ..files import FileError
from ..items import refused
from ..journal import JournalError
from ..rendered import written
from . import live as reading
from . import vendors
from .applying import PACKAGE, Work
from .deciding import RefusedError, UnknownRunError
from .explaining import explain, packet_of
from .gathering import options_of
from .listing import Listing, ListingError, of_json, of_text
from .live import Live
from .nft import Nft, NftError
from .policy import ruleset_of
from .ruleset import Ruleset
from .text import TABLE, native_text
from .waiting import WaitingError

Result = dict[str, Any]
Options = Mapping[str, Any]
NATIVE = "nft"
RULES_FILE, UNSAID_FILE = "rules.nft", "not-said.txt"
OFFLINE = ("rendered", "parsed")
READING = ("gathered", "explained")


class MissingError(Exception):
    """The packet filter is not installed."""


def run(options: Options, check: bool) -> Result:
    """What the module returns; with `failed` and `msg` when something went wrong."""
    try:
        return _run(options, check)
    except UnknownRunError as error:
        return {"failed": True, "msg": str(error), "unknown_run": True}
    except MissingError as error:
        return {"failed": True, "msg": str(error), "would_need": [PACKAGE]}
    except (RefusedError, NftError, ListingError, JournalError, FileError, WaitingError, vendors.VendorError) as error:
        return {"failed": True, "msg": str(error)}


def _read(options: Options) -> Options:
    """Long lists may come as JSON text, which Ansible hands on without looking into it again and again."""
    read = dict(options)
    for name in ("sets", "rules", "marks"):
        if isinstance(options[name], str):
            try:
                read[name] = json.loads(options[name])
            except ValueError as error:
                raise RefusedError(f"{name}: this text is no JSON: {error}") from error
    return read


def _run(given: Options, check: bool) -> Result:
    options = _read(given)
    state = options["state"]
    if state in OFFLINE or (state == "explained" and options["rules"]):
        return _offline(options, check)
    nft = Nft()
    if not nft.path and not (check and state not in READING):
        raise MissingError(f"nft is not there; install {PACKAGE}")
    work = Work(options, check, nft, given)
    if state == "gathered":
        found = work.live()
        _warn_of_strangers(work, found)
        return {**work.result_of([]), "gathered": work.gathered(found)}
    if state == "explained":
        return {**work.result_of([]), **_explained(options, *_of_live(work))}
    if state == "confirmed":
        return work.confirm()
    return work.predict() if check else work.apply()


def _offline(options: Options, check: bool) -> Result:
    if options["state"] == "parsed":
        return {**result([]), "parsed": _parsed(options)}
    ruleset, problems = ruleset_of({**options, "enforce": options["enforce"] or "observe"})
    if problems:
        raise RefusedError(refused(problems))
    if options["state"] == "rendered":
        files, unsaid = _rendered(options, ruleset)
        return {**written(options["rendered_dir"], files, check), "rendered": files, "not_said": unsaid}
    return {**result([]), **_explained(options, ruleset, {rule["id"]: rule for rule in options["rules"]}, {})}


def _rendered(options: Options, ruleset: Ruleset) -> tuple[dict[str, str], list[str]]:
    """Files of the format that is asked for, and what they leave unsaid."""
    if options["format"] == NATIVE:
        return {RULES_FILE: native_text(ruleset)}, []
    files, unsaid = vendors.render(options, options["format"])
    return {**files, UNSAID_FILE: "".join(f"{line}\n" for line in unsaid)}, list(unsaid)


def _parsed(options: Options) -> Result:
    text = options["text"]
    if not text:
        raise RefusedError(f"text: is missing; state: parsed needs what `nft list table inet {TABLE}` says, or a file")
    listing: Listing | None = of_json(text) if text.lstrip().startswith("{") else of_text(text)
    found = reading.read(listing, {})
    if found is None:
        raise RefusedError(f"text: there is no table inet {TABLE} in it")
    if found.strange:
        raise RefusedError(
            refused([f"text: {line}: nothing that rules of this module can say" for line in found.strange])
        )
    return options_of(found.ruleset, lambda _name: {})


def _warn_of_strangers(work: Work, found: Live | None) -> None:
    if found and found.strange:
        work.warnings.append(f"the table was changed by hand, which is not looked at: {'; '.join(found.strange)}")


def _of_live(work: Work) -> tuple[Ruleset, Mapping[str, Any], Mapping[Any, int]]:
    found = work.live(counted=True)
    if found is None:
        raise RefusedError(f"there is no table inet {TABLE} here; apply rules first, or give rules to explain")
    _warn_of_strangers(work, found)
    return found.ruleset, work.about, found.packets


def _explained(
    options: Options, ruleset: Ruleset, about: Mapping[str, Any], packets: Mapping[Any, int]
) -> dict[str, Any]:
    packet, problems = packet_of(options["packet"] or {})
    if packet is None:
        raise RefusedError(refused(problems))
    found = explain(ruleset, packet)
    rules = [
        {"id": name, "stage": about.get(name, {}).get("stage", ""), "why": about.get(name, {}).get("why", [])}
        for name in found.rules
    ]
    return {
        "explanation": {
            "verdict": found.verdict,
            "reason": found.reason,
            "rules": rules,
            "source": found.source,
            "destination": found.destination,
            "packets": sum(packets.get(accept, 0) for accept in found.accepts),
        }
    }
