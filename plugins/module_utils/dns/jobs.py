# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of a task as one job per zone, with everything that is wrong with them. Private to the collection."""

from __future__ import annotations

import dataclasses
import ipaddress
from collections.abc import Mapping
from typing import Any, Union

from ..items import given_twice, nearest, one_or_listed, problems_of
from ..journal import option_problems
from ..limits import Limits, limit_problems
from ..specs import DNS_NAME_SERVER, DNS_ZONE
from ..zone_text import FIRST_SERIAL, MOST_SERIAL, NameServer, without_address
from . import gss, names, rdata, records, signing
from .errors import Place
from .records import Wanted
from .transfer import Key

WRITING = ("merged", "replaced", "overridden", "deleted", "restored")
OFFLINE = ("rendered", "parsed")
AnyKey = Union[signing.Key, gss.Account]


@dataclasses.dataclass(frozen=True)
class Job:
    """A zone at a server, and what is wanted of it."""

    place: Place
    zone: bytes
    port: int
    update: str
    key: AnyKey | None
    want: Mapping[Key, Wanted]
    given: bool
    resolvers: tuple[str, ...] = ()
    name_servers: tuple[NameServer, ...] = ()
    vantages: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Common:
    """What holds for all zones of a task."""

    state: str
    run: str
    check: bool
    journal_dir: str
    limits: Limits
    default_ttl: int
    adopt: bool
    foreign: bool
    verify: bool
    timeout: float


def jobs_of(options: Mapping[str, Any]) -> tuple[list[Job], list[str]]:
    """A job for each zone, and the problems of all of them."""
    keys, problems = _keys(options)
    zones, wrong = one_or_listed(options, "zones", DNS_ZONE)
    problems += wrong
    jobs: list[Job] = []
    for prefix, zone in zones.items():
        job, found = _job(zone, keys, options["state"])
        problems += [prefix + each for each in found]
        if job:
            jobs.append(job)
    if not problems:
        places = (((job.place.server, job.place.view, job.zone), str(job.place)) for job in jobs)
        problems = given_twice("zones", places)
    return jobs, problems + common_problems(options)


def common_problems(options: Mapping[str, Any]) -> list[str]:
    found = option_problems(options, "zone") if options["state"] in WRITING else []
    found += limit_problems(options)
    if not 0 <= options["default_ttl"] <= records.MOST_TTL:
        found.append(f"default_ttl: expected 0 to {records.MOST_TTL}, got {options['default_ttl']}")
    if not FIRST_SERIAL <= options["serial"] <= MOST_SERIAL:
        found.append(f"serial: expected {FIRST_SERIAL} to {MOST_SERIAL}, got {options['serial']}")
    if options["timeout"] <= 0:
        found.append(f"timeout: expected more than 0 seconds, got {options['timeout']}")
    return found


def whole_zone_problems(job: Job) -> list[str]:
    """What keeps a zone from being rendered whole: nobody is there to ask, or nobody can find who is."""
    place = job.place
    if not any(not server.zone for server in job.name_servers):
        return [f"{place.zone}: format: zone needs the server, or name_servers; format: fragment needs neither"]
    held = [{"name": names.to_text(name), "type": rdata.type_text(kind)} for name, kind in job.want]
    return [
        f"name_servers: {name} is a name in {place.zone}, and only that zone could tell its address; give its addresses"
        for name in without_address(place.zone, job.name_servers, held)
    ]


def _keys(options: Mapping[str, Any]) -> tuple[dict[str, signing.Key], list[str]]:
    problems = []
    texts: dict[str, Any] = {}
    if options.get("key_file"):
        try:
            texts.update(signing.keys_in(options["key_file"]))
        except signing.BadKeyError as error:
            problems.append(str(error))
    texts.update({str(name).rstrip(".").lower(): text for name, text in (options.get("keys") or {}).items()})
    keys = {name: _key_or_problem(name, str(text)) for name, text in texts.items()}
    problems += [key for key in keys.values() if isinstance(key, str)]
    return {name: key for name, key in keys.items() if not isinstance(key, str)}, problems


def _key_or_problem(name: str, text: str) -> signing.Key | str:
    try:
        return signing.key_of(name, text)
    except signing.BadKeyError as error:
        return str(error)


def _job(zone: Mapping[str, Any], keys: Mapping[str, signing.Key], state: str) -> tuple[Job | None, list[str]]:
    name = zone.get("zone")
    problems = [
        f"{option}: is missing"
        for option in ("zone", "server")
        if not zone.get(option) and not (option == "server" and state in OFFLINE)
    ]
    if problems:
        return None, problems
    given = zone.get("records")
    if given is None and state in ("merged", "replaced", "overridden", "rendered"):
        problems.append("records: is missing; write [] for none")
    want, found = records.decode(str(name), given or [])
    problems += found
    key, found = _key(zone, keys, state)
    problems += found
    name_servers, found = _name_servers(zone)
    problems += found
    if problems:
        return None, problems
    server = str(zone.get("server") or "")
    place = Place(str(name), server, str(zone.get("address") or server), str(zone.get("view") or ""))
    update = zone.get("update") or "tsig"
    wire = names.from_text(str(name))
    resolvers, vantages = (tuple(map(str, zone.get(option) or ())) for option in ("resolvers", "vantages"))
    port = int(zone.get("port") or 53)
    return Job(place, wire, port, str(update), key, want, given is not None, resolvers, name_servers, vantages), []


def _name_servers(zone: Mapping[str, Any]) -> tuple[tuple[NameServer, ...], list[str]]:
    """Those that are given, before which goes the server itself where it is none of them."""
    given = zone.get("name_servers") or []
    problems = problems_of("name_servers", given, DNS_NAME_SERVER)
    if problems:
        return (), problems
    listed = [NameServer(each["name"], tuple(each.get("addresses") or ()), each.get("zone") or "") for each in given]
    for index, server in enumerate(listed):
        problems += [
            f"name_servers[{index}].addresses: {address!r} is no IP address"
            for address in server.addresses
            if not _is_address(address)
        ]
    if zone.get("server") and all(server.zone for server in listed):
        listed.insert(0, NameServer(str(zone["server"]), (str(zone["address"]),) if zone.get("address") else ()))
    return tuple(listed), problems


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _key(zone: Mapping[str, Any], keys: Mapping[str, signing.Key], state: str) -> tuple[AnyKey | None, list[str]]:
    update = zone.get("update") or "tsig"
    if state in OFFLINE:
        return None, []
    if update == "gss":
        problem = gss.problem()
        return (None, [problem]) if problem else (gss.Account(str(zone.get("server")).rstrip(".")), [])
    name = str(zone.get("key_name") or "").rstrip(".").lower()
    if update == "none":
        if state in WRITING:
            return None, ["update: none forbids to change this zone; use state: rendered, or update: tsig"]
        return keys.get(name), []
    if not name:
        return None, [] if state == "gathered" else ["key_name: is missing; update: tsig needs the name of a key"]
    if name not in keys:
        known = ", ".join(sorted(keys)) or "none"
        return None, [f"key_name: {name!r} is neither in keys nor in key_file; known are {known}{nearest(name, keys)}"]
    return keys[name], []
