# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host's own resolvers tell of what was changed: right, remembered, failing, or wrong."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.dns import hearing, resolvers

from .nameserver import Nameserver, closed_port, running

SIP: t.Final = {
    "name": "sip.contoso.com",
    "type": "A",
    "values": ["10.0.0.1"],
    "before": ["10.0.0.9"],
    "lowest_ttl": 60,
}
GONE: t.Final = {**SIP, "values": [], "before": ["10.0.0.1"]}
Result = dict[str, t.Any]


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> t.Iterator[Nameserver]:
    with running(Nameserver()) as made:
        made.authoritative = False
        monkeypatch.setattr(resolvers, "PORT", made.port)
        monkeypatch.setattr(hearing, "sleep", lambda _seconds: None)
        yield made


def ask(*items: Result, **more: t.Any) -> Result:
    return hearing.run({"records": list(items), "resolvers": ["127.0.0.1"], "timeout": 5.0, **more})


def standing(result: Result) -> str:
    (found,) = result["resolvers"]
    return str(found["standing"])


def test_what_is_true_is_told_and_nothing_said(resolver: Nameserver) -> None:
    resolver.put("sip.contoso.com 60 A 10.0.0.1")
    told = ask(SIP)
    assert (standing(told), told["wrong"], told["warnings"], "failed" in told) == ("current", [], [], False)


@pytest.mark.parametrize("item", [SIP, GONE])
def test_what_was_true_is_a_warning_with_the_time_that_it_lasts(resolver: Nameserver, item: Result) -> None:
    resolver.put(f"sip.contoso.com 42 A {item['before'][0]}")
    told = ask(item)
    assert (standing(told), told["resolvers"][0]["seconds"], told["wrong"], "failed" in told) == (
        "cached",
        42,
        [],
        False,
    )
    assert "the resolver 127.0.0.1 is cached: sip.contoso.com A is 42 10.0.0" in told["warnings"][0]


def test_a_denial_that_counts_down_is_remembered_and_a_fresh_one_is_wrong(resolver: Nameserver) -> None:
    resolver.remembers = 59
    assert standing(ask(SIP)) == "cached"
    resolver.remembers = 60
    assert standing(ask(SIP)) == "elsewhere"


def test_what_never_was_true_fails(resolver: Nameserver) -> None:
    resolver.put("sip.contoso.com 60 A 203.0.113.9")
    told = ask(SIP)
    assert told["failed"]
    assert told["msg"].startswith(
        "the resolver 127.0.0.1 is elsewhere: sip.contoso.com A is 60 203.0.113.9 there: it asks other servers"
    )


def test_what_is_wrong_is_asked_again_a_moment_later(resolver: Nameserver, monkeypatch: pytest.MonkeyPatch) -> None:
    resolver.put("sip.contoso.com 60 A 203.0.113.9")
    pauses = []

    def later(seconds: float) -> None:
        pauses.append(seconds)
        resolver.drop("sip.contoso.com", "A")
        resolver.put("sip.contoso.com 60 A 10.0.0.1")

    monkeypatch.setattr(hearing, "sleep", later)
    assert (standing(ask(SIP)), len(pauses)) == ("current", 1)


def test_one_that_answers_with_errors_says_nothing_of_names(resolver: Nameserver) -> None:
    resolver.refused = {"query"}
    told = ask(SIP)
    assert (standing(told), told["wrong"]) == ("failing", [])
    assert "it answers with an error" in told["warnings"][0]


def test_one_that_is_away_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolvers, "PORT", closed_port())
    told = ask(SIP)
    assert (standing(told), told["wrong"], len(told["warnings"])) == ("unreachable", [], 1)


def test_a_host_asks_those_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "resolv.conf"
    file.write_text("# nameserver 192.0.2.9\nsearch contoso.com\nnameserver 10.0.0.5\n nameserver\tfd00::5 # second\n")
    assert hearing.own_resolvers(file) == ["10.0.0.5", "fd00::5"]
    assert hearing.own_resolvers(tmp_path / "none") == []
    monkeypatch.setattr(hearing, "own_resolvers", list)
    (warning,) = ask(SIP, resolvers=[])["warnings"]
    assert warning.startswith("no resolver was asked")


def test_all_that_is_wrong_with_the_options_is_told() -> None:
    bad = [{**SIP, "values": ["x"]}, {**SIP, "name": "a..b"}]
    said = ask(*bad, timeout=0.0)["msg"]
    assert "records[0]: 'x' is no IPv4 address" in said
    assert "records[1]: 'a..b' has an empty label" in said
    assert "timeout: expected more than 0 seconds, got 0.0" in said
    assert "records[0].name: is missing" in ask({"type": "A", "values": []})["msg"]
