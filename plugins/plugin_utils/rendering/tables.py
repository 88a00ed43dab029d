# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables for people: Markdown to read, CSV to open in a spreadsheet."""

from __future__ import annotations

import csv
import functools
import io
import typing as t

Cell = str | int | float | tuple[str, ...] | None
Row = t.Sequence[Cell]


def text_of(cell: Cell) -> str:
    """A cell in one line."""
    if isinstance(cell, str):
        return " ".join(cell.split())
    if cell is None:
        return ""
    if isinstance(cell, (int, float)):
        return f"{cell:.3f}".rstrip("0").rstrip(".") if isinstance(cell, float) else str(cell)
    return ", ".join(cell)


def markdown(columns: t.Sequence[str], rows: t.Iterable[Row]) -> str:
    """A Markdown table; an empty one says so instead."""
    lines = ["| " + " | ".join([_in_page(cell) for cell in row]) + " |" for row in rows]
    if not lines:
        return "Nothing is planned here.\n"
    return "\n".join(["| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns), *lines]) + "\n"


# A large plan says the same few thousand things in hundreds of thousands of cells.
@functools.lru_cache(maxsize=1 << 14, typed=True)
def _in_page(cell: Cell) -> str:
    return text_of(cell).replace("|", "\\|").replace("<", "&lt;")


def comma_separated(columns: t.Sequence[str], rows: t.Iterable[Row]) -> str:
    """A CSV file. Cells that a spreadsheet would take for a formula are made text."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_in_spreadsheet(cell) for cell in row] for row in rows)
    return stream.getvalue()


@functools.lru_cache(maxsize=1 << 14, typed=True)
def _in_spreadsheet(cell: Cell) -> str:
    text = text_of(cell)
    return f"'{text}" if text[:1] in ("=", "+", "@") else text


def page(title: str, introduction: str, *parts: str) -> str:
    """A Markdown page."""
    return "\n".join([f"# {title}\n", f"{introduction}\n", *parts])
