# SPDX-License-Identifier: GPL-3.0-or-later
"""Real packets through real routers: what the plan lets firewalls do with marks, seen at each hop and at the end.

Two hosts and two routers between them, each a network namespace: client - r1 - r2 - server. What the module infers from
ICMP errors is compared with what captures at the card of each hop see.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import subprocess
import sys
import typing as t

import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.firewall.policy import ruleset_of
from ansible_collections.openuc.ocs.plugins.module_utils.firewall.text import native_text
from ansible_collections.openuc.ocs.plugins.plugin_utils.engine import design
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.slices import firewall_slices
from tests import support
from tests.integration.qos.capturing import marks_at
from tests.support import ROOT

MODULE = "ansible_collections.openuc.ocs.plugins.modules.trace_marks"
CLIENT, SERVER = "10.77.1.2", "10.77.3.2"
R1, R2 = "10.77.1.1", "10.77.2.2"
HOPS = (("r1", R1), ("r2", R2), ("server", SERVER))
AUDIO, VIDEO = 46, 34
CLOSED = 40001


@dataclasses.dataclass(frozen=True)
class Way:
    """The four namespaces, by their short names."""

    prefix: str

    def run(self, host: str, *command: str, **more: t.Any) -> subprocess.CompletedProcess[str]:
        within = ["ip", "netns", "exec", f"{self.prefix}-{host}", *command]
        return subprocess.run(within, capture_output=True, text=True, check=True, timeout=60, **more)

    def marks(self, router: str, **qos: t.Any) -> None:
        """Load what is planned for a firewall that stands where this router does, and has cards of its names."""
        made = design(support.lync_branch(qos=qos), support.TODAY)
        assert made.plan, [finding.message for finding in made.errors]
        (planned,) = firewall_slices(made.topology, made.plan)
        ruleset, problems = ruleset_of(planned.arguments)
        assert problems == []
        self.run(router, "nft", "-f", "-", input=native_text(ruleset))

    def trace(self, **changes: t.Any) -> dict[str, t.Any]:
        """What the module says about audio from a client to a port of the server that nobody listens on."""
        trace = {"id": "audio", "address": SERVER, "port": CLOSED, "source_port": 50021, "dscp": AUDIO, **changes}
        arguments = {"ANSIBLE_MODULE_ARGS": {"traces": [trace], "most_hops": 8}}
        environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT}/.build/collections"}
        done = self.run("client", sys.executable, "-m", MODULE, input=json.dumps(arguments), env=environment)
        (found,) = json.loads(done.stdout.splitlines()[-1])["traces"]
        return t.cast("dict[str, t.Any]", found)

    def captured(self) -> t.ContextManager[dict[str, int]]:
        """The mark that packets of a trace come to each hop with."""
        places = {address: ["ip", "netns", "exec", f"{self.prefix}-{host}"] for host, address in HOPS}
        return marks_at(places, "udp", "and", "dst", "port", str(CLOSED))


@pytest.fixture(scope="module")
def prefix() -> str:
    return f"q{os.getpid()}"


@pytest.fixture
def way(prefix: str) -> t.Iterator[Way]:
    hosts = ("client", "r1", "r2", "server")
    links = (("client", "eth0", CLIENT, "r1", "near", R1), ("r1", "far", "10.77.2.1", "r2", "near", R2),
             ("r2", "far", "10.77.3.1", "server", "eth0", SERVER))  # fmt: skip
    made = Way(prefix)
    with contextlib.ExitStack() as stack:
        for host in hosts:
            subprocess.run(["ip", "netns", "add", f"{prefix}-{host}"], check=True)
            stack.callback(subprocess.run, ["ip", "netns", "delete", f"{prefix}-{host}"], check=False)
            made.run(host, "ip", "link", "set", "lo", "up")
        for one, card, address, other, other_card, other_address in links:
            made.run(
                one, "ip", "link", "add", card, "type", "veth", "peer", "name", other_card, "netns", f"{prefix}-{other}"
            )
            for host, name, own in ((one, card, address), (other, other_card, other_address)):
                made.run(host, "ip", "address", "add", f"{own}/24", "dev", name)
                made.run(host, "ip", "link", "set", name, "up")
        made.run("client", "ip", "route", "add", "default", "via", R1)
        made.run("server", "ip", "route", "add", "default", "via", "10.77.3.1")
        made.run("r1", "ip", "route", "add", "10.77.3.0/24", "via", R2)
        made.run("r2", "ip", "route", "add", "10.77.1.0/24", "via", "10.77.2.1")
        for router in ("r1", "r2"):
            made.run(router, "sysctl", "-qw", "net.ipv4.ip_forward=1")
        yield made


def test_marks_pass_where_nothing_is_said_about_them(way: Way) -> None:
    way.marks("r1")
    with way.captured() as marks:
        found = way.trace()
    assert [(hop["address"], hop["dscp"]) for hop in found["hops"]] == [(R1, AUDIO), (R2, AUDIO), (SERVER, AUDIO)]
    assert (found["outcome"], found["changes"]) == ("as_expected", [])
    assert marks == {R1: AUDIO, R2: AUDIO, SERVER: AUDIO}


@pytest.mark.parametrize(
    ("source_port", "sent", "arrives"),
    [(50021, 0, AUDIO), (58001, 0, VIDEO), (58001, AUDIO, VIDEO), (33333, AUDIO, 0), (33333, 0, 0)],
    ids=["audio unmarked", "video unmarked", "video as audio", "another port as audio", "another port"],
)
def test_a_firewall_that_sets_marks_goes_by_the_ports_of_media(
    way: Way, source_port: int, sent: int, arrives: int
) -> None:
    way.marks("r1", network={"internal": "set"})
    with way.captured() as marks:
        found = way.trace(source_port=source_port, dscp=sent, expect=arrives)
    assert (found["outcome"], found["arrived"]) == ("as_expected", arrives)
    assert [hop["dscp"] for hop in found["hops"]] == [sent, arrives, arrives]
    assert marks == {R1: sent, R2: arrives, SERVER: arrives}


def test_the_hop_that_clears_a_mark_is_named(way: Way) -> None:
    way.marks("r2", network={"internal": "clear"})
    with way.captured() as marks:
        found = way.trace()
    assert found["outcome"] == "changed"
    assert found["detail"] == f"{AUDIO} was cleared: hop 2 ({R2}) left 0"
    assert marks == {R1: AUDIO, R2: AUDIO, SERVER: 0}


def test_the_hop_that_remarks_is_named_though_a_later_one_mends_it(way: Way) -> None:
    way.run(
        "r1",
        "nft",
        "add table ip spoil; "
        "add chain ip spoil c { type filter hook postrouting priority 0; }; "
        "add rule ip spoil c ip dscp set af31",
    )
    way.marks("r2", network={"internal": "set"})
    with way.captured() as marks:
        found = way.trace()
    assert found["outcome"] == "as_expected"
    assert found["detail"] == f"46 was changed: hop 1 ({R1}) left 26; 26 was changed: hop 2 ({R2}) left 46"
    assert marks == {R1: AUDIO, R2: 26, SERVER: AUDIO}


def test_a_silent_hop_and_one_that_drops_are_told_apart(way: Way) -> None:
    way.run("r1", "nft", "add table ip quiet; add chain ip quiet c { type filter hook output priority 0; }; "
            "add rule ip quiet c icmp type time-exceeded drop")  # fmt: skip
    found = way.trace()
    assert ([hop["hop"] for hop in found["hops"]], found["outcome"]) == ([2, 3], "as_expected")
    way.run("r2", "nft", "add table ip shut; add chain ip shut c { type filter hook forward priority 0; policy drop; }")
    found = way.trace()
    assert found["outcome"] == "unfinished"
    assert f"nothing was heard after hop 2 ({R2})" in found["detail"]


def test_no_way_and_a_port_in_use_are_told_apart(way: Way) -> None:
    nowhere = way.trace(address="10.77.3.77")
    assert nowhere["outcome"] == "unfinished"
    assert nowhere["detail"] == "10.77.2.2 says that 10.77.3.77 cannot be reached"
    way.run("client", "ip", "route", "delete", "default")
    unsent = way.trace()
    assert (unsent["outcome"], unsent["detail"]) == ("unsent", f"to {SERVER} from port 50021: Network is unreachable")
