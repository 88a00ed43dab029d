# SPDX-License-Identifier: GPL-3.0-or-later
"""From options to a rule set, or to everything that is wrong with them."""

from __future__ import annotations

import ipaddress
import typing as t

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.openuc.ocs.plugins.module_utils.firewall.policy import ruleset_of
from ansible_collections.openuc.ocs.plugins.module_utils.firewall.ruleset import Outwards, without_overlap
from ansible_collections.openuc.ocs.plugins.module_utils.firewall.spans import address_text, port_text

from .policies import Options, compiled, options, policies, rule


def entries(*rules: Options) -> set[tuple[str, str, str]]:
    return {
        (address_text(entry.source), address_text(entry.destination), port_text(entry.ports))
        for entry in compiled(*rules).accepts
    }


def test_a_rule_is_an_entry_for_each_pair_of_addresses_and_port() -> None:
    assert entries(rule("a", source="media", ports=["443", "5061"])) == {
        ("10.31.0.41", "10.31.0.31", "443"),
        ("10.31.0.41", "10.31.0.31", "5061"),
        ("10.31.0.41", "10.31.0.32", "443"),
        ("10.31.0.41", "10.31.0.32", "5061"),
    }


def test_neighbours_are_one_entry_where_there_are_ranges_anyway() -> None:
    assert entries(rule("a", source="partners")) == {
        ("192.0.2.0/24", "10.31.0.31-10.31.0.32", "443"),
        ("198.51.100.7", "10.31.0.31", "443"),
        ("198.51.100.7", "10.31.0.32", "443"),
    }


def test_source_ports_are_kept() -> None:
    ruleset = compiled(
        rule(
            "a",
            source="media",
            destination="world",
            ingress="eth1",
            egress="eth0",
            ports=[],
            source_ports="50000-59999",
        )
    )
    (entry,) = ruleset.accepts
    assert entry.source_ports == (50000, 59999)
    assert str(entry) == "eth1 > eth0: 10.31.0.41 to any, tcp from port 50000-59999"


def test_rules_that_overlap_are_one_space_with_the_names_of_both() -> None:
    ruleset = compiled(
        rule("a", destination="media", ports=["100-200"]), rule("b", destination="media", ports=["150-250"])
    )
    assert {port_text(entry.ports): names for entry, names in ruleset.accepts.items()} == {
        "100-149": ("a",),
        "150-200": ("a", "b"),
        "201-250": ("b",),
    }


def test_ranges_that_together_are_everything_meet_entries_that_say_so() -> None:
    """An entry moves to another set when its ports come to all there are; there it must not overlap either."""
    ruleset = compiled(
        rule("a", destination="media", ports=["0-32767", "32768-65535"]), rule("b", destination="media", ports=[])
    )
    assert [(port_text(entry.ports), names) for entry, names in ruleset.accepts.items()] == [("", ("a", "b"))]


def test_ranges_are_joined_where_what_lay_between_them_is_no_range() -> None:
    """Otherwise a second look at the same entries would find others."""
    sets = [
        {"name": "pair", "addresses": ["10.0.0.1", "10.0.0.2"]},
        {"name": "span", "addresses": ["10.0.0.2-10.0.0.5"]},
        {"name": "first", "addresses": ["10.0.0.1"]},
    ]
    rules = [rule("r0", source="pair", destination="span"), rule("r1", source="span", destination="first")]
    accepts = compiled(*rules, sets=sets).accepts
    assert {str(entry): names for entry, names in accepts.items()} == {
        "eth0 > eth1: 10.0.0.2 to 10.0.0.1, tcp port 443": ("r1",),
        "eth0 > eth1: 10.0.0.1-10.0.0.2 to 10.0.0.2-10.0.0.5, tcp port 443": ("r0",),
        "eth0 > eth1: 10.0.0.3-10.0.0.5 to 10.0.0.1, tcp port 443": ("r1",),
    }
    assert without_overlap(accepts.items()) == accepts


