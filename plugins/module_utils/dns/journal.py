# SPDX-License-Identifier: GPL-3.0-or-later
"""What is ours in a zone, and what each run changed there: files on the controller. Private to the collection.

Ownership is a file, not marker records: markers double a zone, cannot stand beside an alias, tell everybody who runs
what, and are lost or copied together with the records they speak of. The file names values, not names: what another
tool put at the same name and type, or put in the place of ours, is never ours. Without the file nothing is deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Optional, TypeVar

from .. import journal
from . import names, rdata
from .errors import Place
from .planning import Change, Owned
from .records import item_of, set_of, tree_order
from .transfer import Key, RRset

JournalError = journal.JournalError
new_run = journal.run_id

# A record set that a run changed: as it was before the run, as the run left it, and which values were ours before.
Entry = tuple[Key, Optional[RRset], Optional[RRset], frozenset[bytes]]
Decoded = TypeVar("Decoded")


class Journal:
    """The files of one zone of one server. Zones of the same name at other servers, or in other views, have others."""

    def __init__(self, folder: str, place: Place) -> None:
        view = f"{place.view}." if place.view else ""
        self._files = journal.Journal(folder, f"{view}{place.zone.rstrip('.')}_{place.server.rstrip('.')}")

    def locked(self) -> AbstractContextManager[None]:
        """While this lasts no other run on this machine works on the zone."""
        return self._files.locked()

    def owned(self) -> dict[Key, frozenset[bytes]]:
        """The values that we put into the zone; none where there is no file yet."""
        stored = self._files.owned()
        return {} if stored is None else self._decoded("owned.json", lambda: dict(map(_ours, stored["records"])))

    def own(self, owned: Owned) -> None:
        """Store what is ours."""
        listed = [
            {
                "name": names.to_text(key[0]),
                "type": rdata.type_text(key[1]),
                "values": [rdata.to_text(key[1], value) for value in sorted(owned[key])],
            }
            for key in sorted(owned, key=tree_order)
        ]
        self._files.own({"records": listed})

    def begin(self, run: str, changes: Sequence[Change], owned: Owned) -> str:
        """Store the state before a run; the path of the file.

        A run may come to a zone more than once, stage after stage: what it found first is what it is put back to.
        """
        again = self.has(run)
        entries = {_sides(stored)[0]: stored for stored in self._stored(run)} if again else {}
        for change in changes:
            first = entries.get(change.key)
            entries[change.key] = (
                _entry(change, owned.get(change.key, frozenset()))
                if first is None
                else {**first, "after": _side(change.key, change.after)}
            )
        content = {"run": run, "changes": list(entries.values())}
        if again:
            self._files.replace(run, content)
        return str(self._files.store(run, content))

    def progress(self, run: str, words: str) -> None:
        """Add a line on what has been done, on the disk before anything else is."""
        self._files.note(run, words)

    def has(self, run: str) -> bool:
        """True when this run changed something in the zone, or tried to."""
        return self._files.has(run)

    def stored(self, run: str) -> list[Entry]:
        """What a run changed."""
        stored = self._stored(run)
        return self._decoded(f"runs/{run}.json", lambda: [_sides(entry) for entry in stored])

    def _stored(self, run: str) -> list[dict[str, Any]]:
        stored = self._files.stored(run)
        return self._decoded(f"runs/{run}.json", lambda: list(stored["changes"]))

    def _decoded(self, file: str, decode: Callable[[], Decoded]) -> Decoded:
        try:
            return decode()
        except (KeyError, TypeError, ValueError) as error:
            raise journal.spoilt(self._files.folder / file, error) from None


def _ours(item: Mapping[str, Any]) -> tuple[Key, frozenset[bytes]]:
    kind = rdata.TYPES[item["type"]]
    values = frozenset(rdata.from_text(kind, value) for value in item["values"])
    return (names.from_text(item["name"]), kind), values


def _entry(change: Change, ours: frozenset[bytes]) -> dict[str, Any]:
    return {
        "name": names.to_text(change.key[0]),
        "type": rdata.type_text(change.key[1]),
        "before": _side(change.key, change.before),
        "after": _side(change.key, change.after),
        "ours": [rdata.to_text(change.key[1], value) for value in sorted(ours)],
    }


def _side(key: Key, rrset: RRset | None) -> dict[str, Any] | None:
    if rrset is None:
        return None
    item = item_of(key, rrset)
    return {"ttl": item["ttl"], "values": item["values"]}


def _sides(entry: Mapping[str, Any]) -> Entry:
    kind = rdata.TYPES[entry["type"]]
    key = (names.from_text(entry["name"]), kind)
    before, after = (
        set_of({**entry, **entry[side]})[1] if entry[side] is not None else None for side in ("before", "after")
    )
    return key, before, after, frozenset(rdata.from_text(kind, value) for value in entry["ours"])
