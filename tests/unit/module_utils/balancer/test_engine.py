# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run does on a host, in which order, and what is left when a step fails. The host is a stand-in."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.balancer import cards, engine, text, watching
from ansible_collections.openuc.ocs.plugins.module_utils.balancer.cards import Cards
from ansible_collections.openuc.ocs.plugins.module_utils.balancer.places import BalancerError, Places
from ansible_collections.openuc.ocs.plugins.module_utils.balancer.process import Haproxy
from ansible_collections.openuc.ocs.plugins.module_utils.balancer.runtime import RuntimeSocketError, Standing
from ansible_collections.openuc.ocs.plugins.module_utils.balancer.watching import Watching
from ansible_collections.openuc.ocs.plugins.module_utils.columns import as_text
from ansible_collections.openuc.ocs.plugins.module_utils.specs_haproxy import LOAD_BALANCER
from tests.unit.module_utils.balancer.made import SIP, STUN, Judged

VIP: t.Final = {"address": "10.20.0.100", "interface": "lan"}
SECTION = "openuc-10.20.0.100:5061"


class Host:
    """A host: its files are real, its HAProxy, its cards and its watcher are not."""

    def __init__(self, folder: Path) -> None:
        self.places = Places(
            own=folder / "openuc.cfg",
            main=folder / "haproxy.cfg",
            arguments=folder / "default",
            pids=folder / "pid",
            program=folder / "openuc-balance",
            watched=folder / "etc/balance.json",
            watching=folder / "status.json",
            watcher_pid=folder / "watcher.pid",
            unit=folder / "unit",
            script=folder / "script",
        )
        self.journal = folder / "journal"
        self.places.main.write_text("frontend theirs\n    bind :80\n")
        self.runs_with = ""
        self.refuses = ""
        self.breaks = False
        self.out: list[Standing] = []
        self.told: list[str] = []
        self.addresses: set[tuple[str, str]] = {("lan", "10.20.0.6")}
        self.installed = {"haproxy", "nft", "conntrack"}
        self.watcher_runs = False

    # As HAProxy's socket:
    def digest(self) -> str:
        if not self.runs_with:
            raise RuntimeSocketError("no socket")
        return self.runs_with

    def taken_out(self) -> list[Standing]:
        return self.out

    def standings(self) -> list[Standing]:
        return [Standing(SECTION, "fe1", "UP", 3, 9), Standing("openuc-check-10.20.0.100:5061", "fe1", "UP", 0)]

    def tell(self, commands: t.Iterable[str]) -> None:
        self.told += commands

    # As a user of the module:
    def run(self, *services: dict[str, t.Any], check: bool = False, **options: t.Any) -> dict[str, t.Any]:
        given: dict[str, t.Any] = {
            "state": "replaced",
            "services": list(services),
            "addresses": [VIP],
            "run": None,
            "most_deleted": 10,
            "most_deleted_ratio": 0.3,
            "config": str(self.places.own),
            "main_config": str(self.places.main),
            "journal_dir": str(self.journal),
            "service_manager": "sysvinit",
            "reload_command": [],
            "reload_timeout": 1,
            "format": "haproxy",
            "text": None,
        }
        made = engine.Engine({**given, **options}, check, self.places)
        made.haproxy.runtime = self  # type: ignore[assignment]
        return made.run()


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    made = Host(tmp_path)

    def load(_haproxy: Haproxy) -> None:
        content = made.places.own.read_text() if made.places.own.exists() else ""
        if made.breaks and "1300s" in content:
            raise BalancerError("HAProxy did not take over")
        made.runs_with = text.digest_of(content)

    def work(self: Watching, anew: bool) -> None:
        made.places.watching.write_text(json.dumps({"digest": json.loads(self.configured())["digest"]}))
        made.watcher_runs = True

    monkeypatch.setattr(Haproxy, "program", staticmethod(lambda: "haproxy" if "haproxy" in made.installed else ""))
    monkeypatch.setattr(Haproxy, "check", lambda _self, _own: Judged(made.refuses))
    monkeypatch.setattr(Haproxy, "load", load)
    monkeypatch.setattr(Watching, "work", work)
    monkeypatch.setattr(Watching, "_pid", lambda _self: int(made.watcher_runs))
    monkeypatch.setattr(watching.os, "kill", lambda *_arguments: None)
    for module in (engine, watching):
        monkeypatch.setattr(module, "found", lambda program: program if program in made.installed else "")
        monkeypatch.setattr(module, "must", lambda *_arguments, **_named: "")
    monkeypatch.setattr(cards, "read", lambda: Cards(("lan", "dmz"), frozenset(made.addresses)))
    monkeypatch.setattr(
        cards, "put", lambda wanted: made.addresses.update((each.interface, each.address) for each in wanted)
    )
    monkeypatch.setattr(
        cards, "take", lambda gone: made.addresses.difference_update((each.interface, each.address) for each in gone)
    )
    return made


