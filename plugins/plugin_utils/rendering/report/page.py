# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as one file that needs no network: data, pictures, style and script within it."""

from __future__ import annotations

import functools
import html
import json
import typing as t
from pathlib import Path

from ...engine import Design
from ..poster.svg import STYLE, THEMES, within_page
from ..posters import drawings
from .content import Event, Verification, as_data, chapters, planned

_HERE = Path(__file__).parent
_PART = "<!--{}-->"


def report(design: Design, verification: Verification | None = None, history: t.Sequence[Event] = ()) -> str:
    """The text of report.html, the same for the same content."""
    listed = chapters(design, verification, history)
    data = as_data(design, listed, verification)
    title = design.topology.estate.title or "The estate"
    pictures = [
        (name, drawing.title, within_page(drawing)) for name, drawing in drawings(design.topology, planned(design))
    ]
    data["posters"] = [[name, words] for name, words, _svg in pictures]
    templates = "\n".join(f'<template id="poster-{name}">{svg}</template>' for name, _words, svg in pictures)
    parts = {
        "title": html.escape(f"{title}: report"),
        "heading": html.escape(title),
        "style": f"{STYLE}\n{_themes()}\n{_asset('report.css')}",
        "posters": templates,
        "data": _data_element(data),
        "script": _asset("report.js"),
    }
    text = _asset("report.html")
    for name, content in parts.items():
        before, _mark, after = text.partition(_PART.format(name))
        text = before + content + after
    return text


def _data_element(data: t.Mapping[str, t.Any]) -> str:
    """JSON for within a script element, which ends at the first `</`, whatever stands around it."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return text.replace("</", "<\\/").replace("<!--", "<\\u0021--")


def _themes() -> str:
    """A choice of the reader's goes before that of the system."""
    return "\n".join(f':root[data-theme="{name}"] .picture{{{colours}}}' for name, colours in THEMES.items())


@functools.cache
def _asset(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")
