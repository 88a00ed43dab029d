# SPDX-License-Identifier: GPL-3.0-or-later
"""Where flows end, as those see it who open them."""

from __future__ import annotations

import dataclasses
import typing as t

from ..planning.flows import Flow
from ..planning.parties import EndpointSet
from .vantages import Vantage


@dataclasses.dataclass(frozen=True, slots=True)
class Goal:
    """An address that a flow ends at, and whose it is."""

    host: str
    address: str


def goals_of(flow: Flow, sets: t.Mapping[str, EndpointSet]) -> t.Iterator[Goal]:
    """Where to knock: as the one who opens the flow sees it, so at the public address where it is translated."""
    public = {change.private: change.public for change in flow.nat if change.kind == "dnat"}
    for member in sets[flow.destination].members:
        yield Goal(member.host, public.get(member.address, member.address))


def stand_ins_of(endpoints: EndpointSet, vantages: t.Iterable[Vantage]) -> t.Iterator[Goal]:
    """Vantages that stand for clients, partners or the Internet, where a flow ends at those and at no host."""
    if endpoints.members:
        return
    for vantage in vantages:
        address = vantage.knocks_as(endpoints) if vantage.stands_in else None
        if address:
            yield Goal(vantage.host, address)
