# SPDX-License-Identifier: GPL-3.0-or-later
"""What each row about flows plans in an estate that has all it needs: both ends, ports, transport, TLS and stage.

The printed tables name a port and one end; the other end stands in the text beside them. Both were read row by row.
"""

from __future__ import annotations

import functools
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue import loader
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.base import Stages
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.flow_plan import plan_flows
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.flows import Flow
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.load_balancing import plan_services
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.parties import Parties
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.build import read
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.inventory import RawInventory
from tests import support
from tests.documents.printed import planned as without_checks

from .test_edge_firewall import OLD_PARTNERS, WITH_XMPP
from .test_ports import EVERYTHING

PRODUCTS = ("ocs2007", "ocs2007r2", "lync2010")
ESTATES: dict[str, tuple[str, dict[str, t.Any]]] = {
    "everything_2007": ("lab", {**EVERYTHING, "uc_product": "ocs2007"}),
    "everything": ("lab", EVERYTHING),
    "older_partners": ("lab", OLD_PARTNERS),
    "xmpp": ("lab", WITH_XMPP),
    "lync": ("lync2010", {}),
    "no_director": ("lync2010", {}),
}
DIRECTORS = ("director",)


@functools.cache
def planned(estate: str) -> dict[str, list[str]]:
    """Flows as lines of text, by the row that asks for them; legs behind a balancer follow from these."""
    base, changes = ESTATES[estate]
    raw = support.changed(support.example(base), changes)
    if estate == "no_director":
        raw = RawInventory(tuple(host for host in raw.hosts if not set(host.groups) & set(DIRECTORS)))
    topology, _found = read(raw)
    stages = Stages(topology.catalogue)
    found: dict[str, list[str]] = {}
    for flow in plan_flows(topology, stages, Parties(topology), plan_services(topology, stages)):
        if flow.leg in ("direct", "to_vip"):
            found.setdefault(flow.why[0], []).append(line(flow))
    return found


def line(flow: Flow) -> str:
    ports = ",".join(flow.ports) or "any"
    opened_from = f"from {flow.source_ports}" if flow.source_ports else ""
    words = (
        flow.source,
        ">",
        flow.destination,
        flow.protocol,
        ports,
        opened_from,
        flow.application,
        flow.tls,
        flow.stage,
    )
    return " ".join(word for word in words if word)


def pins(product: str) -> dict[str, tuple[str, list[str]]]:
    """Estate and lines by row."""
    by_estate = yaml.safe_load((Path(__file__).parent / "flow_rows" / f"{product}.yml").read_text())
    return {row: (estate, lines) for estate, rows in by_estate.items() for row, lines in rows.items()}


@pytest.mark.parametrize("row", [row for product in PRODUCTS for row in pins(product)])
def test_each_row_plans_what_was_read_from_the_documents(row: str) -> None:
    estate, lines = pins(row.partition(".")[0])[row]
    assert planned(estate).get(row, []) == lines


@pytest.mark.parametrize("product", PRODUCTS)
def test_every_row_of_the_catalogue_is_pinned(product: str) -> None:
    rows = {row.id for row in loader.load(product).rows("flows")}
    assert rows == set(pins(product))


def test_a_web_access_site_without_a_port_of_its_own_has_the_printed_one() -> None:
    """Guide, lines 3390 to 3393. The site inside of the lab shares its server, and says another port."""
    plan = without_checks("lab", {"uc_web_access/im.corp.contoso.com/port": "~delete"})
    flows = [flow for flow in plan.flows if "ocs2007r2.flow.client-to-web-access" in flow.why]
    assert [flow.ports for flow in flows] == [("443",)]
