# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run does on a reverse proxy, and what is left when a step fails. Its HAProxy is a stand-in."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.balancer.places import BalancerError, Places
from ansible_collections.openuc.ocs.plugins.module_utils.balancer.process import Haproxy
from ansible_collections.openuc.ocs.plugins.module_utils.balancer.runtime import RuntimeSocketError
from ansible_collections.openuc.ocs.plugins.module_utils.balancer.text import digest_of
from ansible_collections.openuc.ocs.plugins.module_utils.publishing import engine
from tests.unit.module_utils.balancer.made import Judged
from tests.unit.module_utils.publishing.made import FILES, SITE

Result = dict[str, t.Any]


class Host:
    """A reverse proxy: its files are real."""

    def __init__(self, folder: Path) -> None:
        self.places = Places(
            own=folder / "publications.cfg",
            main=folder / "haproxy.cfg",
            arguments=folder / "default",
            pids=folder / "pid",
        )
        self.folder = folder
        self.places.main.write_text("frontend theirs\n    bind :80\n")
        self.runs_with = ""
        self.refuses = ""
        self.breaks = False
        self.installed = True

    def digest(self) -> str:
        if not self.runs_with:
            raise RuntimeSocketError("no socket")
        return self.runs_with

    def tell(self, commands: t.Iterable[str]) -> None:
        assert not list(commands)

    def run(self, *publications: Result, check: bool = False, **changes: t.Any) -> Result:
        options = {
            "state": "replaced",
            "publications": list(publications),
            "run": None,
            "most_deleted": 10,
            "most_deleted_ratio": 0.3,
            "config": str(self.places.own),
            "main_config": str(self.places.main),
            "journal_dir": str(self.folder / "journal"),
            "service_manager": "sysvinit",
            "reload_command": [],
            "reload_timeout": 1,
            **changes,
        }
        made = engine.Engine(options, check, self.places)
        made.haproxy.runtime = self  # type: ignore[assignment]
        return made.run()

    def live(self) -> list[str]:
        return [each["name"] for each in self.run(state="gathered")["gathered"]["publications"]]


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    made = Host(tmp_path)

    def load(_haproxy: Haproxy) -> None:
        content = made.places.own.read_text() if made.places.own.exists() else ""
        if made.breaks and "web.contoso.com" in content:
            raise BalancerError("HAProxy did not take over")
        made.runs_with = digest_of(content)

    monkeypatch.setattr(Haproxy, "check", lambda _self, _own: Judged(made.refuses))
    monkeypatch.setattr(Haproxy, "load", load)
    monkeypatch.setattr(engine, "found", lambda program: program if made.installed else "")
    return made


def test_four_runs(host: Host) -> None:
    predicted = host.run(SITE, FILES, check=True)
    assert not host.places.own.exists()
    done = host.run(SITE, FILES)
    assert predicted["operations"] == done["operations"]
    assert [(each["action"], each["name"]) for each in done["operations"]] == [
        ("add", "publication im.contoso.com:443"),
        ("add", "publication web.contoso.com:443"),
    ]
    assert host.live() == ["im.contoso.com", "web.contoso.com"]
    assert f'EXTRAOPTS="-f {host.places.own}"' in host.places.arguments.read_text()
    assert not host.run(SITE, FILES)["changed"]
    assert not host.run(SITE, FILES, check=True)["changed"]
    again = host.run(**host.run(state="gathered")["gathered"], state="overridden")
    assert not again["changed"]
    assert again["foreign"] == ["theirs"]


def test_states_keep_or_remove_what_is_not_listed(host: Host) -> None:
    host.run(SITE)
    host.run(FILES)
    assert host.live() == ["im.contoso.com", "web.contoso.com"]
    assert host.run(FILES, state="overridden")["summary"] == "1 to remove"
    assert host.live() == ["web.contoso.com"]
    host.run({**SITE, "replaces": FILES["id"]})
    assert host.live() == ["im.contoso.com"]
    host.run(state="deleted")
    assert not host.places.own.exists()
    assert host.places.arguments.read_text() == "" if host.places.arguments.exists() else True
    assert not host.run(state="deleted")["changed"]


def test_a_run_is_undone_and_another_is_not_known(host: Host) -> None:
    host.run(SITE)
    second = host.run(FILES, {**SITE, "allowed": ["/only"]})
    assert second["summary"] == "1 to add, 1 to change"
    host.run(state="restored", run=second["undo_id"])
    assert host.run(state="gathered")["gathered"]["publications"][0]["allowed"] == ["/*"]
    assert host.live() == ["im.contoso.com"]
    with pytest.raises(BalancerError, match="run: 'never' is not stored") as unknown:
        host.run(state="restored", run="never")
    assert unknown.value.told == {"unknown_run": True}


