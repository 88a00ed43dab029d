# SPDX-License-Identifier: GPL-3.0-or-later
"""The printed limits, beside the loads and limits that are planned.

The loads are worked out here from the printed user model, and the limits from the printed tables. Every line that an
estate is given is compared, so that a row too many is noticed as well.
"""

from __future__ import annotations

import functools
import math
import typing as t

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue import loader
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.capacity import CapacityFact, CapacityLine
from tests.documents import printed
from tests.documents.user_model import MODEL, ROWS, each, row, share, value

POOL, STANDARD = "pool1.corp.contoso.com", "ocs1.corp.contoso.com"
USERS, OFFICE = 10000, 800  # of the lab's pool, and of the standard example's


class Line(t.NamedTuple):
    """What is compared of a line; `per_server` is printed, or follows from a printed number of servers."""

    unit: str
    load: float
    limit: float = 0
    per_server: float = 0
    least: float = 0


STATED = {
    f"uc_pools/{POOL}/user_model": {
        "formal_agents": 11,
        "informal_agents": 12,
        "response_groups": 13,
        "hunt_groups": 14,
        "response_group_calls": 15,
    },
    "uc_user_model": {"chat_messages": 21, "largest_chat_room": 22, "large_chat_rooms": 3, "group_chat_users": 50},
    "uc_web_access/im.contoso.com/users": 1500,
    "uc_web_access/im.corp.contoso.com/users": 500,
    "@gw1.corp.contoso.com/uc_gateway_ports": 240,
    "@fe1.corp.contoso.com/uc_nic_gbps": 10,
    "@fe2.corp.contoso.com/uc_nic_gbps": 1,
    "uc_sites/redmond/link_latency_ms": 100,
}
STANDARD_STATED = {
    f"uc_pools/{STANDARD}/applications": ["response_group"],
    f"uc_pools/{STANDARD}/user_model": {
        "formal_agents": 6,
        "informal_agents": 7,
        "response_groups": 8,
        "hunt_groups": 9,
        "response_group_calls": 10,
    },
}
SERVERS = 2  # Front Ends of the lab's pool, and members of its Edge pool


def of_response_groups(edition: str, loads: t.Sequence[int]) -> dict[str, Line]:
    figures = {
        "Formal agents of Response Groups": ("agents", "formal agents"),
        "Informal agents in hunt groups": ("agents", "informal agents in hunt groups"),
        "Response Groups": ("groups", "response groups"),
        "Hunt groups": ("groups", "hunt groups"),
        "Simultaneous calls of Response Groups": ("calls", "simultaneous calls"),
    }
    return {
        figure: Line(unit, load, row(subject, "response_groups")[edition])
        for (figure, (unit, subject)), load in zip(figures.items(), loads, strict=True)
    }


def of_edges(users: int, servers: int) -> dict[str, Line]:
    """Edge services, by the share of the users who are outside or who meet others there."""
    loads = {
        "Client connections of the Access Edge service": ("Access Edge", share("remote_users")),
        "Client connections of the Web Conferencing Edge service": (
            "Web Conferencing Edge",
            share("conference_users", "outside_participants"),
        ),
        "Audio and video sessions of the A/V Edge service": (
            "A/V Edge",
            share("conference_users", "audio_conferences", "outside_participants"),
        ),
    }
    return {
        figure: Line(row(subject)["unit"], users * part, value(subject) * servers, value(subject))
        for figure, (subject, part) in loads.items()
    }


def of_pool(users: int) -> dict[str, Line]:
    sent = MODEL["im_sessions_per_hour"][0] * MODEL["messages_per_session"][0]
    return {
        "Users in conferences at a time": Line("users", users * share("conference_users")),
        "Instant messages an hour": Line("messages/h", users * sent),
    }


def of_estate(users: int, slowest: float) -> dict[str, Line]:
    return {
        "Mobile clients that ask the address book's web query service": Line(
            "clients", users * share("voice_users", "mobile_users")
        ),
        "Slowest network card of a server, as far as the inventory says": Line(
            "Gbit/s", slowest, least=value("slowest network card of a server")
        ),
    }


