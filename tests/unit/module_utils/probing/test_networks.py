# SPDX-License-Identifier: GPL-3.0-or-later
"""What networks do to packets, in network namespaces: a client, a router that filters, and a server behind it.

client 10.99.1.2 -- 10.99.1.1 router 10.99.2.1 -- 10.99.2.2 server
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import support

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may make network namespaces"),
    pytest.mark.skipif(
        not (shutil.which("ip") and shutil.which("nft")), reason="the programs ip and nft make and filter the networks"
    ),
]

SERVER = "10.99.2.2"
LISTENING = 7001
CLOSED = 7002

RULES = """
table inet probing {
  chain forward {
    type filter hook forward priority 0;
    tcp dport 7010 drop
    tcp dport 7011 reject with icmp type admin-prohibited
    tcp dport 7012 reject
    tcp dport 7013 reject with tcp reset
    udp dport 7010 drop
    udp dport 7011 reject with icmp type admin-prohibited
    udp dport 7012 reject
    udp dport 7014 reject with icmp type host-unreachable
    tcp dport 7014 reject with icmp type host-unreachable
  }
}
"""
OWN_RULES = """
table inet probing {
  chain output {
    type filter hook output priority 0;
    udp dport 7020 drop
  }
}
"""
LISTENER = """
import socket, sys
listener = socket.create_server(("0.0.0.0", int(sys.argv[1])), backlog=64)
print("listening", flush=True)
while True:
    listener.accept()[0].close()
