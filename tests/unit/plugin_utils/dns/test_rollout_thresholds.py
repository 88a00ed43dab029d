# SPDX-License-Identifier: GPL-3.0-or-later
"""No roll-out of an example, stage after stage from nothing, is stopped for how much it would change."""

from __future__ import annotations

import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.dns import names, planning, records
from ansible_collections.openuc.ocs.plugins.module_utils.dns.transfer import Live
from ansible_collections.openuc.ocs.plugins.module_utils.limits import Limits
from ansible_collections.openuc.ocs.plugins.plugin_utils.acting.slices import staged
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.slices import zone_slices
from tests import support

from .test_zone_files import DEFAULTS, EXAMPLES

LIMITS = Limits(DEFAULTS["most_deleted"], DEFAULTS["most_deleted_ratio"], DEFAULTS["most_changed_ratio"])


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_roll_out_is_never_stopped(name: str) -> None:
    made = support.example_design(name)
    assert made.plan is not None
    stages = [each.stage for each in made.plan.stages]
    for each in zone_slices(made.topology, made.plan):
        zone = each.arguments["zone"]
        live, owned = Live(names.from_text(zone), b"", {}), {}
        for reached in range(1, len(stages) + 1):
            want, problems = records.decode(zone, staged(each.arguments, stages[:reached])["records"])
            decision = planning.plan(want, live, owned, planning.Policy("replaced"))
            assert (problems, planning.too_many(decision, live, want, owned, LIMITS)) == ([], "")
            there = {**live.records, **{change.key: change.after for change in decision.changes if change.after}}
            live, owned = Live(live.zone, live.soa, there), decision.owned
        assert live.records.keys() == want.keys()
