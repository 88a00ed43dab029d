# SPDX-License-Identifier: GPL-3.0-or-later
"""Every flow that speaks TLS to a server of the estate ends at a listener that has a certificate to show."""

from __future__ import annotations

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.certificates import CertificateSpec
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.flows import Flow
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.parties import role_party
from tests import support

EXAMPLES = ("departments", "lab", "lync2010", "multisite", "ocs2007", "standard")
# Whoever runs these has certificates of his own, which nobody plans here.
OTHERS = {"partners", "media_gateway|sip_trunk@trunk.fabrikam.com"}
Place = tuple[str, str, str]


def shown_at(spec: CertificateSpec) -> set[Place]:
    """Role, interface and cluster of each listener."""
    parties = [role_party(listener) for listener in spec.listeners]
    return {
        (role, interface, spec.cluster) for party in parties for role in party.roles for interface in party.interfaces
    }


def reached_at(flow: Flow) -> set[Place]:
    party, _at, cluster = flow.destination.partition("@")
    return _places(party, cluster)


def _places(party: str, cluster: str) -> set[Place]:
    wanted = role_party(party)
    return {(role, interface, cluster) for role in wanted.roles for interface in wanted.interfaces}


@pytest.mark.parametrize("name", EXAMPLES)
def test_no_flow_ends_where_no_certificate_is_shown(name):
    plan = support.example_design(name).plan
    assert plan is not None
    shown = {place for spec in plan.certificates for place in shown_at(spec)}
    ours = [flow for flow in plan.flows if flow.tls and flow.leg != "to_vip" and flow.destination not in OTHERS]
    assert len(ours) > 5
    assert [flow.id for flow in ours if not reached_at(flow) & shown] == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_clients_of_mutual_tls_show_is_a_certificate_of_theirs(name):
    """A server that opens mutual TLS holds some certificate with its own name or that of its pool on it."""
    design = support.example_design(name)
    assert design.plan is not None
    holders = {host for spec in design.plan.certificates for host in spec.hosts}
    sets = {endpoints.name: endpoints for endpoints in design.plan.sets}
    openers = {
        member.host
        for flow in design.plan.flows
        if flow.tls == "mtls" and "@" in flow.source
        for member in sets[flow.source].members
        if member.host in design.topology.servers
    }
    assert openers
    assert sorted(openers - holders) == []
