# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.engine import design
from ansible_collections.openuc.ocs.plugins.plugin_utils.findings import Finding
from tests import support


def new_findings(example: str, changes: t.Mapping[str, t.Any]) -> dict[str, list[Finding]]:
    """Findings that a change brings, by id."""
    before = set(support.example_design(example).findings)
    found: dict[str, list[Finding]] = {}
    for finding in design(support.changed(support.example(example), changes), support.TODAY).findings:
        if finding not in before:
            found.setdefault(finding.id, []).append(finding)
    return found


def extra(**values: str) -> dict[str, t.Any]:
    record = {"type": "CNAME", "view": "external", "name": "chat.contoso.com", "reason": "A test", **values}
    return {"uc_extra_records": [record]}


@pytest.mark.parametrize(
    ("values", "findings"),
    [
        ({"value": "elsewhere.example.net."}, set()),
        ({"value": "nowhere.contoso.com."}, {"finding.record-target-missing"}),
        ({"value": "sip.contoso.com."}, {"finding.name-not-on-certificate"}),
        ({"value": "10.20.0.1", "type": "A"}, {"finding.private-address-outside"}),
        ({"value": "203.0.113.100", "type": "A"}, {"finding.name-not-on-certificate"}),
        ({"value": "203.0.113.200", "type": "A"}, set()),
        ({"value": "v=spf1 -all", "type": "TXT"}, set()),
        ({"value": "not an address", "type": "A"}, set()),
        ({"value": "0 0 5061 sip.contoso.com.", "type": "SRV", "name": "_x._tcp.contoso.com"}, set()),
    ],
)
def test_extra_records_are_held_to_the_same_rules(values: dict[str, str], findings: set[str]) -> None:
    assert set(new_findings("lab", extra(**values))) == findings


def test_an_extra_name_on_the_certificate_mends_the_alias() -> None:
    name = {"certificate": "edge.corp.contoso.com", "name": "chat.contoso.com", "reason": "A test"}
    changes = {**extra(value="sip.contoso.com."), "uc_extra_sans": [name]}
    assert new_findings("lab", changes) == {}


def test_a_server_may_be_named_for_its_own_certificates() -> None:
    name = {"certificate": "gc1.corp.contoso.com", "name": "chat.contoso.com", "reason": "A test"}
    assert new_findings("lab", {"uc_extra_sans": [name]}) == {}


def test_an_address_is_reported_where_it_is_given() -> None:
    changes = {"uc_edge_pools/edge.corp.contoso.com/external/access/public": "10.31.0.102"}
    (finding,) = new_findings("lab", changes)["finding.private-address-outside"]
    assert (finding.path, finding.host) == ("uc_edge_pools['edge.corp.contoso.com'].external.access.public", "")


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        (
            {"uc_edge_pools/edge.corp.contoso.com/external/av/name": "media.corp.contoso.com"},
            "uc_edge_pools['edge.corp.contoso.com'].external.av",
        ),
        (
            {
                "uc_web_access/web.corp.contoso.com": {
                    "kind": "external",
                    "members": ["cwa1.corp.contoso.com"],
                    "port": 4444,
                }
            },
            "uc_web_access['web.corp.contoso.com']",
        ),
        (extra(name="wiki.corp.contoso.com", type="A", value="203.0.113.9"), "uc_extra_records[0]"),
    ],
)
def test_an_inside_name_is_reported_where_it_is_given(changes: dict[str, t.Any], path: str) -> None:
    found = new_findings("lab", changes)["finding.internal-name-outside"]
    assert {finding.path for finding in found} == {path}


def test_a_domain_that_is_also_a_sip_domain_may_be_told_outside() -> None:
    assert "finding.internal-name-outside" not in new_findings("lab", {"uc_sip_domains/corp.contoso.com": {}})


def test_two_aliases_of_one_name_are_one_too_many() -> None:
    changes = extra(name="as.im.contoso.com", value="webext.contoso.com.")
    (finding,) = new_findings("lab", changes)["finding.alias-not-alone"]
    assert "another alias" in finding.message


def test_keys_are_not_judged_where_no_document_speaks_of_them() -> None:
    assert new_findings("ocs2007", {"uc_certificates": {"key": "ecdsa256"}}) == {}
    assert set(new_findings("ocs2007", {"uc_certificates": {"key": "strong"}})) == {"finding.key-algorithm"}


def test_names_are_compared_without_regard_to_case() -> None:
    changes = {"uc_web_access/POOL1.corp.contoso.com": {"kind": "internal", "members": ["cwa1.corp.contoso.com"]}}
    (finding,) = new_findings("lab", changes)["finding.duplicate-name"]
    assert finding.path == "uc_web_access['POOL1.corp.contoso.com']"
