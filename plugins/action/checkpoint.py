# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Passes steps of people that somebody vouches for, asks about the others where there is a terminal, or stops."""

from __future__ import annotations

import dataclasses
import typing as t
from pathlib import Path

from ansible.errors import AnsibleError, AnsiblePromptInterrupt, AnsiblePromptNoninteractive

from ..module_utils.probing.directory import Account
from ..plugin_utils.acting.looking import Lookout, checks_of
from ..plugin_utils.acting.rollout import Result, RolloutAction, UnderWay, Variables, planned, under_way
from ..plugin_utils.acting.rollout_files import user_name
from ..plugin_utils.acting.slices import service_address
from ..plugin_utils.rollout.blueprint import PlannedStep, steps_of_plan
from ..plugin_utils.rollout.checkpoints import Judged, judge, looked_at, waiting_words, words
from ..plugin_utils.rollout.checks import decided
from ..plugin_utils.rollout.walk import Wave
from ..plugin_utils.schema.decode import Reader, decode
from ..plugin_utils.topology.inputs.run import RunInput

# A variable of the inventory: who may read the directory.
ACCOUNT = "checkpoint_directory"
_YES = frozenset(("y", "yes"))


class ActionModule(RolloutAction):
    """The `checkpoint` action."""

    _VALID_ARGS = frozenset(("wave",))

    def act(self, variables: Variables) -> Result:
        run = under_way()
        run.renew()
        wave = run.wave(self.given("wave"))
        asked = decode(RunInput, run.options, "", Reader({})) or RunInput()
        standing = run.log.standing()
        before = {step: passed.targets for step, passed in standing.passed.items()}
        judged = judge(_steps(run, wave), asked.confirmed, before)
        if asked.checkpoint_checks != "none":
            judged = self._looked_at(run, judged, asked, variables)
        may_ask = asked.checkpoints == "ask" and not run.check
        settled: list[Judged] = []
        for one in judged:
            waits = any(earlier.state == "open" for earlier in settled)
            settled.append(self._asked(one) if one.state == "open" and may_ask and not waits else one)
        waiting = [one for one in settled if one.state == "open"]
        for one in settled:
            # What may be left out is left out when the run goes on without it, and not while it waits for others.
            if one.state == "confirmed" or (one.state == "left_out" and not waiting):
                _pass(run, wave, one)
        return self._result(run, wave, waiting)

    def _looked_at(
        self, run: UnderWay, judged: t.Sequence[Judged], asked: RunInput, variables: Variables
    ) -> tuple[Judged, ...]:
        """Steps with what can be seen of them. Check mode opens no connection."""
        if run.check or not any(checks_of(one.step) for one in judged):
            return tuple(judged)
        plan = planned(Path(run.plan_dir))
        stages = {stage["stage"]: rank for rank, stage in enumerate(plan["stages"])}
        lookout = Lookout(plan, stages, lambda server: service_address(server, variables), self._account(variables))
        found = []
        for one in judged:
            seen = () if one.state == "left_out" else lookout.look(one.step)
            enough = asked.checkpoints == "seen" and decided(checks_of(one.step), seen)
            looked = looked_at(one, seen, enough=enough, binding=asked.checkpoint_checks == "stop")
            for lacking in looked.missing if looked.state == "confirmed" else ():
                self._display.warning(f"{one.step.title}: {one.by} says that it is done, but {lacking}")
            found.append(looked)
        return tuple(found)

    def _account(self, variables: Variables) -> Account | None:
        """Who asks the directory, where the inventory names somebody."""
        given = self._templar.template(variables.get(ACCOUNT) or {})
        if not given:
            return None
        if not isinstance(given, dict) or not given.get("name") or not given.get("password"):
            raise AnsibleError(f"{ACCOUNT}: expected a mapping with name, password and perhaps trust, a file")
        return Account(str(given["name"]), str(given["password"]), given.get("trust"))

    def _asked(self, one: Judged) -> Judged:
        """What a person at the terminal says; the step as it is where nobody is there."""
        self._display.display(words(one))
        try:
            said = self._display.prompt_until("Is it done? Say how you know, or nothing to stop here: ")
        except (AnsiblePromptNoninteractive, AnsiblePromptInterrupt):
            return one
        evidence = said.decode("utf-8", "replace").strip() if isinstance(said, bytes) else str(said).strip()
        if not evidence:
            return one
        told = "confirmed at the terminal" if evidence.lower() in _YES else evidence
        return Judged(one.step, "confirmed", user_name(), told, one.step.targets, one.seen)

    def _result(self, run: UnderWay, wave: Wave, waiting: t.Sequence[Judged]) -> Result:
        if not waiting:
            return {"changed": False}
        told = waiting_words(wave.id, wave.stage, waiting, str(Path(run.estate) / "confirmed.yml"))
        if run.check:
            for one in waiting:
                self._display.display(f"would wait for people: {one.step.title} ({one.step.row})")
            return {"changed": False, "would_wait": [one.step.row for one in waiting]}
        run.close("waiting", told)
        return {"failed": True, "msg": told, "waiting": [one.step.row for one in waiting]}


def _steps(run: UnderWay, wave: Wave) -> tuple[PlannedStep, ...]:
    by_id = {step.id: step for step in steps_of_plan(planned(Path(run.plan_dir)))}
    return tuple(by_id[name] for name in wave.steps)


def _pass(run: UnderWay, wave: Wave, one: Judged) -> None:
    told = {
        "wave": wave.id,
        "step": one.step.id,
        "targets": list(one.targets),
        "by": one.by or user_name(),
        "evidence": one.evidence,
        "left_out": one.state == "left_out",
        "seen": [dataclasses.asdict(seen) for seen in one.seen],
    }
    run.log.add("checkpoint", run.run, told)
