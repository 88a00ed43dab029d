# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole runs against a server: what they change, what they keep, and what they return."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.dns import resolvers

from .conftest import Estate, Item, record
from .nameserver import SECRET, START, Nameserver, closed_port, running

POOL = record("pool", "A", "10.0.0.1", "10.0.0.2")
SIP = record("_sip._tcp", "SRV", "0 0 5060 pool.contoso.com.", "1 0 5060 pool.contoso.com.")
TEXT = record("text", "TXT", "x" * 300)
ALIAS = record("alias", "CNAME", "pool.contoso.com.")
ALL = [POOL, SIP, TEXT, ALIAS]
NS1 = "ns1.contoso.com 3600 A 127.0.0.1"


def ok(result: dict[str, t.Any]) -> dict[str, t.Any]:
    assert not result.get("failed"), result["msg"]
    return result


def zone(result: dict[str, t.Any]) -> dict[str, t.Any]:
    return result["zones"][0]


def many(count: int) -> list[Item]:
    return [
        record(f"h{number}", "A", f"10.{number // 65025}.{number // 255 % 255}.{number % 255}")
        for number in range(count)
    ]


class TestFourRuns:
    @pytest.mark.parametrize("state", ["merged", "replaced", "overridden"])
    def test_check_apply_apply_check(self, estate: Estate, state: str) -> None:
        before = estate.server.records()
        predicted = ok(estate.run(ALL, check=True, state=state))
        assert (estate.server.records(), list(estate.journal.parent.iterdir())) == (before, [])
        applied = ok(estate.run(ALL, state=state))
        assert applied["operations"] == predicted["operations"]
        assert applied["diff"] == predicted["diff"]
        assert (predicted["changed"], applied["changed"]) == (True, True)
        after = estate.server.records()
        for check in (False, True):
            again = ok(estate.run(ALL, check=check, state=state))
            assert (again["changed"], again["operations"], estate.server.records()) == (False, [], after)
        assert len(estate.server.updates) == 1

    def test_it_writes_what_is_asked_for(self, estate: Estate) -> None:
        done = ok(estate.run(ALL))
        assert estate.server.records() == {
            NS1,
            "pool.contoso.com 600 A 10.0.0.1",
            "pool.contoso.com 600 A 10.0.0.2",
            "_sip._tcp.contoso.com 600 SRV 0 0 5060 pool.contoso.com.",
            "_sip._tcp.contoso.com 600 SRV 1 0 5060 pool.contoso.com.",
            f'text.contoso.com 600 TXT "{"x" * 255}" "{"x" * 45}"',
            "alias.contoso.com 600 CNAME pool.contoso.com.",
        }
        assert (zone(done)["read"], zone(done)["applied"], zone(done)["verified"]) == ("transfer", 4, True)
        assert (zone(done)["serial_before"], zone(done)["serial_after"]) == (1, 2)

    def test_a_changed_record_says_why(self, estate: Estate) -> None:
        done = ok(estate.run([record("sip", "A", "10.0.0.1", id="a", stage="pool", why=["row.one", "row.two"])]))
        assert done["operations"] == [
            {
                "action": "add",
                "name": "sip.contoso.com A",
                "before": "",
                "after": "600 10.0.0.1",
                "why": "row.one, row.two",
            }
        ]


