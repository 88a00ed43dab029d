# SPDX-License-Identifier: GPL-3.0-or-later
"""HAProxy and the watcher as processes of a host, its cards, and the connections that are counted there."""

from __future__ import annotations

import json
import os
import subprocess
import typing as t
from pathlib import Path

import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.balancer import (
    cards,
    draining,
    places,
    process,
    sessions,
    watching,
)
from ansible_collections.openuc.ocs.plugins.module_utils.balancer.checking import Checking
from ansible_collections.openuc.ocs.plugins.module_utils.balancer.model import Address
from ansible_collections.openuc.ocs.plugins.module_utils.balancer.places import BalancerError, Places
from ansible_collections.openuc.ocs.plugins.module_utils.balancer.process import Haproxy, Loaded
from ansible_collections.openuc.ocs.plugins.module_utils.balancer.runtime import Runtime, Standing
from ansible_collections.openuc.ocs.plugins.module_utils.balancer.watching import Watching
from tests.unit.module_utils.balancer.made import SIP, STUN, services

Commands = list[list[str]]


@pytest.fixture
def where(tmp_path: Path) -> Places:
    return Places(
        own=tmp_path / "openuc.cfg",
        main=tmp_path / "haproxy.cfg",
        arguments=tmp_path / "default",
        pids=tmp_path / "pid",
        program=tmp_path / "bin/openuc-balance",
        watched=tmp_path / "etc/balance.json",
        watching=tmp_path / "status.json",
        watcher_pid=tmp_path / "watcher.pid",
        unit=tmp_path / "unit",
        script=tmp_path / "script",
    )


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> Commands:
    """What is run, in place of running it."""
    seen: Commands = []

    def run(command: t.Sequence[str], *_rest: t.Any, **_named: t.Any) -> subprocess.CompletedProcess[str]:
        seen.append(list(command))
        return subprocess.CompletedProcess(command, 0, "0\n", "")

    monkeypatch.setattr(process, "run", run)
    monkeypatch.setattr(process, "must", lambda command, *_rest: run(command).stdout)
    monkeypatch.setattr(watching, "must", lambda command, *_rest: run(command).stdout)
    for module in (process, watching):
        monkeypatch.setattr(module, "found", lambda program: program)
    return seen


# --- HAProxy ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("manager", "before", "value"),
    [
        ("sysvinit", "", "-f {own}"),
        ("sysvinit", 'EXTRAOPTS="-de -m 16"\n', "-de -m 16 -f {own}"),
        ("sysvinit", "EXTRAOPTS=-de\n#EXTRAOPTS=no\nEXTRAOPTS='-m 16'", "-m 16 -f {own}"),
        ("systemd", "# nothing\n", "-S /run/haproxy-master.sock -f {own}"),
    ],
)
def test_our_file_is_added_to_the_arguments_that_are_there(
    where: Places, manager: str, before: str, value: str
) -> None:
    if before:
        where.arguments.write_text(before)
    haproxy = Haproxy(where, manager, [], 1)
    found, after = haproxy.arguments()
    assert found == before
    assert after.startswith(before)
    assert after.splitlines()[-1] == f'EXTRAOPTS="{value.format(own=where.own)}"'
    haproxy.write_arguments(after)
    assert haproxy.arguments() == (after, after)
    assert haproxy.without_arguments()[1].rstrip("\n") == before.rstrip("\n")


def test_arguments_that_name_our_file_already_are_left_alone(where: Places) -> None:
    text = f'EXTRAOPTS="-f {where.own}"\n'
    where.arguments.write_text(text)
    assert Haproxy(where, "sysvinit", [], 1).arguments() == (text, text)
    assert Haproxy(where, "command", ["reload"], 1).arguments() == (text, text)


@pytest.fixture
def running(where: Places, monkeypatch: pytest.MonkeyPatch) -> dict[int, list[str]]:
    """Command lines of processes, with a HAProxy that was loaded anew before."""
    lines = {7: ["/usr/sbin/haproxy", "-f", str(where.main), "-D", "-p", "/run/haproxy.pid", "-x", "/old", "-sf", "5"]}
    where.main.write_text("global\n    stats socket /run/admin.sock mode 660 expose-fd listeners\n")
    where.pids.write_text("7\n8\n")
    monkeypatch.setattr(process, "_command_line", lambda pid: lines.get(pid, ["sleep"]))
    return lines


