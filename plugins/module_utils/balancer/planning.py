# SPDX-License-Identifier: GPL-3.0-or-later
"""What must change on a balancer. Pure. Private to the collection."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from ..contract import Operation
from ..limits import Limits
from .model import Address, Member, Service
from .pairs import Pair


@dataclasses.dataclass(frozen=True)
class Holding:
    """What a balancer has of ours."""

    services: tuple[Service, ...] = ()
    addresses: tuple[Address, ...] = ()
    pair: Pair | None = None


@dataclasses.dataclass(frozen=True)
class Want:
    """What a task asks for. `everything` when it names no services at all."""

    state: str
    services: tuple[Service, ...] = ()
    addresses: tuple[Address, ...] = ()
    pair: Pair | None = None
    everything: bool = False


def target(want: Want, have: Holding) -> Holding:
    """What the balancer has afterwards."""
    if want.state == "overridden":
        return Holding(want.services, want.addresses, want.pair)
    if want.state == "deleted":
        return Holding() if want.everything else _without(want, have)
    services = {service.key: service for service in have.services}
    for service in want.services:
        known = services.get(service.key)
        joined = _joined(known, service) if known and want.state == "merged" else service
        services[service.key] = joined
    replaced = {service.replaces for service in want.services} - {""}
    kept = tuple(service for service in services.values() if service.id not in replaced)
    cards = {each.address: each for each in (*have.addresses, *want.addresses)}
    return Holding(kept, tuple(cards.values()), want.pair or have.pair)


def _without(want: Want, have: Holding) -> Holding:
    keys = {service.key for service in want.services}
    kept = tuple(service for service in have.services if service.key not in keys)
    used = {address for service in kept for address in (service.vip, *service.snat)}
    named = {each.address for each in want.addresses}
    addresses = (each for each in have.addresses if each.address in used or each.address not in named)
    return Holding(kept, tuple(addresses), have.pair)


def _joined(known: Service, added: Service) -> Service:
    members: dict[str, Member] = {member.name: member for member in (*known.members, *added.members)}
    return added._replace(members=tuple(members.values()))


def operations(have: Holding, after: Holding) -> list[Operation]:
    """Services and addresses that differ, those that are added first."""
    before, later = ({service.key: service for service in each.services} for each in (have, after))
    found = _differences(before, later)
    cards = [{each.address: each for each in holding.addresses} for holding in (have, after)]
    found += [
        Operation(_action(old, new), f"address {address}", (old and f"on {old}") or "", (new and f"on {new}") or "")
        for address in sorted({*cards[0], *cards[1]})
        if (old := _card(cards[0], address)) != (new := _card(cards[1], address))
    ]
    if have.pair != after.pair:
        was, will = (pair.words() if pair else "" for pair in (have.pair, after.pair))
        found.append(Operation(_action(have.pair, after.pair), "pair", was, will))
    order = ("add", "change", "remove")
    return sorted(found, key=lambda operation: order.index(operation.action))


def _differences(before: Mapping[str, Service], later: Mapping[str, Service]) -> list[Operation]:
    found = []
    for key in sorted({*before, *later}):
        old, new = before.get(key), later.get(key)
        if old == new:
            continue
        why = ", ".join(new.why) if new else ""
        was, will = (words_of(service) if service else "" for service in (old, new))
        if was == will and old and new:
            was, will = f"{was}; {_labels(old)}", f"{will}; {_labels(new)}"
        found.append(Operation(_action(old, new), f"service {key}", was, will, why))
    return found


def _card(cards: Mapping[str, Address], address: str) -> str:
    found = cards.get(address)
    return found.interface if found else ""


def _action(old: object, new: object) -> str:
    return "change" if old and new else "add" if new else "remove"


def words_of(service: Service) -> str:
    """A service in a line, as a difference shows it."""
    members = ", ".join(f"{member.name} {member.address}:{service.member_port}" for member in service.members)
    words = [f"to {members}", f"health by port {service.check_port}"]
    if service.affinity != "tcp":
        words.append(f"affinity {service.affinity}")
    if service.idle_seconds:
        words.append(f"idle {service.idle_seconds} s{' then reset' if service.idle_reset else ''}")
    words.append(f"from {', '.join(service.snat) or 'the balancer'}" if not service.forwarded else "from the client")
    return "; ".join(words)


def _labels(service: Service) -> str:
    return f"{service.id} of {service.stage} by {', '.join(service.why)}"


def excess(done: Sequence[Operation], have: Holding, limits: Limits) -> str:
    """Why so many services may not go at once; empty where they may."""
    removed = [o.name.partition(" ")[2] for o in done if o.action == "remove" and o.name.startswith("service ")]
    return limits.refusal(removed, len(have.services), "services")