class TestWhatIsThere:
    def test_the_form_in_which_it_is_written_is_no_change(self, estate: Estate) -> None:
        estate.server.put("POOL.contoso.com 600 A 10.0.0.2", "Pool.Contoso.com 600 A 10.0.0.1")
        estate.server.put("_sip._tcp.contoso.com 600 SRV 0 0 5060 POOL.Contoso.com.")
        asked = [
            record("Pool", "A", "10.0.0.1", "10.0.0.2"),
            record("_SIP._tcp", "SRV", "0 0 5060 pool.contoso.com"),
        ]
        assert not ok(estate.run(asked))["changed"]

    def test_others_records_are_kept_and_told_on_request(self, estate: Estate) -> None:
        estate.server.put("www.contoso.com 60 A 10.9.9.9", "pool.contoso.com 600 TXT theirs")
        done = ok(estate.run([POOL], state="overridden", report_foreign=True))
        assert {"www.contoso.com 60 A 10.9.9.9", 'pool.contoso.com 600 TXT "theirs"'} <= estate.server.records()
        assert done["foreign"] == [
            "ns1.contoso.com A 3600 127.0.0.1",
            'pool.contoso.com TXT 600 "theirs"',
            "www.contoso.com A 60 10.9.9.9",
        ]

    def test_what_is_no_longer_listed_goes_with_overridden_only(self, estate: Estate) -> None:
        ok(estate.run(ALL))
        assert not ok(estate.run([POOL], state="replaced"))["changed"]
        ok(estate.run([POOL], state="overridden"))
        assert {line.split()[0] for line in estate.server.records()} == {"ns1.contoso.com", "pool.contoso.com"}

    def test_without_a_journal_nothing_is_ours(self, estate: Estate) -> None:
        ok(estate.run(ALL))
        before = estate.server.records()
        assert not ok(estate.run([], state="overridden", journal_dir=str(estate.journal / "other")))["changed"]
        assert estate.server.records() == before

    def test_adopted_records_may_go_later(self, estate: Estate) -> None:
        estate.server.put("pool.contoso.com 600 A 10.0.0.1", "pool.contoso.com 600 A 10.0.0.2")
        assert not ok(estate.run([POOL], adopt=True))["changed"]
        ok(estate.run([], state="overridden"))
        assert estate.server.records() == {NS1}

    def test_deleted_takes_back_what_we_made(self, estate: Estate) -> None:
        estate.server.put("www.contoso.com 60 A 10.9.9.9")
        ok(estate.run(ALL))
        ok(estate.run(None, state="deleted"))
        assert estate.server.records() == {NS1, "www.contoso.com 60 A 10.9.9.9"}

    def test_what_is_gathered_is_valid_input(self, estate: Estate) -> None:
        ok(estate.run(ALL))
        (gathered,) = ok(estate.run(None, state="gathered"))["gathered"]
        assert (gathered["zone"], gathered["view"], len(gathered["records"])) == ("contoso.com", "internal", 5)
        assert not ok(estate.run(gathered["records"]))["changed"]


class TestThresholds:
    def test_much_is_not_deleted_without_a_word(self, estate: Estate) -> None:
        ok(estate.run(many(20)))
        before = estate.server.records()
        stopped = estate.run([], state="overridden")
        assert "20 of our 20 record sets would go" in stopped["msg"]
        assert "set most_deleted: 20 and most_deleted_ratio: 1 for this run" in stopped["msg"]
        assert (stopped["changed"], estate.server.records()) == (False, before)
        assert estate.run([], state="overridden", check=True)["failed"]
        share = estate.run(many(12), state="overridden")
        assert "8 of our 20 record sets would go" in share["msg"]
        assert "more than most_deleted_ratio (30%)" in share["msg"]
        ok(estate.run(many(12), state="overridden", most_deleted_ratio=0.4))
        assert len(estate.server.records()) == 13

    def test_much_is_not_changed_without_a_word(self, estate: Estate) -> None:
        ok(estate.run(many(20)))
        before = estate.server.records()
        later = [{**each, "ttl": 42} for each in many(20)]
        stopped = estate.run(later)
        assert "20 of 20 record sets that are there would get other values or another time to live" in stopped["msg"]
        assert (stopped["changed"], stopped["zones"][0]["changes"], estate.server.records()) == (False, 0, before)
        assert estate.run(later, check=True)["msg"] == stopped["msg"]
        assert "set most_changed_ratio: 1 for this run" in stopped["msg"]
        changed = ok(estate.run(later, most_changed_ratio=1.0))
        assert changed["summary"] == "20 to change"
        ok(estate.run(None, state="restored", run=changed["undo_id"]))
        assert estate.server.records() == before


