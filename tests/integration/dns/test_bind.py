# SPDX-License-Identifier: GPL-3.0-or-later
"""Zones of a real BIND: views, keys, secondaries, signed zones, refused transfers, IPv6, other editors."""

from __future__ import annotations

import signal
import time
import typing as t
from pathlib import Path

import pytest

from tests.integration.dns.conftest import Result, Site, Zone, ok
from tests.integration.dns.name_servers import KEYS, KNOT, PRIMARY6, RESOLVER, SECONDARY, knot, resolver, secondary

SRV = "_sipinternaltls._tcp"


def records(zone: Zone) -> list[Result]:
    return [
        zone.record("pool1", "A", "10.20.0.10", "10.20.0.11"),
        zone.record("pool1", "AAAA", "2001:db8::10"),
        zone.record(SRV, "SRV", f"0 0 5061 pool1.{zone.zone}.", f"10 0 5061 pool1.{zone.zone}."),
        zone.record("as.web", "CNAME", f"pool1.{zone.zone}."),
        zone.record("text", "TXT", 'a "quoted" \\ text; ' + "x" * 600, '"two" "strings"'),
        zone.record("mail", "MX", "10 pool1.example."),
        zone.record("*.apps", "A", "10.20.0.12"),
        zone.record("", "A", "10.20.0.13"),
    ]


def many(zone: Zone, count: int) -> list[Result]:
    return [zone.record(f"host-{number}", "A", f"10.{number // 62500}.{number // 250 % 250}.{number % 250}")
            for number in range(count)]  # fmt: skip


def test_four_runs(zone: Zone) -> None:
    asked = records(zone)
    predicted = ok(zone.run(asked, check=True))
    assert not zone.journal.exists()
    assert zone.site.dig("pool1.contoso.com", "A", key="inside") == []
    applied = ok(zone.run(asked))
    assert applied["operations"] == predicted["operations"]
    assert applied["zones"][0]["verified"]
    assert zone.site.dig("pool1.contoso.com", "A", key="inside") == ["10.20.0.10", "10.20.0.11"]
    assert zone.site.dig(f"{SRV}.contoso.com", "SRV", key="inside") == [
        "0 0 5061 pool1.contoso.com.",
        "10 0 5061 pool1.contoso.com.",
    ]
    for check in (False, True):
        again = ok(zone.run(asked, check=check))
        assert (again["changed"], again["zones"][0]["serial_after"]) == (False, applied["zones"][0]["serial_after"])


def test_what_was_gathered_changes_nothing(zone: Zone) -> None:
    ok(zone.run(records(zone)))
    (gathered,) = ok(zone.run(None, state="gathered"))["gathered"]
    assert len(gathered["records"]) == 10
    assert not ok(zone.run(gathered["records"], state="overridden"))["changed"]


def test_a_time_to_live_alone_is_changed_and_seen(zone: Zone) -> None:
    ok(zone.run([zone.record("pool1", "A", "10.20.0.10", ttl=600)]))
    (change,) = ok(zone.run([zone.record("pool1", "A", "10.20.0.10", ttl=60)]))["operations"]
    assert (change["before"], change["after"]) == ("600 10.20.0.10", "60 10.20.0.10")


def test_views_are_told_by_their_keys(site: Site, zone: Zone, tmp_path: Path) -> None:
    outside = Zone(site, tmp_path / "journal", view="external", key_name="outside")
    ok(zone.run([zone.record("sip", "A", "10.20.0.10")]))
    ok(outside.run([outside.record("sip", "A", "203.0.113.11")]))
    assert (site.dig("sip.contoso.com", key="inside"), site.dig("sip.contoso.com")) == (
        ["10.20.0.10"],
        ["203.0.113.11"],
    )
    ok(outside.run([], state="overridden"))
    assert (site.dig("sip.contoso.com", key="inside"), site.dig("sip.contoso.com")) == (["10.20.0.10"], [])


def test_foreign_records_are_kept(zone: Zone) -> None:
    zone.site.nsupdate("zone contoso.com", "update add www.contoso.com 60 A 10.9.9.9",
                       "update add pool1.contoso.com 600 A 10.9.9.8")  # fmt: skip
    mine = [zone.record("pool1", "A", "10.20.0.10")]
    done = ok(zone.run(mine, state="merged", report_foreign=True))
    assert {"www.contoso.com A 60 10.9.9.9", "ns2.contoso.com A 3600 10.99.0.21"} <= set(done["foreign"])
    ok(zone.run(None, state="deleted"))
    assert zone.site.dig("pool1.contoso.com", key="inside") == ["10.9.9.8"]
    zone.site.nsupdate("zone contoso.com", "update delete www.contoso.com", "update delete pool1.contoso.com")


