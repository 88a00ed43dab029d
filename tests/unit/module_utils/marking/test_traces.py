# SPDX-License-Identifier: GPL-3.0-or-later
"""What errors quote, and what becomes of marks from hop to hop."""

from __future__ import annotations

import socket
import struct
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.openuc.ocs.plugins.module_utils.marking import packets, sending, traces
from ansible_collections.openuc.ocs.plugins.module_utils.marking.traces import Heard, Trace

AUDIO: t.Final = {"id": "audio", "address": "10.0.3.2", "port": 50021, "source_port": 49200, "dscp": 46}
R1, R2, END = Heard(1, "10.0.1.1", 46, False), Heard(2, "10.0.2.1", 46, False), Heard(3, "10.0.3.2", 46, True)


def head(source: str, destination: str, protocol: int, dscp: int = 0, options: bytes = b"") -> bytes:
    length = 5 + len(options) // 4
    return (
        struct.pack("!BBHHHBBH", 0x40 + length, dscp << 2, 0, 0, 0, 1, protocol, 0)
        + socket.inet_aton(source)
        + socket.inet_aton(destination)
        + options
    )


def error(kind: int = 11, code: int = 0, dscp: int = 46, protocol: int = 17, options: bytes = b"") -> bytes:
    quoted = head("10.0.0.2", "10.0.3.2", protocol, dscp, options) + struct.pack("!HHHH", 49200, 50021, 8 + 35, 0)
    return head("10.0.1.1", "10.0.0.2", 1) + struct.pack("!BBHI", kind, code, 0, 0) + quoted


@pytest.mark.parametrize("options", [b"", b"\1" * 8])
def test_an_error_tells_who_says_it_and_how_the_packet_came(options: bytes) -> None:
    assert packets.read(error(options=options)) == packets.Quoted(
        "10.0.1.1", False, False, 46, "10.0.3.2", 49200, 50021, 35
    )


def test_only_an_unreachable_port_shows_that_the_packet_arrived() -> None:
    found = [packets.read(error(*kind)) for kind in ((3, 1), (3, 3), (3, 13), (11, 0))]
    assert [(quoted.arrived, quoted.refused) for quoted in found if quoted] == [
        (False, True),
        (True, False),
        (False, True),
        (False, False),
    ]


@pytest.mark.parametrize(
    "packet",
    [b"", error()[:40], error(kind=0), error(protocol=6), b"\x60" + error()[1:], error()[:28] + b"\x60" * 28],
    ids=["nothing", "cut", "echo reply", "about TCP", "IPv6", "quotes IPv6"],
)
def test_all_else_is_passed_over(packet: bytes) -> None:
    assert packets.read(packet) is None


@given(st.binary(max_size=120))
def test_no_packet_breaks_it(packet: bytes) -> None:
    found = packets.read(packet)
    assert found is None or 0 <= found.dscp <= 63


def told(*heard: Heard, **changes: t.Any) -> dict[str, t.Any]:
    found, problems = traces.traces_of([{**AUDIO, **changes}])
    assert problems == []
    return traces.result_of(found[0], heard)


def test_a_mark_that_every_hop_leaves_alone() -> None:
    result = told(END, R1, R2)
    assert (result["outcome"], result["arrived"], result["changes"], result["detail"]) == ("as_expected", 46, [], "")
    assert [hop["hop"] for hop in result["hops"]] == [1, 2, 3]


@pytest.mark.parametrize(
    ("heard", "outcome", "detail"),
    [
        ([R1, Heard(2, "10.0.2.1", 0, False), Heard(3, "10.0.3.2", 0, True)],
         "changed", "46 was cleared: hop 1 (10.0.1.1) left 0"),
        ([R1, R2, Heard(3, "10.0.3.2", 26, True)], "changed", "46 was changed: hop 2 (10.0.2.1) left 26"),
        ([Heard(1, "10.0.1.1", 0, False), Heard(2, "10.0.2.1", 46, False), END], "as_expected",
         "46 was cleared: the sending host left 0; 0 was made: hop 1 (10.0.1.1) left 46"),
        ([R1, Heard(4, "10.0.3.2", 0, True)], "changed",
         "46 was cleared: hop 1 (10.0.1.1) or one of the 2 silent hops after it left 0"),
        ([R1, R2], "unfinished",
         "nothing was heard after hop 2 (10.0.2.1): packets or errors are dropped, or port 50021 is listened on"),
        ([], "unfinished", "nothing was heard at all: packets or errors are dropped, or port 50021 is listened on"),
    ],
)  # fmt: skip
def test_what_happened_is_told_with_the_hop(heard: list[Heard], outcome: str, detail: str) -> None:
    result = told(*heard)
    assert (result["outcome"], result["detail"]) == (outcome, detail)


def test_packets_that_had_more_hops_to_go_than_there_are_say_nothing_more() -> None:
    assert [hop["hop"] for hop in told(R1, R2, END, Heard(4, END.router, 46, True))["hops"]] == [1, 2, 3]


def test_a_router_that_knows_no_way_on_is_named() -> None:
    refused = [Heard(hop, R1.router, 46, False, refused=True) for hop in (2, 3)]
    result = told(R1, *refused)
    assert (result["outcome"], len(result["hops"])) == ("unfinished", 1)
    assert result["detail"] == "10.0.1.1 says that 10.0.3.2 cannot be reached"


def test_a_mark_that_was_to_be_set_and_was_not() -> None:
    unmarked = [Heard(one.hop, one.router, 0, one.arrived) for one in (R1, R2, END)]
    result = told(*unmarked, dscp=0, expect=46)
    assert result["outcome"] == "changed"
    assert result["detail"] == "0 arrived as it was sent, where 46 was expected: no hop set it"


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"dscp": 64}, "traces[0].dscp: 64 is none of 0-63"),
        ({"expect": -1}, "traces[0].expect: -1 is none of 0-63"),
        ({"port": 0}, "traces[0].port: 0 is none of 1-65535"),
        ({"source_port": 65536}, "traces[0].source_port: 65536 is none of 0-65535"),
        ({"address": "fe1"}, "traces[0].address: 'fe1' is no IPv4 address"),
        ({"address": "::1"}, "traces[0].address: '::1' is no IPv4 address"),
        ({"dcsp": 46}, "traces[0].dcsp: no such option; did you mean dscp?"),
    ],
)
def test_what_is_wrong_is_said(changes: dict[str, t.Any], problem: str) -> None:
    assert problem in traces.traces_of([{**AUDIO, **changes}])[1]


def test_a_trace_that_cannot_be_sent_is_a_result_with_the_reason() -> None:
    (trace,), _problems = traces.traces_of([AUDIO])
    found = traces.unsent(trace, "no way there")
    assert (found["outcome"], found["detail"], found["hops"], found["arrived"]) == ("unsent", "no way there", [], None)


def test_a_port_that_is_in_use_is_named() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("", 0))
        taken = other.getsockname()[1]
        with pytest.raises((sending.UnsentError, sending.SendingError), match=r"from port|needs root"):
            sending.follow(Trace("a", "127.0.0.1", 9, taken, 46, 46), 1, 1, 0.1)