def names(result: dict[str, t.Any]) -> list[str]:
    return [operation["name"] for operation in result["operations"]]


def test_check_apply_apply_check(host: Host) -> None:
    predicted = host.run(SIP, check=True)
    assert not host.places.own.exists()
    assert not host.journal.exists()
    applied = host.run(SIP)
    assert applied["operations"] == predicted["operations"]
    assert names(applied) == [
        "service tcp/10.20.0.100:5061",
        "address 10.20.0.100",
        str(host.places.arguments),
        "openuc-balance",
    ]
    assert ("lan", "10.20.0.100") in host.addresses
    assert host.places.arguments.read_text().endswith(f'EXTRAOPTS="-f {host.places.own}"\n')
    for check in (False, True):
        again = host.run(SIP, check=check)
        assert (again["changed"], again["operations"], again["undo_id"]) == (False, [], "")


def test_services_may_be_given_as_json(host: Host) -> None:
    assert host.run(services=json.dumps([SIP]))["changed"]
    assert not host.run(SIP)["changed"]
    # As the action hands them over.
    assert not host.run(services=as_text([SIP]), state="overridden")["changed"]
    with pytest.raises(BalancerError, match="services: expected a list, or one as JSON"):
        host.run(services="[{")


def test_gathered_is_what_was_given_and_how_members_stand(host: Host) -> None:
    host.run(SIP, STUN)
    found = host.run(state="gathered")
    assert [each["id"] for each in found["gathered"]["services"]] == [SIP["id"], STUN["id"]]
    assert found["gathered"]["addresses"] == [VIP]
    assert found["members"] == [{"section": SECTION, "name": "fe1", "status": "UP", "sessions": 3, "total": 9}]
    assert found["foreign"] == ["theirs"]
    assert not host.run(**{**found["gathered"], "state": "overridden"})["changed"]


def test_a_run_is_undone_and_another_is_not_known(host: Host) -> None:
    host.run(SIP)
    second = host.run({**SIP, "idle_seconds": 1300}, addresses=[VIP, {"address": "10.20.0.9", "interface": "dmz"}])
    host.run(state="restored", run=second["undo_id"])
    assert "timeout client 1200s" in host.places.own.read_text()
    assert ("dmz", "10.20.0.9") not in host.addresses
    with pytest.raises(engine.BalancerError, match="run: 'never' is not stored") as unknown:
        host.run(state="restored", run="never")
    assert unknown.value.told == {"unknown_run": True}


def test_what_does_not_come_up_is_taken_back(host: Host) -> None:
    host.run(SIP)
    before, arguments = host.places.own.read_text(), host.places.arguments.read_text()
    host.breaks = True
    with pytest.raises(BalancerError, match="did not take over\nThe file of before is back, and HAProxy runs with it"):
        host.run({**SIP, "idle_seconds": 1300})
    assert (host.places.own.read_text(), host.places.arguments.read_text()) == (before, arguments)
    assert not host.run(SIP)["changed"]


def test_what_haproxy_refuses_changes_nothing(host: Host) -> None:
    host.refuses = "unknown keyword"
    with pytest.raises(BalancerError, match="It says: unknown keyword"):
        host.run(SIP)
    assert not host.places.own.exists()
    assert host.addresses == {("lan", "10.20.0.6")}


def test_members_out_of_service_stay_so(host: Host) -> None:
    host.run(SIP)
    host.out = [Standing(SECTION, "fe1", "DRAIN", 0), Standing(SECTION, "fe2", "MAINT", 0)]
    host.run({**SIP, "idle_seconds": 1300})
    disabled = [line.split()[1] for line in host.places.own.read_text().splitlines() if line.endswith(" disabled")]
    assert disabled == ["fe1", "fe2"]
    assert host.told == [f"set server {SECTION}/fe1 state drain"]