@settings(max_examples=150, deadline=None)
@given(policies())
def test_a_second_look_at_entries_finds_the_same(given_options: Options) -> None:
    accepts = ruleset_of(given_options)[0].accepts
    assert without_overlap(accepts.items()) == accepts


def test_translations_both_ways() -> None:
    dnat = {"kind": "dnat", "public": "203.0.113.41", "private": "10.31.0.41"}
    snat = {"kind": "snat", "public": "203.0.113.41", "private": "10.31.0.41"}
    ruleset = compiled(
        rule("in", destination="media", nat=[dnat]),
        rule("out", source="media", destination="world", ingress="eth1", egress="eth0", nat=[snat]),
    )
    assert {str(key): found for key, found in ruleset.inwards.items()} == {
        "eth0 >: to 203.0.113.41, tcp port 443": ("10.31.0.41", ("in",))
    }
    assert ruleset.outwards == {Outwards("eth0", "10.31.0.41", ""): ("203.0.113.41", ("out",))}


def test_between_servers_behind_one_interface_only_what_goes_to_each_other_is_translated() -> None:
    nat = [
        {"kind": "dnat", "public": "203.0.113.32", "private": "10.31.0.32"},
        {"kind": "snat", "public": "203.0.113.31", "private": "10.31.0.31"},
    ]
    ruleset = compiled(rule("hairpin", ingress="eth1", egress="eth1", source="access", nat=nat))
    assert set(ruleset.outwards) == {Outwards("eth1", "10.31.0.31", end) for end in ("10.31.0.31", "10.31.0.32")}


