# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report holds: tables of everything planned, of what is wrong, and of what was seen."""

from __future__ import annotations

import dataclasses
import typing as t

from ...engine import Design
from ...planning.plan import Plan
from ...verification.diagnosis import Diagnosis
from ...verification.unseen import Unseen
from ...verification.verdicts import Verdict, tally
from .. import sections
from ..checklist import who
from ..flows import flow_rows
from ..tables import Cell, text_of
from . import wire

Data = dict[str, t.Any]
_CHECK_COLUMNS: t.Final = (
    "status", "kind", "from", "to", "address", "port", "protocol", "outcome", "detail", "ms", "stage", "plan items"
)  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class Verification:
    """What live checks came to; `at` is when they ended, `stages` how far the roll-out was."""

    at: str
    stages: tuple[str, ...]
    verdicts: tuple[Verdict, ...]
    diagnoses: tuple[Diagnosis, ...]
    unseen: tuple[Unseen, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Event:
    """A line of the estate's history."""

    at: str
    what: str
    outcome: str


@dataclasses.dataclass(frozen=True, slots=True)
class Table:
    """Rows for people. `why` holds, for each row, the catalogue rows behind it."""

    title: str
    columns: tuple[str, ...]
    rows: t.Sequence[t.Sequence[Cell]]
    why: t.Sequence[t.Sequence[str]] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Chapter:
    """A page of the report."""

    id: str
    title: str
    introduction: str
    tables: tuple[Table, ...]


def planned(design: Design) -> Plan:
    """The plan of a design that has one."""
    if design.plan is None:
        raise ValueError("a design with errors has no plan")
    return design.plan


def chapters(design: Design, verification: Verification | None, history: t.Sequence[Event]) -> tuple[Chapter, ...]:
    """The chapters that have something to show, in the order of the report."""
    plan = planned(design)
    listed = [
        *(_verification(verification) if verification else ()),
        _findings(design),
        _stages(plan),
        _flows(plan),
        *(_of_page(page, plan) for page in sections.PAGES),
        _history(history),
    ]
    return tuple(chapter for chapter in listed if any(table.rows for table in chapter.tables))


def as_data(design: Design, listed: t.Sequence[Chapter], verification: Verification | None) -> Data:
    """The same as plain data for the page's script; citations, which stand there thousands of times, are numbered."""
    citations = {citation.id: citation for citation in planned(design).citations}
    numbers: dict[str, int] = {}
    pages = []
    for chapter in listed:
        tables = [
            {
                "title": table.title,
                "columns": list(table.columns),
                "rows": [[text_of(cell) for cell in row] for row in table.rows],
                "why": [[numbers.setdefault(name, len(numbers)) for name in names] for names in table.why],
            }
            for table in chapter.tables
            if table.rows
        ]
        pages.append({"id": chapter.id, "title": chapter.title, "intro": chapter.introduction, "tables": tables})
    cited = [
        [name, citations[name].source, list(citations[name].requirements), citations[name].erratum]
        if name in citations
        else [name, "", [], ""]
        for name in numbers
    ]
    return {"pages": pages, "why": cited, "overview": _overview(design, verification)}


def _overview(design: Design, verification: Verification | None) -> Data:
    """The figures that the first page begins with."""
    plan, topology = planned(design), design.topology
    counts = {"error": 0, "warning": 0, "advice": 0}
    for finding in design.findings:
        if not finding.waived:
            counts[finding.severity] += 1
    figures = [
        (len(topology.servers), "server or appliance", "servers and appliances"),
        (len(topology.estate.sites), "site", "sites"),
        (len(plan.flows), "flow", "flows"),
        (len(plan.records), "DNS record", "DNS records"),
        (len(plan.certificates), "certificate", "certificates"),
        (len(plan.services), "balanced service", "balanced services"),
        (len(plan.steps), "step", "steps"),
    ]
    data: Data = {
        "figures": [[count, one if count == 1 else many] for count, one, many in figures if count],
        "findings": counts,
    }
    if verification:
        data["verified"] = {"at": verification.at, "counts": tally(verification.verdicts)}
        data["diagnoses"] = [
            [item.title, len(item.checks), item.cause, item.remedy] for item in verification.diagnoses[:8]
        ]
    return data


def _verification(verification: Verification) -> t.Iterator[Chapter]:
    causes = Table(
        "Likely causes, the most common first",
        ("what is wrong", "at", "checks", "cause", "remedy", "plan items", "failed checks"),
        [
            (d.title, d.host, len(d.checks), " ".join(d.causes), " ".join(d.remedies), d.items, d.checks)
            for d in verification.diagnoses
        ],
        [d.why for d in verification.diagnoses],
    )
    order = {"failed": 0, "unknown": 1, "passed": 2}
    ordered = sorted(verification.verdicts, key=lambda v: order[v.status])
    checks = Table(
        "Checks",
        _CHECK_COLUMNS,
        [(v.status, v.kind, v.vantage, v.host, v.address, v.port, v.protocol, v.outcome, v.detail,
          v.milliseconds, v.stage, v.items) for v in ordered],
        [v.why for v in ordered],
    )  # fmt: skip
    reached = f" Stages reached: {', '.join(verification.stages)}." if verification.stages else ""
    words = (
        f"What live checks saw, {verification.at}.{reached} What a datagram's silence says nothing about is unknown."
    )
    unseen = Table(
        "Not looked at",
        ("what", "why not", "plan items"),
        [(each.what, each.reason, each.items) for each in verification.unseen],
        [each.why for each in verification.unseen],
    )
    yield Chapter("verification", "Verification", words, (causes, checks, unseen))
    yield from (view.chapter(ordered) for view in _VIEWS)
    yield _on_the_wire(verification)


def _on_the_wire(verification: Verification) -> Chapter:
    shown = wire.rows(verification.at, verification.verdicts)
    table = Table(
        "By the days that are left", wire.COLUMNS, [cells for cells, _why in shown], [why for _cells, why in shown]
    )
    words = (
        f"What listeners showed, {verification.at}, beside what the plan says of them. What ends first stands first."
    )
    return Chapter("wire", "Certificates on the wire", words, (table,))


def _hops(verdict: Verdict) -> str:
    return " → ".join(f"{hop['address']}: {hop['dscp']}" for hop in verdict.facts.get("hops") or ())


def _steps(verdict: Verdict) -> str:
    return " → ".join(f"{step['asked']}: {step['answered']}" for step in verdict.facts.get("steps") or ())


@dataclasses.dataclass(frozen=True, slots=True)
class _View:
    """A chapter about verdicts of one kind."""

    kind: str
    id: str
    title: str
    introduction: str
    table: str
    columns: tuple[str, ...]
    row: t.Callable[[Verdict], tuple[Cell, ...]]

    def chapter(self, verdicts: t.Iterable[Verdict]) -> Chapter:
        own = [verdict for verdict in verdicts if verdict.kind == self.kind]
        rows = [self.row(verdict) for verdict in own]
        return Chapter(
            self.id,
            self.title,
            self.introduction,
            (Table(self.table, self.columns, rows, [verdict.why for verdict in own]),),
        )


_VIEWS: t.Final = (
    _View(
        "comparison",
        "live",
        "Live and planned",
        "What each mechanism's check mode would change, which is what differs. What is not known is not as planned.",
        "By mechanism and host",
        ("status", "mechanism", "host", "outcome", "what differs"),
        lambda v: (v.status, v.protocol, v.host, v.outcome, v.detail),
    ),
    _View(
        "proof",
        "rules",
        "Proof of live rules",
        "The rules that firewalls were found with, held against every planned flow. No packet was sent for this: "
        "what is stopped, or let through besides, is shown by a packet that would meet it.",
        "By firewall",
        ("status", "firewall", "outcome", "what is proven", "packet", "plan items"),
        lambda v: (v.status, v.host, v.outcome, v.detail, v.facts.get("packet"), v.items),
    ),
    _View(
        "member",
        "balancers",
        "Balancers",
        "How balancers see the members of their services, and how many connections each was given.",
        "Members",
        ("status", "balancer", "service", "member", "outcome", "connections", "detail"),
        lambda v: (v.status, v.vantage, f"{v.address}:{v.port}", v.host, v.outcome, v.facts.get("total"), v.detail),
    ),
    _View(
        "mark",
        "marks",
        "Marks on the way",
        "Packets of media with a mark (DSCP), and the mark that each hop saw them come with.",
        "Marks",
        ("status", "from", "to", "address", "port", "sent", "planned to arrive", "arrived", "hops", "detail"),
        lambda v: (
            *(v.status, v.vantage, v.host, v.address, v.port),
            *(v.facts.get("sent"), v.facts.get("expected"), v.facts.get("arrived"), _hops(v), v.detail),
        ),
    ),
    _View(
        "story",
        "stories",
        "Sign-in and discovery",
        "What clients and partners asked, and what they got.",
        "Step by step",
        ("status", "story", "from", "came to", "steps"),
        lambda v: (v.status, str(v.expected.get("title", "")), v.vantage, v.detail or v.outcome, _steps(v)),
    ),
)


def _findings(design: Design) -> Chapter:
    rows = [
        (f.severity if not f.waived else "waived", f.host, f.path, f.message, f.remedy, f.id) for f in design.findings
    ]
    columns = ("severity", "host", "where", "finding", "remedy", "rule")
    table = Table("Findings", columns, rows, [f.why for f in design.findings])
    return Chapter("findings", "Findings", "What is wrong or risky about the inventory, worst first.", (table,))


def _stages(plan: Plan) -> Chapter:
    titles = {stage.stage: stage.title for stage in plan.stages}
    rows = [
        (titles.get(s.stage, s.stage), s.title, s.kind if s.mechanism in ("", "none") else s.mechanism, s.targets,
         who(s), s.details, s.verify, s.chosen)
        for s in plan.steps
    ]  # fmt: skip
    columns = ("stage", "step", "kind", "on", "who", "details", "verify", "chosen")
    table = Table("Steps and checkpoints", columns, rows, [step.why for step in plan.steps])
    words = "Steps in the order of the documents. A checkpoint is work of a person; a decision offers its options."
    return Chapter("steps", "Stages and checkpoints", words, (table,))


def _flows(plan: Plan) -> Chapter:
    columns, rows = flow_rows(plan)
    skipped = {columns.index(name) for name in ("id", "why")}
    kept = [number for number in range(len(columns)) if number not in skipped]
    table = Table(
        "Flows",
        tuple(columns[number] for number in kept),
        [[row[number] for number in kept] for row in rows],
        [flow.why for flow in plan.flows],
    )
    return Chapter("flows", "Flows", "Who opens a connection to whom, and through which firewalls.", (table,))


def _of_page(page: sections.Page, plan: Plan) -> Chapter:
    tables = []
    for section in page.sections:
        shown = [name for name in section.columns if name != "why"]
        items = section.items(plan)
        rows = [[sections.cell(getattr(item, name)) for name in shown] for item in items]
        why = [tuple(getattr(item, "why", ())) for item in items]
        tables.append(Table(section.heading, tuple(name.replace("_", " ") for name in shown), rows, why))
    # The first page of the report is an overview too, of another kind.
    name, title = ("estate", "What there is") if page.name == "overview" else (page.name, page.title)
    return Chapter(name, title, page.introduction, tuple(tables))


def _history(history: t.Sequence[Event]) -> Chapter:
    rows = [(event.at, event.what, event.outcome) for event in history]
    table = Table("Runs and verifications", ("when", "what", "outcome"), rows)
    return Chapter("history", "History", "What was done to the estate, the latest first.", (table,))
