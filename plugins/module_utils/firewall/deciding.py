# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run has decided to do, or why it does nothing. Private to the collection."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from typing import Callable

from ..contract import Operation
from .live import Live
from .ruleset import Ruleset
from .text import REMOVE, Table, changes_text


class RefusedError(Exception):
    """Why nothing was done, in words with a remedy."""


class UnknownRunError(RefusedError):
    """There is no such run, so nothing to undo."""


@dataclasses.dataclass(frozen=True)
class Decision:
    """What is there, what is wanted, and what leads from one to the other."""

    have: Live | None
    want: Ruleset | None
    operations: Sequence[Operation]

    @functools.cached_property
    def table(self) -> Table | None:
        return Table(self.want) if self.want is not None else None

    @property
    def following(self) -> str:
        return self.table.text if self.table else ""

    @property
    def is_replaced(self) -> bool:
        """Whether more than elements differ, so that the table is loaded as a whole."""
        if self.have is None or self.table is None or self.have.strange:
            return True
        return self.have.table.structure != self.table.structure

    @property
    def transaction(self) -> str:
        if self.table is None:
            return REMOVE
        if self.have is None or self.is_replaced:
            return self.table.text
        return changes_text(self.have.table.elements, self.table.elements)

    def previous(self, as_it_is: Callable[[], str]) -> str:
        """What puts back just what is there; with changes by hand that is the text of the packet filter itself."""
        if self.have is None:
            return REMOVE
        return REMOVE + as_it_is() if self.have.strange else self.have.table.text
