# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures as SVG: by itself with colours for light and dark, or within a page that brings them."""

from __future__ import annotations

import html
import typing as t

from .shapes import Area, Drawing, Group, Line, Mark, Shape, Text

_LIGHT: t.Final = """--paper:#fff;--ink:#1b2330;--soft:#566173;--line:#c9d1dc;--card:#fff;--band-internet:#fdf1ee;
--band-perimeter:#fdf8e7;--band-internal:#eef5fd;--people:#e6efe6;--servers:#dfeafa;--support:#ececf2;--outside:#f7e3df;
--wall:#f2d9c9;--brick:#b8552f;--mortar:#e8b79d;--sip:#0b62c4;--media:#b3261e;--conferencing:#7b3fb5;--web:#147a3d;
--sharing:#96590a;--xmpp:#a3186f;--data:#55606e"""
_DARK: t.Final = """--paper:#10151d;--ink:#e5eaf2;--soft:#a3aebd;--line:#3a4453;--card:#18202b;--band-internet:#241819;
--band-perimeter:#242014;--band-internal:#131e2d;--people:#20352a;--servers:#1c3050;--support:#2a2d3a;--outside:#40262a;
--wall:#472a1d;--brick:#a65a38;--mortar:#5f3826;--sip:#6fb1ff;--media:#ff8a80;--conferencing:#c79bff;--web:#6fd795;
--sharing:#f0b45c;--xmpp:#ff8ad0;--data:#b4bfcc"""
_FAMILIES: t.Final = ("sip", "media", "conferencing", "web", "sharing", "xmpp", "data")

RULES: t.Final = "\n".join(
    (
        (
            ".picture text{fill:var(--ink);"
            'font-family:"Segoe UI","Noto Sans","Liberation Sans",Arial,"DejaVu Sans",sans-serif}'
        ),
        ".picture .b{font-weight:600}.picture .soft{fill:var(--soft)}.picture .paper{fill:var(--paper)}",
        ".picture .zone.internet{fill:var(--band-internet)}.picture .zone.perimeter{fill:var(--band-perimeter)}",
        ".picture .zone.internal{fill:var(--band-internal)}.picture .zone-title{fill:var(--soft)}",
        ".picture .card{stroke:var(--line);fill:var(--card)}.picture .card.people{fill:var(--people)}",
        ".picture .card.servers{fill:var(--servers)}.picture .card.support{fill:var(--support)}",
        ".picture .card.outside{fill:var(--outside)}.picture .card.wall{fill:var(--wall)}",
        ".picture .life{stroke:var(--line);stroke-width:1.5;stroke-dasharray:2 4}.picture .bricks{fill:url(#bricks)}",
        ".picture .gate{fill:var(--paper)}.picture .gate.nat{fill:var(--wall);stroke:var(--brick)}",
        ".picture .through{stroke:var(--soft);stroke-width:1.4}.picture .nat-words{fill:var(--ink)}",
        ".picture polyline{fill:none}.picture .lane{stroke-width:2;stroke:var(--ink)}",
        ".picture .label{paint-order:stroke;stroke:var(--halo,var(--paper));stroke-width:4px;stroke-linejoin:round}",
        ".picture .opens{fill:var(--paper)}.picture .plain{stroke:var(--ink);stroke-width:2}",
        ".picture .panel-box{fill:var(--card);stroke:var(--line)}",
        *(
            f".picture .lane.{name}{{stroke:var(--{name})}}.picture .head.{name}{{fill:var(--{name});stroke:none}}"
            for name in _FAMILIES
        ),
        ".picture .head.plain{fill:var(--ink);stroke:none}",
    )
)
STYLE: t.Final = (
    f".picture{{{_LIGHT}}}\n@media (prefers-color-scheme:dark){{.picture{{{_DARK}}}}}\n"
    f"@media print{{.picture{{{_LIGHT}}}}}\n{RULES}"
).replace(";\n--", ";--")
THEMES: t.Final = {"light": _LIGHT, "dark": _DARK}
_BRICK: t.Final = '<rect x="{x}" y="{y}" width="15" height="5" fill="var(--brick)"/>'
_BRICKS: t.Final = (
    '<defs><pattern id="bricks" width="16" height="12" patternUnits="userSpaceOnUse">'
    '<rect width="16" height="12" fill="var(--mortar)"/>'
    + "".join(_BRICK.format(x=x, y=y) for x, y in ((0, 0.5), (-8, 6.5), (8, 6.5)))
    + "</pattern></defs>"
)


