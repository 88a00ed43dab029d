# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds a balancer's addresses, and hands packets on to the members that HAProxy finds in service.

The module `load_balancer` puts this file onto the balancer as it is, as a program that is started at boot. It therefore
needs nothing but Python and the programs `ip`, `nft` and `conntrack`. A member that is drained gets no new clients;
what is known of clients of a member that is lost is forgotten, so that their next packet finds another one.
"""

from __future__ import annotations

import contextlib
import csv
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from typing import Any

Entry = dict[str, Any]

CONFIG = "/etc/openuc/balance.json"
STATUS = "/run/openuc-balance.json"
STANDING = "/run/openuc-pair.json"
TABLE = "openuc_balance"
GIVEN = "given"
INTERVAL = 1.0
ASK = "show servers state;show stat -1 4 -1"
ANSWER_SECONDS = 10.0
# The table goes when somebody loads all rules of the host anew; that is looked for now and then.
LOOK_FOR_TABLE = 5


def table_text(services: list[Entry], serving: dict[str, list[str]] | None = None) -> str:
    """The whole table. Without `serving` all members are in service."""
    if not services:
        return f"table ip {TABLE}\ndelete table ip {TABLE}\n"
    lines = [
        "# Made by openuc.ocs: services whose members see the client's own address.",
        f"table ip {TABLE}",
        f"delete table ip {TABLE}",
        f"table ip {TABLE} {{",
        "\tmap services {",
        "\t\ttype ipv4_addr . inet_proto . inet_service : verdict",
        "\t\telements = {",
        *(f"\t\t\t{_element(service)}," for service in services),
        "\t\t}",
        "\t}",
        "",
        "\tchain prerouting {",
        "\t\ttype nat hook prerouting priority dstnat; policy accept;",
        "\t\tip daddr . meta l4proto . th dport vmap @services",
        "\t}",
        "",
        *_counting(services),
    ]
    for service in services:
        names = list(service["members"]) if serving is None else serving.get(service["section"], [])
        lines += ["", f"\tchain {_chain(service)} {{", f"\t\t{_rule(service, names)}", "\t}"]
    return "\n".join([*lines, "}", ""])


def _counting(services: list[Entry]) -> list[str]:
    """What each member is given at its port, by address asked for: of a connection NAT sees the first packet alone."""
    elements = [
        f"{service['vip']} . {service['protocol']} . {service['member_port']} . {address}"
        for service in services
        for address in service["members"].values()
    ]
    return [
        f"\tset {GIVEN} {{",
        "\t\ttype ipv4_addr . inet_proto . inet_service . ipv4_addr",
        "\t\tcounter",
        "\t\telements = {",
        *(f"\t\t\t{element}," for element in dict.fromkeys(elements)),
        "\t\t}",
        "\t}",
        "",
        "\tchain counting {",
        "\t\ttype nat hook postrouting priority srcnat - 10; policy accept;",
        f"\t\tct original ip daddr . meta l4proto . th dport . ip daddr @{GIVEN}",
        "\t}",
    ]


def _chain(service: Entry) -> str:
    return f"{service['protocol']}_{service['vip']}_{service['port']}"


def _element(service: Entry) -> str:
    words = service["id"].replace('"', "'")[:120]
    comment = f' comment "{words}"' if words else ""
    return f"{service['vip']} . {service['protocol']} . {service['port']}{comment} : goto {_chain(service)}"


def _rule(service: Entry, names: list[str]) -> str:
    """Connections and associations keep the member that they began with; the kernel remembers them."""
    if not names:
        return "drop"
    numbered = ", ".join(f"{number} : {service['members'][name]}" for number, name in enumerate(names))
    choice = "jhash ip saddr" if service["affinity"] == "source" else "numgen inc"
    where = f"{choice} mod {len(names)} map {{ {numbered} }}"
    return f"meta l4proto {service['protocol']} dnat to {where} : {service['member_port']}"


# --- what HAProxy finds ---------------------------------------------------------------------------------------------


def administered(states: str) -> dict[tuple[str, str], str]:
    """Section and name of servers: what an administrator has done with them; empty where nothing."""
    out = {}
    for line in states.splitlines():
        words = line.split(None, 7)
        # Bits of an administrator's doing: in maintenance 1 and 2, draining 8 and 16.
        if len(words) > 6 and words[6].isdecimal():
            bits = int(words[6])
            out[words[1], words[3]] = "MAINT" if bits & 3 else "DRAIN" if bits & 24 else ""
    return out


def servers(answer: str) -> list[Entry]:
    """Servers, from what HAProxy answers to `ASK`: section, name, status, sessions now and all in all, of each."""
    states, _mark, table = answer.partition("# pxname")
    out = administered(states)
    return [
        {
            "section": row["pxname"],
            "name": row["svname"],
            "status": out.get((row["pxname"], row["svname"])) or row["status"].split()[0],
            "sessions": int(row["scur"] or 0),
            "total": int(row.get("stot") or 0),
        }
        for row in csv.DictReader(("pxname" + table).splitlines())
    ]


def ask(path: str, command: str = ASK) -> str:
    """What HAProxy answers. OSError where it does not."""
    answer = b""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(ANSWER_SECONDS)
        connection.connect(path)
        connection.sendall(command.encode() + b"\n")
        while part := connection.recv(65536):
            answer += part
    return answer.decode(errors="replace")


def statuses(path: str) -> dict[str, dict[str, str]]:
    """Section: server: its status."""
    found: dict[str, dict[str, str]] = {}
    for server in servers(ask(path)):
        found.setdefault(server["section"], {})[server["name"]] = server["status"]
    return found


def in_service(services: list[Entry], found: dict[str, dict[str, str]]) -> dict[str, list[str]]:
    return {
        service["section"]: [
            name for name in service["members"] if found.get(service["section"], {}).get(name, "UP") == "UP"
        ]
        for service in services
    }


def lost(services: list[Entry], found: dict[str, dict[str, str]]) -> set[tuple[str, str, str, str]]:
    """What is known of clients of these members is to be forgotten: protocol, address asked for, member, port."""
    return {
        (service["protocol"], service["vip"], service["members"][name], str(service["member_port"]))
        for service in services
        for name in service["members"]
        if found.get(service["section"], {}).get(name, "UP") in ("DOWN", "MAINT")
    }


# --- what is done ---------------------------------------------------------------------------------------------------


def hold(addresses: list[Entry]) -> None:
    """Put addresses onto their cards at once; one that is there already stays, one that fails stops no other."""
    lines = "".join(
        f"address replace {each['address']}/{128 if ':' in each['address'] else 32} dev {each['interface']}\n"
        for each in addresses
    )
    subprocess.run(["ip", "-force", "-batch", "-"], input=lines, text=True, check=False)


def load(services: list[Entry], serving: dict[str, list[str]] | None) -> None:
    if services or shutil.which("nft"):
        subprocess.run(["nft", "-f", "-"], input=table_text(services, serving), text=True, check=True)


def forget(gone: set[tuple[str, str, str, str]]) -> None:
    for protocol, vip, member, _port in sorted(gone):
        _run("conntrack", "-D", "-p", protocol, "--orig-dst", vip, "--reply-src", member)


def _complain(words: str) -> None:
    sys.stderr.write(f"{words}\n")
    sys.stderr.flush()


def _end(_number: int, _frame: object) -> None:
    raise SystemExit(0)


def _run(*command: str) -> int:
    with contextlib.suppress(FileNotFoundError):
        return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode
    _complain(f"there is no program {command[0]}")
    return 127


def forward_packets() -> None:
    with contextlib.suppress(OSError), open("/proc/sys/net/ipv4/ip_forward", "w", encoding="ascii") as setting:
        setting.write("1\n")


class Watcher:
    """One run of the program."""

    def __init__(self) -> None:
        self.config: Entry = {}
        self.serving: dict[str, list[str]] | None = None
        self.gone: set[tuple[str, str, str, str]] = set()
        self.forgotten: set[tuple[str, str, str, str]] = set()

    def begin(self) -> None:
        with open(CONFIG, encoding="utf-8") as file:
            self.config = json.load(file)
        hold(self.config["addresses"])
        if self.config["forwarded"]:
            forward_packets()
        self.serving = self._first()
        load(self.config["forwarded"], self.serving)
        self.tell()

    def _first(self) -> dict[str, list[str]] | None:
        with contextlib.suppress(OSError):
            found = statuses(self.config["socket"])
            return in_service(self.config["forwarded"], found)
        return None

    def look(self, number: int) -> None:
        services = self.config["forwarded"]
        if not services:
            return
        try:
            found = statuses(self.config["socket"])
        except OSError:
            return  # It is being started; what was last known holds.
        serving, gone = in_service(services, found), lost(services, found)
        there = number % LOOK_FOR_TABLE or _run("nft", "list", "map", "ip", TABLE, "services") == 0
        if serving != self.serving or not there:
            load(services, serving)
            self.serving = serving
            self.tell()
        # Gone twice in a row: while HAProxy is loaded anew, members that drain look like members in maintenance.
        forget((gone & self.gone) - self.forgotten)
        self.forgotten = gone & self.gone
        self.gone = gone

    def tell(self) -> None:
        """For who waits until this program works with what it was given."""
        _write(STATUS, {"digest": self.config.get("digest"), "serving": self.serving})


def _write(path: str, content: Entry) -> None:
    half = f"{path}.half"
    with open(half, "w", encoding="utf-8") as file:
        json.dump(content, file)
    os.replace(half, path)


# --- what keepalived asks and tells ---------------------------------------------------------------------------------


def answers() -> int:
    """Whether HAProxy answers, as an exit status."""
    with open(CONFIG, encoding="utf-8") as file:
        path = json.load(file)["socket"]
    with contextlib.suppress(OSError):
        return 0 if ask(path, "show version") else 1
    return 1


def stands(_kind: str, _name: str, standing: str, *_more: str) -> int:
    """Keep for others what keepalived says of this host: MASTER, BACKUP or FAULT."""
    _write(STANDING, {"standing": standing})
    return 0


def main() -> None:
    if len(sys.argv) > 1:
        raise SystemExit(answers() if sys.argv[1] == "answers" else stands(*sys.argv[2:]))
    watcher = Watcher()
    signal.signal(signal.SIGTERM, _end)
    # It is let in only while the watcher waits, so that none is missed.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])
    watcher.begin()
    number = 0
    while True:
        told = signal.sigtimedwait([signal.SIGHUP], INTERVAL)
        number += 1
        try:
            if told:
                watcher.begin()
            watcher.look(number)
        except (OSError, subprocess.SubprocessError, KeyError, ValueError) as error:
            _complain(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
