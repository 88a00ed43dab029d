# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Begins and ends a run of the roll-out."""

from __future__ import annotations

import dataclasses
import functools
import json
import typing as t
from pathlib import Path

import yaml
from ansible.errors import AnsibleError

from ..module_utils.files import make_folder
from ..module_utils.journal import run_id
from ..plugin_utils.acting.compared import comparisons_in
from ..plugin_utils.acting.issuing import MECHANISM as CERTIFYING
from ..plugin_utils.acting.issuing import stages_to_issue
from ..plugin_utils.acting.rollout import (
    Result,
    RolloutAction,
    UnderWay,
    Variables,
    blueprint_in,
    selected,
    slices_in,
    under_way,
)
from ..plugin_utils.acting.rollout_files import (
    JOURNAL,
    LEASE,
    LeaseFile,
    RolloutJournal,
    copy_for_check,
    holder_of,
    private_folder,
)
from ..plugin_utils.acting.slices import estate_dir
from ..plugin_utils.catalogue import loader
from ..plugin_utils.catalogue.facts import StageFact
from ..plugin_utils.intended import MANIFEST, digest
from ..plugin_utils.json_text import plain
from ..plugin_utils.rollout.approval import refusal
from ..plugin_utils.rollout.blueprint import MECHANISMS, Blueprint
from ..plugin_utils.rollout.checkpoints import unknown
from ..plugin_utils.rollout.choice import RefusedError, choose
from ..plugin_utils.rollout.looks import differing, looks_of, silent_words
from ..plugin_utils.rollout.report import status_lines
from ..plugin_utils.rollout.service import balancers_of, drained
from ..plugin_utils.rollout.standing import Standing, standing_of
from ..plugin_utils.rollout.undoing import NothingToUndoError, Undoing, undoing_of
from ..plugin_utils.rollout.walk import Selection, Wave, walk
from ..plugin_utils.schema.decode import Reader, decode
from ..plugin_utils.topology.build import RUN_VARIABLES
from ..plugin_utils.topology.inputs.run import RunInput, WavesInput
from ..plugin_utils.topology.inventory import PREFIX

CONFIRMED_FILE = "confirmed.yml"
# Mechanisms that change a server itself, and so are applied by the role of its type where that does them.
ON_SERVERS = ("certificates", "publications", "qos")
ROLES = Path(__file__).parents[2] / "roles"
Drains = t.Mapping[str, t.Sequence[str]]