def svg(drawing: Drawing) -> str:
    """The picture as a file of its own."""
    return "\n".join(
        [_start(drawing), f"<style>{STYLE}</style>", _BRICKS, *_body(drawing), "</svg>", ""],
    )


def within_page(drawing: Drawing) -> str:
    """The picture for a page that holds `STYLE` itself."""
    return "\n".join([_start(drawing), _BRICKS, *_body(drawing), "</svg>"])


def _start(drawing: Drawing) -> str:
    size = f'viewBox="0 0 {_n(drawing.width)} {_n(drawing.height)}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="picture" {size} role="img" '
        f"aria-label={_quoted(drawing.title)}><desc>{_escaped(drawing.about)}</desc>"
    )


def _body(drawing: Drawing) -> t.Iterator[str]:
    yield '<rect class="paper" width="100%" height="100%"/>'
    for group in drawing.groups:
        yield _group(group)


def _group(group: Group) -> str:
    title = f"<title>{_escaped(group.title)}</title>" if group.title else ""
    name = f" data-why={_quoted(group.name)}" if group.name else ""
    return f"<g class={_quoted(group.style)}{name}>{title}{''.join(map(_shape, group.shapes))}</g>"


def _shape(shape: Shape) -> str:
    if isinstance(shape, Text):
        return _text(shape)
    if isinstance(shape, Area):
        box = shape.box
        radius = f' rx="{_n(shape.radius)}"' if shape.radius else ""
        place = f'x="{_n(box.x)}" y="{_n(box.y)}" width="{_n(box.width)}" height="{_n(box.height)}"'
        return f'<rect class="{shape.style}" {place}{radius}/>'
    if isinstance(shape, Line):
        points = " ".join(f"{_n(x)},{_n(y)}" for x, y in shape.points)
        return f'<polyline class="{shape.style}" points="{points}"/>'
    return _mark(shape)


def _text(text: Text) -> str:
    style = " ".join(filter(None, (text.style, "b" if text.bold else "")))
    kind = f' class="{style}"' if style else ""
    anchor = "" if text.anchor == "start" else f' text-anchor="{text.anchor}"'
    place = f'x="{_n(text.x)}" y="{_n(text.y)}"'
    return f'<text{kind} {place} font-size="{_n(text.size)}"{anchor}>{_escaped(text.words)}</text>'


def _mark(mark: Mark) -> str:
    if mark.kind == "opens":
        return f'<circle class="{mark.style} opens" cx="{_n(mark.x)}" cy="{_n(mark.y)}" r="4"/>'
    back = -9 if mark.kind == "right" else 9
    points = f"{_n(mark.x)},{_n(mark.y)} {_n(mark.x + back)},{_n(mark.y - 5)} {_n(mark.x + back)},{_n(mark.y + 5)}"
    family = mark.style.removeprefix("lane ")
    return f'<polygon class="head {family}" points="{points}"/>'


# Of `html`, since `xml.sax.saxutils` would have each plan load a whole web client.
def _escaped(text: str) -> str:
    return html.escape(text, quote=False)


def _quoted(text: str) -> str:
    return f'"{html.escape(text)}"'


def _n(value: float) -> str:
    """A number as short as it can be, the same on every machine."""
    return f"{value:.1f}".removesuffix(".0")
