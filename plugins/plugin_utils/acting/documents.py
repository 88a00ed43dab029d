# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the reasons of something live to the lines of documents that ask for it."""

from __future__ import annotations

import typing as t

from ..catalogue import loader
from ..catalogue.model import Source
from ..schema.decode import Reader, decode


def documents_of(why: t.Iterable[str]) -> list[dict[str, str]]:
    """Where each row of the catalogue stands in the documents, and what it is for; unknown rows are left out."""
    return [found for found in map(_document, why) if found]


def _document(row_id: str) -> dict[str, str] | None:
    product = row_id.partition(".")[0]
    row = loader.load(product).row(row_id) if product in loader.products() else None
    if row is None:
        return None
    source = decode(Source, row.data.get("source"), "source", Reader({}))
    return {"row": row_id, "source": str(source or ""), "purpose": str(row.data.get("purpose") or "")}
