# SPDX-License-Identifier: GPL-3.0-or-later
"""A picture of a lab: networks as lines from the Internet inwards, hosts as tiles between them.

A host hangs below its network, stands on it where there is no room below, or hangs from a branch of it. One in several
networks keeps a column to itself from the first to the last of them. A dot is a connection; a line crossed without a
dot is none.
"""

from __future__ import annotations

import collections
import textwrap
import typing as t

from ansible_collections.openuc.ocs.plugins.plugin_utils.rendering.poster.shapes import Box

from .addressing import MANAGEMENT
from .layout import Host, Layout, service_networks
from .services.choice import REAL
from .svg import Dot, Drawing, Label, Tile, Wire, text_width

COLUMNS: t.Final = 11
PAD: t.Final = 8
GAP: t.Final = 10
LINE: t.Final = 14
STUB: t.Final = 10
LEAST_BAND: t.Final = 50
BESIDE: t.Final = 5
TITLE, NAME, SMALL, ADDRESS = 17, 12, 11, 11

KINDS: t.Final = {
    "firewall": "firewall: nftables",
    "balancer": "load balancer: HAProxy",
    "router": "router that the lab adds",
    "server": "real server: BIND, Samba, nginx",
    "stand-in": "stand-in for what cannot run here",
    "vantage": "vantage: looks, and serves nothing",
}
ZONES: t.Final = {"internet": "network of the Internet", "perimeter": "of a perimeter", "internal": "of the inside"}


class Declared(t.Protocol):
    """What the inventory says of a network."""

    @property
    def zone(self) -> str: ...
    @property
    def kind(self) -> str: ...


def draw(layout: Layout, declared: t.Mapping[str, Declared], title: str) -> Drawing:
    """The picture of a layout whose networks the inventory declares so."""
    return _Artist(layout, declared, _Grid(layout, _inwards(declared))).draw(title)


def kind_of(host: Host) -> str:
    """Which of the kinds of the legend a host is."""
    if "firewall" in host.types:
        return "firewall"
    if host.forwards:
        return "router"
    if "load_balancer" in host.types:
        return "balancer"
    if REAL & set(host.types):
        return "server"
    return "vantage" if "vantage" in host.types else "stand-in"


def _inwards(declared: t.Mapping[str, Declared]) -> tuple[str, ...]:
    """Internet, perimeter outside, perimeter inside, servers, and all else of the inside."""

    def depth(name: str) -> int:
        zone, kind = declared[name].zone, declared[name].kind
        if zone == "perimeter":
            return {"edge_outside": 1, "edge_inside": 3}.get(kind, 2)
        return 0 if zone == "internet" else 4 if kind == "servers" else 5

    return tuple(sorted(declared, key=depth))


# --- where everybody stands -----------------------------------------------------------------------------------------


Row = dict[int, Host]


class _Grid:
    """Bands of rows of hosts by column: band k lies above the line of network k, and below that of network k - 1.

    Hosts in the second row of a band, and in those after it, hang from branches of the line above.
    """

    def __init__(self, layout: Layout, order: tuple[str, ...]) -> None:
        self.order = order
        self.bands: list[list[Row]] = [[{}] for _band in range(len(order) + 1)]
        self._reserved: dict[int, set[int]] = collections.defaultdict(set)
        several = [host for host in layout.hosts if len(self.lines_of(host)) > 1]
        routers = [host for host in several if host.forwards]
        for host in routers:
            self._span(host, 0)
        self._first = 1 + self._last_reserved()
        for host in several:
            if not host.forwards:
                self._span(host, self._first)
        self._room = max(COLUMNS, self._last_reserved() + 2)
        for line in range(len(order)):
            self._hang([host for host in layout.hosts if self.lines_of(host) == [line]], line)
        self.columns = 1 + max((c for band in self.bands for row in band for c in row), default=0)

    def lines_of(self, host: Host) -> list[int]:
        return sorted(self.order.index(network) for network in set(service_networks(host)))

    def _last_reserved(self) -> int:
        return max((column for columns in self._reserved.values() for column in columns), default=-1)

    def _span(self, host: Host, first: int) -> None:
        lines = self.lines_of(host)
        bands = range(lines[0] + 1, lines[-1] + 1)
        column = first
        while any(column in self._reserved[band] for band in bands):
            column += 1
        for band in bands:
            self._reserved[band].add(column)
        self.bands[bands[0]][0][column] = host

    def _hang(self, hosts: t.Sequence[Host], line: int) -> None:
        above, below = self.bands[line], self.bands[line + 1]
        places = [(above[-1], line), (below[0], line + 1)]
        if line:
            places.reverse()
        waiting = collections.deque(hosts)
        for row, band in places:
            self._fill(row, band, waiting)
        while waiting:
            below.append({})
            self._fill(below[-1], line + 1, waiting)

    def _fill(self, row: Row, band: int, waiting: collections.deque[Host]) -> None:
        """Columns of routers stay free where they can, so that the way through the firewalls is seen."""
        for column in (*range(self._first, self._room), *range(self._first)):
            if waiting and column not in row and column not in self._reserved[band]:
                row[column] = waiting.popleft()


