# SPDX-License-Identifier: GPL-3.0-or-later
"""How balancers that may be asked see the members of their services: who is in service, and who gets connections."""

from __future__ import annotations

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
_STAYS: t.Final = "tcp"
_UP: t.Final = "UP"


def spreads(service: Service) -> bool:
    """Whether connections of one client are to reach every member: nothing but a connection stays with one."""
    return service.protocol == "tcp" and service.affinity == _STAYS and len(service.members) > 1


def standings(folder: Path, services: t.Iterable[Service]) -> tuple[Verdict, ...]:
    """A verdict for each member of each service, of balancers that were asked."""
    asked = {path.stem: _members(path) for path in sorted((folder / MEMBERS).glob("*.json"))}
    return tuple(
        verdict
        for service in services
        if service.balancer in asked
        for verdict in _of_service(service, asked[service.balancer])
    )


def _members(path: Path) -> dict[tuple[str, str], Data]:
    try:
        listed = json.loads(path.read_text(encoding="utf-8"))["members"]
        return {(str(each["section"]).removeprefix(PREFIX), str(each["name"])): each for each in listed}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ObservedError(f"{path} cannot be used ({error}); verify again") from error


def _of_service(service: Service, members: t.Mapping[tuple[str, str], Data]) -> t.Iterator[Verdict]:
    if service.protocol != "tcp":
        return
    section = f"{service.vip}:{service.port}"
    standing = {name: members.get((section, name)) for name in service.members}
    # What the packet filter hands on is not counted by HAProxy.
    if not any(standing.values()):
        return
    totals = {name: int((found or {}).get("total") or 0) for name, found in standing.items()}
    for name in service.members:
        status, outcome, detail = _judged(service, name, standing[name], totals)
        yield _verdict(service, name, status, outcome, detail, totals[name])


def _judged(service: Service, name: str, found: Data | None, totals: t.Mapping[str, int]) -> tuple[Status, str, str]:
    if found is None:
        return "failed", "missing", "the balancer does not know it as a member"
    state = str(found.get("status"))
    if state != _UP:
        return "failed", state.lower(), f"the balancer says that it is {state}"
    given = ", ".join(f"{member} {total}" for member, total in totals.items())
    enough = sum(totals.values()) >= KNOCKS * len(totals)
    if spreads(service) and enough and not totals[name]:
        return "failed", "unused", f"of all connections so far: {given}"
    return "passed", "in_service", f"in service; connections so far: {given}"


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
        source="",
        milliseconds=None,
        items=(service.id,),
        why=service.why,
        facts={"total": total},
        expected={},
    )
