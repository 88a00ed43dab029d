# SPDX-License-Identifier: GPL-3.0-or-later
"""What failed checks come from: each known way to fail is told by its signs, and by the words of the plan."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.engine import design
from ansible_collections.openuc.ocs.plugins.plugin_utils.verification.diagnosis import (
    Diagnosis,
    Diagnostician,
    FailureFact,
)
from ansible_collections.openuc.ocs.plugins.plugin_utils.verification.expectations import probes_of
from ansible_collections.openuc.ocs.plugins.plugin_utils.verification.verdicts import KNOCK, Verdict, tally, verdicts_of
from tests import support

CLIENT, WORLD, FRONT_END = "client1.corp.contoso.com", "world1.example.net", "fe1.corp.contoso.com"
ENFORCED = {f"@{name}/uc_enforce": "enforce" for name in ("fw-ext.contoso.com", "fw-int.contoso.com")}
LAB = design(support.changed(support.example("lab"), ENFORCED), support.TODAY)
assert LAB.plan is not None
EXPECTED = dict(probes_of(LAB.topology, LAB.plan))

Wrong = t.Callable[[dict[str, t.Any]], str | dict[str, t.Any] | None]


def good(probe: dict[str, t.Any]) -> str:
    return {"answer": "answer", "blocked": "filtered"}.get(probe["expect"], "open")


def seen(wrong: Wrong) -> list[Verdict]:
    """The verdicts of an estate in which all is well but what `wrong` says."""
    found: list[Verdict] = []
    for vantage, items in EXPECTED.items():
        results = []
        for probe in items:
            told = wrong({**probe, "vantage": vantage}) or good(probe)
            result = told if isinstance(told, dict) else {"outcome": told}
            reached = {"target": probe["wanted"][0]} if probe["kind"] == "story" else {}
            results.append({"id": probe["id"], "detail": "", "facts": reached, **result})
        found += verdicts_of(vantage, items, results)
    return found


def diagnoses(wrong: Wrong) -> tuple[Diagnosis, ...]:
    assert LAB.plan is not None
    return Diagnostician(LAB.topology, LAB.plan, seen(wrong)).diagnoses()


def at(address: str, port: int, outcome: str | dict[str, t.Any], vantage: str = "") -> Wrong:
    def wrong(probe: dict[str, t.Any]) -> str | dict[str, t.Any] | None:
        here = (probe["address"], probe["port"]) == (address, port) and probe["kind"] == "flow"
        return outcome if here and vantage in ("", probe["vantage"]) else None

    return wrong


def name(record: str, outcome: str | dict[str, t.Any], vantage: str = CLIENT) -> Wrong:
    return lambda probe: outcome if probe.get("name") == record and probe["vantage"] == vantage else None


def certificate(outcome: str, **facts: object) -> dict[str, t.Any]:
    return {"outcome": outcome, "facts": {"certificate": facts}}


def members(silent: bool) -> Wrong:
    """The virtual address of the pool is refused; its members answer, or do not."""

    def wrong(probe: dict[str, t.Any]) -> str | None:
        if probe["kind"] != "flow" or probe["port"] != 5061:
            return None
        if probe["address"] == "10.20.0.100":
            return "refused"
        return "filtered" if silent and probe["host"].startswith("fe") else None

    return wrong


def story(outcome: str, detail: str = "", **facts: object) -> Wrong:
    told = {"outcome": outcome, "detail": detail, "facts": facts}
    return lambda probe: told if probe["kind"] == "story" and probe["vantage"] == WORLD else None


CASES: dict[str, tuple[Wrong, str]] = {
    "firewall-blocks": (at("203.0.113.33", 443, "filtered"), "fw-ext.contoso.com"),
    "one-client-network": (at("10.30.0.101", 443, "filtered", CLIENT), "10.21.0.51"),
    "host-silent": (
        lambda probe: (
            "filtered"
            if probe["host"] == "comp1.corp.contoso.com" and probe["vantage"] == "gc1.corp.contoso.com"
            else None
        ),
        "Nothing comes back from comp1.corp.contoso.com",
    ),
    "no-route": (at("10.20.0.13", 1433, "unreachable"), "10.20.0.13"),
    "not-listening": (at("10.20.0.13", 1433, "refused"), "sql1.corp.contoso.com answers that nothing listens"),
    "no-member-in-service": (
        lambda probe: "not_run" if probe["vantage"].startswith("lb") else at("203.0.113.101", 443, "refused")(probe),
        "lb-out.contoso.com refuses",
    ),
    "wrong-health-port": (members(silent=False), "lb1.corp.contoso.com"),
    "members-down": (members(silent=True), "fe1.corp.contoso.com, fe2.corp.contoso.com"),
    "virtual-address-missing": (at("203.0.113.101", 443, "filtered"), "nothing answers at the virtual address"),
    "virtual-address-unreachable": (at("203.0.113.101", 443, "unreachable"), "203.0.113.101 of lb-out.contoso.com"),
    "too-open": (lambda probe: "open" if probe["kind"] == "closed" and probe["vantage"] == WORLD else None, WORLD),
    "another-protocol": (at("203.0.113.33", 443, {"outcome": "bad_answer", "detail": "no HTTP"}), "no HTTP"),
    "balancer-hangs-up": (
        at("10.20.0.100", 5061, {"outcome": "tls_failed", "detail": "closed"}),
        "no member in service",
    ),
    "no-tls": (
        at("203.0.113.33", 443, {"outcome": "tls_failed", "detail": "wants another version"}),
        "another version",
    ),
    "name-missing-on-certificate": (
        at("203.0.113.100", 443, certificate("wrong_name", sans=["edge1.contoso.com"])),
        "shows a certificate without sip.contoso.com",
    ),
    "foreign-issuer": (at("203.0.113.100", 443, certificate("untrusted", issuer="CN=Lab")), "a certificate of CN=Lab"),
    "certificate-ended": (at("203.0.113.100", 443, certificate("expired", not_after="2026-01-01")), "ended 2026-01-01"),
    "certificate-too-young": (at("203.0.113.100", 443, "not_yet_valid"), "the clock of"),
    "record-differs": (
        name("pool1.corp.contoso.com", {"outcome": "wrong_answer", "facts": {"values": ["10.9.9.9"]}}),
        "with 10.9.9.9; planned is 10.20.0.100",
    ),
    "views-mixed-up": (
        name("ucupdates-r2.contoso.com", {"outcome": "wrong_answer", "facts": {"values": ["203.0.113.33"]}}),
        "planned for another view",
    ),
    "record-missing": (name("pool1.corp.contoso.com", "nxdomain"), "no A record of pool1.corp.contoso.com"),
    "name-server-silent": (name("pool1.corp.contoso.com", "no_answer"), "does not answer client1.corp.contoso.com"),
    "story-elsewhere": (story("open", target="old.contoso.com"), "ends at old.contoso.com; planned is sip.contoso.com"),
    "story-out-of-domain": (story("wrong_answer", "x is not in contoso.com"), "x is not in contoso.com"),
    "story-no-name": (story("nxdomain", "none of the names leads anywhere"), "SRV _sip._tls.contoso.com"),
    "story-blocked": (story("filtered", "sip.contoso.com:443: nothing came back"), "flows to sip.contoso.com"),
    "story-refused": (story("refused", "sip.contoso.com:443: refused"), "Start the service on sip.contoso.com"),
    "story-name-on-certificate": (story("wrong_name", "not for sip.contoso.com"), "not for sip.contoso.com"),
    "story-untrusted": (story("untrusted", "no chain"), "Make world1.example.net trust"),
    "health-check-blocked": (
        lambda probe: "filtered" if probe["vantage"].startswith("lb") and probe["kind"] == "flow" else None,
        "gets no answer",
    ),
}


@pytest.mark.parametrize("slug", CASES)
def test_a_known_way_to_fail_is_told(slug: str) -> None:
    wrong, words = CASES[slug]
    found = {diagnosis.id: diagnosis for diagnosis in diagnoses(wrong)}
    assert f"failure.{slug}" in found, found
    told = found[f"failure.{slug}"]
    assert words in " ".join((*told.causes, *told.remedies))
    assert told.checks


def test_a_record_that_ends_in_a_dot_ends_a_sentence_with_one() -> None:
    wrong = {"outcome": "wrong_answer", "facts": {"values": ["0 0 5061 gone.contoso.com"]}}
    (told,) = diagnoses(name("_sipinternaltls._tcp.contoso.com", wrong))
    assert told.causes[0].endswith("with 0 0 5061 gone.contoso.com; planned is 0 0 5061 pool1.corp.contoso.com.")
    assert ".." not in " ".join((*told.causes, *told.remedies))


def test_every_way_to_fail_of_the_catalogue_is_tried_here() -> None:
    tried = {f"failure.{slug}" for slug in CASES} | TRIED_ELSEWHERE
    assert {fact.id for fact in LAB.topology.catalogue.facts(FailureFact)} == tried


# Below, since they need a host that is down, or an estate with address translation; and beside what tells of marks, of
# members and of what is live.
TRIED_ELSEWHERE = {
    "failure.host-down",
    "failure.translation",
    "failure.live-differs",
    "failure.live-rules-stop",
    "failure.source-translated",
    "failure.live-rules-let-through",
    "failure.wire-differs",
    "failure.mark-cleared",
    "failure.mark-changed",
    "failure.mark-not-set",
    "failure.member-out",
    "failure.member-unused",
}


def test_a_public_address_that_nobody_answers_at_points_to_its_translation() -> None:
    world = "world1.example.net"
    changes = {"groups": ["vantage"], "uc_vantage": "internet", "uc_addresses": {"external": "198.51.100.52"}}
    inventory = support.changed(support.example("lync2010"), {f"@{world}/{key}": changes[key] for key in changes})
    planned = design(inventory, support.TODAY)
    assert planned.plan is not None
    expected = dict(probes_of(planned.topology, planned.plan))
    public = next(flow.nat[0].public for flow in planned.plan.flows if flow.source == "internet" and flow.nat)
    results = [
        {"id": probe["id"], "outcome": "filtered" if probe["address"] == public else good(probe), "facts": {}}
        for probe in expected[world]
        if probe["kind"] == "flow"
    ]
    verdicts = list(verdicts_of(world, [probe for probe in expected[world] if probe["kind"] == "flow"], results))
    found = Diagnostician(planned.topology, planned.plan, verdicts).diagnoses()
    assert f"the public address {public}" in next(told.cause for told in found if told.id == "failure.translation")


def test_where_all_is_well_nothing_is_told() -> None:
    assert diagnoses(lambda _probe: None) == ()


def test_a_host_that_never_answers_is_down() -> None:
    found = diagnoses(lambda probe: "filtered" if probe["host"] == "mon1.corp.contoso.com" else None)
    assert [(diagnosis.id, diagnosis.host) for diagnosis in found] == [("failure.host-down", "mon1.corp.contoso.com")]
    assert len(found[0].causes) == 1
    assert len(found[0].checks) > 1


def test_what_fails_in_a_way_that_is_not_known_is_told_as_it_was_seen() -> None:
    (found,) = diagnoses(name("pool1.corp.contoso.com", {"outcome": "servfail", "detail": "SERVFAIL"}))
    assert found.id == "failure.unknown"
    assert "servfail. SERVFAIL" in found.cause


def test_all_words_of_all_ways_to_fail_can_be_filled_in() -> None:
    """Whatever was seen: a placeholder that nobody fills would end the report of a broken estate."""
    assert LAB.plan is not None
    verdicts = seen(lambda _probe: None)
    words = Diagnostician(LAB.topology, LAB.plan, verdicts)._words(verdicts[0])
    for fact in LAB.topology.catalogue.facts(FailureFact):
        assert fact.cause.format_map(words)
        assert fact.remedy.format_map(words)


@pytest.mark.parametrize(
    ("outcome", "expect", "kind", "status"),
    [
        ("open", "passed", "flow", "passed"),
        ("refused", "passed", "flow", "passed"),
        ("refused", "served", "flow", "failed"),
        ("untrusted", "served", "flow", "passed"),
        ("bad_answer", "served", "flow", "failed"),
        ("tls_failed", "served", "flow", "failed"),
        ("tls_failed", "passed", "flow", "passed"),
        ("filtered", "passed", "flow", "failed"),
        ("no_answer", "passed", "flow", "unknown"),
        ("not_run", "passed", "flow", "unknown"),
        ("filtered", "blocked", "closed", "passed"),
        ("open", "blocked", "closed", "failed"),
        ("answer", "answer", "name", "passed"),
        ("no_answer", "answer", "name", "failed"),
    ],
)
def test_a_verdict_follows_from_what_was_expected(outcome: str, expect: str, kind: str, status: str) -> None:
    probe = {**EXPECTED[CLIENT][0], "id": "x", "protocol": "tcp", "expect": expect, "kind": kind}
    verdict = next(verdicts_of(CLIENT, [probe], [{"id": "x", "outcome": outcome}]))
    assert verdict.status == status
    assert tally([verdict])[kind][status] == 1


def test_what_was_not_tried_is_not_known() -> None:
    verdicts = list(verdicts_of(CLIENT, EXPECTED[CLIENT], []))
    assert {verdict.status for verdict in verdicts} == {"unknown"}
    assert len(verdicts) == len([probe for probe in EXPECTED[CLIENT] if probe["kind"] != KNOCK])


def test_each_certificate_seen_is_a_check_of_its_own() -> None:
    probe = next(probe for probe in EXPECTED[WORLD] if "certificate" in probe)
    flow, shown = verdicts_of(WORLD, [probe], [{"id": probe["id"], "outcome": "expired"}])
    assert (flow.kind, flow.status) == ("flow", "passed")
    assert (shown.kind, shown.status, shown.items) == ("certificate", "failed", (probe["certificate"],))
    assert dataclasses.replace(shown, id="", kind="flow", status="passed", items=()) == dataclasses.replace(
        flow, id="", items=()
    )