class ActionModule(RolloutAction):
    """The `rollout` action."""

    _VALID_ARGS = frozenset(("state", "mechanisms"))

    def act(self, variables: Variables) -> Result:
        state = self.given("state")
        if state == "looked":
            return self._looked(variables)
        if state == "ended":
            return self._end()
        if state not in ("begun", "undoing", "told"):
            raise AnsibleError(f"state: {state}: expected begun, looked, undoing, ended or told")
        estate = estate_dir(self._templar, variables)
        if estate is None:
            raise AnsibleError("the inventory is no file, so the journal has no place: set uc_estate_dir to a folder")
        plan_dir = private_folder() / "plan"
        blueprint = blueprint_in(plan_dir, all_stages())
        journal = RolloutJournal(estate / "journal" / JOURNAL)
        if state == "told":
            return self._told(estate, plan_dir, blueprint, journal)
        asked = self._asked(variables, estate, blueprint)
        try:
            return self._begin(variables, estate, plan_dir, blueprint, journal, asked, undoing=state == "undoing")
        except (RefusedError, NothingToUndoError) as error:
            return {"failed": True, "msg": str(error)}

    def _begin(
        self,
        variables: Variables,
        estate: Path,
        plan_dir: Path,
        blueprint: Blueprint,
        journal: RolloutJournal,
        asked: RunInput,
        *,
        undoing: bool,
    ) -> Result:
        manifest = _manifest(plan_dir)
        wrong = refusal(_manifest(_approved_folder(asked.approved)), manifest) if asked.approved else ""
        if wrong:
            raise RefusedError(f"uc_approved: {asked.approved}: {wrong}")
        history = journal.history()
        standing = standing_of(history)
        tags, skipped = variables.get("ansible_run_tags", ["all"]), variables.get("ansible_skip_tags", [])
        hosts = tuple(variables["ansible_play_hosts_all"])
        selection = self._able(blueprint, choose(blueprint, asked, standing, hosts, tags, skipped), asked)
        undone = undoing_of(history, asked.run, selection.hosts, selection.mechanisms) if undoing else None
        waves = undone.waves if undone else walk(blueprint, selection, standing, asked.waves)
        looks = () if undone else looks_of(waves, standing)
        run = self._under_way(estate, plan_dir, journal, asked, selection, waves, looks, undone.run if undone else "")
        plan = digest((plan_dir / MANIFEST).read_bytes())
        about = {"plan": plan, "inventory": manifest.get("input"), "hosts": len(hosts), "undoes": run.undoes}
        self._begun(run, standing, asked, about)
        if undone:
            self._tell_undoing(undone)
        return self._walked(run, blueprint, standing, variables)

    def _walked(self, run: UnderWay, blueprint: Blueprint, standing: Standing, variables: Variables) -> Result:
        """The looks and waves of a run, for its tasks."""
        plan_dir, hosts, groups = Path(run.plan_dir), tuple(variables["ansible_play_hosts_all"]), variables["groups"]
        slices = tuple(slices_in(plan_dir))
        balancers = {} if run.undoes else balancers_of(slices)
        drains = [drained(wave, balancers, standing) for wave in run.waves]
        reached = _reached(blueprint, standing)
        waves = _waves_for_tasks(run, hosts, drains, stages_to_issue(run.waves, slices, reached), groups)
        looks = _looks_for_tasks(run, stages_to_issue(run.looks, slices, reached))
        return {"changed": False, "run": run.run, "plan_dir": run.plan_dir, "waves": waves, "looks": looks}

    def _looked(self, variables: Variables) -> Result:
        """The run without waves for those that were seen to be as planned."""
        run = under_way()
        silent = silent_words(run.looks, frozenset(variables["ansible_play_hosts"]))
        if silent:
            return run.stop("look", silent)
        blueprint = blueprint_in(Path(run.plan_dir), all_stages())
        found = {look.mechanism: differing(look, comparisons_in(_folder_of(look))) for look in run.looks}
        as_planned = {
            look.mechanism: [host for host in look.hosts if host not in found[look.mechanism]] for look in run.looks
        }
        run.log.add("looked", run.run, {"as_planned": as_planned, "differing": found})
        standing = run.log.standing()
        targets = frozenset((mechanism, host) for mechanism, hosts in as_planned.items() for host in hosts)
        selection = dataclasses.replace(run.selection, as_planned=targets)
        waves = walk(blueprint, selection, standing, WavesInput(**run.options["waves"]))
        left = dataclasses.replace(run, waves=waves, looks=())
        left.save()
        self._tell_looked(left, len(targets), found)
        return self._walked(left, blueprint, standing, variables)

    def _tell_looked(self, run: UnderWay, well: int, found: t.Mapping[str, t.Mapping[str, str]]) -> None:
        changing = sum(wave.kind == "apply" for wave in run.waves)
        left = "one wave of changes is left" if changing == 1 else f"{changing} waves of changes are left"
        self._display.display(f"As planned: {well} of those; {left}")
        for mechanism, differences in found.items():
            for host, words in differences.items():
                self._display.display(f"  {mechanism} at {host}: {words}")

    def _told(self, estate: Path, plan_dir: Path, blueprint: Blueprint, journal: RolloutJournal) -> Result:
        lease = LeaseFile(estate / "journal" / LEASE).read()
        plan = digest((plan_dir / MANIFEST).read_bytes())
        lines = status_lines(blueprint, journal.history(), lease, plan)
        for line in lines:
            self._display.display(line)
        return {"changed": False, "status": list(lines)}

    def _tell_undoing(self, undone: Undoing) -> None:
        self._display.display(f"Goes back to before run {undone.run}, the last change first.")
        if undone.later:
            self._display.warning(f"what later runs changed at the same targets goes too: {', '.join(undone.later)}")
        if undone.steps:
            self._display.warning(f"steps of people stay done, no machine undoes them: {', '.join(undone.steps)}")

    def _able(self, blueprint: Blueprint, selection: Selection, asked: RunInput) -> Selection:
        """The selection without mechanisms that the playbook has no role for, which is said and never passed over."""
        able = frozenset(self._task.args.get("mechanisms", selection.mechanisms))
        unable = sorted({demand.mechanism for demand in blueprint.demands} & selection.mechanisms - able)
        if unable:
            self._display.warning(
                f"planned, but applied by hand: {', '.join(unable)}; this playbook has no role for it"
            )
        looks = asked.verification != "none" and not self._task.check_mode
        return dataclasses.replace(selection, mechanisms=selection.mechanisms & able, verifies=looks)

    def _under_way(
        self,
        estate: Path,
        plan_dir: Path,
        journal: RolloutJournal,
        asked: RunInput,
        selection: Selection,
        waves: tuple[Wave, ...],
        looks: tuple[Wave, ...],
        undoes: str,
    ) -> UnderWay:
        check = bool(self._task.check_mode)
        private = private_folder()
        make_folder(private)
        path = copy_for_check(journal.path, private / "check") if check else journal.path
        run = UnderWay(
            run_id(None),
            str(path),
            str(estate),
            str(plan_dir),
            check,
            plain(asked),
            waves,
            undoes,
            looks,
            selected(selection),
        )
        run.save()
        for look in looks:
            make_folder(_folder_of(look))
        return run

    def _begun(self, run: UnderWay, standing: Standing, asked: RunInput, about: dict[str, t.Any]) -> None:
        holder = holder_of(run.run)
        before = None if run.check else run.lease.take(holder, asked.take_over)
        taken_from = before.holder.run if before and before.holder.run != run.run else ""
        choices = {key: value for key, value in run.options.items() if value and key not in ("confirmed", "waves")}
        told = {"who": f"{holder.user}@{holder.machine}", **about, "options": choices, "taken_over": taken_from}
        run.log.add("begun", run.run, told)
        self._tell(run, standing, taken_from)

    def _tell(self, run: UnderWay, standing: Standing, taken_from: str) -> None:
        changing = [wave for wave in run.waves if wave.kind in ("apply", "undo")]
        steps = sum(len(wave.steps) for wave in run.waves if wave.kind == "checkpoints")
        self._display.display(
            f"Run {run.run}: {len(changing)} waves of changes, {steps} steps of people not passed yet"
            + (" (check mode: nothing is written)" if run.check else "")
        )
        looking = sum(len(look.hosts) for look in run.looks)
        if looking:
            self._display.display(
                f"First a look at {looking} targets that hold all of that; whoever is still as planned needs no wave"
            )
        if taken_from:
            self._display.warning(f"run {taken_from} never ended; what it left half done is done again where it is met")
        for (mechanism, host), attempt in standing.attempts.items():
            words = "was begun and may be half done" if not attempt.result else f"{attempt.result} ({attempt.reason})"
            self._display.warning(f"{mechanism} at {host}: {words}, since run {attempt.run}")

    def _end(self) -> Result:
        run = under_way()
        run.close("complete")
        self._display.display(f"Run {run.run} is complete.")
        return {"changed": False, "run": run.run}

    def _asked(self, variables: Variables, estate: Path, blueprint: Blueprint) -> RunInput:
        """The run's options, with what stands confirmed in a file beside the plan."""
        values = {
            name.removeprefix(PREFIX): self._value(variables, name) for name in RUN_VARIABLES if name in variables
        }
        written = _confirmed_in(estate / CONFIRMED_FILE)
        values["confirmed"] = [*(values.get("confirmed") or []), *written]
        reader = Reader(loader.vocabulary())
        asked = decode(RunInput, values, "", reader)
        problems = [f"{PREFIX}{found.path}: {found.value}: expected {found.allowed}" for found in reader.problems]
        if asked:
            problems += [
                f"uc_confirmed: {step}: no step of this plan is called so; ids are in checklist.md"
                for step in unknown(asked.confirmed, blueprint.steps)
            ]
        if problems or asked is None:
            raise AnsibleError("\n".join(["Nothing was begun:", *problems]))
        return asked

    def _value(self, variables: Variables, name: str) -> t.Any:
        return plain(self._templar.template(variables.get(name)))


