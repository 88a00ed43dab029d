# SPDX-License-Identifier: GPL-3.0-or-later
"""Every state at a real packet filter: predicted, applied, repeated, and kept for the next start."""

from __future__ import annotations

import json
import sys
import typing as t

import pytest

from tests.unit.module_utils.firewall.policies import options, rule

from .box import Box

DNAT = [{"kind": "dnat", "public": "203.0.113.41", "private": "10.31.0.41"}]
A = rule("a", destination="media", ports=["443"], nat=DNAT)
B = rule("b", destination="media", ports=["50000-59999"], protocol="udp")
C = rule("c", ports=["5061"], source="partners")
FOREIGN = """
table ip filter {
    chain forward { type filter hook forward priority 10; policy drop; ip saddr 10.9.9.9 accept; }
}
"""


def test_the_first_run_makes_the_table_and_the_files(box: Box) -> None:
    applied = box.four_runs(**options(A, B))
    assert applied["changed"] is True
    assert box.allowed() == {"a 443", "b 50000-59999"}
    assert box.boot_file.read_text().splitlines()[-1] == f'include "{box.own_file}"'
    assert oct(box.own_file.stat().st_mode & 0o777) == "0o600"


@pytest.mark.parametrize(
    ("state", "rules", "left"),
    [
        ("merged", [C], {"a 443", "b 50000-59999", "c 5061"}),
        ("replaced", [rule("b", destination="media", ports=["99"]), C], {"a 443", "b 99", "c 5061"}),
        ("overridden", [C], {"c 5061"}),
        ("deleted", [A], {"b 50000-59999"}),
    ],
)
def test_what_states_do(box: Box, state: str, rules: list[dict[str, t.Any]], left: set[str]) -> None:
    box.apply(A, B)
    box.four_runs(**options(*rules), state=state)
    assert box.allowed() == left


def test_deleting_leaves_nothing_behind(box: Box) -> None:
    box.boot_file.write_text("#!/usr/sbin/nft -f\n# ours\n")
    box.apply(A, B)
    box.four_runs(state="deleted")
    assert box.rules() == ""
    assert box.boot_file.read_text() == "#!/usr/sbin/nft -f\n# ours\n"
    assert not box.own_file.exists()


def test_undoing_puts_back_what_a_run_found(box: Box) -> None:
    box.apply(A, B)
    before = box.rules()
    changed = box.apply(C, state="overridden", run="the-run")
    assert changed["undo_id"] == "the-run"
    box.four_runs(state="restored", run="the-run")
    assert box.rules() == before


def test_undoing_the_first_run_removes_the_table(box: Box) -> None:
    first = box.apply(A)
    assert box.module(state="restored", run=first["undo_id"])["changed"] is True
    assert box.rules() == ""


def test_undoing_a_run_that_nobody_knows_is_refused(box: Box) -> None:
    box.apply(A, run="known")
    said = box.module(state="restored", run="unknown")
    assert said["failed"] is True
    assert "'unknown' is not stored here" in said["msg"]
    assert "stored are known" in said["msg"]


def test_what_is_gathered_is_taken_and_changes_nothing(box: Box) -> None:
    box.apply(A, B, C)
    gathered = box.gathered()
    assert gathered is not None
    assert gathered["rules"][0]["why"] == ["row.a"]
    assert box.module(**gathered, state="overridden")["changed"] is False


def test_where_nothing_is_nothing_is_gathered(box: Box) -> None:
    assert box.gathered() is None


def test_confirming_is_predicted_done_once_and_then_has_nothing_to_do(box: Box) -> None:
    run = box.apply(A, confirm_within=600)["undo_id"]
    assert box.four_runs(state="confirmed", run=run)["changed"] is True
    box.boot()
    assert box.allowed() == {"a 443"}


def test_rendered_files_are_predicted_written_once_and_then_stay(box: Box) -> None:
    written = box.four_runs(**options(A, B), state="rendered", rendered_dir=str(box.folder / "made"))
    assert written["changed"] is True
    assert (box.folder / "made/rules.nft").read_text() == written["rendered"]["rules.nft"]