class TestRestored:
    def test_a_run_is_undone_and_the_undoing_too(self, estate: Estate) -> None:
        estate.server.put("pool.contoso.com 60 A 10.5.5.5")
        before = estate.server.records()
        done = ok(estate.run(ALL))
        after = estate.server.records()
        undone = ok(estate.run(None, state="restored", run=done["undo_id"]))
        assert estate.server.records() == before
        assert not ok(estate.run(None, state="restored", run=done["undo_id"]))["changed"]
        ok(estate.run(None, state="restored", run=undone["undo_id"]))
        assert estate.server.records() == after

    def test_check_mode_only_says_what_would_be(self, estate: Estate) -> None:
        done = ok(estate.run(ALL))
        after = estate.server.records()
        assert ok(estate.run(None, state="restored", run=done["undo_id"], check=True))["changed"]
        assert estate.server.records() == after

    def test_all_that_a_run_did_is_undone_however_often_it_came(self, estate: Estate) -> None:
        before = estate.server.records()
        ok(estate.run([POOL], run="rollout"))
        ok(estate.run([record("pool", "A", "10.0.0.3"), SIP], run="rollout"))
        ok(estate.run(None, state="restored", run="rollout"))
        assert estate.server.records() == before

    def test_what_was_changed_since_is_not_overwritten(self, estate: Estate) -> None:
        done = ok(estate.run([POOL]))
        estate.server.put("pool.contoso.com 600 A 10.7.7.7")
        stopped = estate.run(None, state="restored", run=done["undo_id"])
        assert "pool.contoso.com A: it was changed since that run" in stopped["msg"]
        assert "pool.contoso.com 600 A 10.7.7.7" in estate.server.records()

    def test_zones_that_the_run_did_not_change_are_left_alone(self, estate: Estate) -> None:
        with running(Nameserver("fabrikam.com", START)) as other:
            unset = {**dict.fromkeys(estate.zone()), "port": 53}
            zones = [estate.zone(records=[POOL]), estate.zone(zone="fabrikam.com", port=other.port, records=[])]
            done = ok(estate.run(None, zones=zones, **unset))
            undone = ok(estate.run(None, zones=zones, state="restored", run=done["undo_id"], **unset))
            assert [each["error"] for each in undone["zones"]] == ["", ""]
            assert (undone["unknown_run"], estate.server.records()) == (False, {NS1})
            assert estate.run(None, zones=zones, state="restored", run="nonsense", **unset)["unknown_run"]

    def test_an_unknown_run_lists_the_known(self, estate: Estate) -> None:
        done = ok(estate.run([POOL]))
        assert f"stored are {done['undo_id']}" in estate.run(None, state="restored", run="nonsense")["msg"]


