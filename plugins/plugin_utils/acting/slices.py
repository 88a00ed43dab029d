# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the action plugins of all mechanisms share: slices by path, the folder of the estate, addresses of servers.

A slice never passes through Jinja or a registered variable: 10,000 records cost 2 s that way, and 0.2 s by path.
"""

from __future__ import annotations

import gc
import json
import os
import typing as t
from pathlib import Path

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase
from ansible.template import Templar

from .compared import Compared, keep_comparison
from .operations import record

Arguments = dict[str, t.Any]
Result = dict[str, t.Any]
Variables = t.Mapping[str, t.Any]
# A folder on the controller; where it is set, check mode leaves there what differs between what is live and planned.
COMPARED: t.Final = "_openuc_compared_dir"
_OFFLINE: t.Final = ("rendered", "parsed", "gathered", "explained")


class SliceAction(ActionBase):  # type: ignore[misc]
    """An action that hands the slice of its target to the module of the same name."""

    mechanism: t.ClassVar[str]

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> Result:
        variables = task_vars or {}
        # This process was forked for one task of one host. Nothing that it was forked with becomes garbage, and looking
        # for it there takes a third of the time in which Ansible builds a module.
        gc.freeze()
        result: Result = super().run(tmp, variables)
        try:
            result.update(self.act(variables))
        except AnsibleError as error:
            self._compared(variables, {"failed": True, "msg": str(error)})
            raise
        if self._compared(variables, result):
            # Who asks for a comparison tells what differs. A recap that said "changed" would say what is not so.
            result["changed"] = False
        record(self._task, variables, result)
        return result

    def act(self, variables: Variables) -> Result:
        """What the mechanism does; the result of the task."""
        raise NotImplementedError

    def _compared(self, variables: Variables, result: Result) -> bool:
        """Keep what check mode says, where somebody asks for it. What is done once for all the controller does."""
        folder = self._templar.template(variables.get(COMPARED) or "")
        if not folder or not self._task.check_mode or self._task.args.get("state") in _OFFLINE:
            return False
        host = "" if self._task.run_once else str(variables.get("inventory_hostname", ""))
        module = self._task.action.rpartition(".")[2]
        slices = json.dumps(self._task.args.get("slice"), default=str)
        keep_comparison(Path(folder), Compared(module, host, slices), result)
        return True

    def sliced(self) -> Arguments:
        """The task's arguments over those of its `slice`, which holds the items of `stages` only, where these are set.

        What the task says goes before what a slice says.
        """
        arguments = dict(self._task.args)
        path, stages = arguments.pop("slice", None), arguments.pop("stages", None)
        if path is None:
            return arguments
        return {**staged(read_slice(str(path), self.mechanism), stages), **arguments}

    def sliced_many(self, listed: str, own: t.Collection[str]) -> Arguments:
        """The same with several slices, which become the items of one option; `own` are the options of an item.

        A folder stands for the slices in it.
        """
        arguments = dict(self._task.args)
        named, stages = arguments.pop("slice"), arguments.pop("stages", None)
        paths = [path for each in named for path in slices_at(str(each))]
        return joined(arguments, [staged(read_slice(path, self.mechanism), stages) for path in paths], listed, own)

    def journal_dir(self, variables: Variables) -> str | None:
        """For a mechanism that works on the controller: a folder beside the plan, in the estate's journal."""
        estate = estate_dir(self._templar, variables)
        return str(estate / "journal" / self.mechanism) if estate else None


def estate_dir(templar: Templar, variables: Variables, given: object = None) -> Path | None:
    """Where plans and journals are: what the task or the inventory says, or a folder beside the inventory's.

    Not the inventory's own: Ansible takes every file below a folder it is given for an inventory. None where an
    inventory has no place.
    """
    chosen = given or templar.template(variables.get("uc_estate_dir") or "")
    inventory = variables.get("inventory_dir")
    if not chosen and not inventory:
        return None
    return Path(os.path.abspath(os.path.expanduser(str(chosen) if chosen else f"{inventory}.estate")))


def joined(arguments: Arguments, slices: t.Sequence[Arguments], listed: str, own: t.Collection[str]) -> Arguments:
    """The arguments of a task over those of several slices, which become the items of one option."""
    states = sorted({str(each.get("state", "replaced")) for each in slices})
    if "state" not in arguments and len(states) > 1:
        raise AnsibleError(f"slice: the slices differ in state ({', '.join(states)}); set state")
    ours = {name: value for name, value in arguments.items() if name in own}
    common = {name: value for name, value in arguments.items() if name not in own}
    items = [{name: value for name, value in {**each, **ours}.items() if name != "state"} for each in slices]
    return {**({"state": states[0]} if len(states) == 1 else {}), **common, listed: items}


def slices_at(path: str) -> list[str]:
    """The slices of a folder, or the one that is named."""
    folder = Path(os.path.abspath(os.path.expanduser(path)))
    return sorted(str(each) for each in folder.glob("*.json")) if folder.is_dir() else [path]


def read_slice(path: str, mechanism: str) -> Arguments:
    """The content of a slice."""
    found = os.path.abspath(os.path.expanduser(path))
    try:
        with open(found, encoding="utf-8") as file:
            content = json.load(file)
    except OSError as error:
        raise AnsibleError(
            f"slice: {found}: {error.strerror}; slices are made by openuc.ocs.plan, in intended/slices/{mechanism}"
        ) from error
    except ValueError as error:
        raise AnsibleError(f"slice: {found} is no JSON ({error}); plan again") from error
    if not isinstance(content, dict):
        raise AnsibleError(f"slice: {found}: expected a mapping, got {type(content).__name__}; plan again")
    return content


def staged(content: Arguments, stages: t.Sequence[str] | None) -> Arguments:
    """A slice as it is when the given stages have been reached, all of them when none are given: their items, without
    those that they replace.
    """
    wanted = None if stages is None else frozenset([stages] if isinstance(stages, str) else stages)
    lists = {key: value for key, value in content.items() if isinstance(value, list)}
    reached = {key: [item for item in value if _is_reached(item, wanted)] for key, value in lists.items()}
    replaced = {
        item["replaces"]
        for items in reached.values()
        for item in items
        if isinstance(item, dict) and item.get("replaces")
    }
    return {**content, **{key: [item for item in items if _id(item) not in replaced] for key, items in reached.items()}}


def _is_reached(item: object, wanted: t.Collection[str] | None) -> bool:
    return wanted is None or not isinstance(item, dict) or "stage" not in item or item["stage"] in wanted


def _id(item: object) -> object:
    """Of an item of a plan; None for all else."""
    return item.get("id") if isinstance(item, dict) else None


def service_address(server: str, variables: Variables) -> str:
    """The address at which a server of the inventory serves, or nothing for a server that is not in it."""
    hostvars = variables.get("hostvars") or {}
    given = hostvars[server].get("uc_addresses") if server in hostvars else None
    if isinstance(given, dict):
        given = next(iter(given.values()), "")
    if isinstance(given, (list, tuple)):
        given = given[0] if given else ""
    return str(given or "").split("/", maxsplit=1)[0]
