# SPDX-License-Identifier: GPL-3.0-or-later
"""The printed tables of data stores, disks, growth, SQL Server versions and shares, beside what is planned.

The permissions of folders are compared with the other permissions.
"""

from __future__ import annotations

import functools
import re
import typing as t
from pathlib import Path

import yaml

from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue import loader
from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue.facts import ErratumFact
from ansible_collections.openuc.ocs.plugins.plugin_utils.engine import design
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.plan import Plan
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.storage import StorageLine
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.windows import windows_words
from tests import support

ROWS: list[dict[str, t.Any]] = yaml.safe_load((Path(__file__).parent / "ocs2007r2" / "storage.yml").read_text())["rows"]
CLUSTERS = "erratum.cluster-nodes-standard-windows"
PER_100000 = {"uc_pools/pool1.corp.contoso.com/users": 100000, "uc_user_model": {"group_chat_users": 1}}


@functools.cache
def plan(example: str = "lab") -> Plan:
    applications = {"ocs1.corp.contoso.com": ["response_group"]}
    changes = {f"uc_pools/{pool}/applications": words for pool, words in applications.items()}
    found = design(support.changed(support.example(example), changes if example == "standard" else {}), support.TODAY)
    assert found.plan, [finding.message for finding in found.errors]
    return found.plan


def printed(table: str) -> list[dict[str, t.Any]]:
    return [row for row in ROWS if row["printed_table"] == table]


def by_name(lines: t.Iterable[StorageLine], shape: str) -> dict[str, StorageLine]:
    return {line.name: line for line in lines if line.shape == shape}


def test_databases_and_where_they_are() -> None:
    enterprise, standard = by_name(plan().storage, "database"), by_name(plan("standard").storage, "database")
    expected = {row["store"] for row in printed("data_types") if not row["store"].startswith("User-specified")}
    named = {name for name in enterprise if "named by" not in name}
    assert named == expected
    for row in printed("data_types"):
        if row.get("enterprise") == "back-end database":
            assert enterprise[row["store"]].place == "back_end"
            assert enterprise[row["store"]].host == "sql1.corp.contoso.com"
            assert standard[row["store"]].host == "ocs1.corp.contoso.com"
    assert enterprise["QoEMetrics"].together_with == ("LcsCDR",)
    assert enterprise["LcsCDR"].together_with == ("QoEMetrics",)


def test_group_chat_has_stores_of_its_own() -> None:
    lines = [line for line in plan().storage if "named by the administrator" in line.name]
    rows = [row for row in printed("data_types") if row["data"].startswith("Group Chat")]
    assert len(lines) == len(rows)


def test_folders_of_a_standard_edition_server() -> None:
    found = {line.folder for line in plan("standard").storage if line.shape == "folder"}
    expected = {
        row["standard"].partition(">\\")[2]
        for row in printed("data_types")
        if row.get("standard", "").startswith("<installation folder>")
    }
    assert found == expected | {""}  # the folder of the compliance log is not printed


def test_shares_of_an_enterprise_pool() -> None:
    shares = [line for line in plan().storage if line.shape == "share" and line.place == "file_server"]
    printed_shares = [row["folder"] for row in printed("folders")]
    names = [f"{line.name} (optional)" if line.optional else line.name for line in shares]
    assert sorted(names) == sorted(printed_shares)
    assert {line.host for line in shares} == {"fs1.corp.contoso.com"}


def test_disk_operations_for_100000_users() -> None:
    drives = {
        "Enterprise pool backend data drive": "Drive of a pool's database files",
        "Enterprise pool RTC log": "Drive of the log of RTC",
        "Enterprise pool RTCdyn log": "Drive of the log of RTCDyn",
        "Archiving log file drive": "Drive of the archiving log",
        "Archiving data file drive": "Drive of the archiving data",
        "Monitoring (QoE and CDR) data log drive": "Drive of the monitoring databases and logs",
    }
    users = 10000
    lines = by_name(plan().storage, "throughput")
    assert set(lines) == set(drives.values())
    for row in printed("disk"):
        line = lines[drives[row["drive"]]]
        share = users / 100000
        assert line.reads == round(row["reads_per_second"] * share, 3)
        assert line.writes == round(row["writes_per_second"] * share, 3)
        total = row["read_bytes"] * row["reads_per_second"] + row["write_bytes"] * row["writes_per_second"]
        assert abs(line.bytes_per_second - total * share) < 0.1


def test_growth_in_an_hour() -> None:
    lines = by_name(plan().storage, "size")
    names = {
        "Archiving database": "Growth of the archiving database in an hour at peak",
        "Monitoring database CDR": "Growth of LcsCDR in an hour at peak",
        "Monitoring database QoE": "Growth of QoEMetrics in an hour at peak",
    }
    errata = {fact.id for fact in loader.load("ocs2007r2").facts(ErratumFact)}
    for row in printed("growth"):
        endpoints = 100000
        if row["per_endpoints"] != endpoints:
            assert "erratum.qoe-growth-endpoints" in errata
        line = lines[names[row["component"]]]
        assert line.amount == round(row["mb_per_hour"] * 10000 / endpoints, 2)
        assert line.unit == "MB"


def test_sql_versions_and_nodes() -> None:
    """Each printed triple is planned with its nodes, but for Standard editions of Windows, which cannot cluster."""
    found = {
        (frozenset(windows_words(sql)), frozenset(windows_words(windows))): line.nodes
        for line in plan().sql_support
        for sql in line.sql
        for windows in line.windows
    }
    expected: dict[tuple[frozenset[str], frozenset[str]], int] = {}
    for row in printed("sql_versions"):
        for sql in row["sql"]:
            for windows in row["windows"]:
                for edition in re.findall("Standard|Enterprise", windows):
                    nodes = 0 if edition == "Standard" else row["cluster_nodes"]
                    expected[_short(sql), _short(windows, edition)] = nodes
    assert found == expected
    assert CLUSTERS in {fact.id for fact in loader.load("ocs2007r2").facts(ErratumFact)}


def _short(text: str, edition: str = "") -> frozenset[str]:
    year = next(word for word in ("2003", "2005", "2008") if word in text)
    return frozenset({year, (edition or re.findall("Standard|Enterprise", text)[0]).lower()})