@pytest.mark.parametrize("state", ["gathered", "parsed", "explained"])
def test_states_that_only_tell_change_nothing(box: Box, state: str) -> None:
    box.apply(A, B)
    before = box.rules(), box.files()
    packet = {
        "ingress": "eth0",
        "egress": "eth1",
        "protocol": "tcp",
        "source": "192.0.2.9",
        "destination": "10.31.0.41",
    }
    given = {"parsed": {"text": box.rules()}, "explained": {"packet": packet}}.get(state, {})
    assert box.four_runs(**given, state=state)["changed"] is False
    assert (box.rules(), box.files()) == before


def test_what_is_rendered_is_what_is_applied(box: Box) -> None:
    text = box.module(**options(A, B, C), state="rendered")["rendered"]["rules.nft"]
    box.run("nft", "-f", "-", input=text)
    loaded = box.rules()
    box.run("nft", "flush", "ruleset")
    box.apply(A, B, C)
    assert box.rules() == loaded
    assert box.own_file.read_text() == text


@pytest.mark.parametrize("flags", [[], ["-j"]])
def test_what_the_packet_filter_lists_is_parsed(box: Box, flags: list[str]) -> None:
    box.apply(A, B, C)
    listed = box.run("nft", *flags, "list", "table", "inet", "openuc_filter").stdout
    parsed = box.module(state="parsed", text=listed)["parsed"]
    # Names are in the table, their reasons are not.
    gathered = box.gathered()
    assert gathered is not None
    without = [{**each, "stage": "", "why": [], "replaces": ""} for each in gathered["rules"]]
    assert parsed == {**gathered, "rules": without}


def test_rules_are_in_force_again_after_a_start(box: Box) -> None:
    box.apply(A, B)
    before = box.rules()
    box.boot()
    assert box.rules() == before
    assert box.module(**options(A, B))["changed"] is False


def test_rules_that_a_start_would_not_load_are_kept_by_the_next_run(box: Box) -> None:
    box.apply(A)
    box.own_file.unlink()
    said = box.apply(A)
    assert [each["name"] for each in said["operations"]] == [str(box.own_file)]
    assert box.own_file.exists()


# --- what is not ours -------------------------------------------------------------------------------------------------


def test_tables_of_others_stay_and_are_told(box: Box) -> None:
    box.run("nft", "-f", "-", input=FOREIGN)
    before = box.run("nft", "list", "table", "ip", "filter").stdout
    said = box.apply(A)
    assert said["foreign"] == ["table ip filter", "chain ip filter forward drops by default what is forwarded"]
    box.module(state="deleted")
    assert box.run("nft", "list", "table", "ip", "filter").stdout == before


def test_a_table_of_another_family_with_our_name_is_somebody_elses(box: Box) -> None:
    box.run("nft", "-f", "-", input="table ip openuc_filter { set protected { type ipv4_addr; }; }")
    before = box.run("nft", "list", "table", "ip", "openuc_filter").stdout
    assert box.apply(A)["foreign"] == ["table ip openuc_filter"]
    assert box.run("nft", "list", "table", "ip", "openuc_filter").stdout == before


def test_a_table_with_our_name_that_we_did_not_make_is_left_alone(box: Box) -> None:
    box.run("nft", "-f", "-", input="table inet openuc_filter { chain mine { tcp dport 22 accept; }; }")
    before = box.rules()
    for check_mode in (True, False):
        said = box.module(check_mode=check_mode, **options(A))
        assert said["failed"] is True
        assert said["msg"].startswith("table inet openuc_filter is there, and was not made by this module: ")
        assert "nft delete table inet openuc_filter" in said["msg"]
    assert box.rules() == before


