# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong with servers, and options that will not do: what is said, and what the next run does."""

from __future__ import annotations

import threading
import time
import typing as t
from pathlib import Path

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import dns.update
import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.dns import engine, library, wire, work
from ansible_collections.openuc.ocs.plugins.module_utils.journal import Journal

from .conftest import Estate, options, record
from .nameserver import SECRET, Nameserver, closed_port
from .test_engine import NS1, POOL, many, ok, zone

AT = "zone contoso.com at ns1 (127.0.0.1), view internal"


def test_a_server_that_is_down(estate: Estate) -> None:
    port = closed_port()
    result = estate.run([POOL], port=port)
    assert result["msg"] == (
        f"{AT}: no connection to 127.0.0.1 port {port} over TCP (Connection refused). Is the server up, and does every "
        f"firewall between let TCP port {port} through, not only UDP? Then run again"
    )


def test_a_name_without_an_address(estate: Estate) -> None:
    result = estate.run([POOL], address="nowhere.invalid")
    assert "the name nowhere.invalid has no address here" in result["msg"]


def test_a_server_that_falls_silent(estate: Estate, server: Nameserver) -> None:
    given_up = threading.Event()
    server.meddler = lambda _server, _query: given_up.wait(10)
    result = estate.run([POOL], timeout=0.2)
    given_up.set()
    assert "fell silent for 0.2 seconds before the whole answer came" in result["msg"]


def test_a_server_that_hangs_up(estate: Estate, server: Nameserver) -> None:
    server.meddler = lambda _server, _query: True
    assert "ended before the whole answer came" in estate.run([POOL])["msg"]


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (
            {"openuc": "d3JvbmcgYnV0IGJhc2U2NA=="},
            "our signature with the key openuc is wrong (BADSIG). The secrets differ",
        ),
        ({"stranger": SECRET}, "the server does not know the key stranger, or not with this algorithm (BADKEY)"),
    ],
)
def test_a_wrong_key(estate: Estate, key: dict[str, str], words: str) -> None:
    result = estate.run([POOL], keys=key, key_name=next(iter(key)))
    assert words in result["msg"]
    assert SECRET not in str(result)
    assert estate.server.records() == {NS1}


def test_clocks_that_differ(estate: Estate, server: Nameserver) -> None:
    server.clock = lambda: time.time() - 1000
    result = estate.run([POOL])
    assert "the clocks differ: the server's is -1000 seconds from ours, 300 are allowed (BADTIME)" in result["msg"]


@pytest.mark.parametrize(
    ("doing", "code", "words"),
    [
        ("update", dns.rcode.REFUSED, "the server refused an update (REFUSED); it was asked with the key openuc"),
        ("update", dns.rcode.NOTAUTH, "not as its primary (NOTAUTH to an update"),
        ("update", dns.rcode.NOTZONE, "(NOTZONE to an update"),
        ("update", dns.rcode.SERVFAIL, "the server failed (SERVFAIL to an update). Its log says why"),
        ("update", dns.rcode.NOTIMP, "the server answered NOTIMP to an update. Look whether it does dynamic updates"),
        ("update", dns.rcode.YXRRSET, "changed by somebody else since they were read (YXRRSET to an update)"),
        ("axfr", dns.rcode.NOTAUTH, "(NOTAUTH to a transfer (AXFR), with the key openuc)"),
        ("axfr", dns.rcode.SERVFAIL, "the server failed (SERVFAIL to a transfer (AXFR))"),
        ("update", 11, "the server answered code 11 to an update"),
    ],
)
def test_what_the_server_says_no_to(estate: Estate, doing: str, code: int, words: str) -> None:
    estate.server.codes = {doing: code}
    result = estate.run([POOL])
    assert words in result["msg"]
    assert result["msg"].startswith(AT)
    # Nothing is under way yet where the zone cannot be read.
    assert ("It was about pool.contoso.com A. 0 of 1 changes were applied" in result["msg"]) == (doing == "update")
    assert (result["changed"], estate.server.records()) == (False, {NS1})


def test_neither_transfers_nor_queries(estate: Estate) -> None:
    estate.server.refused = {"axfr", "query"}
    assert "refused a query for the zone's SOA (REFUSED)" in estate.run([POOL])["msg"]


def test_a_zone_that_the_server_does_not_hold(estate: Estate) -> None:
    estate.server.refused = {"axfr"}
    records = [{"name": "sip.fabrikam.com", "type": "A", "values": ["10.0.0.1"]}]
    assert "refused a query for the zone's SOA" in estate.run(records, zone="fabrikam.com")["msg"]


def test_a_transfer_that_is_cut_off(estate: Estate, server: Nameserver) -> None:
    ok(estate.run(many(500)))
    server.cut_transfer_after = 1
    result = estate.run(many(500))
    assert "the transfer was cut off after" in result["msg"]
    assert len(server.updates) == 1


