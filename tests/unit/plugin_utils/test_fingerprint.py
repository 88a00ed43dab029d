# SPDX-License-Identifier: GPL-3.0-or-later
"""The digest of an inventory tells apart what differs, and nothing else."""

from __future__ import annotations

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.fingerprint import of_inventory
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.inventory import RawHost, RawInventory

A = RawHost("a", ("edge", "all"), {"uc_x": {"k": [1], "l": 2}, "uc_y": "z"})
B = RawHost("b", ("all",), {"uc_x": {"k": [1], "l": 2}})


def test_order_does_not_matter() -> None:
    turned = RawHost("a", ("all", "edge"), {"uc_y": "z", "uc_x": {"l": 2, "k": [1]}})
    assert of_inventory(RawInventory((A, B))) == of_inventory(RawInventory((B, turned)))


@pytest.mark.parametrize(
    "other",
    [
        RawHost("c", A.groups, A.variables),
        RawHost("a", ("all",), A.variables),
        RawHost("a", A.groups, {**A.variables, "uc_y": "zz"}),
        RawHost("a", A.groups, {"uc_x": A.variables["uc_x"]}),
        RawHost("a", A.groups, {**A.variables, "uc_x": {"k": [2], "l": 2}}),
    ],
)
def test_every_difference_shows(other: RawHost) -> None:
    assert of_inventory(RawInventory((A, B))) != of_inventory(RawInventory((other, B)))


def test_what_a_run_is_asked_to_do_does_not_matter() -> None:
    asked = RawHost("a", A.groups, {**A.variables, "uc_until": "voice"})
    assert of_inventory(RawInventory((A, B))) == of_inventory(RawInventory((asked, B)))
