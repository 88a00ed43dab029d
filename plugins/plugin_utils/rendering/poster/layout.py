# SPDX-License-Identifier: GPL-3.0-or-later
"""Gives every part of a poster its place.

Columns stand side by side from the Internet inwards, walls between the zones. Each kind of traffic has a lane of its
own across them, and lanes that do not meet share a row. A lane's words stand over its longest stretch between two
walls; columns are moved apart until they fit. So nothing can overlap, whatever the names are.
"""

from __future__ import annotations

import bisect
import dataclasses
import itertools
import typing as t

from .scene import FAMILY_TITLES, ZONE_TITLES, ZONES, Column, Lane, Panel, Scene, Wall
from .shapes import Area, Box, Drawing, Group, Line, Mark, Text, text_width, wrapped

MARGIN = 28.0
TITLE, SUBTITLE, HEADING, NAME, LABEL = 26.0, 13.0, 12.5, 11.0, 12.0
PANEL_COLUMN, PANEL_LINE = 430.0, 15.4
TOP = 112.0
# From this width on titles grow with it, so that they can be read from where the whole poster is seen.
USUAL_WIDTH = 1600.0
LARGEST_PANEL = 1.4
CARD_PADDING = 9.0
LINE_HEIGHT = 1.32
TITLE_WIDTH = 128.0
ROW = 35.0
LOOP = 26.0
BRICKS = 16.0
LEAST_WIDTH = 1080.0
BETWEEN = 20.0
END_ROOM = 24.0


@dataclasses.dataclass(slots=True)
class Post:
    """A column or a wall: what is written on its card, and the x of its middle."""

    item: Column | Wall
    lines: tuple[tuple[str, bool], ...]
    width: float
    x: float = 0

    @property
    def height(self) -> float:
        return 2 * CARD_PADDING + sum((HEADING if bold else NAME) * LINE_HEIGHT for _words, bold in self.lines)


@dataclasses.dataclass(slots=True)
class Placed:
    """A lane between its outermost posts; the words stand between two of them."""

    lane: Lane
    first: int
    last: int
    words: tuple[int, int]
    row: int = 0

    @property
    def loops(self) -> bool:
        return self.first == self.last


def drawn(scene: Scene) -> Drawing:
    """The picture of a scene."""
    posts = _posts(scene)
    index = {post.item.key: number for number, post in enumerate(posts) if isinstance(post.item, Column)}
    placed = [_placed(lane, index, posts) for lane in scene.lanes]
    _spread(posts, placed)
    rows = _stack(placed, posts)
    width = max(LEAST_WIDTH, posts[-1].x + _room_after(posts, placed) + MARGIN)
    cards = max(post.height for post in posts)
    top = TOP * _scale(width)
    lanes_top = top + 30 + cards + 26
    lanes_bottom = lanes_top + rows * ROW + 8
    drawing = Drawing(scene.title, scene.subtitle, width)
    drawing.groups.append(_heading(scene, width))
    drawing.groups.extend(_zones(posts, width, top, lanes_bottom))
    drawing.groups.extend(_post(post, cards, top, lanes_bottom) for post in posts)
    drawing.groups.extend(_lane(item, posts, index, lanes_top) for item in placed)
    drawing.height = lanes_bottom + 12
    _panels(scene, drawing)
    return drawing


# --- what stands where ------------------------------------------------------------------------------------------------


def _posts(scene: Scene) -> list[Post]:
    posts: list[Post] = []
    walls = {wall.between[0]: wall for wall in scene.walls}
    for zone in ZONES:
        columns = [column for column in scene.columns if column.zone == zone]
        posts.extend(_card(column, column.title, column.names) for column in columns)
        if columns and zone in walls:
            posts.append(_card(walls[zone], walls[zone].title, walls[zone].names))
    return posts


