# SPDX-License-Identifier: GPL-3.0-or-later
"""What the actions of the roll-out share: the run under way, read from where it was begun."""

from __future__ import annotations

import dataclasses
import json
import typing as t
from pathlib import Path

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase

from ...module_utils.files import FileError, write_whole
from ..rollout import lease as leases
from ..rollout.blueprint import Blueprint, SliceFile, blueprint_of
from ..rollout.walk import Selection, Wave
from .rollout_files import LEASE, LeaseFile, RolloutJournal, holder_of, private_folder

Result = dict[str, t.Any]
Variables = t.Mapping[str, t.Any]
RUN_FILE = "run.json"


@dataclasses.dataclass(frozen=True, slots=True)
class UnderWay:
    """A run. The same to every task of it, and gone with it. Its waves are the fewer after its looks."""

    run: str
    journal: str
    estate: str
    plan_dir: str
    check: bool
    options: t.Mapping[str, t.Any]
    waves: tuple[Wave, ...]
    undoes: str = ""
    looks: tuple[Wave, ...] = ()
    selected: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)

    @property
    def selection(self) -> Selection:
        """What the run was begun for."""
        told = self.selected
        hosts, mechanisms = frozenset(told["hosts"]), frozenset(told["mechanisms"])
        return Selection(tuple(told["stages"]), hosts, mechanisms, told["verifies"])

    @property
    def log(self) -> RolloutJournal:
        return RolloutJournal(Path(self.journal))

    @property
    def lease(self) -> LeaseFile:
        return LeaseFile(Path(self.estate) / "journal" / LEASE)

    def wave(self, name: str) -> Wave:
        found = next((wave for wave in self.waves if wave.id == name), None)
        if found is None:
            raise AnsibleError(f"wave: {name}: this run has no such wave")
        return found

    def following(self, wave: Wave) -> tuple[Wave, ...]:
        return self.waves[self.waves.index(wave) + 1 :]

    def renew(self) -> None:
        if not self.check:
            self.lease.renew(holder_of(self.run))

    def close(self, verdict: str, reason: str = "") -> None:
        """The run's last word, whatever comes after it."""
        self.log.add("ended", self.run, {"verdict": verdict, "reason": reason})
        if not self.check:
            self.lease.release(self.run)

    def stop(self, place: str, words: str) -> Result:
        """The result of the task that ends the run, at a wave or where it looks."""
        self.log.add("stopped", self.run, {"wave": place, "reason": words})
        self.close("stopped", words)
        return {"failed": True, "msg": words}

    def save(self) -> None:
        content = json.dumps({**dataclasses.asdict(self)})
        write_whole(private_folder() / RUN_FILE, content.encode())


def under_way() -> UnderWay:
    """The run that was begun in this run of Ansible."""
    found = under_way_or_none()
    if found is None:
        raise AnsibleError("no roll-out is under way; openuc.ocs.rollout begins one")
    return found


def under_way_or_none() -> UnderWay | None:
    """The same, for those who work without a roll-out too."""
    try:
        told = json.loads((private_folder() / RUN_FILE).read_bytes())
    except FileNotFoundError:
        return None
    waves, looks = (tuple(Wave(**{**wave, **_tuples(wave)}) for wave in told.pop(name)) for name in ("waves", "looks"))
    return UnderWay(waves=waves, looks=looks, **told)


def _tuples(wave: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {
        "steps": tuple(wave["steps"]),
        "hosts": tuple(wave["hosts"]),
        "stages": {host: tuple(stages) for host, stages in wave["stages"].items()},
    }


def planned(folder: Path) -> t.Mapping[str, t.Any]:
    """The content of plan.json."""
    try:
        return t.cast("dict[str, t.Any]", json.loads((folder / "plan.json").read_bytes()))
    except (OSError, ValueError) as error:
        raise AnsibleError(
            f"{folder / 'plan.json'} cannot be read ({error}); plan first, with openuc.ocs.plan"
        ) from error


def blueprint_in(folder: Path, stages: t.Mapping[str, str]) -> Blueprint:
    """The plan in a folder, as a roll-out sees it."""
    return blueprint_of(planned(folder), stages, slices_in(folder))


def slices_in(folder: Path) -> t.Iterator[SliceFile]:
    """The slices of the plan in a folder."""
    root = folder / "slices"
    return (_slice(path, root) for path in sorted(root.rglob("*.json")))


def _slice(path: Path, folder: Path) -> SliceFile:
    """slices/<module>/<target>.json, or slices/<module>/<target>/<part>.json where a target has several."""
    module, target, *_part = path.relative_to(folder).with_suffix("").parts
    return SliceFile(module, target, json.loads(path.read_bytes()))


def selected(selection: Selection) -> dict[str, t.Any]:
    """A selection as it is kept with its run."""
    return {
        "stages": list(selection.stages),
        "hosts": sorted(selection.hosts),
        "mechanisms": sorted(selection.mechanisms),
        "verifies": selection.verifies,
    }


class RolloutAction(ActionBase):  # type: ignore[misc]
    """An action of the roll-out: it needs no connection, and says plainly what keeps it from working."""

    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> Result:
        super().run(tmp, task_vars)
        try:
            return self.act(task_vars or {})
        except leases.HeldError as error:
            return {"failed": True, "msg": str(error)}
        except FileError as error:
            return {
                "failed": True,
                "msg": f"the journal of the roll-out cannot be kept: {error}. Nothing more is changed",
            }

    def act(self, variables: Variables) -> Result:
        raise NotImplementedError

    def given(self, name: str) -> str:
        value = self._task.args.get(name)
        if not value:
            raise AnsibleError(f"{name}: missing")
        return str(value)