def test_what_does_not_come_up_is_taken_back(host: Host) -> None:
    host.run(SITE)
    before = host.places.own.read_text()
    host.breaks = True
    with pytest.raises(BalancerError, match="did not take over\nThe file of before is back, and HAProxy runs with it"):
        host.run(FILES)
    assert host.places.own.read_text() == before
    assert host.runs_with == digest_of(before)


def test_what_haproxy_refuses_changes_nothing(host: Host) -> None:
    host.refuses = "no such keyword"
    with pytest.raises(BalancerError, match=r"refuses the new file; nothing was changed\. It says: no such keyword"):
        host.run(SITE)
    assert not host.places.own.exists()
    assert not host.places.arguments.exists()


def test_a_renewed_certificate_is_loaded(host: Host) -> None:
    shown = host.folder / "combined.pem"
    site = {**SITE, "certificates": [str(shown)]}
    missing = f"{shown} is missing, which im.contoso.com must show; install the certificate first"
    assert host.run(site, check=True)["would_need"] == [missing]
    with pytest.raises(BalancerError, match="install the certificate first"):
        host.run(site)
    shown.write_text("first")
    host.run(site)
    assert not host.run(site)["changed"]
    shown.write_text("second")
    [renewed] = host.run(site)["operations"]
    assert (renewed["name"], renewed["before"]) == (str(host.places.own), "an older form, or with other certificates")
    assert not host.run(site)["changed"]


def test_what_was_left_half_done_is_mended(host: Host) -> None:
    host.run(SITE)
    host.runs_with = "another"
    assert host.run(SITE, check=True)["operations"][0]["name"] == "haproxy"
    host.run(SITE)
    host.places.arguments.unlink()
    assert host.run(SITE)["operations"][0]["after"] == f"loads {host.places.own}"
    assert not host.run(SITE)["changed"]


def test_a_host_that_lacks_haproxy_or_balances_is_told(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    host.installed = False
    predicted = host.run(SITE, check=True)
    assert predicted["missing"] == ["haproxy"]
    with pytest.raises(BalancerError) as refused:
        host.run(SITE)
    assert refused.value.told == {"missing": ["haproxy"]}
    assert str(refused.value) == "haproxy is not installed on this host; install the package haproxy"
    host.installed = True
    balanced = host.folder / "openuc.cfg"
    balanced.touch()
    monkeypatch.setattr(engine, "Places", lambda: Places(own=balanced))
    with pytest.raises(
        BalancerError, match=r"HAProxy balances services on this host .* publish from a host of its own"
    ):
        host.run(SITE)


def test_many_publications_are_not_removed_without_a_word(host: Host) -> None:
    many = [{**SITE, "name": f"site{number}.contoso.com", "aliases": []} for number in range(11)]
    host.run(*many)
    with pytest.raises(BalancerError, match="11 of our 11 publications would go"):
        host.run(state="deleted")
    assert len(host.live()) == 11


def test_files_of_somebody_else_are_left_alone(host: Host) -> None:
    host.places.own.write_text("frontend mine\n")
    with pytest.raises(BalancerError, match="It is not of our making, or was changed by hand: move it away"):
        host.run(SITE)
    assert host.places.own.read_text() == "frontend mine\n"


def test_states_without_a_host(tmp_path: Path) -> None:
    options: Result = {"most_deleted": 1, "most_deleted_ratio": 0.3, "rendered_dir": str(tmp_path)}
    rendered = engine.run({**options, "state": "rendered", "publications": [SITE]}, check=False)
    content = (tmp_path / "publications.cfg").read_text()
    assert rendered["rendered"] == {"publications.cfg": content}
    parsed = engine.run({**options, "state": "parsed", "text": content}, check=False)["parsed"]
    assert {name: parsed[0][name] for name in SITE} == SITE
    assert engine.run({**options, "state": "parsed", "text": "x"}, check=False)["msg"].startswith("text: there is no")
    assert (
        "publications[0].id: is missing"
        in engine.run({**options, "state": "rendered", "publications": [{}]}, check=False)["msg"]
    )
    assert engine.run({**options, "state": "gathered", "most_deleted": -1}, check=False)["failed"]