class TestServersThatRefuseTransfers:
    @pytest.fixture(autouse=True)
    def _refusing(self, server: Nameserver) -> None:
        server.refused = {"axfr"}

    def test_names_are_asked_for_instead(self, estate: Estate) -> None:
        estate.server.put("text.contoso.com 60 A 10.1.1.1")
        done = ok(estate.run(ALL))
        assert zone(done)["read"] == "queries"
        assert not ok(estate.run(ALL))["changed"]
        ok(estate.run([POOL], state="overridden"))
        assert estate.server.records() == {
            NS1,
            "text.contoso.com 60 A 10.1.1.1",
            "pool.contoso.com 600 A 10.0.0.1",
            "pool.contoso.com 600 A 10.0.0.2",
        }

    def test_an_answer_that_a_wildcard_made_is_no_record(self, estate: Estate) -> None:
        estate.server.put("*.contoso.com 600 A 10.0.0.1", "real.contoso.com 600 A 10.0.0.1")
        done = ok(estate.run([record("made", "A", "10.0.0.1"), record("real", "A", "10.0.0.1")]))
        assert [each["name"] for each in done["operations"]] == ["made.contoso.com A"]
        assert "made.contoso.com 600 A 10.0.0.1" in estate.server.records()

    def test_an_alias_of_others_is_seen_in_the_way(self, estate: Estate) -> None:
        estate.server.put("pool.contoso.com 60 CNAME other.example.")
        assert "pool.contoso.com A: the name has CNAME 60 other.example. that is not ours" in estate.run([POOL])["msg"]

    def test_an_alias_of_ours_makes_way(self, estate: Estate) -> None:
        ok(estate.run([record("pool", "CNAME", "other.example.")]))
        ok(estate.run([POOL], state="overridden"))
        assert not any("CNAME" in line for line in estate.server.records())
        assert "pool.contoso.com 600 A 10.0.0.1" in estate.server.records()

    def test_gathering_says_that_it_is_not_all(self, estate: Estate) -> None:
        ok(estate.run([POOL]))
        found = ok(estate.run([POOL], state="gathered"))
        assert [each["name"] for each in found["gathered"][0]["records"]] == ["pool.contoso.com"]
        assert "only the names of records were looked at" in found["warnings"][0]

    @pytest.mark.parametrize("code", [1, 4])
    def test_not_knowing_transfers_is_the_same(self, estate: Estate, code: int) -> None:
        estate.server.refused = set()
        estate.server.codes = {"axfr": code}
        assert zone(ok(estate.run(ALL)))["read"] == "queries"


class TestSeveralZones:
    def test_one_that_fails_does_not_stop_the_others(self, estate: Estate) -> None:
        with running(Nameserver("fabrikam.com", START)) as other:
            fabrikam = {
                "zone": "fabrikam.com",
                "port": other.port,
                "records": [{"name": "sip.fabrikam.com", "type": "A", "values": ["10.0.0.1"]}],
            }
            lost = estate.zone(view="external", server="ns9", port=1, records=[POOL])
            unset = dict.fromkeys(estate.zone())
            result = estate.run(
                None,
                zones=[estate.zone(records=[POOL]), lost, estate.zone(**fabrikam)],
                **{**unset, "port": 53},
            )
            assert other.records() == {"ns1.fabrikam.com 3600 A 127.0.0.1", "sip.fabrikam.com 3600 A 10.0.0.1"}
        assert [each["applied"] for each in result["zones"]] == [1, 0, 1]
        assert result["msg"].startswith(
            "1 of 3 zones failed:\nzone contoso.com at ns9 (127.0.0.1), view external: "
            "no connection to 127.0.0.1 port 1 over TCP"
        )
        assert result["changed"]