def test_a_successor_has_the_arguments_of_who_runs_and_takes_its_sockets(
    where: Places, running: dict[int, list[str]], commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    where.own.touch()
    monkeypatch.setattr(Runtime, "ask", lambda self, _command: self.path == "/run/admin.sock" or _unheard())
    Haproxy(where, "sysvinit", [], 1).load()
    words = ["/usr/sbin/haproxy", "-f", str(where.main), "-D", "-f", str(where.own), "-p", str(where.pids)]
    assert commands == [[*words, "-x", "/run/admin.sock", "-sf", "7"]]


def _unheard() -> t.NoReturn:
    raise process.RuntimeSocketError("no such socket")


def test_a_successor_of_who_has_our_file_has_it_once_or_no_more(
    where: Places, running: dict[int, list[str]], commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    running[7][4:] = ["-f", str(where.own)]
    monkeypatch.setattr(Runtime, "ask", lambda _self, _command: _unheard())
    haproxy = Haproxy(where, "sysvinit", [], 1)
    haproxy.load()
    where.own.touch()
    haproxy.load()
    assert [command.count(str(where.own)) for command in commands] == [0, 1]
    assert all("-x" not in command for command in commands)


@pytest.mark.parametrize(
    ("manager", "reload_command", "ours", "expected"),
    [
        ("systemd", [], True, ["systemctl", "reload", "haproxy"]),
        ("systemd", [], False, ["systemctl", "restart", "haproxy"]),
        ("command", ["/etc/rc.d/haproxy", "reload"], False, ["/etc/rc.d/haproxy", "reload"]),
    ],
)
def test_who_starts_haproxy_loads_it(
    where: Places,
    running: dict[int, list[str]],
    commands: Commands,
    manager: str,
    reload_command: list[str],
    ours: bool,
    expected: list[str],
) -> None:
    where.own.touch()
    if ours:
        running[7] += ["-f", str(where.own)]
    Haproxy(where, manager, reload_command, 1).load()
    assert commands == [expected]


def test_a_haproxy_that_does_not_run_is_started(where: Places, commands: Commands) -> None:
    Haproxy(where, "sysvinit", [], 1).load()
    assert commands == [["service", "haproxy", "start"]]
    with pytest.raises(BalancerError, match="reload_command: is missing"):
        Haproxy(where, "command", [], 1).load()


_SAID: t.Final = "[NOTICE]   (1) : version\n[WARNING]  (1) : no log\n[ALERT]    (1) : cannot bind\n"


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What is run as HAProxy, once it is written."""
    path = tmp_path / "haproxy"
    path.touch(mode=0o755)
    monkeypatch.setattr(Haproxy, "program", staticmethod(lambda: str(path)))
    return path


def test_what_haproxy_only_warns_of_is_not_told(
    where: Places, running: dict[int, list[str]], program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = subprocess.CompletedProcess([], 1, "", _SAID)
    monkeypatch.setattr(process, "run", lambda *_arguments: failed)
    monkeypatch.setattr(Runtime, "ask", lambda _self, _command: _unheard())
    haproxy = Haproxy(where, "sysvinit", [], 1)
    with pytest.raises(BalancerError, match=r"did not take over with the new file. It says: \[ALERT\]"):
        haproxy.load()
    program.write_text(f"#!/bin/sh\ncat >&2 <<END\n{_SAID}END\nexit 1\n")
    assert haproxy.check(where.own).problem() == "[ALERT]    (1) : cannot bind"


def test_a_check_names_both_files_and_says_nothing_when_all_is_well(
    where: Places, tmp_path: Path, program: Path
) -> None:
    where.main.touch()
    where.own.touch()
    program.write_text(f'#!/bin/sh\necho "$*" >{tmp_path}/asked\n')
    assert Haproxy(where, "sysvinit", [], 1).check(where.own).problem() == ""
    assert (tmp_path / "asked").read_text() == f"-c -f {where.main} -f {where.own}\n"


def test_a_check_that_nobody_waits_for_any_more_ends(where: Places, tmp_path: Path, program: Path) -> None:
    """Of another text, or of a run that is given up; and nothing of it is left."""
    os.mkfifo(tmp_path / "never")
    program.write_text(f"#!/bin/sh\nexec cat {tmp_path}/never\n")
    checking = Checking(Haproxy(where, "sysvinit", [], 0.1))
    checking.begin("one")
    program.write_text("#!/bin/sh\necho no such keyword >&2; exit 1\n")
    checking.begin("other")
    assert checking.file.read_text() == "other"
    assert checking.problem("other") == "no such keyword"
    checking.close()
    assert not checking.file.exists()


def test_a_check_has_its_time(where: Places, tmp_path: Path, program: Path) -> None:
    os.mkfifo(tmp_path / "never")
    program.write_text(f"#!/bin/sh\nexec cat {tmp_path}/never\n")
    where.own.touch()
    with pytest.raises(BalancerError, match=r"haproxy -c -f \S+ did not end within 0.1 s"):
        Haproxy(where, "sysvinit", [], 0.1).check(where.own).problem()


def test_it_is_waited_for_until_the_new_text_runs_and_not_for_ever(
    where: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter(["", "new", "old", "new", "new", "new"])
    haproxy = Haproxy(where, "sysvinit", [], 5)
    monkeypatch.setattr(haproxy.runtime, "digest", lambda: next(answers))
    haproxy.wait_until_it_runs_with("new", times=1)
    assert next(answers) == "old"
    haproxy.wait_until_it_runs_with("new", times=3)
    assert next(answers, None) is None
    haproxy.timeout = 0
    monkeypatch.setattr(haproxy.runtime, "digest", _unheard)
    with pytest.raises(BalancerError, match="does not run with its new file after 0 s: it says no such socket"):
        haproxy.wait_until_it_runs_with("new")


def test_a_file_that_cannot_be_swapped_in_leaves_the_one_of_before(
    where: Places, commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    where.own.write_text("before")
    haproxy = Haproxy(where, "command", ["reload"], 1)
    monkeypatch.setattr(haproxy.runtime, "digest", lambda: "")
    with pytest.raises(BalancerError, match=r"gone: No such file or directory.*\nThe file of before is back"):
        haproxy.swap(Loaded("before", ""), "after", where.own.with_name("gone"))
    assert where.own.read_text() == "before"
    assert commands == [["reload"]]


# --- the watcher -----------------------------------------------------------------------------------------------------


def test_the_watcher_is_put_there_and_started_at_boot_by_what_the_host_has(where: Places, commands: Commands) -> None:
    for manager, file in (("systemd", where.unit), ("sysvinit", where.script)):
        made = Watching(where, manager, 1)
        assert str(file) in made.outdated()
        made.put()
        assert made.outdated() == []
        assert str(where.program) in file.read_text()
    assert commands == [
        ["systemctl", "daemon-reload"],
        ["systemctl", "enable", "openuc-balance"],
        ["update-rc.d", "openuc-balance", "defaults"],
    ]
    assert where.program.stat().st_mode & 0o777 == 0o755
    done = subprocess.run(["sh", "-n", str(where.script)], capture_output=True, text=True, check=False)
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("manager", "expected"),
    [
        ("systemd", ["systemctl", "restart", "openuc-balance"]),
        ("sysvinit", ["{script}", "restart"]),
        ("command", ["start-stop-daemon", "--start", "--background", "--make-pidfile", "--pidfile", "{pid}",
                     "--startas", "{program}"]),
    ],
)  # fmt: skip
def test_it_is_started_and_waited_for(where: Places, commands: Commands, manager: str, expected: list[str]) -> None:
    made = Watching(where, manager, 0)
    made.configure(json.dumps({"digest": "abc"}))
    with pytest.raises(BalancerError, match="does not work with"):
        made.work(anew=True)
    words = {"script": where.script, "pid": where.watcher_pid, "program": where.program}
    assert commands[-1] == [word.format(**words) for word in expected]


def test_it_works_when_it_says_so_and_is_there(where: Places, tmp_path: Path) -> None:
    made = Watching(where, "sysvinit", 1)
    assert not made.works()
    made.configure(json.dumps({"digest": "abc"}))
    where.watching.write_text(json.dumps({"digest": "abc"}))
    assert not made.works()
    where.program.parent.mkdir()
    where.program.write_text("#!/bin/sh\necho here\nread line\n")
    where.program.chmod(0o755)
    with subprocess.Popen([str(where.program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "here\n"
        where.watcher_pid.write_text(str(program.pid))
        assert made.works()
        where.watching.write_text(json.dumps({"digest": "older"}))
        assert not made.works()
        made.remove()
        assert program.wait(10) == -15
    assert not where.program.exists()


# --- cards and commands ----------------------------------------------------------------------------------------------


def test_cards_are_read_and_addresses_put_and_taken_in_one_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = json.dumps([{"ifname": "lan", "addr_info": [{"local": "10.0.0.1"}, {"broadcast": "10.0.0.255"}]}])
    batches: list[str] = []

    def must(command: t.Sequence[str], timeout: float = 0, text: str | None = None) -> str:
        batches.extend([text] if text else [])
        return shown

    monkeypatch.setattr(cards, "must", must)
    assert cards.read() == cards.Cards(("lan",), frozenset({("lan", "10.0.0.1")}))
    cards.put([Address("10.0.0.2", "lan"), Address("2001:db8::1", "lan")])
    cards.take([Address("10.0.0.1", "lan"), Address("10.0.0.9", "lan")])
    cards.put([])
    assert batches == [
        "address replace 10.0.0.2/32 dev lan\naddress replace 2001:db8::1/128 dev lan\n",
        "address del 10.0.0.1/32 dev lan\n",
    ]


def test_a_command_that_fails_or_does_not_end_is_told_with_its_words() -> None:
    with pytest.raises(BalancerError, match="sh -c echo no >&2; exit 3 failed: no"):
        places.must(["sh", "-c", "echo no >&2; exit 3"])
    with pytest.raises(BalancerError, match="false failed: exit status 1"):
        places.must(["false"])
    with pytest.raises(BalancerError, match=r"sh -c read line; sleep 5 did not end within 0\.05 s"):
        places.run(["sh", "-c", "read line; sleep 5"], 0.05)
    with pytest.raises(BalancerError, match="/no/such/program: No such file"):
        places.run(["/no/such/program"])
    assert places.must(["cat"], text="said") == "said"


# --- connections -----------------------------------------------------------------------------------------------------

TCP: t.Final = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt
   0: FA00140A:8A3C 0B00140A:13C5 01 00000000:00000000 00:00000000 00000000
   1: FA00140A:8A3D 0B00140A:13C5 06 00000000:00000000 00:00000000 00000000
   2: FA00140A:8A3E 0B00140A:13C5 01 00000000:00000000 00:00000000 00000000
"""


class Asked:
    """HAProxy's socket: its own process, and sessions that it counts itself."""

    def __init__(self, own: int, counted: int) -> None:
        self.own, self.counted = own, counted

    def standings(self) -> list[Standing]:
        return [Standing("openuc-10.20.0.100:5061", "fe1", "DRAIN", self.counted)]

    def ask(self, _command: str) -> str:
        return f"Name: HAProxy\nPid: {self.own}\nUptime: 1\n"


@pytest.mark.parametrize(("processes", "expected"), [([7, 6], 1), ([7, 6, 9], 2)])
def test_connections_of_a_former_haproxy_are_counted_and_those_of_its_master_are_not(
    monkeypatch: pytest.MonkeyPatch, processes: list[int], expected: int
) -> None:
    files = {"/proc/net/tcp": TCP.encode(), "/proc/7/stat": b"7 (ha proxy) S 6 7 7"}
    files |= {f"/proc/{pid}/comm": b"haproxy\n" for pid in processes}
    files["/proc/1/comm"] = b"init\n"
    monkeypatch.setattr(sessions, "read_bytes", lambda path: files.get(str(path)))
    monkeypatch.setattr(sessions.os, "listdir", lambda _folder: [*map(str, processes), "1", "net"])
    servers = draining.servers_of(services(SIP), Asked(7, 1).standings())
    left = sessions.left(t.cast(Runtime, Asked(7, 1)), servers)
    assert left == {"openuc-10.20.0.100:5061/fe1": expected}


def test_packets_that_are_handed_on_are_counted_by_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = (
        "udp 17 170 src=198.51.100.52 dst=203.0.113.102 sport=5000 dport=3478 src=203.0.113.51 dst=198.51.100.52\n"
        "udp 17 170 src=198.51.100.52 dst=203.0.113.102 sport=5000 dport=34780 src=203.0.113.51 dst=198.51.100.52\n"
    )
    asked: list[t.Sequence[str]] = []

    def run(command: t.Sequence[str]) -> subprocess.CompletedProcess[str]:
        asked.append(command)
        return subprocess.CompletedProcess(command, 0, lines, "")

    standing = Standing("openuc-203.0.113.102:3478:udp", "edge1", "DRAIN", 0)
    [server] = draining.servers_of(services(STUN), [standing])
    monkeypatch.setattr(sessions, "run", run)
    monkeypatch.setattr(sessions, "found", lambda program: program)
    monkeypatch.setattr(sessions, "_predecessors", lambda _runtime: False)
    assert sessions.left(t.cast(Runtime, Asked(7, 0)), [server]) == {server.path: 1}
    chosen = ["-p", "udp", "--orig-dst", "203.0.113.102", "--reply-src", "203.0.113.51"]
    assert asked == [["conntrack", "-L", *chosen]]
    monkeypatch.setattr(sessions, "found", lambda _program: "")
    assert sessions.left(t.cast(Runtime, Asked(7, 0)), [server]) == {}
