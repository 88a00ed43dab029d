# SPDX-License-Identifier: GPL-3.0-or-later
"""Small policies for tests: two servers in a perimeter, between the Internet (eth0) and the inside (eth1)."""

from __future__ import annotations

import copy
import typing as t

from hypothesis import strategies as st

from ansible_collections.openuc.ocs.plugins.module_utils.firewall.policy import ruleset_of
from ansible_collections.openuc.ocs.plugins.module_utils.firewall.ruleset import Ruleset

Options = dict[str, t.Any]
SETS: t.Final = [
    {"name": "world", "addresses": ["0.0.0.0/0"]},
    {"name": "partners", "addresses": ["192.0.2.0/24", "198.51.100.7"]},
    {"name": "access", "addresses": ["10.31.0.31", "10.31.0.32"]},
    {"name": "media", "addresses": ["10.31.0.41"]},
]


def rule(name: str, **changes: t.Any) -> Options:
    """A rule: the world may open TCP connections to port 443 of the access servers."""
    return {
        "id": name,
        "stage": "external_access",
        "why": [f"row.{name}"],
        "replaces": "",
        "ingress": "eth0",
        "egress": "eth1",
        "source": "world",
        "source_ports": "",
        "destination": "access",
        "protocol": "tcp",
        "ports": ["443"],
        "nat": [],
        **changes,
    }


def options(*rules: Options, **changes: t.Any) -> Options:
    """All options about rules; the perimeter's servers are protected both ways."""
    return {
        "enforce": "enforce",
        "interfaces": {"eth0": "internet", "eth1": "dmz"},
        "guarded": [{"ingress": "eth0", "egress": "eth1"}, {"ingress": "eth1", "egress": "eth0"}],
        "protected": ["10.31.0.31", "10.31.0.32", "10.31.0.41"],
        "sets": copy.deepcopy(SETS),
        "rules": list(rules),
        **changes,
    }


def compiled(*rules: Options, **changes: t.Any) -> Ruleset:
    """The rule set of options that have nothing wrong with them."""
    ruleset, problems = ruleset_of(options(*rules, **changes))
    assert problems == []
    return ruleset


# Few values, so that rules meet and overlap.
_ADDRESSES = ("10.0.0.1", "10.0.0.2", "10.0.0.0/30", "10.0.0.2-10.0.0.5", "0.0.0.0/0")
_PORTS = ("443", "440-450", "445-460", "50000-59999")
_ENDS: t.Final = {"public": "203.0.113.1", "private": "10.0.0.1"}
_TRANSLATIONS: t.Final[tuple[list[Options], ...]] = ([], [{"kind": "dnat", **_ENDS}], [{"kind": "snat", **_ENDS}])


@st.composite
def policies(draw: st.DrawFn) -> Options:
    """Policies with overlapping sets and ports, and translations that do not contradict each other."""
    sets = [
        {"name": f"s{number}", "addresses": draw(st.lists(st.sampled_from(_ADDRESSES), min_size=1, max_size=3))}
        for number in range(3)
    ]
    rules = []
    for number in range(draw(st.integers(0, 6))):
        protocol = draw(st.sampled_from(("tcp", "udp", "icmp")))
        ported = protocol != "icmp"
        inwards = draw(st.booleans())
        rules.append(
            rule(
                f"r{number}",
                ingress="eth0" if inwards else "eth1",
                egress="eth1" if inwards else "eth0",
                source=f"s{draw(st.integers(0, 2))}",
                destination=f"s{draw(st.integers(0, 2))}",
                protocol=protocol,
                source_ports=draw(st.sampled_from(("", *_PORTS))) if ported else "",
                ports=draw(st.lists(st.sampled_from(_PORTS), max_size=2)) if ported else [],
                nat=draw(st.sampled_from(_TRANSLATIONS)),
            )
        )
    marks = draw(st.lists(marks_of_one_mind(), max_size=5))
    named = [{**each, "id": f"m{number}"} for number, each in enumerate(marks)]
    return options(*rules, sets=sets, marks=named, enforce=draw(st.sampled_from(("observe", "enforce"))))


def mark(name: str, **changes: t.Any) -> Options:
    """A mark: UDP from the ports of audio keeps or gets the one for audio."""
    return {
        "id": name,
        "stage": "voice",
        "why": [f"row.{name}"],
        "replaces": "",
        "ingress": "eth1",
        "egress": "eth0",
        "protocol": "udp",
        "side": "source",
        "ports": "49152-57499",
        "dscp": 46,
        **changes,
    }


@st.composite
def marks_of_one_mind(draw: st.DrawFn) -> Options:
    """Marks that overlap, and do not contradict each other, as each side has a mark of its own."""
    side, dscp = draw(st.sampled_from((("source", 46), ("destination", 34), ("destination", 34), ("", 0))))
    way = draw(st.sampled_from((("eth0", "eth1"), ("eth1", "eth0"))))
    found = mark("", ingress=way[0], egress=way[1], side=side, dscp=dscp, ports=draw(st.sampled_from(_PORTS)))
    found = found if side else {key: said for key, said in found.items() if key not in ("protocol", "side", "ports")}
    return found if way[0] == "eth1" else {key: said for key, said in found.items() if key != "dscp"}