def _card(item: Column | Wall, title: str, names: t.Sequence[str]) -> Post:
    titles = wrapped(title, HEADING, TITLE_WIDTH, bold=True)
    lines = (*((line, True) for line in titles), *((name, False) for name in names))
    widest = max(text_width(words, HEADING if bold else NAME, bold=bold) for words, bold in lines)
    return Post(item, lines, widest + 2 * CARD_PADDING)


def _placed(lane: Lane, index: t.Mapping[str, int], posts: t.Sequence[Post]) -> Placed:
    ends = sorted(index[end] for end in lane.ends)
    first, last = ends[0], ends[-1]
    if first == last:
        following = [number for number in range(first + 1, len(posts)) if isinstance(posts[number].item, Wall)]
        return Placed(lane, first, last, (first, following[0] if following else len(posts)))
    stops = [first, *(n for n in range(first + 1, last) if isinstance(posts[n].item, Wall)), last]
    stretches = list(itertools.pairwise(stops))
    opener = min(index[source] for source in lane.sources)
    best = max(stretches, key=lambda pair: (pair[1] - pair[0], -abs(pair[0] - opener)))
    return Placed(lane, first, last, best)


def _spread(posts: t.Sequence[Post], placed: t.Sequence[Placed]) -> None:
    """Put posts as near to one another as cards and words allow, then use the room of a screen."""
    gap = 1.0
    for _attempt in range(2):
        _settle(posts, placed, gap)
        width = posts[-1].x + _room_after(posts, placed) + MARGIN
        if width >= LEAST_WIDTH:
            return
        gap *= (LEAST_WIDTH - 2 * MARGIN) / (width - 2 * MARGIN)


def _settle(posts: t.Sequence[Post], placed: t.Sequence[Placed], gap: float) -> None:
    """From left to right: each post as far from the one before as cards ask, and from where words to it begin."""
    ending: dict[int, list[Placed]] = {}
    for item in placed:
        ending.setdefault(item.words[1], []).append(item)
    posts[0].x = MARGIN + 8 + posts[0].width / 2
    for number, (before, post) in enumerate(itertools.pairwise(posts), 1):
        near = before.x + ((before.width + post.width) / 2 + BETWEEN) * gap
        post.x = max([near, *(posts[item.words[0]].x + _words_width(item) for item in ending.get(number, ()))])


def _words_width(item: Placed) -> float:
    return text_width(item.lane.label, LABEL) + END_ROOM + BRICKS + (LOOP if item.loops else 0)


def _room_after(posts: t.Sequence[Post], placed: t.Sequence[Placed]) -> float:
    """What the last post, and the words of loops that have no wall to their right, need there."""
    last = posts[-1].x
    needs = [posts[-1].width / 2 + 8]
    needs += [posts[item.first].x + _words_width(item) - last for item in placed if item.words[1] == len(posts)]
    return max(needs)


def _stack(placed: t.Sequence[Placed], posts: t.Sequence[Post]) -> int:
    """Rows for lanes, in their order; those that do not meet share one."""
    rows: list[list[tuple[float, float]]] = []
    for item in placed:
        start, end = _extent(item, posts)
        free = (number for number, spans in enumerate(rows) if all(end <= a or b <= start for a, b in spans))
        item.row = next(free, len(rows))
        if item.row == len(rows):
            rows.append([])
        rows[item.row].append((start, end))
    return len(rows)


def _extent(item: Placed, posts: t.Sequence[Post]) -> tuple[float, float]:
    if item.loops:
        return posts[item.first].x - 8, posts[item.first].x + _words_width(item)
    return posts[item.first].x - 14, posts[item.last].x + 14


# --- how it looks -----------------------------------------------------------------------------------------------------


def _scale(width: float) -> float:
    return max(1.0, width / USUAL_WIDTH)