def test_what_was_changed_by_hand_is_told_and_put_right(box: Box) -> None:
    box.apply(A, B)
    before = box.rules()
    box.run("nft", "insert", "rule", "inet", "openuc_filter", "forward", "ip", "saddr", "10.9.9.9", "accept")
    box.run("nft", "add", "element", "inet", "openuc_filter", "eth0_to_eth1/to-port", "{ 10.31.0.41 . tcp . 22 }")
    said = box.four_runs(**options(A, B))
    assert [(each["action"], each["name"], each["before"]) for each in said["operations"]] == [
        ("remove", "by hand", "chain forward: ip saddr 10.9.9.9 accept"),
        ("remove", "eth0 > eth1: any to 10.31.0.41, tcp port 22", "accept for (no name)"),
    ]
    assert box.rules() == before


def test_undoing_also_puts_back_what_was_changed_by_hand_before_it_is_confirmed(box: Box) -> None:
    box.apply(A)
    box.run("nft", "insert", "rule", "inet", "openuc_filter", "forward", "ip", "saddr", "10.9.9.9", "accept")
    before = box.rules()
    said = box.apply(A, confirm_within=60)
    box.module(state="restored", run=said["undo_id"])
    assert box.rules() == before


# --- what stops a run -------------------------------------------------------------------------------------------------


def test_a_run_that_would_remove_much_stops(box: Box) -> None:
    many = [rule(f"r{number:02}", destination="media", ports=[str(number)]) for number in range(1, 21)]
    box.apply(*many)
    before = box.rules()
    stopped = box.apply(*many[:10], state="overridden")
    assert stopped["failed"] is True
    assert stopped["msg"].startswith("nothing was changed, since 10 of our 20 rules would go")
    assert "set most_deleted_ratio: 0.5 for this run" in stopped["msg"]
    assert box.rules() == before
    assert box.apply(*many[:10], state="overridden", most_deleted_ratio=0.5)["changed"] is True


def test_wrong_options_change_nothing_and_all_are_told(box: Box) -> None:
    said = box.apply(rule("a", source="nobody"), rule("b", ports=["x"]))
    assert said["msg"].splitlines()[0] == "2 problem(s) with the options; nothing was done:"
    assert box.rules() == ""
    assert box.files() == {}


WITHOUT_NFT = """
from ansible_collections.openuc.ocs.plugins.module_utils.firewall import nft
from ansible_collections.openuc.ocs.plugins.modules import firewall_rules
nft.shutil.which = lambda *_arguments, **_named: None
firewall_rules.main()
"""


def test_without_a_packet_filter_a_check_says_what_it_would_need(box: Box) -> None:
    def found(check_mode: bool) -> dict[str, t.Any]:
        arguments = box.arguments(**options(A), _ansible_check_mode=check_mode)
        command = (sys.executable, "-c", WITHOUT_NFT)
        said: dict[str, t.Any] = json.loads(
            box.run(*command, check=False, input=arguments, env=box.environment()).stdout
        )
        return said

    predicted = found(check_mode=True)
    assert (predicted["changed"], predicted["would_need"]) == (True, ["nftables"])
    assert found(check_mode=False)["msg"] == "nft is not there; install nftables"


# --- explaining -------------------------------------------------------------------------------------------------------

PACKET = {
    "ingress": "eth0",
    "egress": "eth1",
    "protocol": "tcp",
    "source": "192.0.2.1",
    "destination": "203.0.113.41",
    "port": 443,
}


def test_a_packet_is_explained_from_the_live_table(box: Box) -> None:
    box.apply(A, B)
    found = box.module(state="explained", packet=PACKET)["explanation"]
    assert found["verdict"] == "accepted"
    assert found["rules"] == [{"id": "a", "stage": "external_access", "why": ["row.a"]}]
    assert found["destination"] == "10.31.0.41"


def test_a_packet_is_explained_from_rules_that_are_not_applied(box: Box) -> None:
    found = box.module(**options(B), state="explained", packet=PACKET | {"destination": "10.31.0.41"})["explanation"]
    assert (found["verdict"], found["rules"]) == ("refused", [])
    assert box.rules() == ""


def test_without_a_table_there_is_nothing_to_explain(box: Box) -> None:
    assert "there is no table inet openuc_filter here" in box.module(state="explained", packet=PACKET)["msg"]
