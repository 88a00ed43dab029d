# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of the module as targets, and everything that is wrong with them."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.registry import jobs
from ansible_collections.openuc.ocs.plugins.module_utils.specs import QOS_REGISTRY

VALUE = {"hive": "HKLM", "key": r"SOFTWARE\Contoso", "name": "A", "type": "REG_DWORD", "data": 1}
ACCOUNTS = {"default": {"user": "openuc", "domain": "CORP"}}
PASSWORDS = {"default": "secret of the default account"}


def options(**given: t.Any) -> dict[str, t.Any]:
    defaults = {name: spec.get("default") for name, spec in QOS_REGISTRY.items()}
    return {**defaults, "accounts": ACCOUNTS, "passwords": PASSWORDS, "journal_dir": "/nowhere", **given}


def problems(**given: t.Any) -> list[str]:
    asked = options(**given)
    return [*jobs.targets_of(asked)[1], *jobs.common_problems(asked)]


def test_a_host_and_a_policy_with_their_accounts() -> None:
    accounts = {**ACCOUNTS, "dmz": {"user": "edge", "oldest_protocol": "NT1"}}
    found, wrong = jobs.targets_of(
        options(
            accounts=accounts,
            passwords={**PASSWORDS, "dmz": "another"},
            targets=[
                {"target": "edge1", "account": "dmz", "values": [VALUE]},
                {"target": "hq", "gpo": "UC", "domain_controller": "dc1.corp.contoso.com", "values": []},
            ],
        )
    )
    assert wrong == []
    edge, hq = found
    assert (edge.account.user, edge.account.oldest_protocol, edge.shown) == ("edge", "NT1", "edge1")
    assert (hq.account.user, hq.account.oldest_protocol) == ("openuc", "SMB2")
    assert (hq.domain, hq.shown) == ("corp.contoso.com", "UC of corp.contoso.com")


def test_the_only_account_needs_no_name() -> None:
    accounts, passwords = {"policies": {"user": "p"}}, {"policies": "secret"}
    found, wrong = jobs.targets_of(options(target="fe1", values=[], accounts=accounts, passwords=passwords))
    assert wrong == []
    assert found[0].account.user == "p"


def test_passwords_are_not_shown_by_chance() -> None:
    found, _wrong = jobs.targets_of(options(target="fe1", values=[]))
    assert PASSWORDS["default"] not in repr(found)


def test_replaced_items_of_a_plan_are_left_out() -> None:
    old = {**VALUE, "id": "old", "stage": "a", "why": ["row"], "replaces": ""}
    new = {**VALUE, "data": 2, "id": "new", "stage": "b", "why": ["row", "other"], "replaces": "old"}
    found, wrong = jobs.targets_of(options(target="fe1", values=[old, new]))
    assert wrong == []
    assert [(wanted.value.shown, wanted.why) for wanted in found[0].want] == [("REG_DWORD 2", "row other")]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"values": []}, "target: is missing"),
        ({"target": "fe1"}, "values: is missing; write [] for none"),
        ({"target": "fe1", "values": {}}, "values: expected a list, got dict"),
        ({"target": "fe1", "values": [{**VALUE, "hive": "HKCR"}]}, "values[0].hive: 'HKCR' is none of HKLM, HKCU"),
        ({"target": "fe1", "values": [{**VALUE, "dta": 1}]}, "values[0].dta: no such option; did you mean data?"),
        (
            {"target": "fe1", "values": [{**VALUE, "hive": "HKCU"}]},
            r"values[0].hive: HKCU\SOFTWARE\Contoso:A: of a host only HKLM is changed; for users name a gpo",
        ),
        (
            {"target": "fe1", "values": [VALUE, {**VALUE, "name": "a"}]},
            r"values[1]: HKLM\SOFTWARE\Contoso:a is given in values[0] already; leave one",
        ),
        ({"target": "hq", "gpo": "UC", "values": []}, "domain_controller: is missing"),
        ({"targets": {}}, "targets: expected a list, got {}"),
        ({"targets": ["fe1"]}, "targets[0]: expected a mapping, got 'fe1'"),
        (
            {"targets": [{"target": "fe1", "vaules": []}]},
            "targets[0].vaules: no such option; did you mean values?",
        ),
        (
            {"targets": [{"target": "fe1", "values": []}, {"target": "FE1", "values": []}]},
            "targets[1]: FE1 is given in targets[0] already; leave one",
        ),
        ({"target": "fe1", "values": [], "account": "defualt"}, "account: 'defualt' is none of default; did you mean"),
        ({"target": "fe1", "values": [], "accounts": {}, "passwords": {}}, "accounts: is missing"),
        (
            {"target": "fe1", "values": [], "accounts": {"default": {"user": "u", "password": "x"}}},
            "accounts.default.password: belongs into passwords.default, which is never shown",
        ),
        (
            {"target": "fe1", "values": [], "accounts": {"default": "u"}},
            "accounts.default: expected a mapping, got str",
        ),
        ({"target": "fe1", "values": [], "accounts": {"default": {}}}, "accounts.default.user: is missing"),
        (
            {"target": "fe1", "values": [], "passwords": {}},
            "passwords.default: is missing; give the password of openuc",
        ),
        (
            {"target": "fe1", "values": [], "passwords": {**PASSWORDS, "defaults": "x"}},
            "passwords.defaults: is the password of no account; did you mean default?",
        ),
        (
            {"target": "fe1", "values": [], "accounts": {"default": {"user": "u", "authentication": "kerberos"}}},
            "accounts.default.realm: is missing",
        ),
        ({"target": "fe1", "state": "gathered", "keys": ["SOFTWARE"]}, "keys[0]: 'SOFTWARE' begins with no hive"),
        ({"target": "fe1", "state": "gathered", "keys": "HKLM\\"}, "keys[0]: expected a path below the hive"),
        ({"target": "fe1", "state": "restored"}, "run: is missing"),
        ({"target": "fe1", "values": [], "journal_dir": None}, "journal_dir: is missing"),
        ({"target": "fe1", "values": [], "most_deleted": -1}, "most_deleted: expected 0 or more, got -1"),
        ({"target": "fe1", "values": [], "most_deleted_ratio": 1.5}, "most_deleted_ratio: expected 0 to 1, got 1.5"),
        ({"target": "fe1", "values": [], "at_once": 0}, "at_once: expected 1 or more, got 0"),
        ({"target": "fe1", "values": [], "timeout": 0}, "timeout: expected more than 0 seconds, got 0"),
    ],
)
def test_what_is_wrong_is_said(given: dict[str, t.Any], expected: str) -> None:
    found = problems(**given)
    assert any(problem.startswith(expected) for problem in found), found


def test_no_message_holds_a_password() -> None:
    accounts = {"default": {"user": "u", "password": PASSWORDS["default"]}}
    assert PASSWORDS["default"] not in "".join(problems(target="fe1", values=[], accounts=accounts))


def test_problems_of_all_targets_are_told_at_once() -> None:
    found = problems(targets=[{"target": "fe1"}, {"values": [{**VALUE, "data": "x"}]}], timeout=-1)
    assert [problem.partition(":")[0] for problem in found] == [
        "targets[0].values",
        "targets[1].target",
        "targets[1].values[0].data",
        "timeout",
    ]


def test_files_are_rendered_and_parsed_without_any_account() -> None:
    for state in jobs.OFFLINE:
        assert problems(state=state, target="fe1", values=[VALUE], accounts=None, passwords=None) == []