def all_stages() -> dict[str, str]:
    """All stages of the catalogue with their titles, in their order; they are the same for all products."""
    facts = loader.common(StageFact.KIND).facts(StageFact)
    return {fact.id.partition(".")[2]: fact.title for fact in sorted(facts, key=lambda fact: fact.rank)}


def _reached(blueprint: Blueprint, standing: Standing) -> tuple[str, ...]:
    """Stages whose certificates the estate holds, at one host or another."""
    done = (stages for (mechanism, _host), stages in standing.done.items() if mechanism == CERTIFYING)
    return blueprint.up_to(*(stage for stages in done for stage in stages))


def _waves_for_tasks(
    run: UnderWay,
    hosts: t.Sequence[str],
    drains: t.Sequence[Drains],
    issued: t.Mapping[str, t.Sequence[str]],
    groups: t.Mapping[str, t.Sequence[str]],
) -> list[dict[str, t.Any]]:
    """Waves as the playbook walks them. A host that is not changed in a wave looks on, so that it has a gate even when
    all that are changed are lost; the first host looks on in every wave, which keeps them in their order."""
    found = []
    for number, (wave, drain) in enumerate(zip(run.waves, drains, strict=True), start=1):
        others = [host for host in hosts if host not in wave.hosts]
        found.append(
            {
                **_for_tasks(run, wave, issued),
                "drain": {host: list(balancers) for host, balancers in drain.items()},
                "roles": {host: _role(wave, host, groups) for host in wave.hosts},
                "number": number,
                "of": len(run.waves),
                "present": list(dict.fromkeys([hosts[0], *wave.hosts, *others[:1]])),
                "tasks": "apply_drained" if drain else wave.kind,
            }
        )
    return found


