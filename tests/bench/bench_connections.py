# SPDX-License-Identifier: GPL-3.0-or-later
"""New connections through a policy of 10,000 flows, beside one rule, beside one set, and beside a rule a flow.

Budget: 0.95 of the connections a second that one rule and connection tracking let come about. A connection is what RFC
3511 counts as one: it is established from end to end. Told beside it is the rate of first packets alone, of which
nothing comes: of all traffic the one that spends the largest part of its time in the rules. One set of the same flows
that is asked once, with neither names nor counters, is the least that looking a flow up can cost.

All firewalls are there at once, each between a client and a server of its own, and take turns every few milliseconds
on the same processor, so that a busy machine slows down all of them alike. Their namespaces have no names: they are
gone when this process is, however it ends. To be run as root.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import itertools
import json
import os
import random
import socket
import statistics
import struct
import subprocess
import time
import typing as t

from bench_firewall import INSIDE, OUTSIDE, flows, forwarding, linear, native, policy

ROUNDS = 120
# A rule a flow takes so long that it takes part in few rounds only.
RARELY = {"a rule a flow": 20}
FIRST_PACKETS = 1000
ESTABLISHED = 300
SEED = 4
LARGEST_PORT = 2**16
FIRST_PORT = 1024

_NEW_NET = 0x40000000
_LIBC = ctypes.CDLL(None, use_errno=True)
_CLIENTS, _SERVERS = "10.1.0.0/16", "10.2.0.0/16"
_COUNT = "table ip count { chain in { type filter hook prerouting priority raw; meta l4proto udp counter drop; }; }"
_NETLINK_NETFILTER = 12
# Delete, of connection tracking; a request that is to be acknowledged, of all families.
_FORGET = struct.pack("=IHHIIBBH", 20, 1 << 8 | 2, 1 | 4, 1, 0, 0, 0, 0)

Flow = tuple[str, str, str, int]
Opening = tuple[Flow, int]


class Place:
    """A network namespace that nothing but this process holds."""

    def __init__(self) -> None:
        own = os.open("/proc/self/ns/net", os.O_RDONLY)
        try:
            _checked(_LIBC.unshare(_NEW_NET))
            self._handle = os.open("/proc/self/ns/net", os.O_RDONLY)
            _checked(_LIBC.setns(own, _NEW_NET))
        finally:
            os.close(own)

    @property
    def path(self) -> str:
        return f"/proc/{os.getpid()}/fd/{self._handle}"

    @contextlib.contextmanager
    def entered(self) -> t.Iterator[None]:
        own = os.open("/proc/self/ns/net", os.O_RDONLY)
        _checked(_LIBC.setns(self._handle, _NEW_NET))
        try:
            yield
        finally:
            _checked(_LIBC.setns(own, _NEW_NET))
            os.close(own)

    def run(self, *command: str, text: str = "") -> str:
        with self.entered():
            done = subprocess.run(command, input=text, text=True, capture_output=True, check=False)
        if done.returncode:
            raise SystemExit(f"{' '.join(command)}: {done.stderr[:400]}")
        return done.stdout


def _checked(returned: int) -> None:
    if returned:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


class Crossing:
    """A firewall with some rules, a client on one side and a server on the other."""

    def __init__(self, rules: str) -> None:
        self.client, self.firewall, self.server = Place(), Place(), Place()
        for near, card, net, behind in ((self.client, INSIDE, 1, _CLIENTS), (self.server, OUTSIDE, 2, _SERVERS)):
            here, there = f"192.0.2.{net}1", f"192.0.2.{net}2"
            near.run("ip", "link", "add", "near", "type", "veth", "peer", "name", card, "netns", self.firewall.path)
            self._connect(near, "near", here, there)
            self._connect(self.firewall, card, there, here)
            near.run("ip", "link", "set", "lo", "up")
            near.run("ip", "route", "add", "default", "via", there)
            near.run("ip", "route", "add", "local", behind, "dev", "lo")
            self.firewall.run("ip", "route", "add", behind, "via", here)
        self.firewall.run("sysctl", "-qw", "net.ipv4.ip_forward=1")
        self.firewall.run("nft", "-f", "-", text=rules)
        self.server.run("nft", "-f", "-", text=_COUNT)
        with self.client.entered():
            self._raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
        with self.server.entered():
            ports = sorted({flow[3] for flow in flows() if flow[2] == "tcp"})
            self._listening = [socket.create_server(("", port), backlog=4 * ESTABLISHED) for port in ports]
        for each in self._listening:
            each.setblocking(False)
        with self.firewall.entered():
            self._tracking = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_NETFILTER)

    @staticmethod
    def _connect(place: Place, card: str, address: str, peer: str) -> None:
        place.run("ip", "address", "add", address, "peer", peer, "dev", card)
        place.run("ip", "link", "set", card, "up")

    def first_packets(self, openings: t.Sequence[Opening]) -> float:
        """Seconds for a datagram of each, all of which must come through; connections are forgotten."""
        listed = [(_datagram(flow, port), (flow[1], 0)) for flow, port in openings]
        came, send = self._came(), self._raw.sendto
        start = time.perf_counter()
        for packet, to in listed:
            send(packet, to)
        spent = time.perf_counter() - start
        self._all_came(came + len(openings))
        self._forget()
        return spent

    def _all_came(self, wanted: int) -> None:
        deadline = time.monotonic() + 1
        while self._came() < wanted:
            if time.monotonic() > deadline:
                raise SystemExit(f"{wanted - self._came()} first packets did not come through")

    def _came(self) -> int:
        listed = json.loads(self.server.run("nft", "-j", "list", "table", "ip", "count"))
        statements = [each for item in listed["nftables"] if "rule" in item for each in item["rule"]["expr"]]
        return next(int(each["counter"]["packets"]) for each in statements if "counter" in each)

    def established(self, openings: t.Sequence[Opening]) -> float:
        """Seconds for a connection of each to be established; connections are closed and forgotten."""
        with contextlib.ExitStack() as stack:
            with self.client.entered():
                ends = [stack.enter_context(_bound(flow[0], port)) for flow, port in openings]
            start = time.perf_counter()
            for end, (flow, _port) in zip(ends, openings, strict=True):
                end.connect((flow[1], flow[3]))
            spent = time.perf_counter() - start
        accepted = 0
        for each in self._listening:
            with contextlib.suppress(BlockingIOError):
                while True:
                    each.accept()[0].close()
                    accepted += 1
        if accepted != len(openings):
            raise SystemExit(f"{accepted} of {len(openings)} connections were established")
        self._forget()
        return spent

    def _forget(self) -> None:
        self._tracking.send(_FORGET)
        (code,) = struct.unpack_from("=i", self._tracking.recv(4096), 16)
        if code:
            raise OSError(-code, f"connections were not forgotten: {errno.errorcode[-code]}")


def _bound(source: str, port: int) -> socket.socket:
    """An end that is closed without a farewell, so that its port is free at once."""
    end = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    end.bind((source, port))
    return end


def _datagram(flow: Flow, port: int) -> bytes:
    header = struct.pack("!BBHHHBBH", 0x45, 0, 28, 0, 0, 64, socket.IPPROTO_UDP, 0)
    ends = socket.inet_aton(flow[0]) + socket.inet_aton(flow[1])
    return header + ends + struct.pack("!HHHH", port, flow[3], 8, 0)


def openings(protocol: str) -> t.Iterator[Opening]:
    """Flows in no order, from ports that are not used again for long."""
    chosen = random.Random(SEED)
    allowed = [flow for flow in flows() if flow[2] == protocol]
    for port in itertools.cycle(range(FIRST_PORT, LARGEST_PORT)):
        yield chosen.choice(allowed), port


def one_rule() -> str:
    """What anybody pays who tracks connections."""
    return forwarding("ip daddr 10.2.0.0/24 counter accept\ndrop")


def one_set() -> str:
    """The same flows in one set, and one rule that asks it."""
    elements = ", ".join(f"{source} . {end} . {protocol} . {port}" for source, end, protocol, port in flows())
    declared = "set flows { type ipv4_addr . ipv4_addr . inet_proto . inet_service"
    rules = forwarding("ip saddr . ip daddr . meta l4proto . th dport @flows accept\ndrop")
    return rules.replace("{", f"{{\n{declared}; elements = {{ {elements} }}; }}", 1)


Measuring = t.Callable[[Crossing, t.Sequence[Opening]], float]


def compare(title: str, crossings: t.Mapping[str, Crossing], protocol: str, size: int, measuring: Measuring) -> None:
    """Have all firewalls take turns, and tell the rate of each and its share of the rate through one rule."""
    coming = openings(protocol)
    spent: dict[str, dict[int, float]] = {name: {} for name in crossings}
    for number in range(ROUNDS):
        listed = list(itertools.islice(coming, size))
        # Whoever comes first finds caches that another has filled: each is first as often as last.
        for name in sorted(crossings, reverse=bool(number % 2)):
            if not number % RARELY.get(name, 1):
                spent[name][number] = measuring(crossings[name], listed)
    for name, seconds in spent.items():
        shares = sorted(spent["one rule"][number] / each for number, each in seconds.items())
        quarter = len(shares) // 4
        print(
            f"{title}, {name}: {size / statistics.median(seconds.values()):.0f} a second, "
            f"{statistics.median(shares):.3f} ({shares[quarter]:.3f} to {shares[-quarter - 1]:.3f}) of one rule",
            flush=True,
        )


def main() -> None:
    # On one processor, which nobody else gets meanwhile; what is called waits its turn like all else.
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(1))
    rules = {"policy": native(policy()), "one rule": one_rule(), "one set": one_set(), "a rule a flow": linear()}
    crossings = {name: Crossing(text) for name, text in rules.items()}
    compare("connections established", crossings, "tcp", ESTABLISHED, Crossing.established)
    print("budget of `policy`: 0.95 of one rule")
    compare("first packets alone", crossings, "udp", FIRST_PACKETS, Crossing.first_packets)


if __name__ == "__main__":
    main()
