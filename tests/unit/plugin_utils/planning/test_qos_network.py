# SPDX-License-Identifier: GPL-3.0-or-later
"""What firewalls do with marks: per way, range and direction."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.firewall.policy import ruleset_of
from ansible_collections.openuc.ocs.plugins.plugin_utils.engine import Design, design
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.qos_items import NetworkMark
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.slices import firewall_slices
from tests import support


def designed(product: str = "lync2010", **qos: t.Any) -> Design:
    """A server, a population and an Edge Server, a network each, all around one firewall."""
    inventory = support.inventory_of(
        {
            "standard_edition": {"se1.contoso.com": {"addresses": "10.0.0.11"}},
            "firewall": {"fw1.contoso.com": {"interfaces": {"lan": "lan", "desks": "desks", "world": "internet"}}},
        },
        {
            "product": product,
            "sip_domains": {"contoso.com": {"default": True}},
            "sites": {"hq": {"users": 100}},
            "networks": {
                "internet": {"cidr": "198.51.100.0/24", "zone": "internet", "kind": "partner"},
                "lan": {"cidr": "10.0.0.0/24", "zone": "internal", "kind": "servers"},
                "desks": {"cidr": "10.0.1.0/24", "zone": "internal", "kind": "clients"},
            },
            "pools": {"se1.contoso.com": {"edition": "standard", "users": 100}},
            "clients": {
                "staff": {
                    "network": "desks",
                    "products": ["lync" if product == "lync2010" else "communicator"],
                    "count": 100,
                    "windows": "7" if product == "lync2010" else "vista",
                }
            },
            "features": ["im_presence", "av_conferencing"],
            "qos": qos,
        },
    )
    return design(inventory, support.TODAY)


def marks(**qos: t.Any) -> tuple[NetworkMark, ...]:
    found = designed(**qos)
    assert found.plan, [finding.message for finding in found.errors]
    return found.plan.qos.network


def told(found: t.Iterable[NetworkMark], ingress: str, egress: str) -> set[tuple[str, str, str, str, int]]:
    return {
        (mark.side, mark.protocol, mark.ports, mark.action, mark.dscp)
        for mark in found
        if (mark.ingress, mark.egress) == (ingress, egress)
    }


def test_left_out_marks_are_left_as_they_are() -> None:
    assert marks() == ()
    assert marks(network={"internal": "trust", "internet": "trust"}) == ()


def test_without_qos_nothing_looks_at_marks() -> None:
    assert marks(enabled=False, network={"internal": "set"}) == ()


def test_what_comes_from_a_zone_is_cleared_on_each_way_from_there_and_no_other() -> None:
    found = marks(network={"internet": "clear"})
    assert [(mark.ingress, mark.egress, mark.action, mark.dscp, mark.ports) for mark in found] == [
        ("world", "desks", "clear", 0, ""),
        ("world", "lan", "clear", 0, ""),
    ]


def test_ports_of_servers_and_clients_are_marked_in_both_directions() -> None:
    """From the servers: their own ports, and those of the clients behind the other interface."""
    found = marks(network={"internal": "set"})
    assert told(found, "lan", "desks") == {
        ("source", "udp", "49152-57499", "set", 46),
        ("source", "udp", "57501-65534", "set", 34),
        ("source", "tcp", "40803-49150", "set", 24),
        ("destination", "udp", "50020-50039", "set", 46),
        ("destination", "tcp", "50020-50039", "set", 46),
        ("destination", "udp", "58000-58019", "set", 34),
        ("destination", "tcp", "58000-58019", "set", 34),
        ("destination", "udp", "42000-42019", "set", 24),
        ("destination", "tcp", "42000-42019", "set", 24),
        ("", "", "", "clear", 0),
    }
    swapped = {"source": "destination", "destination": "source", "": ""}
    back = {(swapped[side], *rest) for side, *rest in told(found, "lan", "desks")}
    assert told(found, "desks", "lan") == back


def test_to_the_internet_only_those_who_send_are_known_by_their_ports() -> None:
    assert {side for side, *_rest in told(marks(network={"internal": "set"}), "lan", "world")} == {"source", ""}


def test_a_mark_that_is_left_to_windows_is_kept() -> None:
    found = marks(network={"internal": "set"}, dscp={"audio": "not_configured"})
    assert ("source", "udp", "49152-57499", "keep", 0) in told(found, "lan", "desks")
    assert ("source", "udp", "57501-65534", "set", 34) in told(found, "lan", "desks")


def test_ports_that_hold_all_media_keep_the_marks_of_the_hosts() -> None:
    found = marks(product="ocs2007r2", network={"internal": "set"})
    assert told(found, "lan", "desks") == {
        ("source", "udp", "49152-65535", "keep", 0),
        ("destination", "udp", "1024-65535", "keep", 0),
        ("destination", "tcp", "1024-65535", "keep", 0),
        ("", "", "", "clear", 0),
    }


def test_each_has_a_reason_and_an_id_of_its_own() -> None:
    found = marks(network={"internal": "set", "internet": "clear"})
    assert all("lync2010.qos.network" in mark.why for mark in found)
    assert len({mark.id for mark in found}) == len(found)
    assert any(mark.why == ("lync2010.qos.network", "lync2010.qos.server-audio-ports") for mark in found)


@pytest.mark.parametrize("product", ["lync2010", "ocs2007r2"])
def test_the_firewall_takes_what_is_planned(product: str) -> None:
    found = designed(product=product, network={"internal": "set", "internet": "clear"})
    assert found.plan
    (only,) = firewall_slices(found.topology, found.plan)
    ruleset, problems = ruleset_of(only.arguments)
    assert problems == []
    assert len(ruleset.marks) == len(found.plan.qos.network)


def test_ranges_that_ask_for_different_marks_are_found_once_for_each_way() -> None:
    found = designed(network={"internal": "set"}, server_audio_ports="49152-57600")
    rules = [finding.id for finding in found.errors]
    assert "finding.qos-marks-contradict" in rules
