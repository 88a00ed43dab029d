# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses on a balancer's cards. Private to the collection."""

from __future__ import annotations

import dataclasses
import difflib
import json
from collections.abc import Iterable

from .model import Address
from .places import found, must


@dataclasses.dataclass(frozen=True)
class Cards:
    """Cards of the host, and the addresses on them."""

    names: tuple[str, ...]
    addresses: frozenset[tuple[str, str]]  # card, address

    def problems(self, wanted: Iterable[Address]) -> list[str]:
        """Cards that the host has not."""
        problems = []
        for index, each in enumerate(wanted):
            if each.interface not in self.names:
                near = difflib.get_close_matches(each.interface, self.names, n=1)
                hint = f"; did you mean {near[0]}?" if near else ""
                there = ", ".join(self.names) or "none"
                problems.append(
                    f"addresses[{index}].interface: this host has no card {each.interface!r}, but {there}{hint}"
                )
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