class TestVerification:
    def test_a_target_without_an_address_is_told(self, estate: Estate) -> None:
        done = ok(estate.run([record("_sip._tcp", "SRV", "0 0 5060 nowhere.contoso.com.")]))
        assert done["warnings"] == [
            (
                "zone contoso.com at ns1 (127.0.0.1), view internal: _sip._tcp.contoso.com SRV: "
                "nowhere.contoso.com has no address in the zone contoso.com"
            )
        ]

    @pytest.mark.parametrize(
        "there", ["a.contoso.com 60 A 10.0.0.1", "*.contoso.com 60 A 10.0.0.1", "a.contoso.com 60 CNAME b.example."]
    )
    def test_a_target_with_one_is_not(self, estate: Estate, there: str) -> None:
        estate.server.put(there)
        assert ok(estate.run([record("_sip._tcp", "SRV", "0 0 5060 a.contoso.com.")]))["warnings"] == []

    @pytest.mark.parametrize(
        ("there", "told"), [("a.corp.contoso.com 60 A 10.0.0.1", 0), ("b.corp.contoso.com 60 A 10.0.0.1", 1)]
    )
    def test_a_target_is_followed_into_another_zone_of_the_view(self, estate: Estate, there: str, told: int) -> None:
        sip = record("_sip._tcp", "SRV", "0 0 5060 a.corp.contoso.com.")
        with running(Nameserver("corp.contoso.com")) as below:
            below.put(there)
            corp = {"zone": "corp.contoso.com", "port": below.port, "records": []}
            zones = [estate.zone(records=[sip]), estate.zone(**corp)]
            unset = dict.fromkeys(("server", "address", "zone", "view", "key_name"))
            warnings = ok(estate.run(None, zones=zones, **unset, port=53))["warnings"]
        assert [
            each for each in warnings if "a.corp.contoso.com has no address in the zone corp.contoso.com" in each
        ] == warnings
        assert len(warnings) == told

    def test_name_servers_that_are_behind_are_told(self, estate: Estate) -> None:
        estate.server.put("contoso.com 3600 NS ns2.contoso.com.", "ns2.contoso.com 3600 A 127.0.0.2")
        estate.server.put("contoso.com 3600 NS ns3.contoso.com.", "ns3.contoso.com 3600 A 127.0.0.3")
        port = estate.server.port

        class Second(Nameserver):
            def server_bind(self) -> None:
                self.server_address = ("127.0.0.2", port)
                super().server_bind()

        with running(Second()):
            done = ok(estate.run([POOL]))
        assert [(each["server"], each["standing"]) for each in zone(done)["name_servers"]] == [
            ("ns2.contoso.com", "behind"),
            ("ns3.contoso.com", "unreachable"),
        ]
        assert "is behind: it has serial 1, the primary 4" in done["warnings"][0]

    def test_a_name_server_of_another_zone_is_told_with_what_is_known_of_it(self, estate: Estate) -> None:
        estate.server.put("contoso.com 3600 NS ns2.hoster.example.")
        done = ok(estate.run([POOL]))
        assert zone(done)["name_servers"][0]["standing"] == "unreachable"
        assert done["warnings"] == [
            (
                "zone contoso.com at ns1 (127.0.0.1), view internal: its name server ns2.hoster.example is "
                "unreachable: it was not asked, since neither the zone nor this server knows its address"
            )
        ]

    def test_name_servers_are_asked_for_where_transfers_are_refused(self, estate: Estate) -> None:
        estate.server.refused = {"axfr"}
        estate.server.put("contoso.com 3600 NS ns3.contoso.com.", "ns3.contoso.com 3600 A 127.0.0.3")
        done = ok(estate.run([POOL]))
        (other,) = zone(done)["name_servers"]
        assert (other["server"], other["address"], other["standing"]) == ("ns3.contoso.com", "127.0.0.3", "unreachable")

    def test_it_can_be_left_out(self, estate: Estate) -> None:
        sip = record("_sip._tcp", "SRV", "0 0 5060 nowhere.contoso.com.")
        assert ok(estate.run([sip], verify=False))["warnings"] == []


