# SPDX-License-Identifier: GPL-3.0-or-later
"""What was seen, held against what was expected: a verdict for each check, with the items of the plan it is about."""

from __future__ import annotations

import dataclasses
import typing as t

from ...module_utils.probing import outcomes

Data = t.Mapping[str, t.Any]
Status = t.Literal["passed", "failed", "unknown"]
Kind = t.Literal["flow", "closed", "name", "certificate", "story", "mark", "member", "comparison", "proof"]

# Of those nothing is expected but that they are made.
KNOCK: t.Final = "knock"
_EXPECTED: t.Final = ("names", "values", "name", "type", "wanted", "title", "domain", "transport")
_UNKNOWN: t.Final = frozenset({outcomes.NOT_RUN, outcomes.UNRESOLVED})
_OF_TRACES: t.Final[t.Mapping[str, Status]] = {"as_expected": "passed", "changed": "failed"}
_GOOD_CERTIFICATE: t.Final = frozenset({outcomes.OPEN, outcomes.SLOW})
_SHOWN_CERTIFICATE: t.Final = (outcomes.CERTIFICATE - {outcomes.SILENT}) | {outcomes.OPEN, outcomes.SLOW}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One check from one vantage. `outcome` is the word of the probe, `detail` what it said besides."""

    vantage: str
    id: str
    kind: Kind
    status: Status
    outcome: str
    detail: str
    stage: str = ""
    host: str = ""
    address: str = ""
    port: int = 0
    protocol: str = ""
    source: str = ""
    milliseconds: float | None = None
    items: tuple[str, ...] = ()
    why: tuple[str, ...] = ()
    facts: Data = dataclasses.field(default_factory=dict)
    expected: Data = dataclasses.field(default_factory=dict)

    @property
    def place(self) -> tuple[str, int, str]:
        """Where it knocked, whoever did."""
        spoken = "udp" if self.protocol in ("udp", "stun") else "tcp"
        return self.address, self.port, str(self.expected.get("transport", spoken))


def verdicts_of(vantage: str, expected: t.Iterable[Data], results: t.Iterable[Data]) -> t.Iterator[Verdict]:
    """A verdict for each probe, and a second one for the certificate that it was shown."""
    seen = {result["id"]: result for result in results}
    for probe in (probe for probe in expected if probe["kind"] != KNOCK):
        result = seen.get(probe["id"])
        if result is None:
            yield _verdict(vantage, probe, {"outcome": outcomes.NOT_RUN, "detail": "it was not tried"}, "unknown")
            continue
        if probe["kind"] == "mark":
            yield _traced(vantage, probe, result)
            continue
        yield _verdict(vantage, probe, result, _status(probe, result))
        if "certificate" in probe and result["outcome"] in _SHOWN_CERTIFICATE:
            shown = _verdict(vantage, probe, result, _certificate_status(result))
            items = (str(probe["certificate"]),)
            yield dataclasses.replace(shown, id=f"certificate:{shown.id}", kind="certificate", items=items)


def _traced(vantage: str, trace: Data, result: Data) -> Verdict:
    """What became of a mark. Where nothing is heard of the other end, it is not known."""
    facts = {key: result.get(key) for key in ("hops", "changes", "sent", "expected", "arrived")}
    status = _OF_TRACES.get(str(result["outcome"]), "unknown")
    if status == "unknown" and facts["changes"] and facts["sent"] == facts["expected"]:
        # A hop on the way has lost what was to stay as it is, whether or not the other end tells.
        status = "failed"
    return _verdict(vantage, trace, {**result, "facts": facts}, status)


def _certificate_status(result: Data) -> Status:
    """A server that wants a certificate of ours may end it before we could judge its own."""
    outcome = result["outcome"]
    shown = (result.get("facts") or {}).get("certificate")
    if outcome in _GOOD_CERTIFICATE or (outcome == outcomes.TLS_FAILED and shown):
        return "passed"
    return "unknown" if outcome == outcomes.TLS_FAILED and _wants_ours(result) else "failed"


def _wants_ours(result: Data) -> bool:
    """True when a server ended TLS because it was shown no certificate, after or before it had shown its own."""
    shown = (result.get("facts") or {}).get("certificate")
    return bool(shown) or "client certificate" in str(result.get("detail"))


def _status(probe: Data, result: Data) -> Status:
    """Silence after a datagram proves nothing, neither that it passed nor that it did not."""
    outcome = str(result["outcome"])
    if outcome in _UNKNOWN:
        return "unknown"
    if outcome == outcomes.NO_ANSWER and probe["kind"] == "flow":
        return "unknown"
    if probe["kind"] == "story" and outcome == outcomes.OPEN:
        return "passed" if str((result.get("facts") or {}).get("target", "")).lower() in probe["wanted"] else "failed"
    if outcome == outcomes.TLS_FAILED and probe["expect"] == "served" and not _wants_ours(result):
        return "failed"
    if probe.get("mapped"):
        # Of relays of media it matters whom they see; over TCP they may want to be greeted in words of their own.
        if outcome == outcomes.WRONG_ANSWER:
            return "failed"
        if outcome == outcomes.SILENT:
            return "unknown"
    good = outcomes.GROUPS.get(str(probe["expect"]), frozenset({str(probe["expect"])}))
    return "passed" if outcome in good else "failed"


def _verdict(vantage: str, probe: Data, result: Data, status: Status) -> Verdict:
    return Verdict(
        vantage=vantage,
        id=str(probe["id"]),
        kind=probe["kind"],
        status=status,
        outcome=str(result["outcome"]),
        detail=str(result.get("detail") or ""),
        stage=str(probe["stage"]),
        host=str(probe["host"]),
        address=str(probe["address"]),
        port=int(probe["port"]),
        protocol=str(probe.get("protocol", "udp")),
        source=str(probe.get("source_address", "")),
        milliseconds=result.get("milliseconds"),
        items=tuple(probe.get("items") or ()),
        why=tuple(probe.get("why") or ()),
        facts=result.get("facts") or {},
        expected={key: probe[key] for key in _EXPECTED if key in probe},
    )


def tally(verdicts: t.Iterable[Verdict]) -> dict[str, dict[str, int]]:
    """How many of each kind passed, failed, and are not known."""
    counts: dict[str, dict[str, int]] = {}
    for verdict in verdicts:
        kind = counts.setdefault(verdict.kind, {"passed": 0, "failed": 0, "unknown": 0})
        kind[verdict.status] += 1
    return counts
