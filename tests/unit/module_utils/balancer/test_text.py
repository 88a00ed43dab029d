# SPDX-License-Identifier: GPL-3.0-or-later
"""HAProxy's text of balanced services, and the way back."""

from __future__ import annotations

import subprocess
import typing as t
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.openuc.ocs.plugins.module_utils.balancer import parsing, text
from ansible_collections.openuc.ocs.plugins.module_utils.balancer.model import Member, Service, decode
from tests.unit.module_utils.balancer import made
from tests.unit.module_utils.balancer.made import SIP


def services(*changes: dict[str, t.Any]) -> list[Service]:
    return made.services(*({**SIP, **change} for change in changes))


def body(*changes: dict[str, t.Any]) -> list[str]:
    """Sections without what every file begins with."""
    return text.render(services(*changes)).partition("shutdown-sessions\n")[2].splitlines()


def test_a_service_listens_on_its_address_and_says_why() -> None:
    assert body({})[5:] == [
        "listen openuc-10.20.0.100:5061 from openuc",
        "    # id: lb.sip@pool1:5061/tcp",
        "    # stage: first_pool",
        "    # why: lb.sip",
        "    bind 10.20.0.100:5061 transparent",
        "    timeout client 1200s",
        "    timeout server 1201s",
        "    option nolinger",
        "    server fe1 10.20.0.11:5061 source 10.20.0.250 track openuc-check-10.20.0.100:5061/fe1",
        "    server fe2 10.20.0.12:5061 source 10.20.0.250 track openuc-check-10.20.0.100:5061/fe2",
    ]


def test_health_is_judged_by_the_other_port_and_once_for_all_services_that_share_it() -> None:
    lines = body({}, {"port": "444"})
    checked = [line for line in lines if line.endswith(" check")]
    assert checked == [
        "    server fe1 10.20.0.11:5061 source 10.20.0.250 check",
        "    server fe2 10.20.0.12:5061 source 10.20.0.250 check",
    ]
    assert "    server fe1 10.20.0.11:444 source 10.20.0.250 track openuc-check-10.20.0.100:5061/fe1" in lines


def test_services_of_one_port_with_other_members_are_checked_apart() -> None:
    lines = body({}, {"port": "444", "members": [{"name": "web1", "address": "10.20.0.21"}]})
    named = {line.split()[-1].rpartition("/")[0] for line in lines if " track " in line}
    assert named == {"openuc-check-10.20.0.100:5061", "openuc-check-10.20.0.100:5061.2"}


@pytest.mark.parametrize(
    ("count", "sources"),
    [
        (1, {"fe1": ["s1"], "fe2": ["s1"]}),
        (2, {"fe1": ["s1"], "fe2": ["s2"]}),
        (3, {"fe1": ["s1"], "fe1:1": ["s3"], "fe2": ["s2"]}),
    ],
)
def test_members_share_the_source_addresses(count: int, sources: dict[str, list[str]]) -> None:
    snat = [f"10.20.0.{number}" for number in range(1, count + 1)]
    found: dict[str, list[str]] = {}
    for line in body({"snat": snat}):
        if " track " in line:
            words = line.split()
            found.setdefault(words[1], []).append("s" + words[4].rpartition(".")[2])
    assert found == sources


def test_source_affinity_hashes_so_that_a_lost_member_moves_only_its_own_clients() -> None:
    lines = body({"affinity": "source"})
    assert "    balance source" in lines
    assert "    hash-type consistent" in lines


def test_a_member_port_of_its_own_is_what_members_are_reached_on() -> None:
    lines = body({"port": "443", "member_port": "8443", "check_port": "8443"})
    assert any("server fe1 10.20.0.11:8443 " in line for line in lines if " track " in line)
    assert "    bind 10.20.0.100:443 transparent" in lines


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"protocol": "udp"}, "datagrams are handed on with the client's own address only (nat: dnat)"),
        (
            {
                "nat": "dnat",
                "snat": [],
                "vip": "2001:db8::1",
                "members": [{"name": "edge1", "address": "2001:db8::2"}],
            },
            "packets of IPv6 are not handed on with the client's own address",
        ),
        ({"terminate": True}, "TLS is to end on the balancer, for which there is no certificate here"),
        (
            {"affinity": "cookie"},
            "cookies can be followed only where HTTP is read, and here connections are handed on as they are",
        ),
    ],
)
def test_what_cannot_be_served_is_left_out_with_a_reason(change: dict[str, t.Any], reason: str) -> None:
    [service] = services(change)
    assert text.unserved(service) == reason
    assert body(change) == []


FORWARDED: t.Final = {"nat": "dnat", "snat": [], "protocol": "udp", "port": "3478", "affinity": "source"}


def test_a_service_that_keeps_the_clients_address_has_a_section_that_does_not_listen() -> None:
    lines = body({**FORWARDED, "idle_reset": False, "idle_seconds": 0})
    start = lines.index("backend openuc-10.20.0.100:3478:udp from openuc")
    assert lines[start + 4 :] == [
        "    balance source",
        "    hash-type consistent",
        "    server fe1 10.20.0.11:3478 track openuc-check-10.20.0.100:5061/fe1",
        "    server fe2 10.20.0.12:3478 track openuc-check-10.20.0.100:5061/fe2",
    ]


def test_what_haproxy_says_it_runs_with_changes_with_the_text_and_not_with_members_switched_off() -> None:
    first = text.digest_of(text.render(services({})))
    assert len(first) == 16
    assert text.digest_of(text.render(services({}), {"openuc-10.20.0.100:5061": ("fe2",)})) == first
    assert text.digest_of(text.render(services({"idle_seconds": 1800}))) != first


