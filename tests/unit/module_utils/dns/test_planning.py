# SPDX-License-Identifier: GPL-3.0-or-later
"""What changes in a zone, what is ours afterwards, and what stops a run."""

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.openuc.ocs.plugins.module_utils.dns import names, planning, rdata, records
from ansible_collections.openuc.ocs.plugins.module_utils.dns.planning import Policy
from ansible_collections.openuc.ocs.plugins.module_utils.dns.transfer import Live
from ansible_collections.openuc.ocs.plugins.module_utils.limits import Limits

ZONE = "contoso.com"
APEX = names.from_text(ZONE)
SOA = bytes(20)
Lines = t.Sequence[str]


def sets(*lines: str) -> dict[tuple[bytes, int], tuple[int, tuple[bytes, ...]]]:
    """`name ttl type value` as record sets; a name without a dot is one of the zone."""
    found: dict[t.Any, t.Any] = {}
    for line in lines:
        name, ttl, kind, value = line.split(" ", 3)
        code = {**rdata.TYPES, "DNAME": rdata.DNAME, "RRSIG": 46}[kind]
        key = (names.from_text(name if "." in name else f"{name}.{ZONE}"), code)
        wire = names.from_text(value) if kind == "DNAME" else b"sig" if code == 46 else rdata.from_text(code, value)
        before = found.get(key, (0, ()))
        found[key] = (int(ttl), tuple(sorted({*before[1], wire})))
    return found


def wanted(*lines: str) -> dict[tuple[bytes, int], records.Wanted]:
    return {
        key: records.Wanted(None if ttl == 0 else ttl, values, index)
        for index, (key, (ttl, values)) in enumerate(sets(*lines).items())
    }


def live(*lines: str) -> Live:
    return Live(APEX, SOA, {**sets(f"{ZONE} 60 NS ns1.{ZONE}."), **sets(*lines)})


def ours(*lines: str) -> dict[tuple[bytes, int], frozenset[bytes]]:
    return {key: frozenset(values) for key, (_ttl, values) in sets(*lines).items()}


def operations(decision: planning.Decision) -> list[str]:
    found = [change.operation for change in decision.changes]
    return [" ".join(filter(None, [each.action, each.name, each.before, "->", each.after])) for each in found]


def decide(state: str, want: Lines, have: Lines, own: Lines = (), **policy: t.Any) -> planning.Decision:
    return planning.plan(wanted(*want), live(*have), ours(*own), Policy(state, **policy))


POOL = "pool 600 A 10.0.0.1"
POOL2 = "pool 600 A 10.0.0.2"
SRV = "_sip._tcp.contoso.com 600 SRV 0 0 5060 pool.contoso.com."


class TestStates:
    def test_what_is_missing_is_added_with_the_default_where_no_time_to_live_is_named(self) -> None:
        decision = decide("replaced", ["pool 0 A 10.0.0.1"], [], default_ttl=900)
        assert operations(decision) == ["add pool.contoso.com A -> 900 10.0.0.1"]

    def test_no_time_to_live_means_any(self) -> None:
        assert decide("replaced", ["pool 0 A 10.0.0.1"], ["pool 77 A 10.0.0.1"]).changes == ()

    def test_a_time_to_live_alone_is_a_change(self) -> None:
        decision = decide("merged", [POOL], ["pool 60 A 10.0.0.1"])
        assert operations(decision) == ["change pool.contoso.com A 60 10.0.0.1 -> 600 10.0.0.1"]

    def test_merged_adds_values_and_replaced_makes_the_set_as_listed(self) -> None:
        assert operations(decide("merged", [POOL], [POOL2])) == [
            "change pool.contoso.com A 600 10.0.0.2 -> 600 10.0.0.1, 10.0.0.2"
        ]
        assert operations(decide("replaced", [POOL], [POOL2])) == [
            "change pool.contoso.com A 600 10.0.0.2 -> 600 10.0.0.1"
        ]

    def test_merged_replaces_an_alias_which_has_one_target(self) -> None:
        decision = decide("merged", ["sip 60 CNAME a.example."], ["sip 60 CNAME b.example."])
        assert operations(decision) == ["change sip.contoso.com CNAME 60 b.example. -> 60 a.example."]

    def test_replaced_leaves_what_is_not_listed(self) -> None:
        assert decide("replaced", [], [POOL], own=[POOL]).changes == ()

    def test_overridden_removes_what_is_ours_and_no_longer_listed(self) -> None:
        decision = decide("overridden", [POOL], [POOL, SRV, "www 60 A 10.9.9.9"], own=[POOL, SRV])
        assert operations(decision) == ["remove _sip._tcp.contoso.com SRV 600 0 0 5060 pool.contoso.com. ->"]
        assert decision.owned == ours(POOL)

    def test_values_that_another_tool_put_beside_ours_are_kept(self) -> None:
        for state in ("overridden", "deleted"):
            decision = decide(state, [], [POOL, POOL2], own=[POOL])
            assert operations(decision) == ["change pool.contoso.com A 600 10.0.0.1, 10.0.0.2 -> 600 10.0.0.2"]

    def test_what_another_tool_put_in_the_place_of_ours_is_not_ours(self) -> None:
        decision = decide("overridden", [], ["pool 600 A 10.5.5.5"], own=[POOL])
        assert decision.changes == ()
        assert decision.owned == ours(POOL)

    def test_ours_that_is_gone_is_forgotten(self) -> None:
        assert decide("overridden", [], [], own=[POOL]).owned == {}

    def test_deleted_takes_the_listed_or_all_of_ours_and_never_others(self) -> None:
        have = [POOL, SRV, "www 60 A 10.9.9.9"]
        assert operations(decide("deleted", [SRV, "www 60 A 10.9.9.9"], have, own=[POOL, SRV])) == [
            "remove _sip._tcp.contoso.com SRV 600 0 0 5060 pool.contoso.com. ->"
        ]
        assert len(decide("deleted", [], have, own=[POOL, SRV]).changes) == 2

    def test_an_alias_of_ours_makes_way_for_an_address_and_the_reverse(self) -> None:
        alias = "sip 60 CNAME pool.contoso.com."
        to_address = decide("replaced", ["sip 60 A 10.0.0.1"], [alias], own=[alias])
        assert operations(to_address) == [
            "add sip.contoso.com A -> 60 10.0.0.1",
            "remove sip.contoso.com CNAME 60 pool.contoso.com. ->",
        ]
        to_alias = decide("replaced", [alias], ["sip 60 A 10.0.0.1"], own=["sip 60 A 10.0.0.1"])
        assert len(to_alias.changes) == 2
        assert (to_address.conflicts, to_alias.conflicts) == ((), ())


