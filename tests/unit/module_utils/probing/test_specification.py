# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with options of probes: all of it, with index, value, what is allowed and the nearest word."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.probing import outcomes, protocols, specification
from ansible_collections.openuc.ocs.plugins.modules import probe as module
from tests import support

TCP = {"id": "a", "protocol": "tcp", "address": "10.0.0.1", "port": 443}
TLS = {**TCP, "protocol": "tls"}
UDP = {**TCP, "protocol": "udp", "payload": "x"}
DNS = {"id": "a", "protocol": "dns", "address": "10.0.0.1", "name": "a.test", "type": "A"}


def problems(*items: object, defaults: dict[str, t.Any] | None = None) -> list[str]:
    return specification.decode(list(items), defaults)[1]


@pytest.mark.parametrize("item", [TCP, TLS, UDP, DNS])
def test_the_least_that_is_needed(item: dict[str, t.Any]) -> None:
    (probe,), found = specification.decode([item])
    assert found == []
    assert (probe.id, probe.protocol, probe.timeout, probe.expect) == ("a", item["protocol"], 4.0, None)


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({**DNS, "values": ["10.0.0.2"]}, {"answer"}),
        ({**TLS, "names": ["a.test"]}, {"open"}),
        ({**TCP, "protocol": "https", "statuses": [200]}, {"open"}),
        ({**TCP, "protocol": "stun", "mapped": "10.0.0.2"}, {"open"}),
    ],
)
def test_who_tells_what_the_answer_holds_expects_it(item: dict[str, t.Any], expected: set[str]) -> None:
    (probe,), _found = specification.decode([item])
    assert probe.expect == expected
    (asked,), _found = specification.decode([{**item, "expect": ["refused"]}])
    assert asked.expect == {"refused"}


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        ("text", "probes[0]: expected a mapping, got 'text'"),
        (
            {**TCP, "protocol": "tpc"},
            f"probes[0].protocol: 'tpc' is none of {', '.join(protocols.PROTOCOLS)}; did you mean tcp?",
        ),
        ({**TCP, "adress": "x"}, "probes[0].adress: no such option; did you mean address?"),
        ({**TCP, "server_name": "x"}, "probes[0].server_name: no such option"),
        ({"id": "a", "protocol": "tcp", "port": 1}, "probes[0].address: is missing"),
        ({"id": "a", "protocol": "tcp", "address": "10.0.0.1"}, "probes[0].port: is missing"),
        ({**TCP, "port": "443"}, "probes[0].port: expected int, got '443'"),
        ({**TCP, "port": 0}, "probes[0].port: expected 1 to 65535, got 0"),
        ({**TCP, "source_port": 70000}, "probes[0].source_port: expected 1 to 65535, got 70000"),
        (
            {**TCP, "address": "10.0.0.256"},
            "probes[0].address: expected an IP address or a host name, got '10.0.0.256'",
        ),
        ({**TCP, "address": "a b"}, "probes[0].address: expected an IP address or a host name, got 'a b'"),
        (
            {**TCP, "address": "2001:db8::g"},
            "probes[0].address: expected an IP address or a host name, got '2001:db8::g'",
        ),
        ({**TCP, "resolver": "ns1"}, "probes[0].resolver: expected an IP address, got 'ns1'"),
        (
            {**TCP, "source_address": "::1"},
            "probes[0].source_address: '::1' is not of the family of '10.0.0.1'",
        ),
        ({**TCP, "timeout": 0}, "probes[0].timeout: expected seconds, up to 600, got 0"),
        ({**TCP, "timeout": 601}, "probes[0].timeout: expected seconds, up to 600, got 601"),
        ({**TCP, "slow_after": -1.5}, "probes[0].slow_after: expected seconds, up to 600, got -1.5"),
        (
            {**TCP, "expect": "opne"},
            (
                "probes[0].expect: 'opne' is no outcome of tcp; it may be open, slow, refused, filtered, unreachable, "
                "unresolved, not_run, passed, served, blocked; did you mean open?"
            ),
        ),
        ({**TCP, "expect": []}, "probes[0].expect: expected a word or a list of words, got []"),
        ({**TLS, "client_key": "/k"}, "probes[0].client_certificate: is missing; client_key is the key of one"),
        ({**TLS, "verify": False, "trust": "/c"}, "probes[0].trust: has no meaning when verify is false"),
        (
            {**TLS, "minimum_version": "1.4"},
            "probes[0].minimum_version: '1.4' is none of 1.0, 1.1, 1.2, 1.3; did you mean 1.3?",
        ),
        ({**UDP, "payload_hex": "00"}, "probes[0]: needs either payload or payload_hex: what is sent"),
        ({**TCP, "protocol": "udp"}, "probes[0]: needs either payload or payload_hex: what is sent"),
        (
            {**TCP, "protocol": "udp", "payload_hex": "0g"},
            "probes[0].payload_hex: expected pairs of hexadecimal digits, got '0g'",
        ),
        ({**UDP, "tries": 11}, "probes[0].tries: expected 1 to 10, got 11"),
        (
            {**DNS, "type": "SVR"},
            "probes[0].type: 'SVR' is none of A, NS, CNAME, SOA, PTR, MX, TXT, AAAA, SRV; did you mean SRV?",
        ),
        ({**DNS, "name": "é.test"}, "probes[0].name: expected ASCII, for other letters their xn-- form, got 'é.test'"),
        ({**DNS, "name": "a..b"}, "probes[0].name: expected labels of 1 to 63 characters, 253 in all, got 'a..b'"),
        ({**DNS, "values": ["a"]}, "probes[0].values: 'a' is no value of A: expected an address"),
    ],
)
def test_each_problem(item: object, problem: str) -> None:
    assert problems(item) == [problem]


