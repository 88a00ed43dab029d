# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses on a balancer's cards. Private to the collection."""

from __future__ import annotations

import dataclasses
import difflib
import json
from collections.abc import Iterable

from .model import Address
from .pairs import Pair
from .places import found, must


@dataclasses.dataclass(frozen=True)
class Cards:
    """Cards of the host, and the addresses on them."""

    names: tuple[str, ...]
    addresses: frozenset[tuple[str, str]]  # card, address

    def problems(self, wanted: Iterable[Address], pair: Pair | None = None) -> list[str]:
        """Cards that the host has not, and an address that it should have of its own."""
        named = [(f"addresses[{index}].interface", each.interface) for index, each in enumerate(wanted)]
        if pair is None:
            return self._unknown(named)
        if pair.interface in self.names and (pair.interface, pair.address) not in self.addresses:
            own = ", ".join(sorted(ip for card, ip in self.addresses if card == pair.interface)) or "none"
            return [f"pair.address: {pair.address} is not on the card {pair.interface}; there: {own}"]
        return self._unknown([*named, ("pair.interface", pair.interface)])

    def _unknown(self, named: Iterable[tuple[str, str]]) -> list[str]:
        problems = []
        for where, card in named:
            if card not in self.names:
                near = difflib.get_close_matches(card, self.names, n=1)
                hint = f"; did you mean {near[0]}?" if near else ""
                problems.append(f"{where}: this host has no card {card!r}, but {', '.join(self.names) or 'none'}{hint}")
        return problems


def read() -> Cards:
    shown = json.loads(must([found("ip") or "ip", "-json", "address", "show"]) or "[]")
    pairs = {(card["ifname"], each["local"]) for card in shown for each in card.get("addr_info", ()) if "local" in each}
    return Cards(tuple(card["ifname"] for card in shown), frozenset(pairs))


def put(addresses: Iterable[Address]) -> None:
    _batch("replace", addresses)


def take(addresses: Iterable[Address]) -> None:
    there = read().addresses
    _batch("del", (each for each in addresses if (each.interface, each.address) in there))


def _batch(action: str, addresses: Iterable[Address]) -> None:
    lines = [
        f"address {action} {each.address}/{128 if ':' in each.address else 32} dev {each.interface}"
        for each in addresses
    ]
    if lines:
        must([found("ip") or "ip", "-batch", "-"], text="\n".join(lines) + "\n")
