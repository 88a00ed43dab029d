# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the catalogue from its YAML files.

`data/<product>/<kind>.yml` or `data/<product>/<kind>/*.yml`; each file is a mapping with the list `rows`.
"""

from __future__ import annotations

import functools
import typing as t
from pathlib import Path

import yaml

from .facts import ErratumFact
from .model import COMMON, Catalogue, CatalogueError, RawRow

DATA = Path(__file__).parent / "data"
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# Files that were parsed elsewhere.
_TAKEN: dict[str, object] = {}

# Words that inventories and rows may use, each taken from the ids of the rows of a kind in `common`.
_VOCABULARY_KINDS = {
    "products": "products",
    "peers": "peers",
    "features": "features",
    "applications": "applications",
    "server_types": "server_types",
    "stages": "stages",
    "user_model": "user_model",
}


@functools.cache
def load(product: str) -> Catalogue:
    """The catalogue of one product."""
    rows = (*_rows_of(COMMON), *_rows_of(product))
    return Catalogue(product, rows, vocabulary(), documented_kinds())


@functools.cache
def products() -> tuple[str, ...]:
    """Products that the catalogue knows, oldest first."""
    return tuple(row.id.removeprefix("product.") for row in _rows_of(COMMON) if row.kind == "products")


@functools.cache
def vocabulary() -> t.Mapping[str, t.Collection[str]]:
    """Words by vocabulary; the word is what follows the kind's prefix in the row's id (`feature.federation`)."""
    found: dict[str, list[str]] = {name: [] for name in _VOCABULARY_KINDS}
    for row in _rows_of(COMMON):
        for name, kind in _VOCABULARY_KINDS.items():
            if row.kind == kind:
                found[name].append(row.id.partition(".")[2])
    found["peers"] = [*found["products"], *found["peers"]]
    return {name: tuple(words) for name, words in found.items()}


@functools.cache
def documented_kinds() -> tuple[str, ...]:
    """Kinds that some product has rows of; errata are no kind of fact."""
    names = {path.name.removesuffix(".yml") for product in products() for path in (DATA / product).iterdir()}
    return tuple(sorted(names - {ErratumFact.KIND}))


@functools.cache
def _rows_of(product: str) -> tuple[RawRow, ...]:
    folder = DATA / product
    if not folder.is_dir():
        raise CatalogueError(f"the catalogue has no folder for {product}")
    return tuple(row for path in sorted(folder.rglob("*.yml")) for row in _read(path, product))


def _read(path: Path, product: str) -> t.Iterator[RawRow]:
    relative = path.relative_to(DATA / product)
    kind = relative.parts[0].removesuffix(".yml")
    content = _content(path)
    if not isinstance(content, dict) or not isinstance(content.get("rows"), list):
        raise CatalogueError(f"{path.name}: expected a mapping with the list `rows`")
    for row in content["rows"]:
        yield RawRow(str(row["id"]), kind, product, f"{product}/{relative.as_posix()}", row)


def parsed() -> dict[str, object]:
    """The content of all files, as plain data: what takes the time of loading."""
    return {str(path): _content(path) for path in DATA.rglob("*.yml")}


def take(contents: t.Mapping[str, object]) -> None:
    """Load from what was parsed elsewhere instead of from the files."""
    _TAKEN.update(contents)


def _content(path: Path) -> object:
    if str(path) in _TAKEN:
        return _TAKEN[str(path)]
    with path.open("rb") as stream:
        return yaml.load(stream, Loader=_Loader)  # noqa: S506 - both loaders are safe ones
