# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stands before and after each wave: nothing is changed before the journal says what is meant to be changed, and
nothing follows a wave of which not every host is known to be well."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleError

from ..plugin_utils.acting.rollout import Result, RolloutAction, UnderWay, Variables, under_way
from ..plugin_utils.rollout.gate import missing_words, outcomes, stop_words
from ..plugin_utils.rollout.walk import Wave


class ActionModule(RolloutAction):
    """The `gate` action."""

    _VALID_ARGS = frozenset(("wave", "point", "wrong"))

    def act(self, variables: Variables) -> Result:
        run = under_way()
        wave = run.wave(self.given("wave"))
        point = self.given("point")
        alive = frozenset(variables["ansible_play_hosts"])
        if point == "before":
            return _before(run, wave, tuple(variables["ansible_play_hosts_all"]), alive)
        if point == "after" and wave.kind == "verify":
            return self._judged(run, wave, str(self._task.args.get("wrong") or ""))
        if point == "after":
            return _after(run, wave, alive)
        raise AnsibleError(f"point: {point}: expected before or after")

    def _judged(self, run: UnderWay, wave: Wave, wrong: str) -> Result:
        run.log.add("verified", run.run, {"wave": wave.id, "stage": wave.stage, "wrong": wrong})
        if not wrong:
            return {"changed": False}
        words = f"The stage {wave.stage} does not look as planned: {wrong}"
        if run.options.get("verification") == "tell":
            self._display.warning(words)
            return {"changed": False}
        return run.stop(wave.id, f"{words}. Mend it and run the same again, or accept it with uc_verification: tell")


def _before(run: UnderWay, wave: Wave, everyone: t.Sequence[str], alive: t.Collection[str]) -> Result:
    run.renew()
    missing = missing_words(wave, everyone, alive)
    if missing:
        return run.stop(wave.id, missing)
    if wave.kind == "verify":
        return {"changed": False}
    stages = {host: list(wave.stages[host]) for host in wave.hosts}
    about = {"wave": wave.id, "mechanism": wave.mechanism, "stages": stages, "contents": dict(wave.contents)}
    run.log.add("intent", run.run, about)
    return {"changed": False}


def _after(run: UnderWay, wave: Wave, alive: t.Collection[str]) -> Result:
    standing = run.log.standing()
    told = outcomes(wave, standing, run.run, alive)
    news = {
        outcome.host: {"result": outcome.result, "reason": outcome.reason}
        for outcome in told
        if _is_news(outcome.host, wave, standing.attempts)
    }
    _tell(run, wave, news)
    words = stop_words(wave, told, run.following(wave))
    return run.stop(wave.id, words) if words else {"changed": False}


def _tell(run: UnderWay, wave: Wave, news: t.Mapping[str, dict[str, str]]) -> None:
    about = {"wave": wave.id, "mechanism": wave.mechanism}
    undone = [host for host, told in news.items() if run.undoes and told["result"] == "done"]
    others = {host: told for host, told in news.items() if host not in undone}
    if undone:
        run.log.add("undone", run.run, {**about, "hosts": undone, "of": run.undoes})
    if others:
        run.log.add("outcome", run.run, {**about, "hosts": others})


def _is_news(host: str, wave: Wave, attempts: t.Mapping[tuple[str, str], t.Any]) -> bool:
    """Who failed has told it already."""
    attempt = attempts.get((wave.mechanism, host))
    return attempt is not None and not attempt.result