def calls(internal_percent: int, cores: int) -> int:
    """Calls of a Mediation Server, by how many of the users are inside and by the cores of its two processors."""
    (found,) = [
        row
        for row in ROWS
        if row["printed_table"] == "mediation" and (row["internal_percent"], row["cores"]) == (internal_percent, cores)
    ]
    return int(found["calls"])


PORTS = USERS * share("voice_users") / MODEL["users_per_port"][0]
CAUTIOUS = each("Group Chat Servers by the text on availability")
LATENCY = "Delay of media from end to end on the site's link"
LAB: dict[str, dict[str, Line]] = {
    POOL: {
        "Users": Line("users", USERS, each("Enterprise pool") * SERVERS, each("Enterprise pool")),
        "Network between most servers, more than": Line(
            "Gbit/s", value("network of an Enterprise pool is faster than")
        ),
        **of_pool(USERS),
        **of_response_groups("enterprise", (11, 12, 13, 14, 15)),
    },
    "edge.corp.contoso.com": of_edges(USERS, SERVERS),
    "arch1.corp.contoso.com": {
        "Users whose messages are archived": Line("users", USERS, each("Archiving Server"), each("Archiving Server")),
    },
    "mon1.corp.contoso.com": {
        "Users who are monitored": Line("users", USERS, each("Monitoring Server"), each("Monitoring Server")),
    },
    "cwa1.corp.contoso.com": {
        "Users of Communicator Web Access": Line(
            "users", 2000, value("users", "web_access"), value("users", "web_access")
        ),
        "Web access users who share desktops at a time": Line(
            "users", 2000 * share("web_desktop_sharing"), *[value("users who share desktops at a time")] * 2
        ),
    },
    "med1.corp.contoso.com": {
        "Simultaneous calls of a Mediation Server with two dual-core 3.0 GHz processors": Line(
            "calls", PORTS, calls(90, 2), calls(90, 2)
        ),
    },
    "gw1.corp.contoso.com": {
        "Telephone ports of a gateway": Line(
            "ports", 240, value("most ports of a gateway"), least=value("fewest ports of a gateway")
        ),
    },
    "redmond": {LATENCY: Line("ms", 50, value("longest delay from end to end"))},
    "estate": {
        # One Group Chat Server; of the pools' users, half use it.
        "Users of Group Chat": Line("users", USERS / 2, each("Group Chat Server"), each("Group Chat Server")),
        "Users of Group Chat, by the cautious figure": Line("users", USERS / 2, CAUTIOUS, CAUTIOUS),
        "Group Chat Servers": Line("servers", 1, row("Group Chat Servers by the text on topologies")["servers"]),
        "Messages a second in all chat rooms": Line("messages/s", 21, value("messages in a second in all rooms")),
        "Participants of the largest chat room": Line(
            "participants", 22, value("participants of the largest room tested")
        ),
        "Chat rooms with many more than 30 participants": Line("%", 3, value("rooms with many participants")),
        "Telephone ports for the telephony that the user model says": Line("ports", PORTS),
        **of_estate(USERS, 1),
    },
}
OFFICE_LINES: dict[str, dict[str, Line]] = {
    STANDARD: {
        "Users": Line("users", OFFICE, *[each("Standard Edition server")] * 2),
        **of_pool(OFFICE),
        **of_response_groups("standard", (6, 7, 8, 9, 10)),
    },
    "edge1.corp.contoso.com": of_edges(OFFICE, 1),
    "office": {LATENCY: Line("ms", 0, value("longest delay from end to end"))},
    "estate": of_estate(OFFICE, 0),
}


@functools.cache
def lab() -> tuple[CapacityLine, ...]:
    return printed.planned("lab", STATED).capacity


Compared = dict[tuple[str, str], tuple[str, float, float, float, int]]


def compared(lines: t.Iterable[CapacityLine]) -> Compared:
    found: Compared = {}
    for line in lines:
        assert (line.subject, line.figure) not in found, line
        compared_fields = (line.unit, line.load, line.limit, line.least, line.servers_needed)
        found[line.subject, line.figure] = compared_fields
    return found


