# SPDX-License-Identifier: GPL-3.0-or-later
"""Ranges, policies and registry values of Lync Server 2010, beside the poster and later documentation of the design."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue import loader
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.qos_facts import QosFact
from tests.documents import printed

ROWS = printed.rows("lync2010/qos")
EXAMPLE = printed.planned("lync2010")
PLAN = EXAMPLE.qos
POSTER = {
    400: "erratum.lync-media-ranges",
    437: "erratum.lync-media-ranges",
    267: "erratum.lync-sharing-range",
}
FRONT_ENDS = {f"fe{number}.corp.contoso.com" for number in (1, 2, 3)}
CONFERENCING = {"avc1.corp.contoso.com", "avc2.corp.contoso.com", "se1.corp.contoso.com"}
MEDIATION = {"med1.corp.contoso.com", "med2.corp.contoso.com", "se1.corp.contoso.com"}
EDGES = {"edge1.contoso.com", "edge2.contoso.com"}
SHARING = FRONT_ENDS | {"se1.corp.contoso.com"}
CLIENTS = {"hq", "leeds"}
MEMBERS = {
    "conferencing": CONFERENCING,
    "application": FRONT_ENDS,
    "mediation": MEDIATION,
    "sharing": SHARING,
    "edge": EDGES,
    "clients": CLIENTS,
}
OPTIONS = {
    "audio": "server_audio_ports",
    "video": "server_video_ports",
    "application_sharing": "application_sharing_ports",
}
WORDS = {"audio": "audio", "video": "video", "application_sharing": "application sharing"}


class Ports(t.NamedTuple):
    """A range on a server or a population."""

    target: str
    medium: str
    first: int
    last: int


def table(name: str) -> list[printed.Row]:
    return [row for row in ROWS if row["printed_table"] == name]


def ranges() -> set[Ports]:
    return {
        Ports(target, row["medium"], row["first"], row["first"] + row["count"] - 1)
        for row in table("ranges")
        for member in row["of"]
        for target in MEMBERS[member]
    }


def kind_of(target: str) -> str:
    return "client" if target in CLIENTS else "edge" if target in EDGES else "server"


def protocol_of(item: Ports) -> str:
    if item.target in CLIENTS:
        return "both"
    return "tcp" if item.medium == "application_sharing" else "udp"


def test_the_poster_differs_by_errata() -> None:
    assert {row["line"] for row in ROWS if "note" in row} == set(POSTER)
    for line in (437, 267):
        assert printed.explains("lync2010", POSTER[line], "lync-poster", line)
    by_medium = {item.medium: item for item in PLAN.ranges if item.target in SHARING & CONFERENCING}
    for row in table("poster")[:2]:
        assert row["first"] == by_medium[row["medium"]].first


def test_classes() -> None:
    assert {item.medium: item.dscp for item in PLAN.markings} == {
        row["medium"]: row["dscp"] for row in table("classes")
    }
    names = {"audio": "EF", "video": "AF41", "application_sharing": "CS3"}  # of RFC 3246, 2597 and 2474 for the numbers
    assert {(item.medium, item.target): item.dscp_class for item in PLAN.markings} == {
        (medium, "estate"): name for medium, name in names.items()
    }


def test_ranges() -> None:
    found = {Ports(item.target, item.medium, item.first, item.last): item for item in PLAN.ranges}
    assert set(found) == ranges()
    assert len(found) == len(PLAN.ranges)
    for key, item in found.items():
        assert item.protocol == protocol_of(key)
        assert item.least == item.count  # no documented range is wider than it must be
        assert item.in_servers_range == (item.target in CLIENTS)


def test_policies_mark_the_ranges_with_their_class() -> None:
    numbers = {row["medium"]: row["dscp"] for row in table("classes")}
    expected = {
        (
            f"UC {kind_of(item.target)} {WORDS[item.medium]}",
            item.target,
            "communicator.exe" if item.target in CLIENTS else "*",
            "destination" if item.target in EDGES else "source",
            "both",
            item.first,
            item.last,
            numbers[item.medium],
        )
        for item in ranges()
    }
    assert {
        (item.name, item.target, item.application, item.match, item.protocol, item.first, item.last, item.dscp)
        for item in PLAN.policies
    } == expected
    assert len(PLAN.policies) == len(expected)


def test_registry_of_policies_and_of_the_network_location() -> None:
    (layout,) = table("layout")
    (location,) = table("location")
    key = "SOFTWARE\\Policies\\Microsoft\\Windows\\QoS\\"
    expected = set()
    for policy in PLAN.policies:
        span = f"{policy.first}:{policy.last}"
        words = {
            "program": policy.application,
            "protocol": "*",
            "local": span if policy.match == "source" else "*",
            "remote": span if policy.match == "destination" else "*",
            "dscp": str(policy.dscp),
        }
        for name, data in layout["value"].items():
            expected.add((policy.target, key + policy.name, name, words.get(data, data)))
    for target in EDGES:  # the only ones with several networks
        for name, data in location["value"].items():
            expected.add((target, "SYSTEM\\CurrentControlSet\\Services\\Tcpip\\QoS", name, data))
    found = {(item.target, item.key, item.name, item.data) for item in PLAN.registry}
    assert found == expected
    assert {(item.hive, item.type) for item in PLAN.registry} == {("HKLM", "REG_SZ")}


def test_servers_with_several_networks_are_told_not_to_mind_the_location() -> None:
    servers = ("fe1.corp.contoso.com", "avc1.corp.contoso.com", "med1.corp.contoso.com")
    changes: dict[str, t.Any] = {
        f"@{server}/uc_addresses": {"internal": f"10.20.0.{70 + number}", "gateway_side": f"10.22.0.{70 + number}"}
        for number, server in enumerate(servers)
    }
    registry = printed.planned("lync2010", changes).qos.registry
    assert {item.target for item in registry if item.name == "Do not use NLA"} == {*servers, *EDGES}


def test_an_inventory_may_give_other_ranges() -> None:
    given = {"audio": (20000, 20999), "video": (21000, 21999), "application_sharing": (22000, 22999)}
    policy = {OPTIONS[medium]: f"{first}-{last}" for medium, (first, last) in given.items()}
    of_clients = {"audio": (20000, 20039), "video": (21000, 21039), "application_sharing": (22000, 22039)}
    words = {medium: f"{first}-{last}" for medium, (first, last) in of_clients.items()}
    clients = {f"uc_clients/{name}/ports": words for name in CLIENTS}
    plan = printed.planned("lync2010", {"uc_qos": policy, **clients}).qos
    for item in plan.ranges:
        expected = of_clients if item.target in CLIENTS else given
        assert (item.first, item.last) == expected[item.medium]


def test_policies_reach_everybody_at_the_end() -> None:
    assert [(item.target, item.why[0]) for item in PLAN.checkpoints] == [("estate", "lync2010.qos.policy-refresh")]


def test_nothing_but_ranges_where_qos_is_off() -> None:
    off = printed.planned("lync2010", {"uc_qos": {"enabled": False}}).qos
    assert {item.id for item in off.ranges} == {item.id for item in PLAN.ranges}
    for items in (off.markings, off.registry, off.policies, off.checkpoints):
        assert not items


@pytest.mark.parametrize(("product", "row"), [("ocs2007r2", "network-first"), ("lync2010", "network")])
def test_the_network_between_carries_the_classes(product: str, row: str) -> None:
    """Marks help where routers heed them (guide, the paragraph before its steps; the vendor's page on managing QoS)."""
    of_network = [fact for fact in loader.load(product).facts(QosFact) if fact.network]
    assert [(fact.id, fact.per, fact.role, fact.when) for fact in of_network] == [
        (f"{product}.qos.{row}", "estate", "", ("qos",))
    ]
