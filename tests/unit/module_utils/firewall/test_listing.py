# SPDX-License-Identifier: GPL-3.0-or-later
"""What nftables 1.0.6 lists as JSON for a table of ours that somebody has been at; `listed.json` is its own words."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

from ansible_collections.openuc.ocs.plugins.module_utils.firewall import live
from ansible_collections.openuc.ocs.plugins.module_utils.firewall.labels import label_of
from ansible_collections.openuc.ocs.plugins.module_utils.firewall.listing import of_json
from ansible_collections.openuc.ocs.plugins.module_utils.firewall.policy import ruleset_of

from .policies import options, rule

NAT = [
    {"kind": "dnat", "public": "203.0.113.41", "private": "10.31.0.41"},
    {"kind": "snat", "public": "203.0.113.31", "private": "10.31.0.31"},
]
POLICY = options(
    rule("web", source="partners", destination="media", nat=NAT[:1]),
    rule("media", destination="media", protocol="udp", ports=["3478", "50000-59999"], nat=NAT[:1]),
    rule("ping", protocol="icmp", ports=[]),
    rule(
        "out", ingress="eth1", egress="eth0", source="media", destination="world", ports=[], source_ports="50000-59999"
    ),
    rule("hairpin", ingress="eth1", egress="eth1", source="access", nat=NAT[1:]),
    marks=[
        {"id": "audio", "stage": "", "why": [], "ingress": "eth1", "egress": "eth0", "protocol": "udp"}
        | {"side": "source", "ports": "50000-59999", "dscp": 46},
    ],
)
LISTED = Path(__file__).with_name("listed.json").read_text()


def read(text: str) -> live.Live:
    ruleset, problems = ruleset_of(POLICY)
    assert problems == []
    found = live.read(of_json(text), {label_of(names): names for names in ruleset.names()})
    assert found is not None
    return found


def test_json_means_what_was_loaded() -> None:
    assert read(LISTED).ruleset == ruleset_of(POLICY)[0]


def test_what_somebody_added_is_strange() -> None:
    assert read(LISTED).strange == (
        'chain forward: ip saddr 10.9.9.9 tcp dport 22 drop comment "mine"',
        "set extra is none of ours",
    )


def edited(change: t.Callable[[dict[str, t.Any]], None]) -> live.Live:
    content = json.loads(LISTED)
    for item in content["nftables"]:
        change(item)
    return read(json.dumps(content))


def test_counters_are_read() -> None:
    def count(item: dict[str, t.Any]) -> None:
        if item.get("set", {}).get("name") == "eth0_to_eth1/to":
            item["set"]["elem"][0]["elem"]["counter"]["packets"] = 5

    assert list(edited(count).packets.values()) == [5]


def test_protocols_may_be_numbers() -> None:
    """Where a host has no list of protocols."""

    def renumber(item: dict[str, t.Any]) -> None:
        described = [each["elem"]["val"] for each in item.get("set", {}).get("elem", ()) if isinstance(each, dict)]
        for parts in (value["concat"] for value in described if isinstance(value, dict)):
            parts[:] = [
                {"tcp": 6, "udp": 17, "icmp": 1}.get(part, part) if isinstance(part, str) else part for part in parts
            ]

    assert edited(renumber).ruleset == ruleset_of(POLICY)[0]


def test_what_cannot_be_read_is_strange() -> None:
    def spoil(item: dict[str, t.Any]) -> None:
        if "rule" in item:
            item["rule"]["expr"].append({"unheard": {"of": 1}})
        if item.get("map", {}).get("name") == "ways":
            item["map"]["elem"][0][1] = {"drop": None}

    strange = edited(spoil).strange
    assert any(line.startswith("ways: ") and line.endswith(" : drop") for line in strange)
    assert any('{"unheard": {"of": 1}}' in line for line in strange)
