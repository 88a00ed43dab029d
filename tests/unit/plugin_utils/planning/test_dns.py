# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import functools
import typing as t

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.base import Stages
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.dns import (
    Record,
    ZoneMap,
    plan_hosts_entries,
    plan_records,
    plan_zones,
)
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.build import read
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.inputs.policy import (
    DnsPolicyInput,
    PinpointInput,
    ZoneInput,
)
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.inventory import RawHost, RawInventory
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.model import Topology
from tests import support

EXTRA = {"name": "Wiki.contoso.com", "type": "A", "view": "internal", "value": "10.20.0.77", "reason": "The wiki"}


def topology_of(example: str, changes: t.Mapping[str, t.Any]) -> Topology:
    topology, problems = read(support.changed(support.example(example), changes))
    assert problems == []
    return topology


def planned(example: str = "lab", **changes: t.Any) -> tuple[Record, ...]:
    topology = topology_of(example, {path.replace("__", "/"): value for path, value in changes.items()})
    return plan_records(topology, Stages(topology.catalogue))


def named(records: t.Iterable[Record], name: str, view: str = "internal") -> list[Record]:
    return [record for record in records if (record.name, record.view) == (name, view)]


def test_sign_in_moves_from_the_first_pool_to_the_director() -> None:
    first, then = named(planned(), "_sipinternaltls._tcp.contoso.com")
    assert (first.stage, first.values, first.replaces) == ("first_pool", ("0 0 5061 pool1.corp.contoso.com.",), "")
    assert (then.stage, then.values) == ("director", ("0 0 5061 dirpool.corp.contoso.com.",))
    assert then.replaces == first.id
    assert then.id == f"{first.id}@director"


def test_the_name_in_the_sip_domain_moves_with_it() -> None:
    records = planned(uc_sign_in={"target": "sip_name"})
    assert [record.values for record in named(records, "_sipinternaltls._tcp.contoso.com")] == [
        ("0 0 5061 sip.contoso.com.",)
    ]
    assert [record.values for record in named(records, "sip.contoso.com")] == [("10.20.0.100",), ("10.20.0.110",)]
    # The question without TLS too, where it is allowed.
    assert [record.values for record in named(records, "_sipinternal._tcp.contoso.com")] == [
        ("0 0 5060 sip.contoso.com.",)
    ]


def test_devices_of_2007_are_sent_to_the_pool_of_2007_that_lives_on() -> None:
    raw = support.changed(
        support.example("lab"),
        {
            "uc_legacy_devices": True,
            "uc_pools/old.corp.contoso.com": {"edition": "standard", "site": "redmond", "product": "ocs2007"},
        },
    )
    shared = dict(raw.hosts[0].variables)
    added = {"uc_pool": "old.corp.contoso.com", "uc_addresses": {"internal": "10.20.0.200"}}
    variables = {key: value for key, value in shared.items() if all(h.variables.get(key) == value for h in raw.hosts)}
    old = RawHost("old.corp.contoso.com", ("front_end",), {**variables, **added})
    topology, problems = read(RawInventory((*raw.hosts, old)))
    assert problems == []
    records = plan_records(topology, Stages(topology.catalogue))
    assert [record.values for record in named(records, "ucupdates.contoso.com")] == [("10.20.0.200",)]
    assert [record.values for record in named(records, "ucupdates-r2.contoso.com")] == [("10.20.0.100",)]


def test_nothing_is_planned_for_sign_in_by_hand() -> None:
    assert named(planned(uc_sign_in={"automatic": False}), "_sipinternaltls._tcp.contoso.com") == []


def test_records_that_grow_keep_what_they_had() -> None:
    late = {**EXTRA, "name": "dirpool.corp.contoso.com"}
    early, grown = named(planned(uc_extra_records=[late]), "dirpool.corp.contoso.com")
    assert (early.stage, early.values) == ("infrastructure", ("10.20.0.77",))
    assert (grown.stage, grown.values) == ("director", ("10.20.0.77", "10.20.0.110"))
    assert set(early.why) < set(grown.why)


def test_what_two_rows_ask_for_is_planned_once_with_both_reasons() -> None:
    (record,) = named(planned(), "pool1.corp.contoso.com")
    assert record.why == ("ocs2007r2.dns.pool-behind-balancer", "ocs2007r2.dns.web-farm-internal")


def test_an_extra_record_says_why_it_is_there() -> None:
    (record,) = named(planned(uc_extra_records=[EXTRA]), "wiki.contoso.com")
    assert (record.values, record.why, record.purpose) == (("10.20.0.77",), ("extra.record",), "The wiki")
    assert record.zone == "contoso.com"


