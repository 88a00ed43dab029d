# SPDX-License-Identifier: GPL-3.0-or-later
"""The estate at a glance: what stands at each site, in which zone, behind which firewalls."""

from __future__ import annotations

import dataclasses
import typing as t

from ...planning.plan import Plan
from ...topology.model import Topology
from .cast import Cast
from .scene import ZONE_TITLES, ZONES, Column, Zone
from .shapes import Area, Box, Drawing, Group, Text, text_width, wrapped

MOST_SITES: t.Final = 12
MARGIN, GAP = 28.0, 12.0
TITLE, SUBTITLE, HEADING, NAME = 26.0, 13.0, 12.5, 11.0
CARD_WIDTH, CARD_PADDING = 176.0, 9.0
SITE_WIDTH = 150.0
BRICKS = 16.0
# How many cards stand side by side at most.
ACROSS: t.Final[t.Mapping[Zone, int]] = {"internet": 1, "perimeter": 2, "internal": 5}


@dataclasses.dataclass(frozen=True, slots=True)
class _Card:
    """What stands at a place: its words, and how high they are."""

    column: Column
    lines: tuple[tuple[str, bool], ...]

    @property
    def height(self) -> float:
        return 2 * CARD_PADDING + sum((HEADING if bold else NAME) * 1.32 for _words, bold in self.lines)


def overview(topology: Topology, plan: Plan) -> Drawing:
    """A row for each site, the largest first, and a line for those that there is no room for."""
    cast = Cast(topology, plan)
    by_site = _by_site(topology, cast)
    sites = sorted(by_site, key=lambda name: (-_users(topology, name), name))
    shown = sites[:MOST_SITES]
    # There is one Internet, which stands beside the largest site.
    for largest in sites[:1]:
        by_site[largest]["internet"] = list(cast.columns(cast.outside()))
    zones = [zone for zone in ZONES if any(by_site[site].get(zone) for site in shown)]
    widths = {zone: _across(by_site, shown, zone) * (CARD_WIDTH + GAP) + GAP for zone in zones}
    left = MARGIN + SITE_WIDTH
    width = max(1080.0, left + sum(_wall(zone) + widths[zone] for zone in zones) + MARGIN)
    drawing = Drawing(
        topology.estate.title or "The estate", "What stands at each site, in which zone, behind which firewalls", width
    )
    drawing.groups.append(_heading(topology, drawing, len(sites)))
    y = 96.0
    for zone, x in _zone_starts(zones, widths, left):
        title = Text(ZONE_TITLES[zone], x + widths[zone] / 2, y + 12, HEADING, "zone-title", "middle", bold=True)
        drawing.groups.append(Group([title], "zones"))
    y += 24
    for site in shown:
        y = _site_row(topology, drawing, site, by_site[site], zones, widths, left, y)
    if len(sites) > len(shown):
        words = f"and {len(sites) - len(shown)} more sites, from {sites[MOST_SITES]} down: see overview.md"
        drawing.groups.append(Group([Text(words, MARGIN, y + 16, NAME + 1, "soft")], "more"))
        y += 28
    drawing.height = y + MARGIN / 2
    return drawing


Cells = dict[str, list[Column]]


def _by_site(topology: Topology, cast: Cast) -> dict[str, Cells]:
    """Columns of servers, by site and zone."""
    found: dict[str, Cells] = {}
    for host, site, key in cast.hosts():
        if host in topology.networks.firewalls:
            continue
        column = cast.columns((key,))[0]
        cells = found.setdefault(site or "(no site)", {})
        if column not in cells.setdefault(column.zone, []):
            cells[column.zone].append(column)
    for site, key in cast.clients():
        column = cast.columns((key,))[0]
        found.setdefault(site or "(no site)", {}).setdefault(column.zone, []).append(column)
    for cells in found.values():
        for zone, columns in cells.items():
            cells[zone] = list(cast.columns(column.key for column in columns))
    return found


def _users(topology: Topology, site: str) -> int:
    given = topology.estate.sites.get(site)
    return given.users if given else 0


def _across(by_site: t.Mapping[str, Cells], sites: t.Sequence[str], zone: Zone) -> int:
    return min(ACROSS[zone], max(len(by_site[site].get(zone, ())) for site in sites))


