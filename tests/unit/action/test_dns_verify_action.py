# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that cannot be asked give a warning; what the module finds is handed on."""

from __future__ import annotations

import typing as t

import pytest
from ansible.errors import AnsibleConnectionFailure

from ansible_collections.openuc.ocs.plugins.action import dns_verify

Result = dict[str, t.Any]


def run(monkeypatch: pytest.MonkeyPatch, answer: Result | Exception) -> Result:
    def execute(_self: object, **_given: t.Any) -> Result:
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(dns_verify.ActionBase, "run", lambda *_given: {})
    monkeypatch.setattr(dns_verify.ActionModule, "_execute_module", execute)
    return dns_verify.ActionModule.__new__(dns_verify.ActionModule).run(None, {})


@pytest.mark.parametrize("answer", [{"changed": False, "wrong": []}, {"failed": True, "wrong": ["x"], "msg": "x"}])
def test_what_the_module_found_is_the_result(monkeypatch: pytest.MonkeyPatch, answer: Result) -> None:
    assert run(monkeypatch, answer) == answer


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (AnsibleConnectionFailure("no route to host"), "it cannot be reached: no route to host"),
        ({"failed": True, "msg": "python3: not found"}, "python3: not found"),
    ],
)
def test_a_host_that_cannot_be_asked_is_told_of(
    monkeypatch: pytest.MonkeyPatch, answer: Result | Exception, why: str
) -> None:
    assert run(monkeypatch, answer) == {
        "changed": False,
        "wrong": [],
        "resolvers": [],
        "warnings": [f"its resolvers were not asked: {why}"],
    }