def test_a_haproxy_without_its_file_and_a_watcher_that_ended_are_put_right(host: Host) -> None:
    host.run(SIP)
    host.runs_with = "another"
    assert names(host.run(SIP)) == ["haproxy"]
    host.watcher_runs = False
    assert names(host.run(SIP)) == ["openuc-balance"]
    host.addresses.discard(("lan", "10.20.0.100"))
    assert names(host.run(SIP)) == ["address 10.20.0.100"]
    assert not host.run(SIP)["changed"]


def test_everything_of_ours_goes(host: Host) -> None:
    host.places.arguments.write_text('EXTRAOPTS="-S /run/master"\n')
    host.run(SIP, STUN)
    assert f'EXTRAOPTS="-S /run/master -f {host.places.own}"' in host.places.arguments.read_text()
    assert host.run(state="deleted", services=[], addresses=[])["changed"]
    assert host.places.arguments.read_text() == 'EXTRAOPTS="-S /run/master"\n'
    left = [host.places.own, host.places.program, host.places.script, host.places.watched]
    assert [path for path in left if path.exists()] == []
    assert host.addresses == {("lan", "10.20.0.6")}
    assert not host.run(state="deleted", services=[], addresses=[])["changed"]


def test_addresses_of_others_are_never_ours(host: Host) -> None:
    host.addresses.add(("lan", "10.20.0.100"))
    assert "address 10.20.0.100" not in names(host.run(SIP))
    host.run(state="deleted", services=[], addresses=[])
    assert ("lan", "10.20.0.100") in host.addresses


def test_a_run_that_would_remove_much_is_stopped(host: Host) -> None:
    many = [{**SIP, "port": str(port)} for port in range(1, 13)]
    host.run(*many)
    with pytest.raises(BalancerError, match="8 of our 12 services would go"):
        host.run(*many[:4], state="overridden")
    assert host.run(*many[:4], state="overridden", most_deleted_ratio=0.9)["changed"]


def test_what_is_missing_is_predicted_and_refused(host: Host) -> None:
    host.installed.clear()
    predicted = host.run(SIP, STUN, check=True)
    assert predicted["missing"] == ["haproxy", "nft", "conntrack"]
    assert predicted["would_need"][1] == "nft is not installed on this host; install the package nftables"
    with pytest.raises(BalancerError, match="haproxy is not installed on this host; install the package haproxy"):
        host.run(SIP)
    host.installed.add("haproxy")
    with pytest.raises(BalancerError, match="this host has no card 'lam', but lan, dmz; did you mean lan"):
        host.run(SIP, addresses=[{**VIP, "interface": "lam"}])


def test_a_file_changed_by_hand_is_not_guessed_at(host: Host) -> None:
    host.run(SIP)
    with host.places.own.open("a") as file:
        file.write("    maxconn 5\n")
    with pytest.raises(BalancerError, match="'maxconn 5' is no setting of ours"):
        host.run(SIP)


def test_a_file_of_an_older_form_is_rendered_anew(host: Host) -> None:
    host.run(SIP)
    old = host.places.own.read_text().replace("timeout connect 5s", "timeout connect 6s")
    digest = text.digest_of(old)
    host.places.own.write_text(old.replace(digest, "0" * 16))
    assert names(host.run(SIP)) == [str(host.places.own)]
    assert not host.run(SIP)["changed"]


def offline(**given: t.Any) -> dict[str, t.Any]:
    """What the module returns."""
    defaults = {name: spec.get("default") for name, spec in LOAD_BALANCER.items()}
    return engine.run({**defaults, **given}, check=False)


@pytest.mark.parametrize("form", ["haproxy", "f5_as3", "nginx", "table"])
def test_rendering_looks_at_no_host(form: str) -> None:
    found = offline(state="rendered", services=[SIP, STUN], format=form)
    files = {"haproxy": ["haproxy.cfg", "balance.nft"], "f5_as3": ["as3.json"], "nginx": ["nginx-stream.conf"]}
    assert list(found["rendered"]) == files.get(form, ["services.md"])
    assert [each["service"] for each in found["unserved"]] == {
        "nginx": ["tcp/10.20.0.100:5061", "udp/203.0.113.102:3478", "udp/203.0.113.102:3478"]
    }.get(form, [])


def test_parsing_looks_at_no_host() -> None:
    rendered = offline(state="rendered", services=[SIP])["rendered"]
    [parsed] = offline(state="parsed", text=rendered["haproxy.cfg"])["parsed"]
    assert {key: parsed[key] for key in SIP} == SIP
    refused = offline(state="parsed", text="frontend x")
    assert refused["failed"] is True
    assert refused["msg"].startswith("text: line 1: 'frontend x' is no section of ours")