class TestOwnership:
    def test_what_we_add_is_ours(self) -> None:
        assert decide("replaced", [POOL, POOL2], [POOL]).owned == ours(POOL2)

    def test_what_was_there_already_stays_others_unless_adopted(self) -> None:
        assert decide("replaced", [POOL], [POOL]).owned == {}
        assert decide("replaced", [POOL], [POOL], adopt=True).owned == ours(POOL)

    def test_a_name_that_is_taken_away_from_others_is_told(self) -> None:
        (change,) = decide("replaced", [POOL], [POOL2]).changes
        assert change.others
        (change,) = decide("replaced", [POOL], [POOL2], own=[POOL2]).changes
        assert not change.others

    def test_foreign_records_are_listed_without_the_servers_own(self) -> None:
        there = live(POOL, POOL2, "www 60 A 10.9.9.9", "pool 60 RRSIG x", SRV)
        assert planning.foreign(there, ours(POOL), wanted(SRV)) == [
            "pool.contoso.com A 600 10.0.0.2",
            "www.contoso.com A 60 10.9.9.9",
        ]


class TestConflicts:
    def test_an_alias_of_others_is_in_the_way(self) -> None:
        decision = decide("replaced", [POOL], ["pool 60 CNAME other.example."])
        assert decision.conflicts == (
            (
                "pool.contoso.com A: the name has CNAME 60 other.example. that is not ours, "
                "and an alias allows nothing beside it; delete the one or leave out the other"
            ),
        )

    def test_records_of_others_are_in_the_way_of_an_alias(self) -> None:
        (conflict,) = decide("replaced", ["pool 60 CNAME a.example."], ["pool 60 TXT hello", POOL]).conflicts
        assert 'has A 600 10.0.0.1, TXT 60 "hello" that is not ours' in conflict

    @pytest.mark.parametrize("cut", ["emea 60 NS ns.example.", "emea 60 DNAME other.example."])
    def test_names_below_a_cut_are_seen_by_nobody(self, cut: str) -> None:
        (conflict,) = decide("replaced", ["sip.emea.contoso.com 60 A 10.0.0.1"], [cut]).conflicts
        assert "emea.contoso.com is delegated or redirected elsewhere in this zone" in conflict


def stopped(decision: planning.Decision, have: Lines, want: Lines, own: Lines, limits: Limits) -> str:
    return planning.too_many(decision, live(*have), wanted(*want), ours(*own), limits)


class TestThresholds:
    THERE = (POOL, SRV)
    REMOVAL = decide("deleted", [], THERE, own=THERE)

    def test_few_may_go(self) -> None:
        assert stopped(self.REMOVAL, self.THERE, (), self.THERE, Limits(2, 0.3, 0.3)) == ""

    def test_more_than_the_most_need_a_word(self) -> None:
        assert stopped(self.REMOVAL, self.THERE, (), self.THERE, Limits(1, 1.0, 0.3)) == (
            "nothing was changed, since 2 of our 2 record sets would go or lose others' values "
            "(_sip._tcp.contoso.com SRV, pool.contoso.com A), more than most_deleted (1). "
            "If that is meant, set most_deleted: 2 for this run"
        )

    def test_a_share_is_of_all_that_is_ours_in_the_zone(self) -> None:
        ten = (POOL, *[f"h{number} 60 A 10.0.0.{number}" for number in range(9)])
        assert "2 of our 10 record sets would go" in stopped(self.REMOVAL, self.THERE, (), ten, Limits(10, 0.1))
        assert stopped(self.REMOVAL, self.THERE, (), ten, Limits(10, 0.2)) == ""

    def test_taking_values_of_others_counts_as_going(self) -> None:
        decision = decide("replaced", [POOL], [POOL2])
        assert "most_deleted (0)" in stopped(decision, [POOL2], [POOL], [], Limits(0, 0.3))


