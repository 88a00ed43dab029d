# SPDX-License-Identifier: GPL-3.0-or-later
"""The picture of a lab: current in docs/, whole, and legible, that is without anything that hides something else."""

from __future__ import annotations

import functools
import itertools
import typing as t
from xml.etree import ElementTree

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.rendering.poster.shapes import Box
from tests.lab.picture import KINDS
from tests.lab.svg import Drawing, Label, Tile, Wire
from tests.tools import lab_picture

EXAMPLES = ("lab", "standard", "multisite", "departments", "ocs2007", "lync2010")
SVG = "{http://www.w3.org/2000/svg}"


@functools.cache
def picture(example: str) -> Drawing:
    return lab_picture.drawing(example)


def thin(wire: Wire) -> Box:
    """The room that a wire takes, at the width it is drawn with."""
    half = 1.5 if wire.zone else 0.7
    return Box(
        wire.x1 - (half if wire.x1 == wire.x2 else 0),
        wire.y1 - (half if wire.y1 == wire.y2 else 0),
        wire.x2 - wire.x1 + (2 * half if wire.x1 == wire.x2 else 0),
        wire.y2 - wire.y1 + (2 * half if wire.y1 == wire.y2 else 0),
    )


def inner(box: Box) -> Box:
    """A tile without its edge, which wires may touch."""
    return Box(box.x + 1, box.y + 1, box.width - 2, box.height - 2)


def hosts(drawing: Drawing) -> list[Tile]:
    return [tile for tile in drawing.tiles if tile.title]


def holds(outer: Box, inside: Box) -> bool:
    across = outer.x <= inside.x and inside.right <= outer.right
    return across and outer.y <= inside.y and inside.bottom <= outer.bottom


def written_in(drawing: Drawing, box: Box) -> list[str]:
    return [label.text for label in drawing.labels if holds(box, label.box)]


def test_the_picture_in_docs_is_current() -> None:
    committed = lab_picture.PAGE.read_text(encoding="utf-8")
    assert committed == lab_picture.render(), "run `make docs` and commit what it writes"


@pytest.mark.parametrize("example", EXAMPLES)
class TestLegible:
    def test_no_text_covers_another(self, example: str) -> None:
        pairs = itertools.combinations(picture(example).labels, 2)
        assert [(a.text, b.text) for a, b in pairs if a.box.meets(b.box)] == []

    def test_no_line_strikes_through_a_text(self, example: str) -> None:
        drawing = picture(example)
        pairs = itertools.product(drawing.labels, drawing.wires)
        assert [(label.text, wire) for label, wire in pairs if label.box.meets(thin(wire))] == []

    def test_a_text_stands_within_a_tile_or_beside_all_of_them(self, example: str) -> None:
        drawing = picture(example)
        pairs = itertools.product(drawing.labels, drawing.tiles)
        cut = [(a.text, b.title) for a, b in pairs if a.box.meets(b.box) and not holds(b.box, a.box)]
        assert cut == []

    def test_no_tile_covers_another(self, example: str) -> None:
        pairs = itertools.combinations(picture(example).tiles, 2)
        assert [(a.title, b.title) for a, b in pairs if a.box.meets(b.box)] == []

    def test_no_line_runs_behind_a_tile(self, example: str) -> None:
        drawing = picture(example)
        pairs = itertools.product(hosts(drawing), drawing.wires)
        assert [(tile.title, wire) for tile, wire in pairs if inner(tile.box).meets(thin(wire))] == []

    def test_all_of_it_is_on_the_paper(self, example: str) -> None:
        drawing = picture(example)
        paper = Box(0, 0, drawing.width, drawing.height)
        boxes = [*(each.box for each in (*drawing.tiles, *drawing.labels)), *map(thin, drawing.wires)]
        assert all(holds(paper, box) for box in boxes)

    def test_dots_are_where_a_host_meets_a_network(self, example: str) -> None:
        drawing = picture(example)
        stems = [wire for wire in drawing.wires if not wire.zone]
        lines = [wire for wire in drawing.wires if wire.zone and wire.y1 == wire.y2]
        assert len(drawing.dots) == len(stems)
        for dot in drawing.dots:
            assert any(stem.x1 == dot.x and dot.y in (stem.y1, stem.y2) for stem in stems), dot
            assert any(line.y1 == dot.y and line.x1 <= dot.x <= line.x2 for line in lines), dot

    def test_every_host_has_one_tile_with_its_name(self, example: str) -> None:
        drawing = picture(example)
        names = [tile.title.partition(":")[0] for tile in hosts(drawing)]
        assert len(names) == len(set(names))
        for tile, name in zip(hosts(drawing), names, strict=True):
            assert written_in(drawing, tile.box)[0] == name.partition(".")[0]