def test_all_problems_at_once_and_ids_are_unique() -> None:
    found = problems(TCP, {**TCP, "port": 0}, {**TCP, "id": "b", "port": -1, "timeout": 0})
    assert found == [
        "probes[1].id: 'a' is the id of probes[0] already",
        "probes[1].port: expected 1 to 65535, got 0",
        "probes[2].port: expected 1 to 65535, got -1",
        "probes[2].timeout: expected seconds, up to 600, got 0",
    ]


def test_no_list() -> None:
    assert specification.decode("a")[1] == ["probes: expected a list, got str"]


def test_defaults_reach_the_probes_that_have_the_option() -> None:
    defaults = {"timeout": 2, "trust": "/ca.pem", "slow_after": 1}
    (tcp, tls), found = specification.decode([TCP, {**TLS, "id": "b", "timeout": 3}], defaults)
    assert found == []
    assert (tcp.timeout, tcp.slow_after) == (2, 1)
    assert (tls.timeout, tls.slow_after, tls.options.trust) == (3, 1, "/ca.pem")


@pytest.mark.parametrize(
    ("defaults", "problem"),
    [
        ({"timeot": 1}, "defaults.timeot: no such option; did you mean timeout?"),
        ({"timeout": "1"}, "defaults.timeout: expected float, got '1'"),
        ({"id": "a"}, "defaults.id: belongs to each probe"),
    ],
)
def test_defaults_are_checked_once(defaults: dict[str, t.Any], problem: str) -> None:
    assert problems(TCP, {**TCP, "id": "b"}, defaults=defaults) == [problem]


@pytest.mark.parametrize(
    ("address", "given", "name"),
    [
        ("sip.contoso.test", {}, "sip.contoso.test"),
        ("10.0.0.1", {}, None),
        ("10.0.0.1", {"server_name": "sip.contoso.test"}, "sip.contoso.test"),
    ],
)
def test_the_name_a_certificate_must_be_for(address: str, given: dict[str, str], name: str | None) -> None:
    (probe,), _found = specification.decode([{**TLS, "address": address, **given}])
    assert probe.options.server_name == name


def test_words_for_several_outcomes() -> None:
    (probe,), _found = specification.decode([{**TCP, "expect": ["blocked", "refused"]}])
    assert probe.expect == {"filtered", "unreachable", "no_answer", "refused"}
    assert outcomes.PASSED.isdisjoint(outcomes.BLOCKED)
    assert {"open", "refused", "untrusted", "nxdomain", "silent"} <= outcomes.PASSED
    assert not {"not_run", "unresolved"} & (outcomes.PASSED | outcomes.BLOCKED)


FIELDS = {*specification.COMMON, *(key for protocol in protocols.PROTOCOLS.values() for key in protocol.fields)}


@pytest.mark.parametrize("field", sorted(FIELDS))
def test_every_option_is_documented(field: str) -> None:
    assert f"C({field})" in module.DOCUMENTATION
    assert f"`{field}`" in page()


@pytest.mark.parametrize("outcome", sorted(outcomes.MEANINGS))
def test_every_outcome_is_documented(outcome: str) -> None:
    assert f"V({outcome})" in module.RETURN
    assert f"`{outcome}`" in page()


def page() -> str:
    return Path(support.ROOT, "docs", "reference", "probe.md").read_text()