"""
PROBE = """
import json, sys
from ansible_collections.openuc.ocs.plugins.module_utils.probing import batch, specification
probes, problems = specification.decode(json.load(sys.stdin))
assert not problems, problems
print(json.dumps([result.shown() for result in batch.run(probes, 50, 30)]))
"""


def run(*command: str, **options: t.Any) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60, **options).stdout


def remove_leftovers() -> None:
    """Networks of earlier runs of these tests that were killed."""
    for line in run("ip", "netns", "list").splitlines():
        left = re.fullmatch(r"(probetest(\d+)[crs])( .*)?", line)
        if left and not Path("/proc", left[2]).exists():
            run("ip", "netns", "delete", left[1])


class Network:
    def __init__(self, prefix: str) -> None:
        self.client, self.router, self.server = (f"{prefix}{role}" for role in ("c", "r", "s"))

    def build(self, stack: contextlib.ExitStack) -> None:
        for name in (self.client, self.router, self.server):
            run("ip", "netns", "add", name)
            stack.callback(run, "ip", "netns", "delete", name)
            run("ip", "-n", name, "link", "set", "lo", "up")
        for number, host in (("1", self.client), ("2", self.server)):
            near, far = f"to{number}", "eth0"
            run("ip", "-n", self.router, "link", "add", near, "type", "veth", "peer", "name", far, "netns", host)
            run("ip", "-n", self.router, "address", "add", f"10.99.{number}.1/24", "dev", near)
            run("ip", "-n", self.router, "link", "set", near, "up")
            run("ip", "-n", host, "address", "add", f"10.99.{number}.2/24", "dev", far)
            run("ip", "-n", host, "link", "set", far, "up")
            run("ip", "-n", host, "route", "add", "10.99.0.0/16", "via", f"10.99.{number}.1")
        run("ip", "netns", "exec", self.router, "sysctl", "-qw", "net.ipv4.ip_forward=1")
        run("ip", "netns", "exec", self.router, "nft", "-f", "-", input=RULES)
        run("ip", "netns", "exec", self.client, "nft", "-f", "-", input=OWN_RULES)
        listener = stack.enter_context(
            subprocess.Popen(
                ["ip", "netns", "exec", self.server, sys.executable, "-c", LISTENER, str(LISTENING)],
                stdout=subprocess.PIPE,
                text=True,
            )
        )
        stack.callback(listener.kill)
        assert listener.stdout is not None
        assert listener.stdout.readline() == "listening\n"

    def probe(self, items: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
        """The results of probes from the client."""
        paths = os.pathsep.join([str(support.ROOT), str(support.ROOT / ".build" / "collections")])
        command = ["ip", "netns", "exec", self.client, sys.executable, "-c", PROBE]
        return json.loads(run(*command, input=json.dumps(items), env={**os.environ, "PYTHONPATH": paths}))


@pytest.fixture(scope="module")
def results() -> Iterator[dict[str, dict[str, t.Any]]]:
    """All probes of this file, tried in one batch."""
    remove_leftovers()
    network = Network(f"probetest{os.getpid()}")
    with contextlib.ExitStack() as stack:
        network.build(stack)
        items = []
        for protocol in ("tcp", "udp"):
            extra = {"payload": "x"} if protocol == "udp" else {}
            for port in (LISTENING, CLOSED, 7010, 7011, 7012, 7013, 7014, 7020):
                timeout = 0.5 if port in (7010, 7020) else 10
                items.append(
                    {"id": f"{protocol}-{port}", "protocol": protocol, "address": SERVER, "port": port, **extra}
                    | {"timeout": timeout, "expect": "blocked"}
                )
            near = {"protocol": protocol, "port": 7001, "timeout": 10, **extra}
            items.append({"id": f"{protocol}-nobody", "address": "10.99.1.77", **near})
            items.append({"id": f"{protocol}-nowhere", "address": "203.0.113.1", **near})
            items.append({"id": f"{protocol}-lost", "address": "10.99.3.1", **near})
        yield {result["id"]: result for result in network.probe(items)}


@pytest.mark.parametrize(
    ("probe", "outcome", "detail"),
    [
        (f"tcp-{LISTENING}", "open", ""),
        (f"tcp-{CLOSED}", "refused", "reset by the host"),
        ("tcp-7010", "filtered", "no answer to the connection request"),
        ("tcp-7011", "filtered", "administratively prohibited (ICMP 3/13 from 10.99.1.1)"),
        ("tcp-7012", "filtered", "rejected on the way (ICMP 3/3 from 10.99.1.1)"),
        # The router's reset bears the server's address: nobody can tell it from the server's own.
        ("tcp-7013", "refused", "reset by the host"),
        ("tcp-7014", "unreachable", "no way to the host (ICMP 3/1 from 10.99.1.1)"),
        ("tcp-nobody", "unreachable", "no neighbour answers"),
        ("tcp-nowhere", "unreachable", "this host has no route"),
        ("tcp-lost", "unreachable", "(ICMP 3/0 from 10.99.1.1)"),
        (f"udp-{CLOSED}", "refused", "nothing listens there (ICMP 3/3 from 10.99.2.2)"),
        ("udp-7010", "no_answer", "proves nothing"),
        ("udp-7011", "filtered", "administratively prohibited (ICMP 3/13 from 10.99.1.1)"),
        ("udp-7012", "filtered", "rejected on the way (ICMP 3/3 from 10.99.1.1)"),
        ("udp-7014", "unreachable", "no way to the host (ICMP 3/1 from 10.99.1.1)"),
        ("udp-7020", "filtered", "this host's own firewall"),
        ("udp-nobody", "unreachable", ""),
        ("udp-nowhere", "unreachable", "this host has no route"),
        ("udp-lost", "unreachable", "(ICMP 3/0 from 10.99.1.1)"),
    ],
)
def test_each_way_to_fail_is_told_apart(
    results: dict[str, dict[str, t.Any]], probe: str, outcome: str, detail: str
) -> None:
    result = results[probe]
    assert result["outcome"] == outcome
    assert detail in result["detail"]


def test_only_what_does_not_arrive_is_blocked(results: dict[str, dict[str, t.Any]]) -> None:
    met = {name for name, result in results.items() if name.startswith("tcp-7") and result["met"]}
    assert met == {"tcp-7010", "tcp-7011", "tcp-7012", "tcp-7014"}


def test_who_said_so_is_a_fact(results: dict[str, dict[str, t.Any]]) -> None:
    assert results["tcp-7011"]["facts"] == {"icmp": {"type": 3, "code": 13, "from": "10.99.1.1"}}