# --- ink ------------------------------------------------------------------------------------------------------------


class _Artist:
    def __init__(self, layout: Layout, declared: t.Mapping[str, Declared], grid: _Grid) -> None:
        self.layout, self.declared, self.grid = layout, declared, grid
        self.words = {host.name: words for host, words in _words(layout, declared)}
        widest = max((text_width(each, NAME, "name") for words in self.words.values() for each in words), default=0)
        self.tile_width = widest + 2 * PAD
        addresses = [str(address) for host in layout.hosts for address in host.addresses]
        self.address_width = max((text_width(each, ADDRESS, "address") for each in addresses), default=0)
        self.pitch = max(self.tile_width, self.address_width + 2 * BESIDE) + GAP
        titles = [words for name in grid.order for words in (name, str(layout.networks[name]))]
        self.left = PAD + max((text_width(words, NAME, "name") for words in titles), default=0) + 2 * GAP
        self.drawing = Drawing()
        self.lines: list[float] = []
        self.rails: dict[tuple[int, int], float] = {}

    def draw(self, title: str) -> Drawing:
        self._write(title, PAD, PAD + TITLE, TITLE, "title")
        end = float(PAD + TITLE + 2 * GAP)
        for band, rows in enumerate(self.grid.bands):
            end = self._band(band, rows, end)
            self.lines.append(end)
        right = self._x(self.grid.columns - 1) + max(self.tile_width / 2, BESIDE + self.address_width) + GAP
        self.drawing.width = max(right, *(label.box.right for label in self.drawing.labels)) + PAD
        for line, network in enumerate(self.grid.order):
            self._network(line, network, self.drawing.width - PAD)
        self._connections()
        end = self._legend(end + 2 * GAP)
        self.drawing.height = self._note(end + GAP) + PAD
        return self.drawing

    def _x(self, column: int) -> float:
        """The middle of a column."""
        return self.left + self.tile_width / 2 + column * self.pitch

    def _write(self, text: str, x: float, y: float, size: int, style: str, centred: bool = False) -> None:
        self.drawing.labels.append(Label(text, x, y, size, style, centred))

    # --- bands -------------------------------------------------------------------------------------------------

    def _band(self, band: int, rows: t.Sequence[Row], top: float) -> float:
        """Tiles of a band, with room for the addresses above and below them; where it ends."""
        y = top
        for number, row in enumerate(rows):
            self.rails[band, number] = y
            hanging = [self._count(host, band - 1) for host in row.values() if band - 1 in self.grid.lines_of(host)]
            y += _room(hanging) if band else 0
            height = PAD + LINE * max((len(self.words[host.name]) for host in row.values()), default=0)
            for column, host in sorted(row.items()):
                self._tile(host, Box(self._x(column) - self.tile_width / 2, y, self.tile_width, height))
            y += height + GAP if row else 0
        if band == len(self.grid.order):
            return y
        standing = [self._count(host, band) for host, _column, _row in self._connected_from_above(band)]
        y += _room(standing) - GAP if standing else 0
        return max(y, top + LEAST_BAND)

    def _count(self, host: Host, line: int) -> int:
        return len(self._addresses(host, line))

    def _addresses(self, host: Host, line: int) -> list[str]:
        network = self.grid.order[line]
        return [str(a.ip) for card in host.interfaces if card.network == network for a in card.addresses]

    def _connected_from_above(self, line: int) -> t.Iterator[tuple[Host, int, tuple[int, int]]]:
        for band in range(line + 1):
            for number, row in enumerate(self.grid.bands[band]):
                for column, host in row.items():
                    if line in self.grid.lines_of(host):
                        yield host, column, (band, number)

    def _tile(self, host: Host, box: Box) -> None:
        kinds = ", ".join(kind.replace("_", " ") for kind in host.types) or KINDS[kind_of(host)]
        self.drawing.tiles.append(Tile(box, kind_of(host), f"{host.name}: {kinds}"))
        words = self.words[host.name]
        first = box.y + (box.height - LINE * len(words)) / 2 + LINE - 3
        for number, text in enumerate(words):
            style = "small" if number else "name"
            self._write(text, box.x + box.width / 2, first + number * LINE, SMALL if number else NAME, style, True)

    # --- lines -------------------------------------------------------------------------------------------------

    def _network(self, line: int, network: str, right: float) -> None:
        y, zone = self.lines[line], self.declared[network].zone
        self.drawing.wires.append(Wire(PAD, y, right, y, zone))
        self._write(network, PAD, y - 6, NAME, "name")
        self._write(str(self.layout.networks[network]), PAD, y + LINE + 1, ADDRESS, "address")
        branches = list(enumerate(self.grid.bands[line + 1]))[1:]
        trunk = self.left - GAP
        for number, row in branches:
            rail = self.rails[line + 1, number]
            self.drawing.wires.append(Wire(trunk, rail, self._x(max(row)) + GAP, rail, zone))
        if branches:
            self.drawing.wires.append(Wire(trunk, y, trunk, self.rails[line + 1, branches[-1][0]], zone))

    def _connections(self) -> None:
        tiles = iter(self.drawing.tiles)
        for band, rows in enumerate(self.grid.bands):
            for number, row in enumerate(rows):
                for column, host in sorted(row.items()):
                    self._connect(host, self._x(column), next(tiles).box, (band, number))

    def _connect(self, host: Host, x: float, box: Box, place: tuple[int, int]) -> None:
        for line in self.grid.lines_of(host):
            addresses = self._addresses(host, line)
            if line < place[0]:
                end, tip = self.rails[place], box.y
                first: float = end + LINE
            else:
                end, tip = self.lines[line], box.bottom
                first = end - LINE * (len(addresses) - 1) - 6
            self.drawing.wires.append(Wire(x, min(tip, end), x, max(tip, end)))
            self.drawing.dots.append(Dot(x, end))
            for number, address in enumerate(addresses):
                self._write(address, x + BESIDE, first + LINE * number, ADDRESS, "address")

    # --- words -------------------------------------------------------------------------------------------------

    def _legend(self, y: float) -> float:
        """What the colours mean, kinds of hosts before kinds of networks; where it ends."""
        present = {kind_of(host) for host in self.layout.hosts}
        zones = {self.declared[network].zone for network in self.grid.order}
        hosts = [(kind, words) for kind, words in KINDS.items() if kind in present]
        networks = [(zone, words) for zone, words in ZONES.items() if zone in zones]
        for entries in (hosts, networks):
            x = float(PAD)
            for kind, words in entries:
                width = LINE + 2 * BESIDE + text_width(words, SMALL, "small") + 2 * GAP
                if x + width > self.drawing.width:
                    x, y = PAD, y + LINE + GAP
                self._sample(kind, x, y)
                self._write(words, x + LINE + BESIDE, y + SMALL, SMALL, "small")
                x += width
            y += LINE + GAP
        return y - GAP

    def _sample(self, kind: str, x: float, y: float) -> None:
        if kind in KINDS:
            self.drawing.tiles.append(Tile(Box(x, y, LINE, LINE), kind))
        else:
            self.drawing.wires.append(Wire(x, y + LINE / 2, x + LINE, y + LINE / 2, kind))

    def _note(self, y: float) -> float:
        """What is not drawn: the management network."""
        characters = int((self.drawing.width - 2 * PAD) / text_width("x", SMALL, "small"))
        for text in textwrap.wrap(_management(self.layout), max(characters, 20)):
            y += LINE
            self._write(text, PAD, y, SMALL, "small")
        return y


def _room(addresses: t.Sequence[int]) -> float:
    """Height between a line and tiles: all their addresses stand there, beside the stems."""
    return STUB + LINE * max(addresses, default=0)


def _words(layout: Layout, declared: t.Mapping[str, Declared]) -> t.Iterator[tuple[Host, tuple[str, ...]]]:
    """First label of each host, and its domain where that tells more: strangers, and hosts of the same label."""
    labels = collections.Counter(host.name.partition(".")[0] for host in layout.hosts)
    for host in layout.hosts:
        label, _dot, domain = host.name.partition(".")
        outside = all(declared[network].zone == "internet" for network in service_networks(host))
        yield host, (label, domain) if domain and (outside or labels[label] > 1) else (label,)


def _management(layout: Layout) -> str:
    unmanaged = [host.name for host in layout.hosts if host.managed_at is None]
    through = [f"{host.name} through {host.managed_at}" for host in layout.in_band]
    parts = [f"Not drawn: the management network {layout.networks[MANAGEMENT]}, where every host has one more card"]
    if through:
        parts.append(f"; managed in-band instead: {', '.join(through)}")
    if unmanaged:
        parts.append(f"; not managed at all: {', '.join(unmanaged)}")
    return f"{''.join(parts)}."
