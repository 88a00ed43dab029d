# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalogue: what the documents say, as cited rows.

A row carries an `id`, the place in the documents it was read from, and the requirement ids it stands for; all else
in it depends on its kind. Planners read the rows of a kind as instances of a `Fact` class, which checks them.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ..schema.decode import INVALID, Reader, decoder_of
from ..schema.fields import option

COMMON = "common"


@dataclasses.dataclass(frozen=True, slots=True)
class Source:
    """A place in a document; `lines` count in the text form of the document, `page` names a page outside of them."""

    document: str = option("Key of the document in documents.yml")
    lines: tuple[int, ...] = option("First and last line", default=())
    page: str = option("Page or section, where the document has no text form here", default="")

    def __str__(self) -> str:
        if self.lines:
            return f"{self.document}:{'-'.join(str(line) for line in dict.fromkeys(self.lines))}"
        return f"{self.document} {self.page}".strip()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What every row has. Subclasses name their `KIND` and add the fields of that kind."""

    KIND: t.ClassVar[str] = ""

    id: str = option("Stable id of the row")
    source: Source = option("Where it is documented")
    requirements: tuple[str, ...] = option("Requirement ids that the row stands for", default=())
    erratum: str = option("Id of the erratum that says which reading was taken", default="")
    note: str = option("What a reader of the row should know", default="")


F = t.TypeVar("F", bound=Fact)


class CatalogueError(Exception):
    """The catalogue itself is wrong: a fault of this collection, never of its user."""


@dataclasses.dataclass(frozen=True, slots=True)
class RawRow:
    """A row as it stands in its file."""

    id: str
    kind: str
    product: str
    file: str
    data: t.Mapping[str, object]


class Catalogue:
    """All rows of one product, with those common to all products.

    The rows are read once; facts are decoded on first use of their kind and kept.
    """

    def __init__(
        self,
        product: str,
        rows: t.Iterable[RawRow],
        vocabulary: t.Mapping[str, t.Collection[str]],
        documented: t.Sequence[str] = (),
    ) -> None:
        self.product = product
        self.documented = documented
        self.vocabulary = vocabulary
        self._by_kind: dict[str, list[RawRow]] = {}
        self._by_id: dict[str, RawRow] = {}
        self._facts: dict[type, tuple[Fact, ...]] = {}
        for row in rows:
            if row.id in self._by_id:
                raise CatalogueError(f"{row.file}: id {row.id} is used already in {self._by_id[row.id].file}")
            self._by_id[row.id] = row
            self._by_kind.setdefault(row.kind, []).append(row)

    def kinds(self) -> tuple[str, ...]:
        return tuple(sorted(self._by_kind))

    def rows(self, kind: str) -> tuple[RawRow, ...]:
        return tuple(self._by_kind.get(kind, ()))

    def all_rows(self) -> tuple[RawRow, ...]:
        return tuple(self._by_id.values())

    def row(self, row_id: str) -> RawRow | None:
        return self._by_id.get(row_id)

    def coverage(self) -> tuple[tuple[str, bool], ...]:
        """Every kind that is documented for some product, and whether it is for this one."""
        return tuple((kind, self.covers(kind)) for kind in self.documented)

    def covers(self, kind: str) -> bool:
        """False when the documents say nothing of this kind about the product: its checks are then *not covered*."""
        return any(row.product != COMMON for row in self._by_kind.get(kind, ()))

    def changed(self, changes: t.Mapping[str, t.Mapping[str, object]]) -> Catalogue:
        """A catalogue in which the rows named have other values; this one when it has none of them."""
        if not changes.keys() & self._by_id.keys():
            return self
        rows = [
            dataclasses.replace(row, data={**row.data, **changes[row.id]}) if row.id in changes else row
            for row in self._by_id.values()
        ]
        return Catalogue(self.product, rows, self.vocabulary, self.documented)

    def facts(self, cls: type[F]) -> tuple[F, ...]:
        """Rows of the class's kind, in the order of their files, checked and typed."""
        if cls not in self._facts:
            self._facts[cls] = tuple(self._read(cls))
        return t.cast("tuple[F, ...]", self._facts[cls])

    def _read(self, cls: type[F]) -> t.Iterator[F]:
        decoder = decoder_of(cls)
        for row in self._by_kind.get(cls.KIND, ()):
            reader = Reader(self.vocabulary)
            fact = decoder(row.data, row.id, reader)
            if reader.problems or fact is INVALID:
                details = "; ".join(f"{p.path}: {p.rule} {p.value!r}, allowed: {p.allowed}" for p in reader.problems)
                raise CatalogueError(f"{row.file}: {details}")
            yield t.cast("F", fact)