def test_a_run_is_undone(zone: Zone) -> None:
    ok(zone.run([zone.record("pool1", "A", "10.20.0.10"), zone.record("gone", "A", "10.20.0.9")]))
    later = ok(
        zone.run([zone.record("pool1", "A", "10.20.0.99"), zone.record("new", "A", "10.20.0.8")], state="overridden")
    )
    ok(zone.run(None, state="restored", run=later["undo_id"]))
    found = {name: zone.site.dig(f"{name}.contoso.com", key="inside") for name in ("pool1", "gone", "new")}
    assert found == {"pool1": ["10.20.0.10"], "gone": ["10.20.0.9"], "new": []}


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"keys": {"inside": KEYS["outside"]}}, "our signature with the key inside is wrong (BADSIG)"),
        ({"keys": {"stranger": KEYS["inside"]}, "key_name": "stranger"}, "does not know the key stranger"),
        ({"zone": "fabrikam.com"}, "the server does not hold the zone for us, or not as its primary (NOTAUTH"),
        ({"zone": "frozen.example"}, "the server refused an update (REFUSED); it was asked with the key inside"),
        ({"address": "10.99.0.77"}, "no connection to 10.99.0.77 port 53 over TCP"),
        ({"port": 54}, "no connection to 10.99.0.20 port 54 over TCP (Connection refused)"),
    ],
)
def test_what_goes_wrong_is_said(zone: Zone, more: dict[str, t.Any], words: str) -> None:
    name = more.get("zone", "contoso.com")
    result = zone.run([{"name": f"sip.{name}", "type": "A", "values": ["10.20.0.10"]}], timeout=2.0, **more)
    assert words in result["msg"]
    assert result["msg"].startswith(f"zone {name} at ns1.contoso.com (")
    assert not result["changed"]


def test_a_server_that_refuses_transfers_is_asked_for_names(site: Site, tmp_path: Path) -> None:
    closed = Zone(site, tmp_path / "journal", "closed.example")
    asked = [record for record in records(closed) if not record["name"].startswith("*")]
    assert ok(closed.run(asked))["zones"][0]["read"] == "queries"
    assert not ok(closed.run(asked))["changed"]
    ok(closed.run(None, state="deleted"))
    assert not ok(closed.run(None, state="deleted"))["changed"]
    assert site.dig("pool1.closed.example", key="inside") == []


def test_a_signed_zone_keeps_its_signatures(site: Site, tmp_path: Path) -> None:
    signed = Zone(site, tmp_path / "journal", "signed.example")
    asked = [signed.record("sip", "A", "10.20.0.10")]
    done = ok(signed.run(asked, report_foreign=True))
    assert [line for line in done["foreign"] if "RRSIG" in line or "NSEC" in line or "DNSKEY" in line] == []
    assert not ok(signed.run(asked))["changed"]
    assert _within(lambda: len(site.dig("+dnssec", "sip.signed.example", key="inside")) == 2)
    (gathered,) = ok(signed.run(None, state="gathered"))["gathered"]
    assert {item["type"] for item in gathered["records"]} == {"A"}


def test_over_ipv6(site: Site, zone: Zone) -> None:
    ok(zone.run([zone.record("six", "AAAA", "2001:db8::6")], address=PRIMARY6))
    assert site.dig("six.contoso.com", "AAAA", key="inside") == ["2001:db8::6"]


def test_a_secondary_is_told_current_behind_or_away(site: Site, zone: Zone) -> None:
    def standing(address: str) -> tuple[str, str]:
        found = ok(zone.run([zone.record("sip", "A", address)]))
        (other,) = [each for each in found["zones"][0]["name_servers"] if each["server"] == "ns2.contoso.com"]
        return other["standing"], " ".join(found["warnings"])

    assert standing("10.0.0.1")[0] == "unreachable"
    second = site.network.host("ns2", SECONDARY, secondary())

    def current() -> bool:
        return standing("10.0.0.1")[0] == "current"

    assert _within(current)
    # It hears of nothing any more: what it has grows old.
    second.run("nft add table inet deaf; nft 'add chain inet deaf input { type filter hook input priority 0; }';"
               "nft add rule inet deaf input ip saddr 10.99.0.20 drop")  # fmt: skip
    behind, warnings = standing("10.0.0.2")
    assert behind == "behind"
    assert "is it notified, and may it transfer?" in warnings


def test_resolvers_that_remember_are_told_from_those_that_ask_elsewhere(site: Site, zone: Zone, tmp_path: Path) -> None:
    site.network.host("resolver", RESOLVER, resolver())
    outside = Zone(site, tmp_path / "journal", view="external", key_name="outside")

    def heard(of: Zone, name: str) -> tuple[str, int]:
        done = ok(of.run([of.record(name, "A", "203.0.113.11")], resolvers=[RESOLVER]))
        (found,) = done["zones"][0]["resolvers"]
        return found["standing"], found["seconds"]

    def remembered() -> bool:
        """Its memory of there being nothing has begun to count down."""
        said = site.network.client.run("dig", f"@{RESOLVER}", "asked.contoso.com", "+noall", "+authority").stdout
        return 0 < int(said.split()[1]) < 60

    assert heard(outside, "fresh") == ("current", 0)
    assert _within(remembered)
    standing, seconds = heard(outside, "asked")
    assert standing == "cached"
    assert 0 < seconds < 60
    # What is gone is remembered too, for as long as it said itself.
    (found,) = ok(outside.run([], state="overridden", resolvers=[RESOLVER]))["zones"][0]["resolvers"]
    assert (found["standing"], 60 < found["seconds"] <= 600) == ("cached", True)
    # It asks without the key of the view inside, and so never hears of what is there.
    assert heard(zone, "inside") == ("elsewhere", 0)
    ok(outside.run(None, state="deleted"))