class TestResolvers:
    """What clients hear: what was, what another server says, what the resolver's own zone says."""

    @pytest.fixture
    def resolver(self, monkeypatch: pytest.MonkeyPatch) -> t.Iterator[Nameserver]:
        with running(Nameserver()) as made:
            made.authoritative = False
            monkeypatch.setattr(resolvers, "PORT", made.port)
            yield made

    def heard(self, estate: Estate, *records: Item) -> tuple[str, int, str]:
        done = ok(estate.run(list(records), resolvers=["127.0.0.1"]))
        (found,) = zone(done)["resolvers"]
        told = [warning for warning in done["warnings"] if "the resolver 127.0.0.1 is" in warning]
        assert bool(told) == (found["standing"] != "current")
        return found["standing"], found["seconds"], found["detail"]

    def test_one_that_tells_what_was_written(self, estate: Estate, resolver: Nameserver) -> None:
        resolver.put("pool.contoso.com 60 A 10.0.0.1", "pool.contoso.com 60 A 10.0.0.2")
        assert self.heard(estate, POOL) == ("current", 0, "")

    def test_one_that_remembers_there_was_nothing(self, estate: Estate, resolver: Nameserver) -> None:
        resolver.remembers = 42
        standing, seconds, detail = self.heard(estate, POOL)
        assert (standing, seconds) == ("cached", 42)
        assert detail.startswith(
            "pool.contoso.com A is none there: it still has what was true before, for at most 42 s;"
        )

    def test_one_that_remembers_what_was_there(self, estate: Estate, resolver: Nameserver) -> None:
        for each in (estate.server, resolver):
            each.put("pool.contoso.com 77 A 10.5.5.5")
        assert self.heard(estate, POOL)[:2] == ("cached", 77)

    def test_one_that_remembers_nothing_from_before_this_run(self, estate: Estate, resolver: Nameserver) -> None:
        ok(estate.run([POOL]))
        resolver.remembers = 299
        assert self.heard(estate, POOL)[:2] == ("cached", 299)
        resolver.remembers = 300
        assert self.heard(estate, POOL)[0] == "elsewhere"

    def test_one_that_asks_other_servers(self, estate: Estate, resolver: Nameserver) -> None:
        resolver.put("pool.contoso.com 60 A 203.0.113.9")
        standing, _seconds, detail = self.heard(estate, POOL)
        assert standing == "elsewhere"
        assert detail.startswith("pool.contoso.com A is 60 203.0.113.9 there: it asks other servers than this zone's")

    def test_one_with_a_zone_of_its_own(self, estate: Estate, resolver: Nameserver) -> None:
        resolver.authoritative = True
        assert self.heard(estate, POOL, TEXT)[0] == "own_zone"

    def test_one_that_refuses_says_so(self, estate: Estate, resolver: Nameserver) -> None:
        resolver.refused = {"query"}
        standing, _seconds, detail = self.heard(estate, POOL)
        assert (standing, detail[:34]) == ("failing", "pool.contoso.com A is code 5 there")

    def test_one_that_is_away(self, estate: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(resolvers, "PORT", closed_port())
        assert self.heard(estate, POOL)[0] == "unreachable"


class TestVantages:
    """Hosts that clients look from get what was changed of the zones that they see, as it was and as it is."""

    def heard(self, estate: Estate, records: list[Item], **more: t.Any) -> dict[str, t.Any]:
        return ok(estate.run(records, vantages=["client1"], **more))["to_hear"]

    def test_what_was_changed_is_told(self, estate: Estate) -> None:
        estate.server.put("pool.contoso.com 60 A 10.5.5.5")
        pool = {"name": "pool.contoso.com", "type": "A", "lowest_ttl": 300}
        assert self.heard(estate, [POOL]) == {
            "client1": [{**pool, "values": ["10.0.0.1", "10.0.0.2"], "before": ["10.5.5.5"]}]
        }
        assert self.heard(estate, None, state="deleted", adopt=False)["client1"][0]["before"] == [
            "10.0.0.1",
            "10.0.0.2",
        ]

    def test_nothing_where_nothing_was_changed_or_only_would_be(self, estate: Estate) -> None:
        assert self.heard(estate, [POOL], check=True) == {}
        self.heard(estate, [POOL])
        assert self.heard(estate, [POOL]) == {}

    def test_of_many_no_more_than_are_asked_for(self, estate: Estate) -> None:
        assert len(self.heard(estate, many(300))["client1"]) == resolvers.MOST_ASKED


def test_one_key_may_be_of_another_algorithm(estate: Estate) -> None:
    ok(estate.run([POOL], key_name="sha512", keys={"sha512": f"hmac-sha512:{SECRET}"}))
    assert "pool.contoso.com 600 A 10.0.0.1" in estate.server.records()


def test_many_records_go_in_few_messages(estate: Estate) -> None:
    done = ok(estate.run(many(3000)))
    assert len(estate.server.updates) <= 4
    assert (zone(done)["applied"], len(done["operations"])) == (3000, 100)
    assert not ok(estate.run(many(3000)))["changed"]
