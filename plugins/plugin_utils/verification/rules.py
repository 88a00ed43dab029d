# SPDX-License-Identifier: GPL-3.0-or-later
"""What is proven of the rules that firewalls were found with: which flow they stop, or what they let through besides,
each with a packet that shows it. No packet is sent for that."""

from __future__ import annotations

import collections
import dataclasses
import json
import typing as t
from pathlib import Path

from ..planning.base import Stages
from ..planning.plan import Plan
from ..proof.model import CLAIMS, Claim, CounterExample, ProvenFirewall
from ..proof.prove import prove
from ..topology.model import Topology
from .observed import ObservedError
from .verdicts import Data, Verdict

RULES: t.Final = "rules"
HOLDS: t.Final = "holds"
NO_RULES: t.Final = "no_rules"
# Claims that a flow suffers from when they do not hold; the others are about what comes through besides.
STOPS: t.Final[frozenset[Claim]] = frozenset({"passes", "translated"})
# What the plan says of itself, whatever rules there are.
_OF_PLAN: t.Final[frozenset[Claim]] = frozenset({"way"})
_OBSERVES: t.Final = "; it observes only, and lets everything through"


def proven(
    topology: Topology, plan: Plan, folder: Path, stages: t.Collection[str] | None = None
) -> tuple[Verdict, ...]:
    """A verdict for each claim that holds of a firewall, and for each thing that contradicts one. Rules and flows are
    taken as they are now: of stages that were not reached nothing is needed yet."""
    live = {path.stem: _rules(path) for path in sorted((folder / RULES).glob("*.json"))}
    found = {firewall: rules for firewall, rules in live.items() if rules}
    proof = prove(topology, _now(topology, plan, stages), found)
    broken: dict[str, list[CounterExample]] = collections.defaultdict(list)
    for example in proof.counter_examples:
        if example.claim not in _OF_PLAN:
            broken[example.firewall].append(example)
    sizes = {each.firewall: each for each in proof.firewalls}
    return tuple(
        verdict
        for firewall in live
        for verdict in (
            _of_firewall(firewall, found[firewall], sizes[firewall], broken[firewall])
            if firewall in found
            else (_verdict(firewall, "failed", NO_RULES, "it has no rules of ours at all", NO_RULES),)
        )
    )


def _rules(path: Path) -> Data:
    """As options of `firewall_rules`; none where the firewall has no table of ours."""
    try:
        rules = json.loads(path.read_text(encoding="utf-8"))["gathered"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ObservedError(f"{path} cannot be used ({error}); verify again") from error
    return {**rules, "rules": [{**rule, "stage": ""} for rule in rules["rules"]]} if rules else {}


def _now(topology: Topology, plan: Plan, stages: t.Collection[str] | None) -> Plan:
    """What is needed now, as if it had been from the first stage on, since rules that were read are of none."""
    first = Stages(topology.catalogue).names[0]
    reached = [flow for flow in plan.flows if stages is None or flow.stage in stages]
    replaced = {flow.replaces for flow in reached}
    needed = (dataclasses.replace(flow, stage=first) for flow in reached if flow.id not in replaced)
    return dataclasses.replace(plan, flows=tuple(needed))


def _of_firewall(
    firewall: str, rules: Data, size: ProvenFirewall, broken: t.Sequence[CounterExample]
) -> t.Iterator[Verdict]:
    note = "" if rules["enforce"] == "enforce" else _OBSERVES
    for example in broken:
        name = f"{example.claim}:{example.ingress}>{example.egress}:{example.flow or example.rule}:{example.packet}"
        yield _contradicted(_verdict(firewall, "failed", example.claim, f"{example}{note}", name), example)
    missed = {example.claim for example in broken}
    counted = f"{size.rules} live rules, {size.flows} flows{note}"
    for claim, words in CLAIMS.items():
        if claim not in missed | _OF_PLAN:
            yield _verdict(firewall, "passed", HOLDS, f"{words} ({counted})", claim)


def _contradicted(verdict: Verdict, example: CounterExample) -> Verdict:
    """With the packet that shows it."""
    packet = example.packet
    return dataclasses.replace(
        verdict,
        address=packet.destination if packet else "",
        port=packet.port if packet else 0,
        protocol=packet.protocol if packet else "",
        source=packet.source if packet else "",
        items=(example.flow,) if example.flow else (),
        why=example.why,
        facts={"rule": example.rule, "packet": str(packet or ""), "reason": example.reason},
    )


def _verdict(firewall: str, status: t.Literal["passed", "failed"], outcome: str, detail: str, name: str) -> Verdict:
    return Verdict(
        vantage=firewall,
        id=f"proof:{firewall}:{name}",
        kind="proof",
        status=status,
        outcome=outcome,
        detail=detail,
        host=firewall,
    )