def _heading(scene: Scene, width: float) -> Group:
    scale = _scale(width)
    shapes: list[t.Any] = [
        Text(scene.title, MARGIN, 44 * scale, TITLE * scale, "title", bold=True),
        Text(scene.subtitle, MARGIN, 66 * scale, SUBTITLE * scale, "soft"),
    ]
    size = NAME * scale
    x, y = MARGIN, 92 * scale
    middle = y - 0.36 * size
    for family in scene.families:
        words = FAMILY_TITLES[family]
        need = 48 * scale + text_width(words, size)
        if x + need > width - MARGIN:
            break
        sample = Line(((x, middle), (x + 22 * scale, middle)), f"lane {family}")
        shapes += [sample, Text(words, x + 30 * scale, y, size)]
        x += need
    for kind, words in (("opens", "opens the connection"), ("right", "listens")):
        need = 36 * scale + text_width(words, size)
        if x + need <= width - MARGIN:
            shapes += [Mark(x + 5, middle, t.cast("t.Any", kind), "plain"), Text(words, x + 16 * scale, y, size)]
            x += need
    return Group(shapes, "heading")


def _zones(posts: t.Sequence[Post], width: float, top: float, bottom: float) -> t.Iterator[Group]:
    """Bands behind the columns; each reaches to the middle of the walls beside it."""
    for zone in ZONES:
        numbers = [n for n, post in enumerate(posts) if isinstance(post.item, Column) and post.item.zone == zone]
        if not numbers:
            continue
        first, last = posts[numbers[0]], posts[numbers[-1]]
        left = posts[numbers[0] - 1].x if numbers[0] else MARGIN / 2
        right = posts[numbers[-1] + 1].x if numbers[-1] + 1 < len(posts) else width - MARGIN / 2
        middle = (first.x - first.width / 2 + last.x + last.width / 2) / 2
        words = Text(ZONE_TITLES[zone], middle, top + 19, HEADING, "zone-title", "middle", bold=True)
        yield Group([Area(Box(left, top, right - left, bottom - top), f"zone {zone}"), words])


def _post(post: Post, cards: float, zone: float, bottom: float) -> Group:
    top = zone + 30
    box = Box(post.x - post.width / 2, top, post.width, cards)
    wall = isinstance(post.item, Wall)
    shapes: list[t.Any] = []
    if wall:
        shapes.append(Area(Box(post.x - BRICKS / 2, zone, BRICKS, bottom - zone), "bricks"))
    else:
        shapes.append(Line(((post.x, top + cards), (post.x, bottom - 6)), "life"))
    kind = "wall" if wall else t.cast("Column", post.item).kind
    shapes.append(Area(box, f"card {kind}", 6))
    y = top + CARD_PADDING
    for words, bold in post.lines:
        size = HEADING if bold else NAME
        shapes.append(Text(words, post.x, y + size * 0.95, size, "" if bold else "soft", "middle", bold=bold))
        y += size * LINE_HEIGHT
    return Group(shapes, "post")


def _lane(item: Placed, posts: t.Sequence[Post], index: t.Mapping[str, int], top: float) -> Group:
    y = top + item.row * ROW + 22
    lane = item.lane
    shapes = _loop(item, posts, y) if item.loops else _span(item, posts, index, y)
    names = f"{lane.label}: {lane.about}"
    return Group(shapes, f"lane-group {lane.family}", names, " ".join(lane.why))


def _loop(item: Placed, posts: t.Sequence[Post], y: float) -> list[t.Any]:
    x = posts[item.first].x
    style = f"lane {item.lane.family}"
    path = ((x, y - 9), (x + LOOP - 8, y - 9), (x + LOOP - 8, y + 1), (x + 2, y + 1))
    words = Text(item.lane.label, x + LOOP, y, LABEL, "label")
    return [Line(path, style), Mark(x, y - 9, "opens", style), Mark(x + 5, y + 1, "left", style), words]


