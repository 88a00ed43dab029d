# SPDX-License-Identifier: GPL-3.0-or-later
"""Back-Ends on what is supported."""

from __future__ import annotations

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.engine import design
from tests import support

SQL = "uc_pools/pool1.corp.contoso.com/sql"


@pytest.mark.parametrize(
    ("version", "windows", "nodes"),
    [
        ("2008 Enterprise", "Windows Server 2008 Enterprise x64", 16),
        ("2008 Enterprise", "Windows Server 2003 R2 Enterprise x64 SP2", 8),
        ("SQL Server 2005 Standard Edition with SP2", "Windows Server 2003 Enterprise x64 SP2", 2),
        ("2005 Enterprise", "Windows Server 2008 Standard x64", 0),
        ("2005 Enterprise", "", 99),
    ],
)
def test_what_the_table_has_is_no_finding(version: str, windows: str, nodes: int) -> None:
    changes = {
        f"{SQL}/version": version,
        f"{SQL}/cluster_nodes": nodes,
        "@sql1.corp.contoso.com/uc_windows": windows,
    }
    found = design(support.changed(support.example("lab"), changes), support.TODAY)
    assert not [finding for finding in found.findings if finding.id.startswith("finding.sql-")]


def test_one_node_more_is_one_too_many() -> None:
    changes = {
        f"{SQL}/version": "2008 Standard",
        f"{SQL}/cluster_nodes": 3,
        "@sql1.corp.contoso.com/uc_windows": "Windows Server 2008 Enterprise",
    }
    found = design(support.changed(support.example("lab"), changes), support.TODAY)
    (finding,) = [finding for finding in found.findings if finding.id == "finding.sql-cluster-nodes"]
    assert (finding.value, finding.allowed) == ("3", "up to 2")
