# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof over the planned rules: what was shown, and each packet that shows the contrary."""

from __future__ import annotations

import typing as t

from ..planning.plan import Plan
from ..planning.slices import FIREWALL, Slice
from ..proof.model import CLAIMS, Proof
from ..proof.prove import prove_slices
from ..topology.model import Topology
from .tables import markdown, page

_FIREWALLS = ("firewall", "mode", "rules", "flows that cross it", "protected addresses", "counter-examples")
_CLAIMS = ("claim", "holds", "counter-examples")
_EXAMPLES = ("firewall", "from", "to", "packet", "why it is one", "rule", "flow")


def render(topology: Topology, plan: Plan, slices: t.Sequence[Slice]) -> t.Iterator[tuple[str, str]]:
    """proof.md, where the inventory has firewalls."""
    of_firewalls = {item.target: item.arguments for item in slices if item.mechanism == FIREWALL}
    proof = prove_slices(topology, plan, of_firewalls)
    if proof.firewalls:
        yield "proof.md", page_of(proof)


def page_of(proof: Proof) -> str:
    """The page of a proof, of planned rules or of live ones."""
    outcome = "It holds." if proof.holds else f"It does not hold: {len(proof.counter_examples)} counter-example(s)."
    introduction = (
        f"{proof.crossing} of {proof.flows} flows cross a firewall. What their rules and translations let through is "
        f"compared, as sets of packets, with what the flows need. {outcome}"
    )
    firewalls = markdown(
        _FIREWALLS,
        [
            (each.firewall, each.enforce, each.rules, each.flows, each.protected, each.broken)
            for each in proof.firewalls
        ],
    )
    parts = ["## Firewalls\n", firewalls, "## Claims\n", markdown(_CLAIMS, _claims(proof))]
    if not proof.holds:
        parts += ["## Counter-examples\n", markdown(_EXAMPLES, _examples(proof))]
    return page("Proof", introduction, *parts)


def _claims(proof: Proof) -> t.Iterator[tuple[str, str, int]]:
    for claim, words in CLAIMS.items():
        count = sum(example.claim == claim for example in proof.counter_examples)
        yield words, "no" if count else "yes", count


def _examples(proof: Proof) -> t.Iterator[tuple[str, ...]]:
    for example in proof.counter_examples:
        packet = str(example.packet) if example.packet else ""
        yield (
            example.firewall,
            example.ingress,
            example.egress,
            packet,
            example.reason,
            example.rule,
            example.flow,
        )