def _span(item: Placed, posts: t.Sequence[Post], index: t.Mapping[str, int], y: float) -> list[t.Any]:
    lane, style = item.lane, f"lane {item.lane.family}"
    shapes: list[t.Any] = [Line(((posts[item.first].x, y), (posts[item.last].x, y)), style)]
    for post in posts[item.first + 1 : item.last]:
        if isinstance(post.item, Wall):
            shapes += _gate(post, y, translated=post.item.between in lane.translated)
    start, end = item.words
    # Over bricks nothing can be read.
    left = posts[start].x + (BRICKS / 2 if isinstance(posts[start].item, Wall) else 0)
    right = posts[end].x - (BRICKS / 2 if isinstance(posts[end].item, Wall) else 0)
    shapes.append(Text(lane.label, (left + right) / 2, y - 8, LABEL, "label", "middle"))
    opens = sorted(index[source] for source in lane.sources)
    for number in opens:
        shapes.append(Mark(posts[number].x, y, "opens", style))
    for number in sorted(index[target] for target in lane.targets):
        both = number in opens
        if opens[0] < number:
            shapes.append(Mark(posts[number].x - (6 if both else 1), y, "right", style))
        if opens[-1] > number:
            shapes.append(Mark(posts[number].x + (6 if both else 1), y, "left", style))
    return shapes


def _gate(post: Post, y: float, *, translated: bool) -> list[t.Any]:
    """Where a wall lets a lane through; addresses that change there are said."""
    if translated:
        box = Box(post.x - 15, y - 7, 30, 14)
        return [Area(box, "gate nat", 4), Text("NAT", post.x, y + 3.6, 9.5, "nat-words", "middle")]
    half = BRICKS / 2
    gap = Area(Box(post.x - half, y - 7, BRICKS, 14), "gate")
    return [gap, Line(((post.x - half, y), (post.x + half, y)), "through")]


def _panels(scene: Scene, drawing: Drawing) -> None:
    """Beneath the picture, one below the other, their lines in as many columns as there is room for."""
    y = drawing.height + 10
    for panel in scene.panels:
        group, bottom = _panel(panel, y, drawing.width)
        drawing.groups.append(group)
        y = bottom + 12
    drawing.height = y + MARGIN / 2 - 12


def _panel(panel: Panel, top: float, width: float) -> tuple[Group, float]:
    scale = min(_scale(width), LARGEST_PANEL)
    size, line = NAME * scale, PANEL_LINE * scale
    inner = width - MARGIN - 24
    count = max(1, int(inner // (PANEL_COLUMN * scale)))
    each = inner / count
    entries = [(name, wrapped(words, size, each - 36)) for name, words in panel.lines]
    heights = [(len(lines) + 1) * line + 4 for _name, lines in entries]
    texts: list[t.Any] = [Text(panel.title, MARGIN / 2 + 12, top + 24 * scale, (HEADING + 1) * scale, "", bold=True)]
    start = top + 46 * scale
    bottom = start
    for column, numbers in enumerate(_even(heights, count)):
        x, y = MARGIN / 2 + 12 + column * each, start
        for number in numbers:
            name, lines = entries[number]
            texts.append(Text(name, x, y, size, "", bold=True))
            texts += [Text(words, x + 12, y + at * line, size, "soft") for at, words in enumerate(lines, 1)]
            y += heights[number]
        bottom = max(bottom, y)
    box = Box(MARGIN / 2, top, width - MARGIN, bottom - top)
    return Group([Area(box, "panel-box", 6), *texts], "panel"), bottom


def _even(heights: t.Sequence[float], count: int) -> list[list[int]]:
    """Places of entries, in columns that are as low as they can be with so many of them."""
    edges = list(itertools.accumulate(heights, initial=0.0))
    spans = sorted({right - left for left, right in itertools.combinations(edges, 2)})
    # The more room there is, the fewer columns it takes.
    fits = bisect.bisect_left(spans, True, key=lambda limit: len(_filled(heights, limit)) <= count)
    return _filled(heights, spans[fits] if fits < len(spans) else 0.0)


def _filled(heights: t.Sequence[float], limit: float) -> list[list[int]]:
    """Columns that are filled one after the other, none of them beyond the limit where an entry alone is not."""
    columns: list[list[int]] = []
    height = 0.0
    for number, each in enumerate(heights):
        if not columns or height + each > limit + 0.01:
            columns.append([])
            height = 0.0
        columns[-1].append(number)
        height += each
    return columns