def _zone_starts(
    zones: t.Sequence[Zone], widths: t.Mapping[Zone, float], left: float
) -> t.Iterator[tuple[Zone, float]]:
    x = left
    for zone in zones:
        x += _wall(zone)
        yield zone, x
        x += widths[zone]


def _wall(zone: Zone) -> float:
    """The room that the wall before a zone takes."""
    return 0 if zone == "internet" else BRICKS + GAP


def _heading(topology: Topology, drawing: Drawing, sites: int) -> Group:
    servers = len(topology.servers)
    domains = len(topology.estate.sip_domains)
    counted = f"{_many(servers, 'server')} and appliances in {_many(sites, 'site')}, {_many(domains, 'SIP domain')}"
    return Group(
        [
            Text(drawing.title, MARGIN, 44, TITLE, "title", bold=True),
            Text(f"{counted}.", MARGIN, 66, SUBTITLE, "soft"),
        ],
        "heading",
    )


def _many(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def _site_row(
    topology: Topology,
    drawing: Drawing,
    site: str,
    cells: Cells,
    zones: t.Sequence[Zone],
    widths: t.Mapping[Zone, float],
    left: float,
    top: float,
) -> float:
    """A site's cards, zone by zone; the y below them."""
    placed: list[tuple[Box, _Card]] = []
    bottom = top + 64
    for zone, x in _zone_starts(zones, widths, left):
        boxes, below = _cell(cells.get(zone, ()), x + GAP, top + GAP, int((widths[zone] - GAP) // (CARD_WIDTH + GAP)))
        placed += boxes
        bottom = max(bottom, below)
    bands: list[t.Any] = []
    for zone, x in _zone_starts(zones, widths, left):
        if _wall(zone):
            bands.append(Area(Box(x - BRICKS - GAP, top, BRICKS, bottom - top), "bricks"))
        bands.append(Area(Box(x, top, widths[zone], bottom - top), f"zone {zone}"))
    words: list[t.Any] = [Text(site, MARGIN, top + 22, HEADING + 1, "", bold=True)]
    lines = [f"{_users(topology, site):,} users".replace(",", " ")] if _users(topology, site) else []
    lines += [name for name in topology.networks.firewalls if topology.servers[name].site in (site, "")]
    for number, line in enumerate(lines[:4]):
        words.append(Text(_cut(line, SITE_WIDTH - 8), MARGIN, top + 40 + number * 15, NAME, "soft"))
    drawing.groups.append(Group([*bands, *words], "site"))
    drawing.groups.extend(_drawn(box, card) for box, card in placed)
    return bottom + GAP


def _cell(columns: t.Sequence[Column], left: float, top: float, across: int) -> tuple[list[tuple[Box, _Card]], float]:
    """Cards in rows, those of a row equally high."""
    cards = [_card(column) for column in columns]
    placed: list[tuple[Box, _Card]] = []
    y = top
    for start in range(0, len(cards), max(1, across)):
        row = cards[start : start + max(1, across)]
        height = max(card.height for card in row)
        for number, card in enumerate(row):
            placed.append((Box(left + number * (CARD_WIDTH + GAP), y, CARD_WIDTH, height), card))
        y += height + GAP
    return placed, y


def _card(column: Column) -> _Card:
    inner = CARD_WIDTH - 2 * CARD_PADDING
    titles = wrapped(column.title, HEADING, inner, bold=True)
    names = [_cut(name, inner) for name in column.names]
    return _Card(column, (*((line, True) for line in titles), *((name, False) for name in names)))


def _cut(words: str, width: float) -> str:
    """As much as there is room for."""
    if text_width(words, NAME) <= width:
        return words
    while words and text_width(f"{words}…", NAME) > width:
        words = words[:-1]
    return f"{words}…"


def _drawn(box: Box, card: _Card) -> Group:
    shapes: list[t.Any] = [Area(box, f"card {card.column.kind}", 6)]
    y = box.y + CARD_PADDING
    for words, bold in card.lines:
        size = HEADING if bold else NAME
        middle = box.x + box.width / 2
        shapes.append(Text(words, middle, y + size * 0.95, size, "" if bold else "soft", "middle", bold=bold))
        y += size * 1.32
    return Group(shapes, "post", "\n".join((card.column.title, *card.column.names)))
