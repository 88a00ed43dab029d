# SPDX-License-Identifier: GPL-3.0-or-later
"""What is live beside what is planned: what a mechanism's check mode would change is told, and what nobody compared."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.acting.compared import Compared, keep_comparison
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.slices import Slice, slices_of
from ansible_collections.openuc.ocs.plugins.plugin_utils.verification.diagnosis import Diagnostician
from ansible_collections.openuc.ocs.plugins.plugin_utils.verification.differences import CONTROLLER, differences
from ansible_collections.openuc.ocs.plugins.plugin_utils.verification.observed import ObservedError
from ansible_collections.openuc.ocs.plugins.plugin_utils.verification.verdicts import Verdict, verdicts_of
from tests import support
from tests.unit.plugin_utils.verification.test_diagnosis import EXPECTED, WORLD, good

FIREWALL, DNS = "fw-ext.contoso.com", "ns1.corp.contoso.com"
PLANNED = (
    Slice("firewall_rules", FIREWALL, {}),
    Slice("dns_records", f"{DNS}/contoso.com", {}),
    Slice("certificate_request", "public", {"requests": [{"hosts": ["edge1.contoso.com"]}]}),
)


def operation(action: str, name: str, before: str = "", after: str = "") -> dict[str, str]:
    return {"action": action, "name": name, "before": before, "after": after}


def kept(folder: Path, module: str, host: str, **result: object) -> None:
    keep_comparison(folder / "compared", Compared(module, host, ""), result)


def judged(folder: Path, *asked: str) -> dict[str, Verdict]:
    return {verdict.id: verdict for verdict in differences(folder, PLANNED, asked)}


def test_nothing_is_said_where_nobody_compared(tmp_path: Path) -> None:
    assert judged(tmp_path, FIREWALL) == {}


def test_a_host_where_nothing_would_change_is_as_planned_and_what_is_not_ours_is_named(tmp_path: Path) -> None:
    kept(tmp_path, "firewall_rules", FIREWALL, changed=False, operations=[], foreign=["inet other"])
    (verdict,) = judged(tmp_path, FIREWALL).values()
    assert (verdict.status, verdict.host, verdict.protocol) == ("passed", FIREWALL, "firewall_rules")
    assert verdict.detail == "what is live is what is planned; not ours, and left alone: inet other"


@pytest.mark.parametrize(
    ("change", "outcome", "detail"),
    [
        (
            operation("add", "rule r1", after="accept"),
            "missing",
            "rule r1 is planned, and is not there (planned: accept)",
        ),
        (
            operation("change", "A pool1", before="10.0.0.1", after="10.0.0.2"),
            "different",
            "A pool1 is not as planned (live: 10.0.0.1, planned: 10.0.0.2)",
        ),
        (
            operation("remove", "rule x", before="drop"),
            "surplus",
            "rule x is there, is ours, and is not planned (live: drop)",
        ),
    ],
)
def test_each_thing_that_would_change_is_a_difference(
    tmp_path: Path, change: dict[str, str], outcome: str, detail: str
) -> None:
    kept(tmp_path, "firewall_rules", FIREWALL, changed=True, operations=[change])
    (verdict,) = judged(tmp_path, FIREWALL).values()
    assert (verdict.status, verdict.outcome, verdict.detail) == ("failed", outcome, detail)


def test_what_could_not_be_compared_is_not_known_and_never_passes(tmp_path: Path) -> None:
    kept(tmp_path, "dns_records", DNS, failed=True, msg="10.20.0.5 does not answer")
    kept(tmp_path, "certificate_install", "edge1.contoso.com", changed=False, by_hand=True, operations=[])
    found = judged(tmp_path, FIREWALL, DNS, "edge1.contoso.com")
    assert {verdict.status for verdict in found.values()} == {"unknown"}
    assert found[f"comparison:dns_records:{DNS}"].detail == "10.20.0.5 does not answer"
    assert "changed by people" in found[f"comparison:firewall_rules:{FIREWALL}"].detail
    assert "changed by people" in found["comparison:certificate_request:edge1.contoso.com"].detail


def test_what_a_host_sees_wrong_of_certificates_on_the_wire_is_told_line_by_line(tmp_path: Path) -> None:
    wrong = ["edge1 at 10.30.0.31:5061: its revocation list cannot be fetched"]
    kept(tmp_path, "certificate_verify", "dir1.corp.contoso.com", failed=True, msg="1 is wrong", wrong=wrong)
    (verdict,) = judged(tmp_path).values()
    assert (verdict.status, verdict.host, verdict.detail) == ("failed", "dir1.corp.contoso.com", wrong[0])
    planned = support.example_design("lab")
    assert planned.plan is not None
    (told,) = Diagnostician(planned.topology, planned.plan, [verdict]).diagnoses()
    assert (told.id, told.cause) == ("failure.wire-differs", f"dir1.corp.contoso.com finds {wrong[0]}.")


def test_a_host_that_is_to_have_no_certificate_is_not_said_to_have_it_as_planned(tmp_path: Path) -> None:
    kept(tmp_path, "certificate_install", "fs1.corp.contoso.com", changed=False, operations=[])
    assert judged(tmp_path, "fs1.corp.contoso.com") == {}


def test_hosts_that_were_not_asked_are_not_missed(tmp_path: Path) -> None:
    kept(tmp_path, "dns_records", DNS, changed=False, operations=[])
    assert list(judged(tmp_path, DNS)) == [f"comparison:dns_records:{DNS}"]


def test_what_the_controller_holds_is_told_of_the_controller(tmp_path: Path) -> None:
    kept(tmp_path, "certificate_request", "", changed=True, operations=[operation("change", "key of pool1")])
    (verdict,) = judged(tmp_path).values()
    assert (verdict.host, verdict.status) == (CONTROLLER, "failed")


def test_a_comparison_that_is_made_twice_counts_once(tmp_path: Path) -> None:
    for _time in range(2):
        kept(tmp_path, "firewall_rules", FIREWALL, operations=[operation("add", "rule r1")])
    assert len(judged(tmp_path, FIREWALL)) == 1


def test_a_file_that_is_no_comparison_is_named(tmp_path: Path) -> None:
    (tmp_path / "compared").mkdir()
    (tmp_path / "compared/x.json").write_text("{")
    with pytest.raises(ObservedError, match=r"x\.json cannot be used"):
        judged(tmp_path)


def test_every_mechanism_of_the_lab_is_expected_of_the_hosts_that_it_is_planned_for(tmp_path: Path) -> None:
    planned = support.example_design("lab")
    assert planned.plan is not None
    (tmp_path / "compared").mkdir()
    hosts = frozenset(planned.topology.servers)
    found = differences(tmp_path, slices_of(planned.topology, planned.plan), hosts)
    by_mechanism: dict[str, set[str]] = {}
    for verdict in found:
        by_mechanism.setdefault(verdict.protocol, set()).add(verdict.host)
    assert by_mechanism["firewall_rules"] == {FIREWALL, "fw-int.contoso.com"}
    assert by_mechanism["dns_records"] == {DNS, "ns-ext.contoso.com"}
    assert by_mechanism["load_balancer"] == {"lb1.corp.contoso.com", "lb-in.contoso.com", "lb-out.contoso.com"}
    assert {"dc1.corp.contoso.com", "fe1.corp.contoso.com", "med1.corp.contoso.com"} <= by_mechanism["qos_registry"]
    assert {"edge1.contoso.com", "rp1.contoso.com"} <= by_mechanism["certificate_request"]


def test_a_flow_that_fails_is_told_with_what_differs_on_the_firewall_it_crosses(tmp_path: Path) -> None:
    planned = support.example_design("lab")
    assert planned.plan is not None
    kept(tmp_path, "firewall_rules", FIREWALL, operations=[operation("add", "rule of sign-in", after="accept")])
    results: list[dict[str, t.Any]] = [
        {"id": probe["id"], "outcome": "filtered" if probe["address"] == "203.0.113.100" else good(probe)}
        for probe in EXPECTED[WORLD]
    ]
    flows = [probe for probe in EXPECTED[WORLD] if probe["kind"] == "flow"]
    verdicts = (*verdicts_of(WORLD, flows, results), *differences(tmp_path, PLANNED, (FIREWALL,)))
    told = {found.id: found for found in Diagnostician(planned.topology, planned.plan, verdicts).diagnoses()}
    words = f" On {FIREWALL} live differs from the plan: rule of sign-in is planned, and is not there"
    of_flows = [cause for name, found in told.items() if name != "failure.live-differs" for cause in found.causes]
    assert any(words in cause for cause in of_flows)
    assert told["failure.live-differs"].host == FIREWALL
    assert told["failure.live-differs"].cause.startswith(f"{FIREWALL}, firewall_rules: rule of sign-in is planned")


def test_what_is_kept_leaves_out_long_diffs(tmp_path: Path) -> None:
    kept(tmp_path, "firewall_rules", FIREWALL, operations=[], diff={"before": "long"}, invocation={"x": 1})
    (path,) = (tmp_path / "compared").iterdir()
    assert json.loads(path.read_text()) == {"module": "firewall_rules", "host": FIREWALL, "operations": []}