def test_answers_without_a_signature_are_not_believed(estate: Estate, server: Nameserver) -> None:
    server.signed = False
    result = estate.run([POOL])
    assert "the answer bears no signature although the question did" in result["msg"]
    assert server.updates == []


class TestMeddling:
    """Somebody else writes between our reading and our writing."""

    def meddle(self, server: Nameserver, *lines: str) -> None:
        def before_update(_server: Nameserver, query: dns.message.Message) -> bool:
            if isinstance(query, dns.update.UpdateMessage):
                server.meddler = None
                server.put(*lines)
            return False

        server.meddler = before_update

    def test_it_is_noticed_and_nothing_of_theirs_is_lost(self, estate: Estate, server: Nameserver) -> None:
        self.meddle(server, "pool.contoso.com 60 A 10.7.7.7")
        result = estate.run([POOL])
        assert "the records were changed by somebody else since they were read (YXDOMAIN to an update)" in result["msg"]
        assert (
            "Changed meanwhile: pool.contoso.com A: expected 600 10.0.0.1, 10.0.0.2, the server has 60 10.7.7.7"
            in (result["msg"])
        )
        assert "0 of 1 changes were applied" in result["msg"]
        assert server.records() == {NS1, "pool.contoso.com 60 A 10.7.7.7"}

    def test_the_next_run_completes(self, estate: Estate, server: Nameserver) -> None:
        self.meddle(server, "pool.contoso.com 60 A 10.7.7.7")
        estate.run([POOL])
        ok(estate.run([POOL], state="merged"))
        assert "pool.contoso.com 600 A 10.7.7.7" in server.records()
        ok(estate.run(None, state="deleted"))
        assert server.records() == {NS1, "pool.contoso.com 600 A 10.7.7.7"}

    def test_others_names_do_not_disturb(self, estate: Estate, server: Nameserver) -> None:
        self.meddle(server, "www.contoso.com 60 A 10.7.7.7")
        ok(estate.run([POOL]))

    def test_an_alias_that_came_meanwhile_is_noticed(self, estate: Estate, server: Nameserver) -> None:
        self.meddle(server, "pool.contoso.com 60 CNAME other.example.")
        assert "changed by somebody else" in estate.run([POOL])["msg"]


