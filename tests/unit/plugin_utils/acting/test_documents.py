# SPDX-License-Identifier: GPL-3.0-or-later
"""From a reason to the line of a document."""

from __future__ import annotations

from ansible_collections.openuc.ocs.plugins.plugin_utils.acting.documents import documents_of


def test_a_row_leads_to_its_lines_and_says_what_it_is_for() -> None:
    (found,) = documents_of(["ocs2007r2.flow.user-to-edge-sip"])
    assert found["row"] == "ocs2007r2.flow.user-to-edge-sip"
    assert found["source"].startswith("guide-r2")
    assert found["purpose"]


def test_what_is_no_row_is_left_out() -> None:
    assert documents_of(["ocs2007r2.flow.no-such", "uc_extra_flows[0]", ""]) == []
