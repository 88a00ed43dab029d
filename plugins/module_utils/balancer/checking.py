# SPDX-License-Identifier: GPL-3.0-or-later
"""HAProxy's judgement of a new file, which it comes to while other things are done. Private to the collection."""

from __future__ import annotations

from pathlib import Path

from ..files import make_folder, write_whole
from .process import Check, Haproxy


class Checking:
    """Looks at one text at a time, in the file that takes the place of the old one once HAProxy has said yes to it."""

    def __init__(self, haproxy: Haproxy) -> None:
        self._haproxy = haproxy
        self._text = ""
        self._found: Check | None = None

    @property
    def file(self) -> Path:
        own = self._haproxy.places.own
        return own.with_name(f".half-{own.name}")

    def close(self) -> None:
        if self._found:
            self._found.stop()
        self.file.unlink(missing_ok=True)

    def begin(self, text: str) -> None:
        if text == self._text:
            return
        if self._found:
            self._found.stop()
        make_folder(self.file.parent)
        write_whole(self.file, text.encode(), 0o644)
        self._found, self._text = self._haproxy.check(self.file), text

    def problem(self, text: str) -> str:
        """What HAProxy has against the text; empty when nothing."""
        self.begin(text)
        return self._found.problem() if self._found else ""