class TestLossInTheMiddle:
    """The connection breaks at a message of a long run. Whether that message was done is found out when it can be."""

    @pytest.fixture(autouse=True)
    def _small_messages(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(wire.Writer, "MOST", 1000)

    def breaking(self, server: Nameserver, at: int, done: bool, again: bool) -> None:
        seen = 0

        def meddler(_server: Nameserver, query: dns.message.Message) -> bool:
            nonlocal seen
            if not isinstance(query, dns.update.UpdateMessage):
                return seen >= at and not again
            seen += 1
            if seen < at:
                return False
            if done:
                server._update(query)
            return True

        server.meddler = meddler

    @pytest.mark.parametrize("done", [True, False])
    def test_with_a_server_that_comes_back(self, estate: Estate, server: Nameserver, done: bool) -> None:
        self.breaking(server, 3, done, again=True)
        result = estate.run(many(100))
        there = len(server.records()) - 1
        assert 0 < there < 100
        assert f"{there} of 100 changes were applied" in result["msg"]
        assert (zone(result)["applied"], zone(result)["unknown"]) == (there, [])
        assert len(zone(result)["not_applied"]) == 100 - there

    @pytest.mark.parametrize("done", [True, False])
    def test_with_a_server_that_stays_away(self, estate: Estate, server: Nameserver, done: bool) -> None:
        self.breaking(server, 3, done, again=False)
        result = estate.run(many(100))
        unknown = len(zone(result)["unknown"])
        assert unknown > 0
        assert zone(result)["applied"] + unknown + len(zone(result)["not_applied"]) == 100
        assert f"of {unknown} it is not known" in result["msg"]
        assert result["changed"]

    @pytest.mark.parametrize("done", [True, False])
    def test_the_next_run_completes_it_and_all_is_ours(self, estate: Estate, server: Nameserver, done: bool) -> None:
        self.breaking(server, 3, done, again=False)
        estate.run(many(100))
        server.meddler = None
        ok(estate.run(many(100)))
        assert len(server.records()) == 101
        ok(estate.run([], state="overridden", most_deleted=100, most_deleted_ratio=1.0))
        assert server.records() == {NS1}


class TestServersThatIgnoreThings:
    def test_what_was_taken_but_is_not_there_is_told(
        self, estate: Estate, server: Nameserver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(work, "sleep", lambda _seconds: None)
        monkeypatch.setattr(server, "_apply", lambda _rrset: None)
        result = estate.run([POOL])
        assert (
            "the server took the update, but 1 record sets are not as they should be: pool.contoso.com A: "
            "expected 600 10.0.0.1, 10.0.0.2, the server has none"
        ) in result["msg"]
        assert (zone(result)["verified"], zone(result)["applied"], result["changed"]) == (False, 0, False)


class TestServersThatPublishLate:
    """BIND with inline-signing answers an update before the signed copy of the zone, which is read, holds it."""

    def test_what_is_published_a_moment_later_is_no_failure(
        self, estate: Estate, server: Nameserver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        waited: list[float] = []
        monkeypatch.setattr(work, "sleep", waited.append)
        taken: list[dns.rrset.RRset] = []
        publish = server._apply
        monkeypatch.setattr(server, "_apply", taken.append)
        transfers = 0

        def reading(_server: Nameserver, query: dns.message.Message) -> bool:
            nonlocal transfers
            transfers += query.question[0].rdtype == dns.rdatatype.AXFR
            if transfers == 4:
                while taken:
                    publish(taken.pop())
            return False

        server.meddler = reading
        found = ok(estate.run([POOL]))
        assert (zone(found)["verified"], zone(found)["applied"], len(waited)) == (True, 1, 2)
        assert "pool.contoso.com 600 A 10.0.0.1" in server.records()


class TestOptions:
    def msg(self, **given: t.Any) -> str:
        own = {"server": "ns1", "zone": "contoso.com", "key_name": "openuc", "keys": {"openuc": SECRET}}
        result = engine.run(options(**{**own, "journal_dir": "/nonexistent", "records": [], **given}), True)
        assert result["failed"]
        return str(result["msg"])

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ({"zone": None}, "zone: is missing"),
            ({"server": None}, "server: is missing"),
            ({"records": None}, "records: is missing; write [] for none"),
            ({"key_name": None}, "key_name: is missing; update: tsig needs the name of a key"),
            (
                {"key_name": "openucs"},
                "'openucs' is neither in keys nor in key_file; known are openuc; did",
            ),
            ({"update": "none"}, "update: none forbids to change this zone"),
            ({"journal_dir": None}, "journal_dir: is missing"),
            ({"state": "restored"}, "run: is missing"),
            ({"run": "../../etc"}, "run: '../../etc' cannot name a run"),
            ({"most_deleted": -1}, "most_deleted: expected 0 or more, got -1"),
            ({"most_deleted_ratio": 1.5}, "most_deleted_ratio: expected 0 to 1, got 1.5"),
            ({"most_changed_ratio": -0.1}, "most_changed_ratio: expected 0 to 1, got -0.1"),
            ({"default_ttl": -1}, "default_ttl: expected 0 to 2147483647, got -1"),
            ({"timeout": 0.0}, "timeout: expected more than 0 seconds, got 0.0"),
            ({"keys": {"openuc": "x:y"}}, "keys['openuc']: the algorithm 'x' is none of"),
            ({"key_file": "/nonexistent/key"}, "key_file: /nonexistent/key: No such file"),
        ],
    )
    def test_what_will_not_do_says_why(self, given: dict[str, t.Any], words: str) -> None:
        assert words in self.msg(**given)

    def test_all_at_once_with_the_zone_they_belong_to(self) -> None:
        zones = [
            {"server": "ns1", "zone": "contoso.com", "records": []},
            {"server": "ns1", "zone": "contoso.com", "key_name": "openuc", "records": [17], "veiw": "internal"},
            "text",
        ]
        msg = self.msg(zones=zones, timeout=-1.0)
        assert msg.splitlines() == [
            "5 problem(s) with the options; nothing was done:",
            "zones[1].veiw: no such option; did you mean view?",
            "zones[2]: expected a mapping, got 'text'",
            "zones[0].key_name: is missing; update: tsig needs the name of a key",
            "zones[1].records[0]: expected a mapping, got 17",
            "timeout: expected more than 0 seconds, got -1.0",
        ]

    def test_a_zone_stands_once(self) -> None:
        zone = {"server": "ns1", "zone": "contoso.com", "key_name": "openuc", "records": []}
        assert "zones[1]: zone Contoso.com. at ns1 is given in zones[0] already; leave one" in self.msg(
            zones=[zone, {**zone, "zone": "Contoso.com."}]
        )

    def test_many_problems_are_cut(self) -> None:
        records = [record("a", "A", "x") for _number in range(120)]
        assert self.msg(records=records).splitlines()[-1] == "and 20 more"

    def test_a_library_that_is_missing_or_old_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(library, "OLDEST", (99, 0))
        assert "is too old; install 2.3 or newer" in self.msg()
        monkeypatch.setattr(library, "MISSING", "Traceback")
        assert "dnspython is not installed" in self.msg()
        assert "dnspython is not installed" in self.msg(state="rendered")


class TestJournals:
    def test_two_runs_on_one_zone_do_not_work_at_once(self, estate: Estate) -> None:
        with Journal(str(estate.journal), "internal.contoso.com_ns1").locked():
            assert f"{AT}: another run works here" in estate.run([POOL])["msg"]
        assert estate.server.records() == {NS1}

    def test_a_folder_that_cannot_be_made_stops_before_anything_is_sent(self, estate: Estate, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        result = estate.run([POOL], journal_dir=str(tmp_path / "file"))
        assert "Mend its permissions, or make room, or name another place" in result["msg"]
        assert estate.server.updates == []