@pytest.mark.parametrize(
    ("given_options", "problem"),
    [
        (
            options(rule("a", source="partner")),
            "rules[0].source: there is no set 'partner'; did you mean partners?",
        ),
        (options(rule("a", ingress="eth2")), "rules[0].ingress: 'eth2' is none of the interfaces; did you mean eth1?"),
        (
            options(rule("a", ports=["443-80"])),
            "rules[0].ports: '443-80' is no port or range of ports, such as 80 or 8000-8099, up to 65535",
        ),
        (options(rule("a", protocol="icmp")), "rules[0].ports: icmp has no ports; leave them out"),
        (
            options(rule('a "b"')),
            "rules[0].id: 'a \"b\"' cannot be kept as a comment; use no spaces, quotes and backslashes",
        ),
        (
            options(rule("a", protocol="sctp")),
            "rules[0].protocol: 'sctp' is none of tcp, udp, icmp, esp",
        ),
        (
            options(rule("a", nat=[{"kind": "dnat", "public": "203.0.113.0/24", "private": "10.31.0.31"}])),
            "rules[0].nat[0]: public: '203.0.113.0/24' is no IPv4 address",
        ),
        (options(rule("a", nat=[{"kind": "masquerade"}])), "rules[0].nat[0]: kind: 'masquerade' is none of dnat, snat"),
        (
            options(protected=["10.31.0.0/24"]),
            "protected[0]: '10.31.0.0/24' is more than one address; list them one by one",
        ),
        (
            options(sets=[{"name": "x", "addresses": ["10.0.0.1", "2001:db8::1"]}]),
            (
                "sets[0].addresses[1]: '2001:db8::1' is no IPv4 address, network or range; "
                "write it as 192.0.2.1, 192.0.2.0/24 or 192.0.2.1-192.0.2.9"
            ),
        ),
        (
            options(sets=[{"name": "x", "addresses": ["10.0.0.1"]}, {"name": "x", "addresses": ["10.0.0.2"]}]),
            "sets[1].name: 'x' is there twice; give each set a name of its own",
        ),
        (
            options(sets=[{"name": "x", "addresses": []}]),
            "sets[0].addresses: 'x' is empty; leave out the rules that use it instead",
        ),
        (options(guarded=[{"ingress": "eth0"}]), "guarded[0].egress: is missing"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(given_options: Options, problem: str) -> None:
    assert ruleset_of(given_options)[1] == [problem]


def test_everything_that_is_wrong_is_said_at_once() -> None:
    _ruleset, problems = ruleset_of(options(rule("a", source="x"), rule("b", ports=["no"]), protected=["nowhere"]))
    assert [problem.partition(":")[0] for problem in problems] == [
        "protected[0][0]",
        "rules[0].source",
        "rules[1].ports",
    ]


def test_one_address_cannot_become_two_others() -> None:
    first = {"kind": "dnat", "public": "203.0.113.1", "private": "10.31.0.31"}
    second = {"kind": "dnat", "public": "203.0.113.1", "private": "10.31.0.32"}
    _ruleset, problems = ruleset_of(options(rule("a", nat=[first]), rule("b", nat=[second])))
    assert problems == [
        (
            "rules: eth0 >: to 203.0.113.1, tcp port 443 cannot become 10.31.0.31 and 10.31.0.32 at once, "
            "as a, b ask(s); one address becomes one other"
        )
    ]


def test_one_address_cannot_leave_as_two_others() -> None:
    def nat(public: str) -> list[dict[str, str]]:
        return [{"kind": "snat", "public": public, "private": "10.31.0.31"}]

    out: dict[str, t.Any] = {"ingress": "eth1", "egress": "eth0", "source": "access", "destination": "world"}
    _ruleset, problems = ruleset_of(
        options(rule("a", **out, nat=nat("203.0.113.1")), rule("b", **out, nat=nat("203.0.113.2")))
    )
    assert problems == [
        (
            "rules[1].nat[0]: > eth0: from 10.31.0.31 cannot become 203.0.113.1 and 203.0.113.2 at once, "
            "as a, b ask(s); one address becomes one other"
        )
    ]


PACKETS = st.tuples(
    st.sampled_from(("eth0", "eth1")),
    st.sampled_from(("tcp", "udp", "icmp")),
    st.sampled_from(("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.5", "10.0.0.6")),
    st.sampled_from(("10.0.0.1", "10.0.0.4", "172.16.0.1")),
    st.sampled_from((442, 443, 447, 455, 50000, 60000)),
    st.sampled_from((443, 447, 460, 461, 59999)),
)


def _inside(address: str, texts: t.Sequence[str]) -> bool:
    number = ipaddress.IPv4Address(address)
    for text in texts:
        first, _dash, last = text.partition("-")
        if last and ipaddress.IPv4Address(first) <= number <= ipaddress.IPv4Address(last):
            return True
        if not last and number in ipaddress.IPv4Network(text):
            return True
    return False


def _within(port: int, texts: t.Sequence[str]) -> bool:
    ends = [(text.partition("-")[0], text.rpartition("-")[2]) for text in texts]
    return not texts or any(int(first) <= port <= int(last) for first, last in ends)


@settings(max_examples=150, deadline=None)
@given(policies(), PACKETS)
def test_a_packet_matches_an_entry_for_just_the_rules_that_let_it_through(
    given_options: Options, packet: tuple[str, str, str, str, int, int]
) -> None:
    ingress, protocol, source, destination, source_port, port = packet
    addresses = {item["name"]: item["addresses"] for item in given_options["sets"]}
    expected = {
        rule["id"]
        for rule in given_options["rules"]
        if rule["ingress"] == ingress
        and rule["protocol"] == protocol
        and _inside(source, addresses[rule["source"]])
        and _inside(destination, addresses[rule["destination"]])
        and (protocol == "icmp" or _within(source_port, [text for text in [rule["source_ports"]] if text]))
        and (protocol == "icmp" or _within(port, rule["ports"]))
    }
    ruleset, _problems = ruleset_of(given_options)
    ends = int(ipaddress.IPv4Address(source)), int(ipaddress.IPv4Address(destination))
    matching = [
        names
        for entry, names in ruleset.accepts.items()
        if (entry.ingress, entry.protocol) == (ingress, protocol)
        and all(
            span[0] <= number <= span[1]
            for span, number in zip(
                entry.box, (*ends, source_port, port) if protocol != "icmp" else (*ends, 0, 0), strict=True
            )
        )
    ]
    assert {name for names in matching for name in names} == expected