def _looks_for_tasks(run: UnderWay, issued: t.Mapping[str, t.Sequence[str]]) -> list[dict[str, t.Any]]:
    return [{**_for_tasks(run, look, issued), "folder": str(_folder_of(look))} for look in run.looks]


def _folder_of(look: Wave) -> Path:
    """Where a look leaves what it saw."""
    return private_folder() / "looked" / look.mechanism


def _for_tasks(run: UnderWay, wave: Wave, issued: t.Mapping[str, t.Sequence[str]]) -> dict[str, t.Any]:
    """What roles are told of a wave, and of a look: not its digests, which every task would carry along."""
    told = dataclasses.asdict(wave)
    del told["contents"]
    return {
        **told,
        "issue_stages": list(issued.get(wave.id, ())),
        "run": run.undoes or run.run,
        "plan_dir": run.plan_dir,
    }


def _role(wave: Wave, host: str, groups: t.Mapping[str, t.Sequence[str]]) -> str:
    """The role of a server's type that applies the mechanism; that of the mechanism where there is none."""
    types = server_roles(wave.mechanism) if wave.mechanism in ON_SERVERS else ()
    return next((name for name in types if host in groups.get(name, ())), wave.mechanism)


@functools.cache
def server_roles(mechanism: str) -> tuple[str, ...]:
    """Server types whose role applies a mechanism: a server of several types is changed by one that does."""
    applies = f"name: openuc.ocs.{mechanism}\n"
    found = (path.parts[-3] for path in sorted(ROLES.glob("*/tasks/main.yml")) if applies in path.read_text("utf-8"))
    return tuple(name for name in found if name not in MECHANISMS.values())


def _manifest(folder: Path) -> dict[str, t.Any]:
    try:
        return t.cast("dict[str, t.Any]", json.loads((folder / MANIFEST).read_bytes()))
    except (OSError, ValueError) as error:
        raise AnsibleError(f"{folder / MANIFEST} cannot be read ({error}); it is written with the plan") from error


def _approved_folder(given: str) -> Path:
    path = Path(given).expanduser()
    return path.parent if path.suffix == ".json" else path


def _confirmed_in(path: Path) -> list[t.Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    except (OSError, yaml.YAMLError) as error:
        raise AnsibleError(f"{path} cannot be read: {error}") from error
    if content is not None and not isinstance(content, list):
        raise AnsibleError(f"{path}: expected a list of {{step, by, evidence}}")
    return content or []
