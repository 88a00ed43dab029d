# SPDX-License-Identifier: GPL-3.0-or-later
"""QoS settings of servers, pools and client populations."""

from __future__ import annotations

import itertools
import typing as t

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.openuc.ocs.plugins.plugin_utils.engine import Design, design
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.qos_items import QosPlan
from tests import support

KEY = "SOFTWARE\\Policies\\Microsoft\\Windows\\Psched\\DiffservByteMappingConforming"


def designed(changes: t.Mapping[str, t.Any], base: str = "lab") -> Design:
    return design(support.changed(support.example(base), changes), support.TODAY)


def qos(changes: t.Mapping[str, t.Any], base: str = "lab") -> QosPlan:
    found = designed(changes, base)
    assert found.plan, [finding.message for finding in found.errors]
    return found.plan.qos


def lync(**estate: t.Any) -> QosPlan:
    found = design(support.lync_branch(**estate), support.TODAY)
    assert found.plan, [finding.message for finding in found.errors]
    return found.plan.qos


def marks(plan: QosPlan, target: str) -> dict[str, tuple[object, str]]:
    return {v.name: (v.data, v.state) for v in plan.registry if v.target == target and v.key == KEY}


def test_audio_is_ef_and_video_af41_unless_the_inventory_says_otherwise() -> None:
    assert marks(qos({}), "fe1.corp.contoso.com") == {
        "ServiceTypeGuaranteed": (46, "present"),
        "ServiceTypeControlledLoad": (34, "present"),
    }
    assert marks(qos({"uc_qos": {"dscp": {"audio": 40, "video": 24}}}), "hq") == {
        "ServiceTypeGuaranteed": (40, "present"),
        "ServiceTypeControlledLoad": (24, "present"),
    }


def test_what_is_left_to_windows_is_expected_and_not_forced() -> None:
    plan = qos({"uc_qos": {"dscp": {"audio": "not_configured", "video": "disabled"}}})
    assert marks(plan, "med1.corp.contoso.com") == {
        "ServiceTypeGuaranteed": (40, "unmanaged"),
        "ServiceTypeControlledLoad": (24, "unmanaged"),
    }
    assert [(m.dscp, m.expected) for m in plan.markings] == [(0, 40), (0, 24)]


def test_without_qos_nothing_is_set_but_the_ranges_stay() -> None:
    plan = qos({"uc_qos": {"enabled": False}})
    assert [len(part) for part in (plan.registry, plan.wmi, plan.markings, plan.in_band, plan.checkpoints)] == [0] * 5
    assert {(r.target, r.first, r.last) for r in plan.ranges} >= {
        ("fe1.corp.contoso.com", 49152, 65535),
        ("med1.corp.contoso.com", 60000, 64000),
    }


def test_clients_get_a_named_group_policy_object() -> None:
    assert {v.gpo for v in qos({}).registry if v.target == "hq"} == {"UC QoS hq"}
    named = qos({"uc_clients/hq/gpo": "Voice"})
    assert {v.gpo for v in named.registry if v.target == "hq"} == {"Voice"}
    assert {v.gpo for v in named.registry if v.target != "hq"} == {""}


def test_the_pool_is_set_once_and_each_mediation_server_by_itself() -> None:
    wmi = {item.target: item for item in qos({}).wmi}
    assert wmi["pool1.corp.contoso.com"].hosts == ("fe1.corp.contoso.com", "fe2.corp.contoso.com")
    assert wmi["med1.corp.contoso.com"].hosts == ("med1.corp.contoso.com",)
    assert all(item.save_object for item in wmi.values())
    assert "dirpool.corp.contoso.com" not in wmi


def test_a_default_instance_is_the_host_alone() -> None:
    wmi = {item.target: item for item in qos({"uc_pools/pool1.corp.contoso.com/sql/instance": ""}).wmi}
    assert wmi["pool1.corp.contoso.com"].query.endswith('backend="sql1.corp.contoso.com"')


def test_a_confined_client_range_becomes_three_registry_values() -> None:
    plan = qos({"uc_clients/hq/media_ports": "50000-50059"})
    found = {v.name: v.data for v in plan.registry if v.key.endswith("PortRange")}
    assert found == {"Enabled": 1, "MinMediaPort": 50000, "MaxMediaPort": 50059}
    assert not [v for v in qos({}).registry if v.key.endswith("PortRange")]


