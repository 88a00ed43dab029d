# SPDX-License-Identifier: GPL-3.0-or-later
"""Two balancers that hold the same addresses in turn, and keepalived's configuration of one of them. Pure: no I/O."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..items import nearest
from .model import Address, address_problems

INSTANCE = "openuc"
SCRIPT = "openuc_answers"
MOST_ROUTERS, MOST_PRIORITY = 255, 254
CARD = re.compile(r"[^\s/]{1,15}")

# Three announcements that fail to come, and the other takes over: within two seconds.
_ANNOUNCED = 0.5
# Seconds after which who hears nothing has taken over, with some to spare.
SILENCE = 6 * _ANNOUNCED
_OPTIONS = ("virtual_router", "interface", "address", "peer", "priority")

_HEAD = """\
# Made by openuc.ocs: the addresses that this host holds in turn with {peer}.
# What is changed here by hand is undone by its next run.
"""
MAIN = """\
# Made by openuc.ocs.
global_defs {
    enable_script_security
}
"""


@dataclasses.dataclass(frozen=True)
class Pair:
    """What a balancer knows of itself and of the other one. Their priorities matter when both start at once."""

    virtual_router: int
    interface: str
    address: str
    peer: str
    priority: int

    @property
    def marker(self) -> str:
        """An address of nobody's. Announcements list it alone, so that both agree while their services change."""
        return f"169.254.255.{self.virtual_router}"

    def words(self) -> str:
        number = self.virtual_router
        return f"{self.address} beside {self.peer} on {self.interface}, router {number}, priority {self.priority}"


def decode_pair(item: Any) -> tuple[Pair | None, list[str]]:
    """The pair of the option `pair`, or all that is wrong with it."""
    if not item:
        return None, []
    if not isinstance(item, Mapping):
        return None, [f"pair: expected a mapping with {', '.join(_OPTIONS)}, got {item!r}"]
    problems = [
        f"pair.{name}: is no option of a pair{nearest(str(name), _OPTIONS)}" for name in item if name not in _OPTIONS
    ]
    problems += [f"pair.{name}: is missing" for name in _OPTIONS if name not in item]
    if problems:
        return None, problems
    for name, most in (("virtual_router", MOST_ROUTERS), ("priority", MOST_PRIORITY)):
        if not str(item[name]).isdecimal() or not 1 <= int(item[name]) <= most:
            problems.append(f"pair.{name}: expected 1 to {most}, got {item[name]!r}")
    problems += [problem for name in ("address", "peer") for problem in address_problems(f"pair.{name}", item[name])]
    if item["address"] == item["peer"]:
        problems.append(f"pair.peer: {item['peer']} is the host's own address (pair.address)")
    if not CARD.fullmatch(str(item["interface"])):
        problems.append(f"pair.interface: {item['interface']!r} cannot be the name of a network card")
    if problems:
        return None, problems
    router, priority = int(item["virtual_router"]), int(item["priority"])
    return Pair(router, str(item["interface"]), item["address"], item["peer"], priority), []


def render(pair: Pair, addresses: Sequence[Address], program: str) -> str:
    """keepalived's file of ours. A balancer whose HAProxy does not answer, or with a dead card, gives its addresses up.

    A balancer that comes back leaves them where they are: moving them ends every connection once more.
    """
    cards = dict.fromkeys(each.interface for each in addresses if each.interface != pair.interface)
    lines = [
        f"vrrp_script {SCRIPT} {{",
        f'    script "{program} answers"',
        "    interval 1",
        "    timeout 3",
        "    fall 2",
        "    rise 1",
        "    user root",
        "}",
        "",
        f"vrrp_instance {INSTANCE} {{",
        "    version 3",
        "    state BACKUP",
        "    nopreempt",
        f"    interface {pair.interface}",
        f"    virtual_router_id {pair.virtual_router}",
        f"    priority {pair.priority}",
        f"    advert_int {_ANNOUNCED}",
        f"    unicast_src_ip {pair.address}",
        *_block("unicast_peer", [pair.peer]),
        *_block("virtual_ipaddress", [f"{pair.marker}/32 dev {pair.interface} scope link"]),
        *_block("virtual_ipaddress_excluded", map(_held, sorted(addresses, key=lambda each: each.address))),
        *_block("track_interface", cards),
        *_block("track_script", [SCRIPT]),
        f'    notify "{program} stands" root',
        "}",
    ]
    return _HEAD.format(peer=pair.peer) + "\n".join(lines) + "\n"


def _held(each: Address) -> str:
    return f"{each.address}/{128 if ':' in each.address else 32} dev {each.interface}"


def _block(name: str, lines: Iterable[str]) -> list[str]:
    listed = [f"        {line}" for line in lines]
    return [f"    {name} {{", *listed, "    }"] if listed else []


def including(main: str, own: str) -> str:
    """The administrator's file with the line that loads ours."""
    kept = without(main, own) or MAIN
    return f"{kept}{_line(own)}\n"


def without(main: str, own: str) -> str:
    """The administrator's file without that line; empty where there is nothing but what we have put there."""
    kept = "".join(line for line in main.splitlines(keepends=True) if line.strip() != _line(own))
    if kept and not kept.endswith("\n"):
        kept += "\n"
    return "" if kept == MAIN else kept


def _line(own: str) -> str:
    return f"include {own}"
