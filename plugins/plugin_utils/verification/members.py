# SPDX-License-Identifier: GPL-3.0-or-later
"""How balancers that may be asked see the members of their services: who is in service, and who gets connections."""

from __future__ import annotations

import collections
import json
import typing as t
from pathlib import Path

from ...module_utils.balancer.text import PREFIX
from ..planning.load_balancing import Service
from .observed import ObservedError
from .verdicts import Data, Status, Verdict

MEMBERS: t.Final = "members"
# Connections that each vantage opens to a service, for each of its members.
KNOCKS: t.Final = 2
# Where clients stay with a member, one that gets none is told when chance alone would do that to fewer estates.
CHANCE: t.Final = 0.001
_STAYS: t.Final = "tcp"
_UP: t.Final = "UP"


def spreads(service: Service) -> bool:
    """Whether connections of one client are to reach every member: nothing but a connection stays with one."""
    return service.protocol == "tcp" and service.affinity == _STAYS and len(service.members) > 1


def standings(folder: Path, services: t.Iterable[Service], verdicts: t.Iterable[Verdict]) -> tuple[Verdict, ...]:
    """A verdict for each member of each service, of balancers that were asked; `verdicts` tell who came through."""
    asked = {path.stem: _members(path) for path in sorted((folder / MEMBERS).glob("*.json"))}
    clients: dict[tuple[str, int, str], set[str]] = collections.defaultdict(set)
    for verdict in verdicts:
        if verdict.kind == "flow" and verdict.status == "passed":
            clients[verdict.place].add(verdict.source)
    return tuple(
        verdict
        for service in services
        if service.balancer in asked
        for verdict in _of_service(
            service, asked[service.balancer], len(clients[service.vip, int(service.port), service.protocol])
        )
    )


def _members(path: Path) -> dict[tuple[str, str], Data]:
    try:
        listed = json.loads(path.read_text(encoding="utf-8"))["members"]
        return {(str(each["section"]).removeprefix(PREFIX), str(each["name"])): each for each in listed}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ObservedError(f"{path} cannot be used ({error}); verify again") from error


def _of_service(service: Service, members: t.Mapping[tuple[str, str], Data], clients: int) -> t.Iterator[Verdict]:
    # What the packet filter hands on is named by its protocol too.
    own = f"{service.vip}:{service.port}"
    sections = (own, f"{own}:{service.protocol}")
    standing = {
        name: next((members[section, name] for section in sections if (section, name) in members), None)
        for name in service.members
    }
    if not any(standing.values()):
        return
    totals = {name: int((found or {}).get("total") or 0) for name, found in standing.items()}
    for name in service.members:
        status, outcome, detail = _judged(service, name, standing[name], totals, clients)
        yield _verdict(service, name, status, outcome, detail, totals[name])


def _judged(
    service: Service, name: str, found: Data | None, totals: t.Mapping[str, int], clients: int
) -> tuple[Status, str, str]:
    if found is None:
        return "failed", "missing", "the balancer does not know it as a member"
    state = str(found.get("status"))
    if state != _UP:
        return "failed", state.lower(), f"the balancer says that it is {state}"
    given = ", ".join(f"{member} {total}" for member, total in totals.items())
    told = f"in service; connections so far: {given}"
    if totals[name]:
        return "passed", "in_service", told
    if spreads(service):
        enough = sum(totals.values()) >= KNOCKS * len(totals)
        return ("failed", "unused", f"of all connections so far: {given}") if enough else ("passed", "in_service", told)
    if _chance(len(totals), clients) < CHANCE:
        return "failed", "unused", f"of {clients} clients, each of which stays with a member, none came to it: {given}"
    return (
        "passed",
        "in_service",
        f"{told}; clients stay with a member, and {clients} are too few to tell how they spread",
    )


def _chance(members: int, clients: int) -> float:
    """At most so likely is it that some member gets none of the clients, where each goes to any."""
    return min(1.0, members * (1 - 1 / members) ** clients)


def _verdict(service: Service, name: str, status: Status, outcome: str, detail: str, total: int) -> Verdict:
    return Verdict(
        vantage=service.balancer,
        id=f"member:{service.vip}:{service.port}>{name}",
        kind="member",
        status=status,
        outcome=outcome,
        detail=detail,
        stage=service.stage,
        host=name,
        address=service.vip,
        port=int(service.port),
        protocol=service.protocol,
        items=(service.id,),
        why=service.why,
        facts={"total": total},
    )
