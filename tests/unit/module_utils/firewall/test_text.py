# SPDX-License-Identifier: GPL-3.0-or-later
"""The table as text, and the way back from text to what it means."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings

from ansible_collections.openuc.ocs.plugins.module_utils.firewall import live
from ansible_collections.openuc.ocs.plugins.module_utils.firewall.gathering import options_of
from ansible_collections.openuc.ocs.plugins.module_utils.firewall.labels import LONGEST, label_of, names_of
from ansible_collections.openuc.ocs.plugins.module_utils.firewall.listing import ListingError, of_json, of_text
from ansible_collections.openuc.ocs.plugins.module_utils.firewall.policy import ruleset_of
from ansible_collections.openuc.ocs.plugins.module_utils.firewall.ruleset import Ruleset
from ansible_collections.openuc.ocs.plugins.module_utils.firewall.text import (
    Table,
    changes_text,
    elements_of,
    native_text,
)

from .policies import Options, compiled, policies, rule


def read_back(text: str) -> live.Live:
    found = live.read(of_text(text), {})
    assert found is not None
    return found


def elements(text: str, name: str) -> set[str]:
    """Elements of a set in the text, as they stand there."""
    block = re.search(rf"\t(?:set|map) {re.escape(name)} {{\n(.*?)\n\t}}", text, re.DOTALL)
    assert block, text
    inside = block[1].partition("elements = {")[2].rpartition("}")[0]
    return {line.strip().rstrip(",") for line in inside.splitlines() if line.strip()}


def test_a_rule_is_an_element_with_its_name() -> None:
    text = native_text(compiled(rule("a", source="media")))
    assert elements(text, "eth0_to_eth1/from-to-port") == {
        '10.31.0.41 . 10.31.0.31 . tcp . 443 comment "a"',
        '10.31.0.41 . 10.31.0.32 . tcp . 443 comment "a"',
    }
    assert "\t\tip saddr . ip daddr . meta l4proto . th dport @eth0_to_eth1/from-to-port accept\n" in text


def test_what_may_be_any_is_not_looked_at() -> None:
    text = native_text(compiled(rule("a", ports=[])))
    assert elements(text, "eth0_to_eth1/to") == {'10.31.0.31 . tcp comment "a"', '10.31.0.32 . tcp comment "a"'}


def test_a_translation_is_an_element_of_a_map() -> None:
    nat = [{"kind": "dnat", "public": "203.0.113.41", "private": "10.31.0.41"}]
    text = native_text(compiled(rule("a", destination="media", nat=nat)))
    assert elements(text, "translate_in/port") == {'"eth0" . 203.0.113.41 . tcp . 443 comment "a" : 10.31.0.41'}


@pytest.mark.parametrize(("mode", "dropped"), [("observe", False), ("enforce", True)])
def test_only_enforcing_drops(mode: str, dropped: bool) -> None:
    text = native_text(compiled(rule("a"), enforce=mode))
    assert ("drop" in re.findall(r"\w+", text)) is dropped
    assert f"openuc_filter {'refused' if dropped else 'would refuse'}: " in text


def test_the_number_of_rules_does_not_depend_on_that_of_flows() -> None:
    def rules(count: int) -> int:
        text = native_text(compiled(*(rule(f"r{n}", source="media", ports=[str(n)]) for n in range(1, count))))
        return len(re.findall(r"^\t\t(?!type|flags|counter$|elements|\t)", text, re.MULTILINE))

    assert rules(3) == rules(3000)


def test_single_values_are_asked_before_ranges() -> None:
    wide = rule("a", source="media", ports=["8000-8099"])
    chains = Table(compiled(wide, rule("b", ports=["443"]), rule("c", source="media"))).structure
    asked = [line.partition("@")[2] for line in chains["chain eth0_to_eth1"] if line.endswith("accept")]
    assert [name.partition(" ")[0] for name in asked] == [
        "eth0_to_eth1/from-to-port",
        "eth0_to_eth1/to-port",
        "eth0_to_eth1/from-to-port-ranges",
    ]


def test_what_is_no_flow_is_not_counted() -> None:
    structure = Table(compiled(rule("a"))).structure
    counted = {name for name, lines in structure.items() if not name.startswith("chain") and "counter" in lines}
    assert counted == {"set eth0_to_eth1/to-port"}


def test_a_way_whose_interfaces_have_unusual_names_has_a_chain_all_the_same() -> None:
    named = (("eth1.62", "wan:0"), ("eth1.62", "wan_0"), ("a", "b_to_c"), ("a_to_b", "c"), ("0", "1"))
    ways = [{"ingress": ingress, "egress": egress} for ingress, egress in named]
    ruleset = compiled(guarded=ways, interfaces={})
    assert len([name for name in Table(ruleset).structure if name.startswith("chain") and "_to_" in name]) == len(named)
    assert read_back(native_text(ruleset)).ruleset == ruleset


@settings(max_examples=150, deadline=None)
@given(policies())
def test_text_means_what_it_was_made_of(given_options: Options) -> None:
    ruleset, _problems = ruleset_of(given_options)
    known = {label_of(names): names for names in ruleset.names()}
    found = live.read(of_text(native_text(ruleset)), known)
    assert found is not None
    assert (found.ruleset, found.strange) == (ruleset, ())


@settings(max_examples=150, deadline=None)
@given(policies())
def test_what_was_gathered_asks_for_the_same(given_options: Options) -> None:
    ruleset, _problems = ruleset_of(given_options)
    again, problems = ruleset_of(options_of(ruleset, lambda _name: {}))
    assert (again, problems) == (ruleset, [])


@settings(max_examples=100, deadline=None)
@given(policies(), policies())
def test_changes_lead_from_one_content_to_the_other(first: Options, second: Options) -> None:
    before, after = (elements_of(ruleset_of(each)[0]) for each in (first, second))
    held = {name: dict(found) for name, found in before.items()}
    for line in changes_text(before, after).splitlines():
        action, name, inside = re.fullmatch(r"(\w+) element inet openuc_filter (\S+) \{ (.*) \}", line).groups()  # type: ignore[union-attr]
        for text in inside.split(", "):
            key = re.split(r' comment "| : ', text)[0]
            if action == "delete":
                del held[name][key]
            else:
                assert key not in held.setdefault(name, {}), "an element that is there cannot be added"
                held[name][key] = after[name][key]
    assert {name: found for name, found in held.items() if found} == {n: f for n, f in after.items() if f}


# --- what was changed by hand -----------------------------------------------------------------------------------------

TEXT = native_text(compiled(rule("a", source="media")))


@pytest.mark.parametrize(
    ("there", "changed", "told"),
    [
        (
            "\t\tct state established,related accept\n",
            "\t\tct state established,related accept\n\t\tip saddr 10.9.9.9 drop\n",
            ["chain forward: ip saddr 10.9.9.9 drop"],
        ),
        ("\t\tct state established,related accept\n", "", ["chain forward: no ct state established,related accept"]),
        (
            "\tset protected {\n",
            "\tset mine {\n\t\ttype ipv4_addr\n\t}\n\tset protected {\n",
            ["set mine is none of ours"],
        ),
        (" : jump eth0_to_eth1", " : drop", ['ways: "eth0" . "eth1" : drop']),
    ],
)
def test_what_ours_never_hold_is_told(there: str, changed: str, told: list[str]) -> None:
    assert there in TEXT
    assert read_back(TEXT.replace(there, changed)).strange[: len(told)] == tuple(told)


def test_an_element_put_in_by_hand_is_an_entry_without_a_name() -> None:
    there = '10.31.0.41 . 10.31.0.32 . tcp . 443 comment "a"'
    assert there in TEXT
    found = read_back(TEXT.replace(there, f"{there},\n\t\t\t10.9.9.9 . 10.31.0.32 . tcp . 22"))
    assert {str(entry): names for entry, names in found.ruleset.accepts.items() if names != ("a",)} == {
        "eth0 > eth1: 10.9.9.9 to 10.31.0.32, tcp port 22": ("(no name)",)
    }
    assert found.strange == ()


@pytest.mark.parametrize("text", ["", "table inet filter {\n}\n", "table ip openuc_filter {\n}\n"])
def test_where_there_is_no_table_of_ours_nothing_is_found(text: str) -> None:
    assert of_text(text) is None


@pytest.mark.parametrize("text", ["{", '{"tables": []}', "[1]"])
def test_json_that_is_none_of_the_packet_filter_is_refused(text: str) -> None:
    with pytest.raises(ListingError, match="not what nft lists"):
        of_json(text)


@pytest.mark.parametrize("text", ["table inet openuc_filter {\n", "table inet openuc_filter {\n\tset x {\n"])
def test_text_that_ends_too_soon_is_refused(text: str) -> None:
    with pytest.raises(ListingError, match="ends within"):
        of_text(text)


@pytest.mark.parametrize(
    ("counter", "packets"), [("counter", []), ("counter packets 7 bytes 420", [7]), ("counter packets 0 bytes 0", [])]
)
def test_a_table_is_read_with_what_it_counted_and_without(counter: str, packets: list[int]) -> None:
    found = read_back(TEXT.replace('443 comment "a"', f'443 {counter} comment "a"', 1))
    assert (list(found.packets.values()), found.strange) == (packets, ())
    assert found.ruleset == read_back(TEXT).ruleset


@pytest.mark.parametrize("inside", ["10.9.9.9 counter packets many", "10.9.9.9 counter packets", "10.9.9.9 comment"])
def test_text_that_holds_no_element_is_refused(inside: str) -> None:
    with pytest.raises(ListingError, match=f"'{inside}': expected an element of a set"):
        of_text(f"table inet openuc_filter {{\n\tset x {{\n\t\telements = {{ {inside} }}\n\t}}\n}}\n")


# --- labels -----------------------------------------------------------------------------------------------------------


def test_names_that_are_too_long_for_a_comment_are_kept_beside() -> None:
    names = ("ocs2007r2.flow." + "a" * 100, "ocs2007r2.flow." + "b" * 100)
    label = label_of(names)
    assert len(label.encode()) <= LONGEST
    assert label.startswith("ocs2007r2.flow.aaa")
    assert names_of(label, {label: names}) == names
    assert names_of(label, {}) == (label,), "a label that nobody knows stands for itself"


def test_labels_of_names_that_begin_alike_differ() -> None:
    assert label_of(("x" * 200 + "a",)) != label_of(("x" * 200 + "b",))


def test_a_ruleset_of_nothing_is_a_table_that_lets_everything_pass() -> None:
    found = read_back(native_text(Ruleset()))
    assert (found.ruleset, found.strange) == (Ruleset(), ())
