# SPDX-License-Identifier: GPL-3.0-or-later
"""Two balancers in turn: what is said of them, what keepalived is given, and what happens where it does not come up."""

from __future__ import annotations

import json
import signal
import subprocess
import typing as t
from pathlib import Path

import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.balancer import cards, keepalived, pairs, watcher
from ansible_collections.openuc.ocs.plugins.module_utils.balancer.cards import Cards
from ansible_collections.openuc.ocs.plugins.module_utils.balancer.keepalived import Keepalived
from ansible_collections.openuc.ocs.plugins.module_utils.balancer.model import Address
from ansible_collections.openuc.ocs.plugins.module_utils.balancer.pairs import Pair, decode_pair
from ansible_collections.openuc.ocs.plugins.module_utils.balancer.places import BalancerError, Places

PAIR: t.Final = {
    "virtual_router": 51, "interface": "lan", "address": "10.20.0.244", "peer": "10.20.0.245", "priority": 150
}  # fmt: skip
HELD: t.Final = [Address("10.20.0.100", "lan"), Address("10.30.0.100", "inside")]
OWN = "/etc/keepalived/openuc.conf"


def made(**changes: t.Any) -> Pair:
    pair, problems = decode_pair({**PAIR, **changes})
    assert problems == []
    assert pair is not None
    return pair


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"virtual_router": 256}, "pair.virtual_router: expected 1 to 255, got 256"),
        ({"priority": 0}, "pair.priority: expected 1 to 254, got 0"),
        ({"address": "10.20.0.300"}, "pair.address: '10.20.0.300' is no IP address"),
        ({"peer": "10.20.0.244"}, "pair.peer: 10.20.0.244 is the host's own address (pair.address)"),
        ({"interface": "a card"}, "pair.interface: 'a card' cannot be the name of a network card"),
        ({"pear": "x"}, "pair.pear: is no option of a pair; did you mean peer?"),
    ],
)
def test_what_is_wrong_with_a_pair_is_told(changes: dict[str, t.Any], problem: str) -> None:
    assert decode_pair({**PAIR, **changes}) == (None, [problem])


def test_what_a_pair_lacks_is_told_at_once() -> None:
    assert decode_pair({"interface": "lan", "priority": 1}) == (
        None,
        ["pair.virtual_router: is missing", "pair.address: is missing", "pair.peer: is missing"],
    )
    assert decode_pair("lan") == (
        None,
        ["pair: expected a mapping with virtual_router, interface, address, peer, priority, got 'lan'"],
    )
    assert decode_pair(None) == (None, [])


def test_both_announce_the_same_whatever_they_hold() -> None:
    """While the services of both are changed one after the other, neither refuses what the other says."""
    first = pairs.render(made(), HELD, "/program")
    second = pairs.render(made(address=PAIR["peer"], peer=PAIR["address"], priority=100), HELD[:1], "/program")
    for text in (first, second):
        announced = text.partition("virtual_ipaddress {\n")[2].partition("}")[0].split("\n")
        assert [line.strip() for line in announced if line.strip()] == ["169.254.255.51/32 dev lan scope link"]


def test_all_cards_count_but_the_one_that_announcements_go_over_needs_no_mention() -> None:
    text = pairs.render(made(), HELD, "/program")
    tracked = text.partition("track_interface {\n")[2].partition("}")[0].split()
    assert tracked == ["inside"]
    assert "track_interface" not in pairs.render(made(), HELD[:1], "/program")
    assert "nopreempt" in text


def test_the_administrators_file_gets_one_line_and_loses_it_again() -> None:
    theirs = "vrrp_instance theirs {\n}"
    with_ours = pairs.including(theirs, OWN)
    assert with_ours == f"{theirs}\ninclude {OWN}\n"
    assert pairs.including(with_ours, OWN) == with_ours
    assert pairs.without(with_ours, OWN) == f"{theirs}\n"
    assert pairs.without(pairs.including("", OWN), OWN) == ""


class Host:
    """A host whose files are real and whose keepalived is not."""

    def __init__(self, folder: Path) -> None:
        self.places = Places(
            program=folder / "openuc-balance",
            pair=folder / "keepalived/openuc.conf",
            pairs=folder / "keepalived/keepalived.conf",
            pair_pid=folder / "keepalived.pid",
            standing=folder / "standing.json",
        )
        self.keepalived = Keepalived(self.places, "sysvinit", 0.3)
        self.commands: list[str] = []
        self.signals: list[int] = []
        self.addresses: set[tuple[str, str]] = set()
        self.running = 0
        self.stands = "MASTER"

    def must(self, command: t.Sequence[str], *_more: object) -> str:
        self.commands.append(" ".join(command[1:]))
        if command[-1] == "start":
            self.comes_up()
        return ""

    def comes_up(self) -> None:
        self.running = 77 if self.stands else 0
        self.places.standing.write_text(json.dumps({"standing": self.stands}))
        self.addresses = {(each.interface, each.address) for each in HELD} if self.stands == "MASTER" else set()

    def kill(self, _pid: int, number: int) -> None:
        self.signals.append(number)
        if number == signal.SIGTERM:
            self.running = 0
        else:
            self.comes_up()


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    found = Host(tmp_path)
    monkeypatch.setattr(keepalived, "must", found.must)
    monkeypatch.setattr(keepalived, "found", lambda program: f"/bin/{program}")
    monkeypatch.setattr("os.kill", found.kill)
    monkeypatch.setattr(Keepalived, "pid", lambda _self: found.running)
    monkeypatch.setattr(pairs, "SILENCE", 0.05)
    monkeypatch.setattr(cards, "read", lambda: Cards(("lan", "inside"), frozenset(found.addresses)))
    return found