def test_the_packet_scheduler_is_known_by_windows_version() -> None:
    changes = {
        "@fe1.corp.contoso.com/uc_windows": "Windows Server 2008 Enterprise x64",
        "@fe2.corp.contoso.com/uc_windows": "Windows Server 2003 R2 Standard x64 SP2",
        "@med1.corp.contoso.com/uc_windows": "",
    }
    found = {s.target: s.installed for s in qos(changes).schedulers}
    assert found["fe1.corp.contoso.com"] == "yes"
    assert found["fe2.corp.contoso.com"] == "no"
    assert found["med1.corp.contoso.com"] == "look"
    assert found["hq"] == "yes"


def test_checkpoints_come_in_their_order() -> None:
    orders = [checkpoint.order for checkpoint in qos({}).checkpoints]
    assert orders == sorted(orders)
    assert orders[0] == 10


def test_lync_policies_end_with_the_range() -> None:
    policies = {(p.target, p.name): p for p in lync().policies}
    audio = policies["se1.contoso.com", "UC server audio"]
    assert (audio.first, audio.last, audio.dscp, audio.match) == (49152, 57499, 46, "source")
    video = policies["se1.contoso.com", "UC server video"]
    assert (video.first, video.last, video.dscp) == (57501, 65534, 34)
    assert policies["staff", "UC client audio"].last == 50039


def test_lync_policies_become_registry_values() -> None:
    values = {
        value.name: value.data
        for value in lync().registry
        if value.target == "staff" and value.key.endswith("\\UC client audio")
    }
    assert values["Local Port"] == "50020:50039"
    assert values["Remote Port"] == "*"
    assert values["DSCP Value"] == "46"
    assert values["Application Name"] == "communicator.exe"
    assert values["Protocol"] == "*"
    assert len(values) == 11


def test_lync_exempts_servers_with_several_networks() -> None:
    found = support.example_design("lync2010").plan
    assert found is not None
    values = [value for value in found.qos.registry if value.name == "Do not use NLA"]
    edges = {server.name for server in support.example_design("lync2010").topology.of_type("edge")}
    assert {value.target for value in values} >= edges > set()
    assert {(value.type, value.data) for value in values} == {("REG_SZ", "1")}
    assert not [value for value in lync().registry if value.name == "Do not use NLA"]


def test_a_medium_left_to_windows_has_no_lync_policy() -> None:
    plan = lync(qos={"dscp": {"audio": "not_configured"}})
    assert not [policy for policy in plan.policies if "audio" in policy.name]
    assert [policy for policy in plan.policies if "video" in policy.name]


def test_each_item_has_an_id_of_its_own() -> None:
    for plan in (qos({}), lync(), qos({}, "multisite")):
        ids = [item.id for part in (plan.registry, plan.wmi, plan.ranges, plan.policies, plan.in_band) for item in part]
        assert len(ids) == len(set(ids))


@pytest.mark.parametrize("example", ["lab", "standard", "multisite", "lync2010"])
def test_documented_ranges_are_apart_and_end_within_the_ports(example: str) -> None:
    found = support.example_design(example).plan
    assert found is not None
    by_target: dict[str, list[tuple[int, int]]] = {}
    for item in found.qos.ranges:
        assert item.first + item.count - 1 == item.last <= 65535
        by_target.setdefault(item.target, []).append((item.first, item.last))
    for ports in by_target.values():
        ordered = sorted(ports)
        assert all(before[1] < after[0] for before, after in itertools.pairwise(ordered))


@settings(max_examples=15)
@given(first=st.integers(1024, 60000), count=st.integers(1, 5000))
def test_a_range_ends_with_its_last_port(first: int, count: int) -> None:
    last = first + count - 1
    plan = qos({"uc_mediation/med1.corp.contoso.com/media_ports": f"{first}-{last}"})
    (item,) = [item for item in plan.ranges if item.target == "med1.corp.contoso.com"]
    assert (item.first, item.last, item.count) == (first, last, count)
