# SPDX-License-Identifier: GPL-3.0-or-later
"""What every module of a mechanism does around its engine. Private to the collection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn, Protocol


class Module(Protocol):
    """What is needed of AnsibleModule."""

    params: dict[str, Any]

    def warn(self, warning: str) -> None: ...
    def fail_json(self, msg: str, **kwargs: Any) -> NoReturn: ...
    def exit_json(self, **kwargs: Any) -> NoReturn: ...


# Options that the action plugin of the same name reads on the controller, and never passes on.
READ_BY_ACTION = ("slice", "stages", "dns")


def options_of(module: Module) -> dict[str, Any]:
    """The options; the module fails where it was not run through its action plugin and would have to be."""
    problem = unsliced(module.params)
    if problem:
        module.fail_json(msg=problem)
    return module.params


def unsliced(options: Mapping[str, Any]) -> str:
    """Why a module that was not run through its action plugin cannot work; empty when it can."""
    given = [name for name in READ_BY_ACTION if options.get(name) is not None]
    if not given:
        return ""
    return f"{', '.join(given)}: read by the action plugin of the same name; run the module as a task of Ansible"


def finish(module: Module, found: Mapping[str, Any]) -> NoReturn:
    """End as an engine says: `failed` with `msg` or not, after its `warnings`."""
    told = {name: value for name, value in found.items() if name not in ("warnings", "failed")}
    for warning in found.get("warnings", ()):
        module.warn(warning)
    if found.get("failed"):
        module.fail_json(**told)
    module.exit_json(**told)
