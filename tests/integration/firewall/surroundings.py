# SPDX-License-Identifier: GPL-3.0-or-later
"""A firewall with everybody around it: one namespace behind each interface, which has all addresses that lie there."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import subprocess
import sys
import typing as t

from . import traffic
from .box import remove, remove_leavings

# Whatever is sent to one of the addresses comes to one program.
REDIRECT = f"""
table ip answers {{
    chain arriving {{
        type nat hook prerouting priority dstnat;
        iifname "near" meta l4proto {{ tcp, udp }} redirect to :{traffic.ANSWERS_AT}
    }}
}}
"""
Case = tuple[str, str, int, str, int]


class Surroundings:
    """Namespaces `<name>-fw` and `<name>-0`, `<name>-1`, ... with a link between the first and each other one."""

    def __init__(self, name: str, interfaces: t.Sequence[str]) -> None:
        self.firewall = f"{name}-fw"
        self.peers = {interface: f"{name}-{number}" for number, interface in enumerate(interfaces)}
        self._servers: list[subprocess.Popen[str]] = []

    def make(self) -> None:
        for namespace in (self.firewall, *self.peers.values()):
            _run("ip", "netns", "add", namespace)
        self.within(self.firewall, "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv4.conf.all.rp_filter=0")
        for number, (interface, peer) in enumerate(self.peers.items()):
            _run(
                "ip",
                "-n",
                peer,
                "link",
                "add",
                "near",
                "type",
                "veth",
                "peer",
                "name",
                interface,
                "netns",
                self.firewall,
            )
            self._batch(self.firewall, f"address add 169.254.{number}.1/30 dev {interface}", f"link set {interface} up")
            self._batch(
                peer,
                "link set lo up",
                f"address add 169.254.{number}.2/30 dev near",
                "link set near up",
                f"route add default via 169.254.{number}.1",
            )
            self.within(peer, "sysctl", "-qw", "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.near.rp_filter=0")
            self.within(peer, "nft", "-f", "-", text=REDIRECT)
            command = ("ip", "netns", "exec", peer, sys.executable, traffic.__file__, "serve")
            server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            self._servers.append(server)
            assert server.stdout is not None
            assert server.stdout.readline() == "ready\n"

    def place(self, addresses: t.Mapping[str, t.Iterable[str]]) -> None:
        """Put addresses behind interfaces."""
        for number, (interface, peer) in enumerate(self.peers.items()):
            listed = sorted(set(addresses.get(interface, ())))
            self._batch(peer, *(f"route add local {address}/32 dev lo" for address in listed))
            self._batch(self.firewall, *(f"route add {address}/32 via 169.254.{number}.2" for address in listed))

    def send(self, interface: str, cases: t.Sequence[Case], seconds: float = 1.0) -> list[str]:
        """Open connections from behind an interface; who the other end saw each time, or nothing."""
        command = (sys.executable, traffic.__file__, "send", str(seconds))
        found: list[str] = json.loads(self.within(self.peers[interface], *command, text=json.dumps(cases)))
        return found

    def within(self, namespace: str, *command: str, text: str = "") -> str:
        return _run("ip", "netns", "exec", namespace, *command, text=text)

    def _batch(self, namespace: str, *lines: str) -> None:
        _run("ip", "-n", namespace, "-batch", "-", text="".join(f"{line}\n" for line in lines))

    def remove(self) -> None:
        for server in self._servers:
            server.kill()
            server.communicate()
        for namespace in (self.firewall, *self.peers.values()):
            remove(namespace)


_numbers = itertools.count()


@contextlib.contextmanager
def surroundings(interfaces: t.Sequence[str]) -> t.Iterator[Surroundings]:
    remove_leavings()
    found = Surroundings(f"ocst{os.getpid()}-{next(_numbers)}", interfaces)
    try:
        found.make()
        yield found
    finally:
        found.remove()


def _run(*command: str, text: str = "") -> str:
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
    return done.stdout