def test_servers_that_are_switched_off_stay_so() -> None:
    out = {"openuc-10.20.0.100:5061": ("fe2",)}
    written = text.render(services({}), out)
    assert [line.split()[1] for line in written.splitlines() if line.endswith(" disabled")] == ["fe2"]
    parsed = parsing.parse(written)
    assert (parsed.out, list(parsed.services)) == (out, services({}))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("frontend web", "line 2: 'frontend web' is no section of ours"),
        ("listen openuc-10.0.0.1:1\n    maxconn 5", "line 3: 'maxconn 5' is no setting of ours"),
        (
            "listen openuc-10.0.0.300:1\n    server fe1 10.0.0.x:1 track openuc-check-10.0.0.300:1/fe1",
            "'10.0.0.300' is no IP address, '10.0.0.x' is no IP address",
        ),
        ("listen web", "listen web: a section of ours is called openuc-ADDRESS:PORT"),
        ("listen openuc-10.0.0.1:1", "listen openuc-10.0.0.1:1: has no servers"),
        (
            "backend openuc-10.0.0.1:1",
            "backend openuc-10.0.0.1:1: a section of ours is called openuc-ADDRESS:PORT:PROTOCOL",
        ),
        ("listen openuc-10.0.0.1:1\n    server a 10.0.0.2:1", "line 3: 'server a 10.0.0.2:1' is no server of ours"),
        (
            "listen openuc-10.0.0.1:1\n    timeout client 5m",
            "line 3: 'timeout client 5m' is no time of ours; whole seconds are, as in 60s",
        ),
    ],
)
def test_what_we_never_write_is_told_by_its_line(line: str, message: str) -> None:
    with pytest.raises(parsing.UnreadableTextError) as raised:
        parsing.parse(f"# ours\n{line}\n")
    assert str(raised.value) == message


# --- any services ---------------------------------------------------------------------------------------------------

_NAMES = st.from_regex(r"[a-z][a-z0-9.-]{0,8}", fullmatch=True)
_V4 = st.ip_addresses(v=4, network="10.0.0.0/8").map(str)
_V6 = st.ip_addresses(v=6, network="2001:db8::/32").map(str)
_PORTS = st.integers(1, 65535)


def _services_with(addresses: st.SearchStrategy[str], nat: str) -> st.SearchStrategy[Service]:
    members = st.lists(st.builds(Member, _NAMES, addresses), min_size=1, max_size=4, unique_by=lambda m: m.name)
    sources = st.lists(addresses, max_size=6, unique=True) if nat == "snat" else st.just([])
    return st.builds(
        Service,
        id=_NAMES,
        stage=_NAMES,
        why=st.lists(_NAMES, max_size=3).map(tuple),
        vip=addresses,
        port=_PORTS,
        protocol=st.just("tcp") if nat == "snat" else st.sampled_from(["tcp", "udp"]),
        members=members.map(tuple),
        member_port=_PORTS,
        method=st.just("least_connections"),
        affinity=st.sampled_from(["tcp", "source"]),
        nat=st.just(nat),
        snat=sources.map(tuple),
        idle_seconds=st.integers(0, 100_000),
        idle_reset=st.booleans(),
        terminate=st.just(False),
        check_port=_PORTS,
        replaces=st.one_of(st.just(""), _NAMES),
    )


_SERVICES = st.one_of(_services_with(_V4, "snat"), _services_with(_V6, "snat"), _services_with(_V4, "dnat"))


@given(st.lists(_SERVICES, max_size=6, unique_by=lambda s: s.key))
def test_what_is_read_back_is_what_was_rendered(made: list[Service]) -> None:
    written = text.render(made)
    parsed = parsing.parse(written)
    assert {s.key: s for s in parsed.services} == {s.key: s for s in made}
    assert text.render(reversed(parsed.services)) == written


@given(st.lists(_SERVICES, max_size=3, unique_by=lambda s: s.key))
def test_the_form_of_the_option_leads_back_to_the_services(made: list[Service]) -> None:
    assert decode([service.as_item() for service in made]) == (made, [])


@settings(max_examples=10, deadline=None)
@given(st.lists(_SERVICES, min_size=1, max_size=6, unique_by=lambda s: s.key))
def test_haproxy_takes_what_is_rendered(tmp_path_factory: pytest.TempPathFactory, made: list[Service]) -> None:
    folder = Path(tmp_path_factory.getbasetemp())
    main, own = folder / "haproxy.cfg", folder / "openuc.cfg"
    main.write_text("global\n    log stderr local0\n")
    own.write_text(text.render(made))
    command = ["haproxy", "-c", "-f", str(main), "-f", str(own)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "WARNING" not in run.stderr


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"affinity": "source", "idle_reset": False},
        {"idle_seconds": 0, "replaces": "lb.older@pool1:5061/tcp", "why": ["one", "two"]},
        {"snat": []},
        {"snat": ["10.20.0.250", "10.20.0.251", "10.20.0.252"], "check_port": "5060", "member_port": "15061"},
        {"id": "", "why": []},
        {"vip": "2001:db8::1", "members": [{"name": "fe1", "address": "2001:db8::11"}], "snat": []},
    ],
)
def test_what_is_read_in_one_go_is_what_is_read_line_by_line(
    changes: dict[str, t.Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = [*services(changes), *made.services(made.STUN)]
    first = text.section_of(listed[0])
    written = text.render(listed, {first: ["fe1"]})
    found = parsing.parse(written)
    assert set(found.services) == set(listed)
    assert found.out == {first: ("fe1",)}
    monkeypatch.setattr(parsing, "_plain", lambda _chunk: None)
    assert parsing.parse(written) == found