def expected(
    lines: t.Mapping[str, t.Mapping[str, Line]],
) -> Compared:
    return {
        (subject, figure): (
            line.unit,
            round(line.load, 2),
            line.limit,
            line.least,
            math.ceil(line.load / line.per_server) if line.per_server else 0,
        )
        for subject, figures in lines.items()
        for figure, line in figures.items()
    }


def test_lines_of_an_enterprise_pool_and_its_surroundings() -> None:
    assert compared(lab()) == expected(LAB)


def test_lines_of_a_standard_edition_server() -> None:
    assert compared(printed.planned("standard", STANDARD_STATED).capacity) == expected(OFFICE_LINES)


def test_the_printed_whole_is_the_limit_however_many_the_servers() -> None:
    wholes = {
        (fact.figure, fact.limit, fact.limit_per_server)
        for fact in loader.load("ocs2007r2").facts(CapacityFact)
        if fact.limit and fact.limit_per_server
    }
    subjects = {
        "Standard Edition server": "Users",
        "Enterprise pool": "Users",
        "Enterprise pool for IM and presence": "Client endpoints of a pool for messages and presence alone",
        "Group Chat Server": "Users of Group Chat",
        "Group Chat Servers by the text on availability": "Users of Group Chat, by the cautious figure",
    }
    assert wholes == {(figure, row(subject)["users"], each(subject)) for subject, figure in subjects.items()}


def differences(changes: t.Mapping[str, t.Any]) -> tuple[dict[str, Line], set[str]]:
    """Figures that a change brings, and figures that it takes away."""
    lines = printed.planned("lab", {**STATED, **changes}).capacity
    before, after = {line.figure for line in lab()}, {line.figure for line in lines}
    new = {
        line.figure: Line(line.unit, line.load, line.limit, line.limit / line.servers)
        for line in lines
        if line.figure not in before
    }
    return new, before - after


CALLS = "Simultaneous calls of a Mediation Server with two dual-core 3.0 GHz processors"
OUTSIDE = {"uc_user_model": {**t.cast("dict[str, int]", STATED["uc_user_model"]), "remote_users": 100}}
EIGHT = {"@med1.corp.contoso.com/uc_cores": 8}


@pytest.mark.parametrize(
    ("changes", "inside", "cores", "figure"),
    [
        (EIGHT, 90, 4, "Simultaneous calls of a Mediation Server with two quad-core 2.3 GHz processors"),
        (OUTSIDE, 0, 2, "Simultaneous calls, all users outside, with two dual-core 3.0 GHz processors"),
        ({**OUTSIDE, **EIGHT}, 0, 4, "Simultaneous calls, all users outside, with two quad-core 2.3 GHz processors"),
    ],
    ids=["quad", "outside", "outside-quad"],
)
def test_calls_of_a_mediation_server(changes: t.Mapping[str, t.Any], inside: int, cores: int, figure: str) -> None:
    new, gone = differences(changes)
    assert new == {figure: Line("calls", PORTS, calls(inside, cores), calls(inside, cores))}
    assert gone == {CALLS}