# --- what it tells ----------------------------------------------------------------------------------------------------


def kind(drawing: Drawing, name: str) -> str:
    return next(tile.kind for tile in hosts(drawing) if tile.title.startswith(f"{name}:"))


def test_kinds_of_hosts() -> None:
    found = {name: kind(picture("lab"), name) for name in ("fw-int.contoso.com", "lab-core", "lb1.corp.contoso.com")}
    assert found == {"fw-int.contoso.com": "firewall", "lab-core": "router", "lb1.corp.contoso.com": "balancer"}
    others = ("dc1.corp.contoso.com", "fe1.corp.contoso.com", "client1.corp.contoso.com")
    assert [kind(picture("lab"), name) for name in others] == ["server", "stand-in", "vantage"]


def test_the_legend_explains_what_is_there_and_nothing_else() -> None:
    texts = {label.text for label in picture("standard").labels}
    assert KINDS["firewall"] in texts
    assert KINDS["balancer"] not in texts
    assert KINDS["vantage"] not in texts


def beside(drawing: Drawing, tile: Tile) -> list[str]:
    """Addresses at the stems of a tile, from the top."""
    middle = tile.box.x + tile.box.width / 2
    stems = [w for w in drawing.wires if not w.zone and w.x1 == middle and tile.box.bottom in (w.y1, w.y2)]
    stems += [w for w in drawing.wires if not w.zone and w.x1 == middle and tile.box.y in (w.y1, w.y2)]
    labels = [label for label in drawing.labels if label.style == "address" and 0 < label.x - middle < tile.box.width]
    near = [label for label in labels if any(stem.y1 <= label.y <= stem.y2 for stem in stems)]
    return [label.text for label in sorted(near, key=_height)]


def _height(label: Label) -> float:
    return label.y


def test_a_host_shows_its_address_in_each_network() -> None:
    drawing = picture("lab")
    tiles: t.Mapping[str, Tile] = {tile.title.partition(".")[0]: tile for tile in hosts(drawing)}
    assert beside(drawing, tiles["edge1"]) == ["203.0.113.31", "203.0.113.41", "203.0.113.51", "10.30.0.31"]
    assert beside(drawing, tiles["fw-int"]) == ["10.30.0.1", "10.20.0.254"]
    assert beside(drawing, tiles["fe1"]) == ["10.20.0.11"]


def test_strangers_are_told_with_their_domain() -> None:
    drawing = picture("lab")
    world = next(tile for tile in hosts(drawing) if tile.title.startswith("world1"))
    assert written_in(drawing, world.box) == ["world1", "example.net"]


def test_what_is_not_drawn_is_said() -> None:
    note = " ".join(label.text for label in picture("lab").labels[-3:])
    assert "management network 172.31.0.0/24" in note
    assert "managed in-band instead: fw-int.contoso.com through 10.20.0.254" in note
    assert "not managed at all: lab-core, lab-internet" in note


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_file_shows_every_shape_once(example: str) -> None:
    drawing = picture(example)
    root = ElementTree.fromstring(lab_picture.render(example))
    assert root.get("viewBox") == f"0 0 {round(drawing.width)} {round(drawing.height)}"
    assert [each.text for each in root.iter(f"{SVG}text")] == [label.text for label in drawing.labels]
    # One more rectangle: the paper.
    counts = {"rect": len(drawing.tiles) + 1, "line": len(drawing.wires), "circle": len(drawing.dots)}
    assert {tag: len(list(root.iter(f"{SVG}{tag}"))) for tag in counts} == counts
    assert root.findtext(f"{SVG}title") == lab_picture.title(example)
