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
def common(kind: str) -> Catalogue:
    """What holds for all products, of one kind, for those who need nothing of the rest."""
    return Catalogue(COMMON, _common_rows(kind), vocabulary())


@functools.cache
def products() -> tuple[str, ...]:
    """Products that the catalogue knows, oldest first."""
    return tuple(row.id.removeprefix("product.") for row in _common_rows("products"))


@functools.cache
def vocabulary() -> t.Mapping[str, t.Collection[str]]:
    """Words by vocabulary; the word is what follows the kind's prefix in the row's id (`feature.federation`)."""
    found = {
        name: tuple(row.id.partition(".")[2] for row in _common_rows(kind)) for name, kind in _VOCABULARY_KINDS.items()
    }
    return {**found, "peers": (*found["products"], *found["peers"])}


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


def _common_rows(kind: str) -> tuple[RawRow, ...]:
    paths = (DATA / COMMON / f"{kind}.yml", *sorted((DATA / COMMON / kind).rglob("*.yml")))
    return tuple(row for path in paths if path.is_file() for row in _read(path, COMMON))


@functools.cache
def _read(path: Path, product: str) -> tuple[RawRow, ...]:
    relative = path.relative_to(DATA / product)
    kind = relative.parts[0].removesuffix(".yml")
    content = _content(path)
    if not isinstance(content, dict) or not isinstance(content.get("rows"), list):
        raise CatalogueError(f"{path.name}: expected a mapping with the list `rows`")
    file = f"{product}/{relative.as_posix()}"
    return tuple(RawRow(str(row["id"]), kind, product, file, row) for row in content["rows"])


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
