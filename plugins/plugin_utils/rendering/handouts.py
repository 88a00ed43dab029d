# SPDX-License-Identifier: GPL-3.0-or-later
"""What each team is handed that works around the servers: its part of the plan, to read and as a workbook."""

from __future__ import annotations

import dataclasses
import datetime
import io
import typing as t

from ..engine import Design
from .report.content import Chapter, Table, chapters, planned
from .tables import markdown, page, text_of

try:
    import xlsxwriter
except ImportError:  # Workbooks are a courtesy; the pages hold the same.
    xlsxwriter = None

# The same bytes for the same plan, so no workbook tells when it was made.
_MADE: t.Final = datetime.datetime(2000, 1, 1)  # noqa: DTZ001 - a workbook knows no time zones
_LONGEST_SHEET_NAME: t.Final = 31
_WIDEST: t.Final = 60


@dataclasses.dataclass(frozen=True, slots=True)
class Team:
    """Who is handed what: chapters of the report, or only some tables of one, as `chapter: heading, heading`."""

    name: str
    title: str
    introduction: str
    parts: tuple[tuple[str, tuple[str, ...]], ...]


TEAMS: t.Final = (
    Team(
        "firewalls",
        "For those who run the firewalls",
        "Traffic that crosses a firewall, with addresses as each firewall sees them. What is not here is not needed.",
        (("flows", ()), ("publications", ("Publications",))),
    ),
    Team("dns", "For those who run DNS", "Zones, records by view, and lines of hosts files.", (("names", ()),)),
    Team(
        "certificates",
        "For those who issue certificates",
        "What each certificate must hold; names in the order of the request.",
        (("certificates", ()),),
    ),
    Team(
        "load-balancing",
        "For those who run the load balancers and reverse proxies",
        "Virtual addresses with their ports, members and health checks, and what the appliances must be able to do.",
        (("services", ()), ("publications", ())),
    ),
    Team(
        "network",
        "For those who run the network and its quality of service",
        "Marks, media ports, bandwidth, and what IPsec must leave alone.",
        (("qos", ()), ("capacity", ("Bandwidth",)), ("ipsec", ())),
    ),
    Team(
        "voice",
        "For those who run telephony",
        "Dial plans, routes, gateways and voice mail.",
        (("voice", ()),),
    ),
    Team(
        "servers",
        "For those who install the servers",
        "What must be there before setup runs, the steps in their order, and what storage they need.",
        (("prerequisites", ()), ("steps", ()), ("capacity", ("Storage", "SQL Server versions"))),
    ),
)


def handouts(design: Design) -> t.Iterator[tuple[str, bytes]]:
    """<team>.md and, where a library for it is there, <team>.xlsx, of the teams that the plan has work for."""
    known = {chapter.id: chapter for chapter in chapters(design, None, ())}
    crossing = {flow.id for flow in planned(design).flows if flow.crossings}
    for team in TEAMS:
        tables = [table for name, headings in team.parts for table in _tables(known.get(name), headings)]
        if team.name == "firewalls":
            tables = [_crossing(design, table, crossing) if table.title == "Flows" else table for table in tables]
        tables = [table for table in tables if table.rows]
        if tables:
            yield f"{team.name}.md", _page(team, tables).encode()
            if xlsxwriter:
                yield f"{team.name}.xlsx", _workbook(team, tables)


def _tables(chapter: Chapter | None, headings: t.Collection[str]) -> list[Table]:
    tables = chapter.tables if chapter else ()
    return [table for table in tables if table.rows and (not headings or table.title in headings)]


def _crossing(design: Design, table: Table, wanted: t.Collection[str]) -> Table:
    """Only what crosses a firewall; rows stand in the order of the plan's flows."""
    flows = planned(design).flows
    kept = [number for number, flow in enumerate(flows) if flow.id in wanted]
    return dataclasses.replace(
        table, rows=[table.rows[number] for number in kept], why=[table.why[number] for number in kept]
    )


def _page(team: Team, tables: t.Sequence[Table]) -> str:
    parts = [f"## {table.title}\n\n{markdown(_columns(table), _rows(table))}" for table in tables]
    return page(team.title, team.introduction, *parts)


def _columns(table: Table) -> tuple[str, ...]:
    return (*table.columns, "why") if table.why else table.columns


def _rows(table: Table) -> list[list[str]]:
    if not table.why:
        return [list(map(text_of, row)) for row in table.rows]
    return [[*map(text_of, row), text_of(tuple(names))] for row, names in zip(table.rows, table.why, strict=True)]


def _workbook(team: Team, tables: t.Sequence[Table]) -> bytes:
    """A sheet for each table, with filters and a heading that stays in sight. Everything is text: no cell computes."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": team.title, "comments": team.introduction, "created": _MADE})
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    body = book.add_format({"text_wrap": True, "valign": "top"})
    taken: set[str] = set()
    for table in tables:
        sheet = book.add_worksheet(_sheet_name(table.title, taken))
        columns, rows = _columns(table), _rows(table)
        sheet.write_row(0, 0, columns, head)
        for number, row in enumerate(rows, 1):
            sheet.write_row(number, 0, row, body)
        for index, name in enumerate(columns):
            longest = max([len(name), *(len(row[index]) for row in rows)])
            sheet.set_column(index, index, min(longest + 2, _WIDEST))
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, len(rows), len(columns) - 1)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
    book.close()
    return stream.getvalue()


def _sheet_name(title: str, taken: set[str]) -> str:
    """As spreadsheets allow it: short, and no two alike."""
    plain = "".join(letter for letter in title if letter not in "[]:*?/\\'")[:_LONGEST_SHEET_NAME]
    name, number = plain, 2
    while name.lower() in taken:
        name = f"{plain[: _LONGEST_SHEET_NAME - 3]} {number}"
        number += 1
    taken.add(name.lower())
    return name