class TestManyRecords:
    @pytest.fixture
    def large(self, site: Site, tmp_path: Path) -> t.Iterator[Zone]:
        made = Zone(site, tmp_path / "journal", "large.example")
        yield made
        ok(made.run(None, state="deleted", most_deleted=100000, most_deleted_ratio=1.0))

    def test_ten_thousand(self, large: Zone) -> None:
        done = ok(large.run(many(large, 10000)))
        assert (done["zones"][0]["applied"], done["zones"][0]["verified"]) == (10000, True)
        assert not ok(large.run(many(large, 10000)))["changed"]
        stopped = large.run(many(large, 9000), state="overridden")
        assert "1000 of our 10000 record sets would go" in stopped["msg"]

    @pytest.mark.parametrize("lines", [0, 1, 3])
    def test_a_run_that_is_killed_is_completed_by_the_next(self, large: Zone, tmp_path: Path, lines: int) -> None:
        """At the moment when the state before is stored, and after some of the messages."""
        running = large.begin(tmp_path / "options.json", many(large, 8000), run="killed")
        folder = large.journal / "internal.large.example_ns1.contoso.com" / "runs"
        log = folder / "killed.log"
        assert _within(lambda: (folder / "killed.json").exists() and (not lines or _lines(log) >= lines), pause=0.0005)
        running.send_signal(signal.SIGKILL)
        running.communicate()
        found = large.site.network.client.run(
            *("dig", "-y", f"hmac-sha256:inside:{KEYS['inside']}", f"@{large.options['address']}"),
            *("large.example", "AXFR", "+noall", "+answer"),
        ).stdout
        there = sum("host-" in line for line in found.splitlines())
        assert there >= lines * 100
        completed = ok(large.run(many(large, 8000)))
        assert completed["zones"][0]["changes"] == 8000 - there
        assert not ok(large.run(many(large, 8000)))["changed"]
        # What the killed run added is ours as well.
        ok(large.run([], state="overridden", most_deleted=8000, most_deleted_ratio=1.0))
        assert large.site.dig("host-1.large.example", key="inside") == []

    def test_two_writers_lose_nothing(self, large: Zone, site: Site, tmp_path: Path) -> None:
        """Another tool writes at our names all the while: each run either does all or says whose work it met."""
        other = Zone(site, tmp_path / "other journal", "large.example")
        ours, theirs = (
            many(large, 3000),
            [large.record("host-2900", "TXT", "theirs"), large.record("x", "A", "10.1.1.1")],
        )
        running = large.begin(tmp_path / "options.json", ours)
        for _time in range(5):
            ok(other.run(theirs, state="merged"))
            ok(other.run(None, state="deleted"))
        running.communicate()
        ok(large.run(ours))
        ok(other.run(theirs, state="merged"))
        assert site.dig("host-2900.large.example", "TXT", key="inside") == ['"theirs"']
        assert site.dig("host-2900.large.example", "A", key="inside") == ["10.0.11.150"]
        ok(other.run(None, state="deleted"))


def test_another_implementation_agrees(site: Site, tmp_path: Path) -> None:
    site.network.host("knot", KNOT, knot())
    zone = Zone(site, tmp_path / "journal", address=KNOT, server="knot.contoso.com")
    asked = records(zone)
    assert ok(zone.run(asked))["zones"][0]["verified"]
    assert not ok(zone.run(asked, state="overridden"))["changed"]
    (change,) = ok(zone.run([zone.record("pool1", "A", "10.20.0.10")]))["operations"]
    assert change["action"] == "change"
    done = ok(zone.run(None, state="deleted"))
    assert done["zones"][0]["applied"] == 8
    assert site.dig("pool1.contoso.com", server=KNOT) == []


def test_servers_are_done_side_by_side_and_one_that_is_away_stops_none(site: Site, zone: Zone) -> None:
    zones: list[Result] = [
        {**zone.options, "records": [zone.record("sip", "A", "10.20.0.10")]},
        {**zone.options, "zone": "corp.contoso.com", "records": []},
        {**zone.options, "server": "away.example", "address": "10.99.0.78", "view": "external", "records": []},
    ]
    none = dict.fromkeys(zone.options)
    result = zone.run(None, **{**none, "zones": zones, "timeout": 1.0})
    assert [(each["server"], each["applied"], bool(each["error"])) for each in result["zones"]] == [
        ("ns1.contoso.com", 1, False),
        ("ns1.contoso.com", 0, False),
        ("away.example", 0, True),
    ]
    assert result["msg"].startswith("1 of 3 zones failed:\nzone contoso.com at away.example (10.99.0.78)")


def _lines(path: Path) -> int:
    return len(path.read_text().splitlines()) if path.exists() else 0


def _within(ask: t.Callable[[], bool], seconds: float = 20, pause: float = 0.05) -> bool:
    deadline = time.monotonic() + seconds
    while not ask():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True