def test_only_one_edge_pool_carries_federation_for_all_domains() -> None:
    records = planned(
        "multisite",
        **{
            "uc_sip_domains__emea.contoso.com__remote_access": "edge-dub.emea.contoso.com",
            "uc_sip_domains__emea.contoso.com__federation_name": "fed.emea.contoso.com",
            "uc_federation__discovery": True,
        },
    )
    federation = [record for record in records if record.name.startswith("_sipfederationtls.")]
    assert {record.name: record.values[0].split()[-1] for record in federation} == {
        "_sipfederationtls._tcp.contoso.com": "sip.contoso.com.",
        "_sipfederationtls._tcp.emea.contoso.com": "fed.emea.contoso.com.",
        "_sipfederationtls._tcp.northwindtraders.com": "sip.northwindtraders.com.",
    }
    assert named(records, "sip.emea.contoso.com", "external")[0].values == ("192.0.2.31",)
    assert named(records, "fed.emea.contoso.com", "external")[0].values == ("203.0.113.100",)


def test_another_port_of_the_access_edge_is_told_to_clients() -> None:
    changes = {"uc_edge_pools__edge.corp.contoso.com__external__access__port": 4433}
    (record,) = named(planned(**changes), "_sip._tls.contoso.com", "external")
    assert record.values == ("0 0 4433 sip.contoso.com.",)


def test_a_view_without_zones_gives_hosts_files_to_those_who_ask() -> None:
    entries = plan_hosts_entries(planned())
    assert {(entry.host, entry.name) for entry in entries if entry.addresses == ("10.20.0.110",)} == {
        ("edge1.contoso.com", "dirpool.corp.contoso.com"),
        ("edge2.contoso.com", "dirpool.corp.contoso.com"),
    }


def test_a_perimeter_zone_takes_the_place_of_hosts_files() -> None:
    records = planned(
        uc_dns__zones__inner={"name": "corp.contoso.com", "view": "perimeter", "server": "ns-ext.contoso.com"}
    )
    assert {entry.name for entry in plan_hosts_entries(records)} == {"av.contoso.com"}


def test_names_of_foreign_zones_get_pinpoint_zones() -> None:
    topology = topology_of(
        "lab",
        {
            "uc_dns/zones": {"corp.contoso.com": {"view": "internal", "server": "ns1.corp.contoso.com"}},
            "uc_dns/pinpoint": {"internal": "ns1.corp.contoso.com", "external": "ns-ext.contoso.com"},
        },
    )
    stages = Stages(topology.catalogue)
    records = plan_records(topology, stages)
    zones = {(zone.view, zone.name): zone for zone in plan_zones(topology, records, stages)}
    pinpoint = zones["internal", "_sipinternaltls._tcp.contoso.com"]
    assert (pinpoint.pinpoint, pinpoint.server, pinpoint.stage) == (True, "ns1.corp.contoso.com", "first_pool")
    assert not zones["internal", "corp.contoso.com"].pinpoint
    # An alias cannot stand at the top of a zone: the address it leads to does.
    (record,) = named(records, "as.im.contoso.com", "external")
    assert (record.type, record.values, record.zone) == ("A", ("203.0.113.33",), "as.im.contoso.com")


@settings(max_examples=25, deadline=None)
@given(
    changes=st.fixed_dictionaries(
        {},
        optional={
            "uc_sign_in": st.sampled_from([{}, {"target": "sip_name"}, {"automatic": False}]),
            "uc_pools/pool1.corp.contoso.com/sign_in": st.booleans(),
            "uc_pools/dirpool.corp.contoso.com/sign_in": st.booleans(),
            "uc_pools/pool1.corp.contoso.com/web_farm/internal": st.just("web.corp.contoso.com"),
            "uc_web_access/im.contoso.com/desktop_sharing": st.booleans(),
            "uc_web_access/im.contoso.com/backend_name": st.just("cwa.corp.contoso.com"),
            "uc_sip_domains/fabrikam.com": st.just({}),
            "uc_features": st.lists(st.sampled_from(["remote_access", "federation", "device_updates"]), unique=True),
        },
    )
)
def test_whatever_an_alias_or_service_record_points_to_has_an_address_in_its_view(changes: dict[str, t.Any]) -> None:
    topology = topology_of("lab", changes)
    records = plan_records(topology, Stages(topology.catalogue))
    known = {(record.view, record.name) for record in records if record.type == "A"}
    ids = [record.id for record in records]
    assert len(ids) == len(set(ids))
    for record in records:
        assert not record.replaces or record.replaces in ids
        if record.type != "A":
            assert {(record.view, value.split()[-1].rstrip(".")) for value in record.values} <= known


@functools.cache
def zone_map() -> ZoneMap:
    return ZoneMap(
        DnsPolicyInput(
            zones={
                "contoso.com": ZoneInput(view="internal", server="ns1"),
                "below": ZoneInput(view="internal", server="ns1", name="Corp.contoso.com"),
            },
            pinpoint={"external": PinpointInput(server="ns2")},
        )
    )


def test_the_longest_zone_holds_a_name() -> None:
    assert zone_map().zone("fe1.corp.contoso.com", "internal") == "corp.contoso.com"
    assert zone_map().zone("corp.contoso.com", "internal") == "corp.contoso.com"
    assert zone_map().zone("xcorp.contoso.com", "internal") == "contoso.com"
    assert zone_map().zone("fabrikam.com", "internal") == ""
    assert zone_map().zone("sip.fabrikam.com", "external") == "sip.fabrikam.com"
