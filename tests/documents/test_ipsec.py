# SPDX-License-Identifier: GPL-3.0-or-later
"""The printed IPsec exceptions, row by row, against the exemptions that are planned for the lab."""

from __future__ import annotations

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.base import Stages
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.ipsec import IpsecExemption, plan_ipsec
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.parties import Parties
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.build import read
from tests import support

from . import printed

ROWS = printed.rows("ocs2007r2/ipsec")
# Set that stands for a printed address, in the lab.
ADDRESSES = {
    "Any": "any",
    "A/V Edge Server Internal": "av_edge@edge.corp.contoso.com",
    "A/V Edge Server External": "av_edge:av@edge.corp.contoso.com",
    "Mediation Server(s)": "mediation@med1.corp.contoso.com",
    "A/V Conferencing Servers": "av_conferencing@pool1.corp.contoso.com",
    "Exchange Unified Messaging": "exchange_um@um1.corp.contoso.com",
}
PORTS = {"Any": "any", "Specified media port range": "1024-65535"}
PROTOCOLS = {"UDP and TCP": {"tcp", "udp"}, "UDP & TCP": {"tcp", "udp"}, "UDP": {"udp"}}
# Rows that name no server, and the reading of each: end, set, erratum.
READINGS = {
    3680: ("destination", "application_server@pool1.corp.contoso.com", "erratum.ipsec-attendant-any"),
    3688: ("source", "application_server@pool1.corp.contoso.com", "erratum.ipsec-attendant-any"),
    3728: ("source", "network:clients", "erratum.ipsec-clients-any"),
}


def planned() -> tuple[IpsecExemption, ...]:
    topology, _found = read(support.example("lab"))
    return plan_ipsec(topology, Stages(topology.catalogue), Parties(topology))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["rule_name"])
def test_each_printed_exception_is_planned(row: printed.Row) -> None:
    found = [item for item in planned() if item.name == row["rule_name"]]
    wanted = {"source": ADDRESSES[row["source_ip"]], "destination": ADDRESSES[row["destination_ip"]]}
    if row["line"] in READINGS:
        end, name, erratum = READINGS[row["line"]]
        assert printed.explains("ocs2007r2", erratum, "guide-r2", row["line"])
        wanted[end] = name
    assert found
    for item in found:
        assert {"source": item.source, "destination": item.destination} == wanted
        assert set(item.protocols) == PROTOCOLS[row["protocol"]]
        assert (item.source_ports, item.ports) == (PORTS[row["source_port"]], PORTS[row["destination_port"]])
        assert item.action == row["filter_action"].lower()


def test_nothing_else_is_exempt() -> None:
    assert {item.name for item in planned()} == {row["rule_name"] for row in ROWS}
