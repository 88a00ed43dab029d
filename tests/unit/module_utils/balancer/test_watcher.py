# SPDX-License-Identifier: GPL-3.0-or-later
"""The packet filter's table, and what the watcher makes of what HAProxy says."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import threading
import typing as t
from pathlib import Path

import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.balancer import packets, watcher
from ansible_collections.openuc.ocs.plugins.module_utils.balancer.model import Address
from ansible_collections.openuc.ocs.plugins.module_utils.balancer.runtime import Runtime, RuntimeSocketError
from tests.unit.module_utils.balancer.made import SIP, STUN, services

TCP: t.Final = {**STUN, "id": 'lb.media "443"', "protocol": "tcp", "port": "443", "affinity": "tcp"}
SECTION, CONNECTIONS = "openuc-203.0.113.102:3478:udp", "openuc-203.0.113.102:443:tcp"
STATE = "1 {section} 1 {name} 203.0.113.51 2 {admin} 1 1 5 6 3 4 6 0 0 0 - 3478 - 0 0 - - 0"
ANSWER = "\n".join(
    [
        "1",
        "# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state",
        STATE.format(section=SECTION, name="edge1", admin=0),
        STATE.format(section=SECTION, name="edge2", admin=8),
        STATE.format(section=CONNECTIONS, name="edge1", admin=1),
        STATE.format(section=CONNECTIONS, name="edge2", admin=4),
        "",
        "# pxname,svname,qcur,qmax,scur,status,",
        f"{SECTION},edge1,0,0,0,UP 1/3,",
        f"{SECTION},edge2,0,0,7,UP,",
        f"{CONNECTIONS},edge1,0,0,,DOWN,",
        f"{CONNECTIONS},edge2,0,0,1,DOWN,",
        "other,web1,0,0,0,UP,",
        "",
    ]
)
FORWARDED = packets.forwarded(services(SIP, STUN, TCP))


def test_only_services_that_keep_the_clients_address_are_handed_on() -> None:
    assert [each["section"] for each in FORWARDED] == [CONNECTIONS, SECTION]


def test_members_stand_as_an_administrator_or_else_their_check_says() -> None:
    found = {(each["section"], each["name"]): (each["status"], each["sessions"]) for each in watcher.servers(ANSWER)}
    assert found == {
        (SECTION, "edge1"): ("UP", 0),
        (SECTION, "edge2"): ("DRAIN", 7),
        (CONNECTIONS, "edge1"): ("MAINT", 0),
        (CONNECTIONS, "edge2"): ("DOWN", 1),
        ("other", "web1"): ("UP", 0),
    }


@pytest.fixture
def haproxy(tmp_path: Path) -> t.Iterator[tuple[str, list[str]]]:
    """A socket that answers as HAProxy does, and what it was asked."""
    path, asked = str(tmp_path / "socket"), []
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()

    def serve() -> None:
        while True:
            try:
                connection, _peer = listener.accept()
            except OSError:
                return
            asked.append(connection.recv(65536).decode())
            answer = {"get": "proc.openuc: type=str value=<abc>\n", "set": "No such server.\n\n\n"}
            connection.sendall(answer.get(asked[-1][:3], ANSWER).encode())
            connection.close()

    threading.Thread(target=serve, daemon=True).start()
    yield path, asked
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def test_new_clients_go_to_who_is_up_and_clients_of_the_lost_are_forgotten(haproxy: tuple[str, list[str]]) -> None:
    found = watcher.statuses(haproxy[0])
    assert watcher.in_service(FORWARDED, found) == {CONNECTIONS: [], SECTION: ["edge1"]}
    assert watcher.lost(FORWARDED, found) == {
        ("tcp", "203.0.113.102", "203.0.113.51", "443"),
        ("tcp", "203.0.113.102", "203.0.113.52", "443"),
    }


def test_haproxy_is_asked_and_told_in_lines_that_it_can_read(haproxy: tuple[str, list[str]]) -> None:
    runtime = Runtime(haproxy[0])
    assert runtime.digest() == "abc"
    assert [each.section for each in runtime.standings()] == [SECTION, SECTION, CONNECTIONS, CONNECTIONS]
    with pytest.raises(RuntimeSocketError, match="HAProxy says: No such server"):
        runtime.tell(f"set server {'x' * 90}/{number} state drain" for number in range(100))
    lines = [line for line in haproxy[1] if line.startswith("set")]
    assert sum(line.count("set server") for line in lines) == 100
    assert len(lines) == 2
    assert max(map(len, lines)) < 16384
    with pytest.raises(RuntimeSocketError, match="is HAProxy running"):
        Runtime(f"{haproxy[0]}.gone").digest()


def test_a_member_that_haproxy_does_not_know_yet_is_in_service() -> None:
    assert watcher.in_service(FORWARDED, {})[SECTION] == ["edge1", "edge2"]
    assert watcher.lost(FORWARDED, {}) == set()


def test_the_table_hashes_clients_and_shares_connections_out() -> None:
    lines = [line.strip() for line in watcher.table_text(FORWARDED).splitlines()]
    assert "meta l4proto udp dnat to jhash ip saddr mod 2 map { 0 : 203.0.113.51, 1 : 203.0.113.52 } : 3478" in lines
    assert "meta l4proto tcp dnat to numgen inc mod 2 map { 0 : 203.0.113.51, 1 : 203.0.113.52 } : 443" in lines
    assert '203.0.113.102 . udp . 3478 comment "lb.stun@edge:3478/udp" : goto udp_203.0.113.102_3478,' in lines


def test_a_service_without_members_drops_what_comes() -> None:
    text = watcher.table_text(FORWARDED, {SECTION: ["edge2"], CONNECTIONS: []})
    assert "jhash ip saddr mod 1 map { 0 : 203.0.113.52 }" in text
    assert "chain tcp_203.0.113.102_443 {\n\t\tdrop\n" in text


@pytest.mark.parametrize("serving", [None, {}, {SECTION: ["edge1"]}])
def test_the_packet_filter_takes_the_table(serving: dict[str, list[str]] | None) -> None:
    # Where root is changed, as in a chroot, root may still make networks, but no users.
    allowed = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    for text in (watcher.table_text(FORWARDED, serving), watcher.table_text([])):
        command = ["unshare", *allowed, "--net", "nft", "-c", "-f", "-"]
        done = subprocess.run(command, input=text, text=True, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr


def test_the_watchers_file_has_a_digest_of_all_that_matters() -> None:
    held = [Address("203.0.113.102", "outside")]
    first = json.loads(packets.config(services(STUN), held))
    assert first["addresses"] == [{"address": "203.0.113.102", "interface": "outside"}]
    others = [packets.config(services(STUN), []), packets.config(services(STUN, TCP), held)]
    assert len({first["digest"], *(json.loads(other)["digest"] for other in others)}) == 3
    assert packets.config(services(STUN, TCP), held) == packets.config(services(TCP, STUN), held)
    assert packets.table(services(SIP)) == ""


# --- the program -----------------------------------------------------------------------------------------------------


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> t.Iterator[tuple[watcher.Watcher, dict[str, t.Any]]]:
    """The program with its doings noted in place of done; `found` is what HAProxy says."""
    seen: dict[str, t.Any] = {"held": [], "loaded": [], "forgotten": [], "found": OSError("not yet"), "table": 0}

    def statuses(_path: str) -> dict[str, dict[str, str]]:
        if isinstance(seen["found"], OSError):
            raise seen["found"]
        return seen["found"]  # type: ignore[no-any-return]

    config = tmp_path / "balance.json"
    config.write_text(packets.config(services(STUN), [Address("203.0.113.102", "outside")]))
    monkeypatch.setattr(watcher, "CONFIG", str(config))
    monkeypatch.setattr(watcher, "STATUS", str(tmp_path / "status.json"))
    monkeypatch.setattr(watcher, "statuses", statuses)
    monkeypatch.setattr(watcher, "hold", seen["held"].extend)
    monkeypatch.setattr(watcher, "forward_packets", lambda: None)
    monkeypatch.setattr(watcher, "load", lambda _services, serving: seen["loaded"].append(serving))
    monkeypatch.setattr(watcher, "forget", lambda gone: seen["forgotten"].extend(sorted(gone)))
    monkeypatch.setattr(watcher, "_run", lambda *_command: seen["table"])
    return watcher.Watcher(), seen


def test_it_begins_before_haproxy_answers_with_all_members(program: tuple[watcher.Watcher, dict[str, t.Any]]) -> None:
    made, seen = program
    made.begin()
    assert [each["address"] for each in seen["held"]] == ["203.0.113.102"]
    assert seen["loaded"] == [None]
    told = json.loads(Path(watcher.STATUS).read_text())
    assert told == {"digest": made.config["digest"], "serving": None}


def test_it_follows_members_and_forgets_those_that_are_lost_twice(
    program: tuple[watcher.Watcher, dict[str, t.Any]],
) -> None:
    made, seen = program
    made.begin()
    made.look(1)
    assert seen["loaded"] == [None]
    seen["found"] = {SECTION: {"edge1": "UP", "edge2": "DOWN"}}
    made.look(2)
    assert (seen["loaded"][-1], seen["forgotten"]) == ({SECTION: ["edge1"]}, [])
    made.look(3)
    made.look(4)
    assert seen["forgotten"] == [("udp", "203.0.113.102", "203.0.113.52", "3478")]
    seen["found"] = {SECTION: {"edge1": "DRAIN", "edge2": "UP"}}
    made.look(6)
    made.look(7)
    assert (seen["loaded"][-1], len(seen["forgotten"])) == ({SECTION: ["edge2"]}, 1)


def test_it_puts_back_a_table_that_somebody_flushed(program: tuple[watcher.Watcher, dict[str, t.Any]]) -> None:
    made, seen = program
    seen["found"] = {SECTION: {"edge1": "UP", "edge2": "UP"}}
    made.begin()
    made.look(watcher.LOOK_FOR_TABLE)
    assert len(seen["loaded"]) == 1
    seen["table"] = 1
    made.look(watcher.LOOK_FOR_TABLE - 1)
    assert len(seen["loaded"]) == 1
    made.look(2 * watcher.LOOK_FOR_TABLE)
    assert len(seen["loaded"]) == 2
