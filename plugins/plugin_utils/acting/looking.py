# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looks, from the controller, whether steps of people are done.

A place that does not answer at all may only be out of the controller's reach, so it is unknown and not missing; one
that refuses is there, and does not do what it should.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ...module_utils.probing import batch, directory, outcomes, specification
from ...module_utils.probing.dns_wire import DNS_PORT
from ..catalogue import loader
from ..rollout.blueprint import Data, PlannedStep
from ..rollout.checks import Seen, StepCheckFact, endpoints, servers_of, summed, with_role

AT_ONCE = 64
TIMEOUT = 3.0
_PLACE = {"schema": "schemaNamingContext", "domain": "defaultNamingContext"}
# What tells that somebody is there, and that what is looked for is not.
_SEEN = frozenset((outcomes.OPEN, outcomes.SLOW, outcomes.ANSWER))
_MISSING = frozenset((outcomes.REFUSED, outcomes.NXDOMAIN, outcomes.NO_DATA))


@dataclasses.dataclass(frozen=True)
class Lookout:
    """What is needed to look: the plan, addresses of servers, and an account for the directory."""

    plan: Data
    stages: t.Mapping[str, int]
    address_of: t.Callable[[str], str]
    account: directory.Account | None

    def look(self, step: PlannedStep) -> tuple[Seen, ...]:
        """What is seen of a step; nothing where no way to see it is known."""
        return tuple(self._checked(check, step) for check in checks_of(step))

    def _checked(self, check: StepCheckFact, step: PlannedStep) -> Seen:
        ways = {"listening": self._listening, "directory": self._directory, "name": self._name}
        return summed(check, ways[check.look](check, step))

    def _listening(self, check: StepCheckFact, step: PlannedStep) -> list[Seen]:
        reached = {stage for stage, rank in self.stages.items() if rank <= self.stages.get(step.stage, -1)}
        places = endpoints(self.plan, check, step, reached)
        probes = [
            {"id": f"{place.host} port {place.port}", "protocol": "tcp", "address": place.address, "port": place.port}
            for place in places
        ]
        return _probed(check, probes)

    def _name(self, check: StepCheckFact, step: PlannedStep) -> list[Seen]:
        probes = [
            {
                "id": f"{name}.{domain} at {zone['server']}",
                "protocol": "dns",
                "address": self.address_of(zone["server"]),
                "port": DNS_PORT,
                "name": f"{name}.{domain}",
                "type": check.type,
            }
            for domain in _domains(self._controllers(step))
            for zone in self.plan["zones"]
            if zone["name"] == domain and zone["view"] == "internal" and self.address_of(zone["server"])
            for name in check.names
        ]
        return _probed(check, probes)

    def _directory(self, check: StepCheckFact, step: PlannedStep) -> list[Seen]:
        controllers = self._controllers(step, check.role)
        if self.account is None:
            return [Seen(check.id, "unknown", "no account is named for the directory (checkpoint_directory)")]
        return [self._in_directory(check, server, self.account) for server in controllers]

    def _controllers(self, step: PlannedStep, role: str = "domain_controller") -> tuple[str, ...]:
        """Those of the step's own, where it is done for some; all of the estate otherwise."""
        everyone = with_role(self.plan, role)
        mine = servers_of(self.plan, step)
        return tuple(server for server in everyone if server in mine) or everyone

    def _in_directory(self, check: StepCheckFact, server: str, account: directory.Account) -> Seen:
        try:
            with directory.opened(self.address_of(server) or server, check.port, server, account, TIMEOUT) as there:
                base = there.root().get(_PLACE[check.container], "")
                wanted = (check.attribute,) if check.attribute else (check.key,)
                found = {name: there.named(base, check.key, name, wanted) for name in check.names}
        except directory.DirectoryError as error:
            return Seen(check.id, "unknown", f"{server}: {error}")
        return _compared(check, server, found)


def checks_of(step: PlannedStep) -> tuple[StepCheckFact, ...]:
    """The ways that the catalogue knows to see that a step is done."""
    product = step.row.partition(".")[0]
    if product not in loader.products():
        return ()
    return tuple(fact for fact in loader.load(product).facts(StepCheckFact) if step.row in fact.steps)


def _compared(check: StepCheckFact, server: str, found: t.Mapping[str, t.Mapping[str, str] | None]) -> Seen:
    gone = [name for name, told in found.items() if told is None]
    if gone:
        return Seen(check.id, "missing", f"{server} has no {', '.join(gone)}")
    if not check.attribute:
        return Seen(check.id, "seen", f"{server} has {', '.join(found)}")
    values = [_number((told or {}).get(check.attribute, "")) for told in found.values()]
    words = f"{server} has {check.attribute} {', '.join(map(str, values))}"
    if min(values) < check.least:
        return Seen(check.id, "missing", f"{words}, {check.least} is wanted")
    return Seen(check.id, "seen", words)


def _number(value: str) -> int:
    return int(value) if value.isdecimal() else 0


def _probed(check: StepCheckFact, items: t.Sequence[t.Mapping[str, t.Any]]) -> list[Seen]:
    probes, problems = specification.decode(list(items), {"timeout": TIMEOUT})
    if problems:
        return [Seen(check.id, "unknown", problem) for problem in problems]
    return [_answered(check, result) for result in batch.run(probes, AT_ONCE, TIMEOUT * 4)]


def _answered(check: StepCheckFact, result: batch.Result) -> Seen:
    name, outcome = result.probe.id, result.answer.outcome
    if outcome in _SEEN:
        return Seen(check.id, "seen", name)
    told = f"{name}: {outcome.replace('_', ' ')}"
    return Seen(check.id, "missing" if outcome in _MISSING else "unknown", told)


def _domains(controllers: t.Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(server.partition(".")[2] for server in controllers))