def test_it_is_started_at_boot_and_now_and_loaded_anew_when_it_runs(host: Host) -> None:
    text = host.keepalived.text(made(), HELD)
    host.keepalived.apply(text, HELD)
    assert host.commands == ["keepalived defaults", "keepalived start"]
    assert host.keepalived.included()
    assert (host.keepalived.configured(), host.keepalived.standing()) == (text, "MASTER")
    host.keepalived.apply(host.keepalived.text(made(priority=100), HELD), HELD)
    assert host.signals == [signal.SIGHUP]


def test_the_one_that_stands_by_is_waited_for_only_as_long_as_the_other_may_be_silent(host: Host) -> None:
    host.stands = "BACKUP"
    host.keepalived.apply(host.keepalived.text(made(), HELD), HELD)
    assert host.keepalived.standing() == "BACKUP"


def test_what_does_not_come_up_is_gone_again(host: Host) -> None:
    host.stands = "FAULT"
    with pytest.raises(BalancerError, match=r"it stands as FAULT(.|\n)*is gone again"):
        host.keepalived.apply(host.keepalived.text(made(), HELD), HELD)
    assert not host.places.pair.exists()
    assert not host.places.pairs.exists()
    assert host.running == 0


def test_what_was_there_comes_back_where_a_change_does_not_come_up(host: Host) -> None:
    before = host.keepalived.text(made(), HELD)
    host.keepalived.apply(before, HELD)
    unheld = Address("10.20.0.101", "lan")
    with pytest.raises(BalancerError, match="runs with its file of before"):
        host.keepalived.apply(host.keepalived.text(made(), [*HELD, unheld]), [*HELD, unheld])
    assert host.keepalived.configured() == before


def test_it_ends_where_it_has_nothing_else_to_do_and_goes_on_with_what_is_theirs(host: Host) -> None:
    host.keepalived.apply(host.keepalived.text(made(), HELD), HELD)
    host.keepalived.remove()
    assert (host.signals, host.places.pairs.exists(), host.places.standing.exists()) == ([signal.SIGTERM], False, False)
    host.places.pairs.write_text("vrrp_instance theirs {\n}\n")
    host.keepalived.apply(host.keepalived.text(made(), HELD), HELD)
    host.keepalived.remove()
    assert host.places.pairs.read_text() == "vrrp_instance theirs {\n}\n"
    assert host.signals == [signal.SIGTERM, signal.SIGHUP]


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ("", ""),
        ("SECURITY VIOLATION - scripts are being executed\n", ""),
        ("(line 3) Unknown keyword 'x'\n", "(line 3) Unknown keyword 'x'"),
    ],
)
def test_only_what_our_text_adds_counts_against_it(
    host: Host, monkeypatch: pytest.MonkeyPatch, said: str, problem: str
) -> None:
    def run(command: t.Sequence[str], _timeout: float) -> subprocess.CompletedProcess[str]:
        ours = ".half-openuc.conf" in Path(command[-1]).read_text()
        return subprocess.CompletedProcess(command, 5, "", "warned of before\n" + (said if ours else ""))

    monkeypatch.setattr(keepalived, "run", run)
    host.places.pair.parent.mkdir()
    host.places.pairs.write_text("vrrp_instance theirs {\n}\n")
    assert host.keepalived.check(made(), HELD) == problem
    assert [path.name for path in host.places.pair.parent.iterdir()] == ["keepalived.conf"]


def test_own_addresses_and_cards_are_looked_for() -> None:
    there = Cards(("lan", "inside"), frozenset({("lan", "10.20.0.6")}))
    assert there.problems(HELD, made()) == ["pair.address: 10.20.0.244 is not on the card lan; there: 10.20.0.6"]
    assert there.problems(HELD, made(interface="lam")) == [
        "pair.interface: this host has no card 'lam', but lan, inside; did you mean lan?"
    ]


def test_keepalived_asks_whether_haproxy_answers_and_tells_where_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "balance.json"
    config.write_text(json.dumps({"socket": str(tmp_path / "socket")}))
    monkeypatch.setattr(watcher, "CONFIG", str(config))
    monkeypatch.setattr(watcher, "STANDING", str(tmp_path / "standing.json"))
    assert watcher.answers() == 1
    monkeypatch.setattr(watcher, "ask", lambda _path, _command: "HAProxy version")
    assert watcher.answers() == 0
    monkeypatch.setattr("sys.argv", ["openuc-balance", "stands", "INSTANCE", "openuc", "BACKUP", "150"])
    with pytest.raises(SystemExit) as ended:
        watcher.main()
    assert ended.value.code == 0
    assert json.loads((tmp_path / "standing.json").read_text()) == {"standing": "BACKUP"}
