# SPDX-License-Identifier: GPL-3.0-or-later
"""What each row about balanced services plans, in an estate that has all it needs.

The tables print the ports; how the balancer has to behave stands in the text around them, for OCS 2007 R2. Where
nothing is printed for another product, its rows follow that text.
"""

from __future__ import annotations

import functools
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue import loader
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.base import Stages
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.load_balancing import Service, plan_services
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.build import read
from tests import support

from .test_load_balancer import BALANCED_WEB_ACCESS, POOL

PINS: dict[str, dict[str, list[str]]] = yaml.safe_load((Path(__file__).parent / "service_rows.yml").read_text())
EDGE = "uc_edge_pools/edge.corp.contoso.com"
PLAIN_SITE = {
    "uc_web_access/old.corp.contoso.com": {
        "kind": "internal", "scheme": "http", "members": ["cwa1.corp.contoso.com"],
        "vip": "10.20.0.122", "balancer": "lb1.corp.contoso.com",
    },
}  # fmt: skip
ESTATES: dict[str, tuple[str, dict[str, t.Any]]] = {
    "lab": ("lab", {**BALANCED_WEB_ACCESS, **PLAIN_SITE}),
    "lab_2007": ("lab", {**BALANCED_WEB_ACCESS, **PLAIN_SITE, "uc_product": "ocs2007"}),
    "ocs2007": ("ocs2007", {}),
    "lync": ("lync2010", {}),
    "lync_hardware": (
        "lync2010",
        {
            f"uc_pools/{POOL}/balancing": "hardware",
            f"uc_pools/{POOL}/vip": "10.20.0.100",
            "uc_pools/dirpool.corp.contoso.com/balancing": "hardware",
            "uc_pools/dirpool.corp.contoso.com/vip": "10.20.0.110",
            f"{EDGE}/balancing": "hardware",
            f"{EDGE}/internal": {
                "access": {"name": "edge.corp.contoso.com", "vip": "10.30.0.100"},
                "av": {"name": "edge.corp.contoso.com", "vip": "10.30.0.101"},
            },
            f"{EDGE}/external": {
                "access": {"name": "sip.contoso.com", "vip": "203.0.113.100"},
                "web_conferencing": {"name": "conf.contoso.com", "vip": "203.0.113.101"},
                "av": {"name": "av.contoso.com", "vip": "203.0.113.102"},
            },
        },
    ),
}


@functools.cache
def planned(estate: str) -> dict[str, list[str]]:
    base, changes = ESTATES[estate]
    topology, _found = read(support.changed(support.example(base), changes))
    found: dict[str, list[str]] = {}
    for service in plan_services(topology, Stages(topology.catalogue)):
        found.setdefault(service.why[0], []).append(line(service))
    return found


def line(service: Service) -> str:
    ports = f"{service.protocol} {service.port} to {service.member_port}, checked {service.check_port}"
    manner = f"{service.nat}, {service.affinity}, {service.idle_seconds} s, {service.stage}"
    tls = ", ends TLS" if service.terminate else ""
    return f"{service.cluster} {service.vip_name} {service.role} {ports}, {manner}{tls}"


@pytest.mark.parametrize(("estate", "row"), [(estate, row) for estate, rows in PINS.items() for row in rows])
def test_each_row_plans_what_was_read_from_the_documents(estate: str, row: str) -> None:
    assert planned(estate).get(row, []) == PINS[estate][row]


def test_every_row_of_the_catalogue_is_pinned() -> None:
    rows = {row.id for product in loader.products() for row in loader.load(product).rows("balanced_services")}
    assert rows == {row for rows in PINS.values() for row in rows}
