# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps the service up, counted."""

from __future__ import annotations

from tests import support


def test_servers_are_counted_against_what_is_advised() -> None:
    plan = support.example_design("lab").plan
    assert plan
    found = {item.id: (item.met, len(item.servers)) for item in plan.availability if item.least}
    assert found["ocs2007r2.availability.enterprise-pool"] == ("yes", 2)
    assert found["ocs2007r2.availability.gateways"] == ("no", 1)
    assert found["ocs2007r2.availability.edge@edge.corp.contoso.com"] == ("yes", 2)


def test_standard_edition_is_no_enterprise_pool() -> None:
    plan = support.example_design("standard").plan
    assert plan
    found = {item.id: item for item in plan.availability}
    assert found["ocs2007r2.availability.enterprise-pool"].servers == ()
    assert "ocs2007r2.availability.standard-edition@ocs1.corp.contoso.com" in found


def test_statements_that_count_nothing_are_neither_met_nor_missed() -> None:
    plan = support.example_design("lab").plan
    assert plan
    assert {item.met for item in plan.availability if not item.least} == {""}