def test_printed_lines_of_calls() -> None:
    """As the erratum says, calls are divided by 32 for E1, which carries 30; T1 carries 24."""
    for found in ROWS:
        if found["printed_table"] == "mediation":
            assert (found["t1"], found["e1"]) == (found["calls"] // 24, found["calls"] // 32)


def test_a_pool_for_messages_and_presence() -> None:
    new, gone = differences({"uc_features": ["im_presence"], "uc_qos": {"enabled": False}})
    per_server = each("Enterprise pool for IM and presence")
    assert new == {
        "Client endpoints of a pool for messages and presence alone": Line(
            "endpoints", USERS, per_server * SERVERS, per_server
        )
    }
    assert gone == {
        "Users",
        "Users in conferences at a time",
        "Network between most servers, more than",
        "Telephone ports for the telephony that the user model says",
        *of_edges(1, 1),
        LATENCY,
    }


SEVERAL = {"pool1.corp.contoso.com": 10000, "pool2.corp.contoso.com": 9000, "se1.emea.contoso.com": 1500}
OF_EACH = "uc_pools/pool2.corp.contoso.com/users"


def of_several(changes: t.Mapping[str, t.Any], figure: str) -> dict[str, float]:
    lines = printed.planned("multisite", {OF_EACH: SEVERAL["pool2.corp.contoso.com"], **changes}).capacity
    return {line.subject: line.load for line in lines if line.figure == figure}


@pytest.mark.parametrize(
    ("figure", "each_user"),
    [
        ("Users", 1),
        ("Users in conferences at a time", share("conference_users")),
        ("Instant messages an hour", MODEL["im_sessions_per_hour"][0] * MODEL["messages_per_session"][0]),
    ],
)
def test_each_of_several_pools_bears_its_own_users(figure: str, each_user: float) -> None:
    assert of_several({}, figure) == {pool: users * each_user for pool, users in SEVERAL.items()}


def test_each_of_several_pools_for_messages_and_presence_bears_its_own_users() -> None:
    enterprise = {pool: users for pool, users in SEVERAL.items() if not pool.startswith("se1")}
    figure = "Client endpoints of a pool for messages and presence alone"
    assert of_several({"uc_features": ["im_presence"]}, figure) == enterprise


def test_a_standard_edition_server_for_messages_and_presence_bears_no_more() -> None:
    lines = printed.planned("standard", {"uc_features": ["im_presence"]}).capacity
    found = {line.figure: line.limit for line in lines if line.subject == STANDARD}
    assert found == {"Users": each("Standard Edition server"), "Instant messages an hour": 0}


def test_a_virtualized_pool() -> None:
    virtual = {f"@fe{number}.corp.contoso.com/uc_virtual": True for number in (1, 2)}
    new, gone = differences(virtual)
    assert {figure: (line.unit, line.load, line.limit) for figure, line in new.items()} == {
        "Users of a virtualized topology": ("users", USERS, row("virtualized topology")["users"]),
        "Users of Group Chat in a virtualized topology": (
            "users",
            USERS / 2,
            row("virtualized topology")["group_chat_users"],
        ),
    }
    assert not gone


@pytest.mark.parametrize(
    ("virtual", "usual"), [("virtual-pool", "enterprise-pool"), ("virtual-group-chat", "group-chat")]
)
def test_a_virtualized_topology_has_other_limits_for_the_same_users(virtual: str, usual: str) -> None:
    facts = {fact.id.rpartition(".")[2]: fact for fact in loader.load("ocs2007r2").facts(CapacityFact)}
    counted = [(fact.per, fact.role, fact.measure, fact.times) for fact in (facts[virtual], facts[usual])]
    assert counted[0] == counted[1]


def test_a_virtualized_pool_without_group_chat() -> None:
    virtual = {"@ocs1.corp.contoso.com/uc_virtual": True}
    new = {line.figure for line in printed.planned("standard", virtual).capacity}
    assert "Users of Group Chat in a virtualized topology" not in new


def test_response_groups_need_their_application() -> None:
    new, gone = differences({f"uc_pools/{POOL}/applications": []})
    assert not new
    assert gone == set(of_response_groups("enterprise", range(5)))
    lines = printed.planned("standard").capacity
    assert not {line.figure for line in lines} & gone


def test_group_chat_servers_are_counted() -> None:
    second = {"@gc2.corp.contoso.com/groups": ["group_chat"], "@gc2.corp.contoso.com/uc_addresses": "10.20.0.99"}
    lines = {line.figure: line for line in printed.planned("lab", second).capacity}
    assert lines["Group Chat Servers"].load == 2
    assert lines["Users of Group Chat, by the cautious figure"].limit == 2 * CAUTIOUS


def test_no_group_chat_server_no_figures_of_it() -> None:
    lines = printed.planned("standard").capacity
    assert not [line.figure for line in lines if "chat" in line.figure.lower()]
