# SPDX-License-Identifier: GPL-3.0-or-later
"""Printed ports of Mediation Servers and gateways, beside what the plan sets them to."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.base import Stages
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.voice import plan_voice
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.voice_items import VoicePlan
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.build import read
from tests import support

PORTS = yaml.safe_load((Path(__file__).parent / "ocs2007r2" / "ports.yml").read_text())["rows"]
SETTINGS: dict[int, str] = {
    2507: "media_ports",
    3455: "media_ports",
    3460: "listening_port",
    3465: "gateway_listening_port",
    4932: "listening_port",
    4934: "gateway_listening_port",
    8736: "gateway_listening_port",
}


def plan_of(changes: t.Mapping[str, t.Any]) -> VoicePlan:
    topology, _problems = read(support.changed(support.example("lab"), changes))
    return plan_voice(topology, Stages(topology.catalogue))


def printed(line: int) -> str:
    (row,) = [row for row in PORTS if row["line"] == line]
    return str(row["port"]).replace(",", "").replace(" to ", "-")


def test_every_printed_port_is_compared() -> None:
    ours = {row["line"] for row in PORTS if "Mediation" in row["component"] or "media gateway" in row["component"]}
    assert ours == set(SETTINGS)


# erratum.gateway-port-under-tls: no other port is printed for TLS.
@pytest.mark.parametrize("transport", ["tcp", "tls"])
@pytest.mark.parametrize("line", SETTINGS)
def test_the_plan_has_the_printed_port(line: int, transport: str) -> None:
    plan = plan_of({"uc_mediation/med1.corp.contoso.com/transport": transport})
    assert str(getattr(plan.mediation[0], SETTINGS[line])) == printed(line)
    assert str(plan.gateways[0].port) == printed(8736)
