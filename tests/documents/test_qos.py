# SPDX-License-Identifier: GPL-3.0-or-later
"""The printed statements about QoS and the bandwidth of codecs, beside what is planned."""

from __future__ import annotations

import functools
import typing as t
from pathlib import Path

import yaml

from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue import loader
from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue.facts import ErratumFact
from ansible_collections.openuc.ocs.plugins.plugin_utils.engine import design
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.plan import Plan
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.qos_facts import QosFact
from tests import support

CONTENT = yaml.safe_load((Path(__file__).parent / "ocs2007r2" / "qos.yml").read_text())
# What the guide leaves to Windows has no line; it is compared elsewhere.
ROWS: list[dict[str, t.Any]] = [row for row in CONTENT["rows"] if "line" in row]
DIFFERENCES = {
    5044: "erratum.qos-query-quotation-mark",
    5050: "erratum.qos-media-server-save",
    5064: "erratum.qos-propagation-missing",
    5130: "erratum.qos-transport-value-missing",
    5276: "erratum.qos-policy-disabled",
    2477: "erratum.video-average",
    2484: "erratum.video-average",
}


@functools.cache
def plan(example: str = "lab") -> Plan:
    found = design(support.example(example), support.TODAY)
    assert found.plan, [finding.message for finding in found.errors]
    return found.plan


def printed(table: str, **given: object) -> list[dict[str, t.Any]]:
    return [
        row
        for row in ROWS
        if row["printed_table"] == table and all(row.get(name) == value for name, value in given.items())
    ]


def value_of(line: int, setting: str = "") -> t.Any:
    return next(row["value"] for row in ROWS if row["line"] == line and setting in row["setting"])


def test_every_noted_row_is_an_erratum_or_agrees() -> None:
    noted = {row["line"] for row in ROWS if "note" in row}
    known = {fact.id for fact in loader.load("ocs2007r2").facts(ErratumFact)}
    assert noted <= DIFFERENCES.keys()
    assert set(DIFFERENCES.values()) <= known


def test_classes() -> None:
    markings = {marking.medium: marking.dscp_class for marking in plan().qos.markings}
    for medium in ("audio", "video"):
        (row,) = printed("classes", subject=medium)
        short = row["value"].partition("(")[2].rstrip(")")
        assert markings[medium].startswith(short)


def test_service_types_and_payloads() -> None:
    payloads = {marking.service_type: list(marking.payload_types) for marking in plan().qos.markings}
    for row in ROWS:
        service, _space, rest = str(row["setting"]).partition(" ") if "setting" in row else ("", "", "")
        if rest == "payload types":
            assert payloads.pop(service) == row["value"]
    assert not payloads


def test_media_servers_are_set_by_wmi() -> None:
    (pool,) = [item for item in plan().qos.wmi if item.target == "pool1.corp.contoso.com"]
    (standard,) = plan("standard").qos.wmi
    wmi_class, query = printed("components", subject="media servers of a Standard Edition server")[0]["setting"].split(
        " where "
    )
    assert standard.query == f"select * from {wmi_class} where {query}"
    namespace = printed("components", subject="media servers of a Standard Edition server")[0]["mechanism"]
    enterprise = printed("components", subject="media servers of an Enterprise pool")[0]["setting"]
    assert pool.query == "select * from " + enterprise.replace("<SQL Server>", "sql1.corp.contoso.com").replace(
        "<database instance>", "rtc"
    )
    for item in (pool, standard):
        assert item.namespace == namespace
        assert item.wmi_class == wmi_class
        assert (item.property, item.value) == ("ServerQoSEnabled", value_of(5050))


def test_mediation_servers_are_set_by_wmi() -> None:
    (item,) = [item for item in plan().qos.wmi if item.target == "med1.corp.contoso.com"]
    (row,) = [row for row in ROWS if row["line"] == 5100]
    assert (item.wmi_class, item.property, item.value) == (row["mechanism"], row["setting"], row["value"])


def test_clients_are_set_in_the_registry() -> None:
    values = {value.name: value for value in plan().qos.registry if value.target == "hq"}
    (transport,) = [row for row in ROWS if row["line"] == 5130]
    assert f"HKEY_LOCAL_MACHINE\\{values['QoSEnabled'].key}" == transport["setting"]
    (video,) = [row for row in ROWS if row.get("subject") == "high-definition video"]
    hd = values["VideoBandwidthDiscardThresholdBytesPerSec"]
    assert (f"HKEY_LOCAL_MACHINE\\{hd.key}\\{hd.name}", hd.data) == (video["setting"], video["value"])


def test_phones_are_set_in_band() -> None:
    settings = {item.setting: item for item in plan().qos.in_band}
    assert settings["IP QoS"].value == value_of(5165, "IP QoS")
    assert settings["802.1p Voice"].value == value_of(5165, "802.1p")
    assert {item.off for item in settings.values()} == {value_of(5165, "off")}


def test_packet_scheduler_by_windows_version() -> None:
    rows = [fact for fact in loader.load("ocs2007r2").facts(QosFact) if fact.windows and fact.per == "server"]
    found = {version: fact.installed for fact in rows for version in fact.windows}
    expected = {
        name.lower().replace("windows", "").replace("server", "").strip(): row["value"]
        for row in printed("packet_scheduler")
        for name in row["subject"]
    }
    assert found == expected


def test_bandwidth_of_codecs() -> None:
    lines = {(line.figure, line.use): line.each for line in plan().bandwidth if line.subject == "redmond"}
    words = {
        ("Wideband Audio", "RTAudio"): "Wideband audio with RTAudio, ",
        ("Wideband Audio", "Siren"): "Wideband audio with Siren, ",
        ("Narrowband Audio", "RTAudio"): "Narrowband audio with RTAudio, ",
        ("Video", "RTVideo"): "Video with RTVideo, ",
        ("Panoramic Video", "RTVideo"): "Panoramic video with RTVideo, ",
    }
    for row in printed("bandwidth"):
        figure = words.pop((row["media"], row["codec"]))
        seen = "seen" if row["codec"] == "RTVideo" else "heard"
        assert lines[f"{figure}as {seen}", "average"] == row["average_kbps"]
        assert lines[f"{figure}at most", "maximum"] == row["maximum_kbps"]
        by_activity = row["maximum_kbps"] * row["activity_percent"] / 100
        assert (abs(by_activity - row["average_kbps"]) < 0.1) == (row["line"] not in DIFFERENCES)
    assert not words
