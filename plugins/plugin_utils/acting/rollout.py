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
from ..rollout.walk import Wave
from .rollout_files import LEASE, LeaseFile, RolloutJournal, holder_of, private_folder

Result = dict[str, t.Any]
Variables = t.Mapping[str, t.Any]
RUN_FILE = "run.json"


@dataclasses.dataclass(frozen=True, slots=True)
class UnderWay:
    """A run. The same to every task of it, and gone with it."""

    run: str
    journal: str
    estate: str
    plan_dir: str
    check: bool
    options: t.Mapping[str, t.Any]
    waves: tuple[Wave, ...]
    undoes: str = ""

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
    waves = tuple(Wave(**{**wave, **_tuples(wave)}) for wave in told.pop("waves"))
    return UnderWay(waves=waves, **told)


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
