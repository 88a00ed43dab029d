# SPDX-License-Identifier: GPL-3.0-or-later
"""How modules begin and end."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.shell import finish, options_of


class EndedError(Exception):
    """What AnsibleModule ends with."""


class Module:
    def __init__(self, **params: t.Any) -> None:
        self.params = params
        self.warned: list[str] = []

    def warn(self, warning: str) -> None:
        self.warned.append(warning)

    def fail_json(self, msg: str, **told: t.Any) -> t.NoReturn:
        raise EndedError("failed", {"msg": msg, **told})

    def exit_json(self, **told: t.Any) -> t.NoReturn:
        raise EndedError("fine", told)


def test_options_that_the_module_can_use_are_handed_on() -> None:
    assert options_of(Module(state="replaced", slice=None)) == {"state": "replaced", "slice": None}


@pytest.mark.parametrize(
    ("given", "named"),
    [({"slice": "x", "stages": None}, "slice"), ({"slice": "x", "stages": []}, "slice, stages"), ({"dns": []}, "dns")],
)
def test_what_only_the_action_reads_is_refused_by_name(given: dict[str, t.Any], named: str) -> None:
    with pytest.raises(EndedError) as ended:
        options_of(Module(**given))
    how, told = ended.value.args
    assert how == "failed"
    assert told["msg"] == f"{named}: read by the action plugin of the same name; run the module as a task of Ansible"


def test_an_engine_says_how_its_module_ends() -> None:
    module = Module()
    with pytest.raises(EndedError) as ended:
        finish(module, {"changed": True, "warnings": ["mind this"]})
    assert ended.value.args == ("fine", {"changed": True})
    assert module.warned == ["mind this"]


def test_a_failure_keeps_what_is_known_besides() -> None:
    with pytest.raises(EndedError) as ended:
        finish(Module(), {"failed": True, "msg": "no way", "unknown_run": True})
    assert ended.value.args == ("failed", {"msg": "no way", "unknown_run": True})
