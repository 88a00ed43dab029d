# SPDX-License-Identifier: GPL-3.0-or-later
"""What everything looked like when there was nothing to do: while it looks so, there still is nothing to do.

Private to the collection. Only digests of the very bytes are compared; where any differs, the rules are looked into.
"""

from __future__ import annotations

import hashlib
import json
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..files import read_bytes, write_whole
from . import changing, listing, live, policy, ruleset, spans, text

_NAME = "settled.sha256"
# Options that say how a run is to be done, and not what is to be there.
_HOW = ("run", "confirm_within", "guard", "most_deleted", "most_deleted_ratio", "packet", "text")
# What decides on whether there is something to do.
_CODE = (changing, listing, live, policy, ruleset, spans, text)
_FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")


class Settled:
    """The digest in the folder of a table."""

    def __init__(self, folder: Path, options: Mapping[str, Any]) -> None:
        self._path = folder / _NAME
        self._files = [folder / "owned.json", Path(options["own_file"]), Path(options["boot_file"]), _FORWARDING]
        what = {key: value for key, value in options.items() if key not in _HOW}
        self._options = json.dumps(what, sort_keys=True).encode()

    def holds(self, table: str) -> bool:
        """Whether all is as it was, the table as it is listed included."""
        return read_bytes(self._path) == self._digest(table)

    def remember(self, table: str) -> None:
        write_whole(self._path, self._digest(table))

    def _digest(self, table: str) -> bytes:
        found = hashlib.sha256()
        for part in self._parts(table):
            found.update(hashlib.sha256(part).digest())
        return found.hexdigest().encode()

    def _parts(self, table: str) -> Iterator[bytes]:
        yield self._options
        yield table.encode()
        yield from (read_bytes(path) or b"" for path in self._files)
        yield " ".join(sorted(name for _index, name in socket.if_nameindex())).encode()
        for module in _CODE:
            loader = module.__spec__.loader if module.__spec__ else None
            source = loader.get_source(module.__name__) if loader and hasattr(loader, "get_source") else None
            yield (source or "").encode()
