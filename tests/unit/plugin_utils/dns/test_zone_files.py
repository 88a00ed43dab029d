# SPDX-License-Identifier: GPL-3.0-or-later
"""Zones as files, as hosts files and as slices of their servers."""

from __future__ import annotations

import functools

import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.dns import engine
from ansible_collections.openuc.ocs.plugins.module_utils.specs import DNS_RECORDS
from ansible_collections.openuc.ocs.plugins.plugin_utils.engine import Design, design
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.slices import Slice, zone_slices
from ansible_collections.openuc.ocs.plugins.plugin_utils.rendering import zones
from tests import support

EXAMPLES = ("lab", "standard", "multisite", "ocs2007", "lync2010", "departments")
DEFAULTS = {name: option.get("default") for name, option in DNS_RECORDS.items()}


def files(name: str) -> dict[str, str]:
    made = support.example_design(name)
    assert made.plan is not None
    return dict(zones.render(made.topology, made.plan))


def slices(name: str) -> dict[str, Slice]:
    made = support.example_design(name)
    assert made.plan is not None
    return {each.target: each for each in zone_slices(made.topology, made.plan)}


def lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith(("#", ";"))]


@pytest.mark.parametrize("form", ["zone", "fragment"])
@pytest.mark.parametrize("name", EXAMPLES)
def test_a_zone_file_is_what_the_module_renders_of_the_slice(name: str, form: str) -> None:
    found = files(name)
    for each in slices(name).values():
        options = {**DEFAULTS, **each.arguments, "state": "rendered", "format": form}
        ((path, text),) = engine.run(options, False)["rendered"].items()
        assert found[f"zones/{each.arguments['view']}/{path}"] == text


def test_a_whole_zone_names_its_servers_and_those_of_zones_below() -> None:
    """Zones inside are delegated where another zone of the view is above them."""
    inside = lines(files("multisite")["zones/internal/contoso.com.zone"])
    assert inside[0] == "$TTL 3600"
    assert inside[1].startswith("contoso.com. IN SOA ns1.corp.contoso.com. hostmaster.contoso.com. 1 ")
    assert [line for line in inside if " IN NS " in line] == [
        "contoso.com. IN NS ns1.corp.contoso.com.",
        "corp.contoso.com. IN NS ns1.corp.contoso.com.",
        "emea.contoso.com. IN NS ns1.corp.contoso.com.",
    ]
    assert [line for line in inside if line.startswith("ns1.")] == ["ns1.corp.contoso.com. IN A 10.20.0.5"]


def test_servers_with_copies_are_name_servers_too() -> None:
    changes = {"uc_dns/zones/contoso-outside/copies": ["ns1.corp.contoso.com"]}
    made = design(support.changed(support.example("lab"), changes), support.TODAY)
    assert made.plan is not None
    (outside,) = (each for each in zone_slices(made.topology, made.plan) if each.target.startswith("ns-ext."))
    assert outside.arguments["name_servers"] == [
        {"name": "ns-ext.contoso.com", "addresses": ["203.0.113.5"]},
        {"name": "ns1.corp.contoso.com", "addresses": ["10.20.0.5"]},
    ]


def test_a_zone_file_holds_what_the_last_stage_leaves() -> None:
    """The Director takes the place of the first pool as the one that clients sign in through."""
    text = files("lab")["zones/internal/contoso.com.zone"]
    assert [line for line in lines(text) if line.startswith("_sipinternaltls")] == [
        "_sipinternaltls._tcp.contoso.com. 3600 IN SRV 0 0 5061 dirpool.corp.contoso.com."
    ]


def test_an_edge_has_a_hosts_file_where_the_perimeter_has_no_zone() -> None:
    """The next hop inside, the pools, and its own A/V name at the public address, as documented behind translation."""
    assert lines(files("lab")["native/edge1.contoso.com.hosts"]) == [
        "10.20.0.110 dirpool.corp.contoso.com",
        "10.20.0.3 ca1.corp.contoso.com",
        "203.0.113.102 av.contoso.com",
    ]


def test_a_server_has_a_folder_with_its_zones() -> None:
    assert set(slices("lab")) == {
        "ns-ext.contoso.com/external.contoso.com",
        "ns1.corp.contoso.com/internal.contoso.com",
        "ns1.corp.contoso.com/internal.corp.contoso.com",
    }


@functools.cache
def pinpointed() -> Design:
    """The external zone is somebody else's, and a server of ours may hold a zone for each name."""
    changes = {"uc_dns/zones/contoso-outside": "~delete", "uc_dns/pinpoint": {"external": "ns-ext.contoso.com"}}
    return design(support.changed(support.example("lab"), changes), support.TODAY)


def test_a_pinpoint_zone_is_a_slice_with_the_records_of_its_name() -> None:
    made = pinpointed()
    assert made.plan is not None
    found = {each.target: each.arguments for each in zone_slices(made.topology, made.plan)}
    sip = found["ns-ext.contoso.com/external.sip.contoso.com"]
    assert (sip["zone"], [record["name"] for record in sip["records"]]) == ("sip.contoso.com", ["sip.contoso.com"])
    outside = [target for target in found if target.startswith("ns-ext.")]
    assert len(outside) == len({record.name for record in made.plan.records if record.view == "external"})


def test_an_alias_becomes_addresses_where_it_would_stand_at_the_top_of_a_zone() -> None:
    made = pinpointed()
    assert made.plan is not None
    held = {(record.name, record.type) for record in made.plan.records if record.view == "external"}
    assert ("as.im.contoso.com", "A") in held
    assert ("as.im.contoso.com", "CNAME") not in held