class TestThresholdOfChanges:
    """Limits of octoDNS: a share of what is there, from ten record sets on; what is new is never too much."""

    TEN = tuple(f"h{number} 60 A 10.0.0.{number}" for number in range(10))
    LIMITS = Limits(100, 1.0, 0.3)

    def said(self, want: Lines, have: Lines, own: Lines = (), state: str = "replaced") -> str:
        return stopped(decide(state, want, have, own=own), have, want, own, self.LIMITS)

    def moved(self, count: int) -> list[str]:
        return [line.replace("10.0.0", "10.9.9") for line in self.TEN[:count]] + list(self.TEN[count:])

    def test_three_of_ten_may_change_and_four_need_a_word(self) -> None:
        assert self.said(self.moved(3), self.TEN, self.TEN) == ""
        assert self.said(self.moved(4), self.TEN, self.TEN) == (
            "nothing was changed, since 4 of 10 record sets that are there would get other values or another time to "
            "live (h0.contoso.com A, h1.contoso.com A, h2.contoso.com A, h3.contoso.com A), more than "
            "most_changed_ratio (30%). If that is meant, set most_changed_ratio: 0.4 for this run"
        )

    def test_another_time_to_live_is_a_change(self) -> None:
        assert "10 of 10 record sets" in self.said([line.replace("60", "30") for line in self.TEN], self.TEN, self.TEN)

    def test_a_share_of_nine_says_nothing(self) -> None:
        assert self.said(self.moved(9)[:9], self.TEN[:9], self.TEN[:9]) == ""

    def test_what_is_new_is_never_too_much(self) -> None:
        assert self.said(self.TEN, []) == ""
        assert self.said([*self.TEN, *(line.replace("h", "new") for line in self.TEN)], self.TEN, self.TEN) == ""

    def test_records_of_others_elsewhere_in_the_zone_do_not_hide_how_much_it_is(self) -> None:
        others = [f"theirs{number} 60 A 10.3.3.{number}" for number in range(90)]
        assert "4 of 10 record sets" in self.said(self.moved(4), [*self.TEN, *others], self.TEN)

    def test_what_we_never_made_counts_where_it_is_listed(self) -> None:
        assert "4 of 10 record sets" in self.said(self.moved(4), self.TEN)

    def test_both_limits_are_told_at_once(self) -> None:
        want, limits = self.moved(4)[:8], Limits(1, 1.0, 0.3)
        said = stopped(decide("overridden", want, self.TEN, own=self.TEN), self.TEN, want, self.TEN, limits)
        assert "2 of our 10 record sets would go" in said
        assert "; and 4 of 10 record sets that are there would get other values" in said
        assert said.endswith("If that is meant, set most_deleted: 2 and most_changed_ratio: 0.4 for this run")


LINES = st.lists(
    st.builds("{} {} A 10.0.0.{}".format, st.sampled_from(["a", "b", "c", "d"]), st.integers(1, 9), st.integers(1, 3)),
    max_size=8,
)


def after(decision: planning.Decision, before: Live) -> Live:
    there = dict(before.records)
    for change in decision.changes:
        if change.after is None:
            del there[change.key]
        else:
            there[change.key] = change.after
    return Live(APEX, SOA, there)


@given(LINES, LINES, LINES, st.sampled_from(["merged", "replaced", "overridden", "deleted"]))
def test_a_second_run_changes_nothing(want: Lines, have: Lines, own: Lines, state: str) -> None:
    policy = Policy(state)
    before = live(*have)
    first = planning.plan(wanted(*want), before, ours(*own), policy)
    second = planning.plan(wanted(*want), after(first, before), first.owned, policy)
    assert second.changes == ()
    assert second.owned == first.owned


@given(LINES, LINES, LINES)
def test_nothing_of_others_that_is_not_listed_is_lost(want: Lines, have: Lines, own: Lines) -> None:
    before = live(*have)
    owned, listed = ours(*own), wanted(*want)
    there = after(planning.plan(listed, before, owned, Policy("overridden")), before)
    for key, (_ttl, values) in before.records.items():
        if key not in listed:
            others = set(values) - owned.get(key, frozenset())
            assert others <= set(there.records.get(key, (0, ()))[1])


@given(LINES)
def test_what_was_gathered_is_valid_input_and_changes_nothing(have: Lines) -> None:
    before = live(*have)
    items = [records.item_of(key, rrset) for key, rrset in records.writable(before)]
    want, problems = records.decode(ZONE, items)
    assert problems == []
    assert planning.plan(want, before, {}, Policy("replaced")).changes == ()
