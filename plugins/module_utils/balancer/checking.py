# SPDX-License-Identifier: GPL-3.0-or-later
"""HAProxy's judgement of a new file, which it comes to while other things are done. Private to the collection."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

from ..files import make_folder, write_whole
from .process import Haproxy


class Checking:
    """Looks at one text at a time; a long one takes HAProxy as long as all else that is done before the change."""

    def __init__(self, haproxy: Haproxy) -> None:
        self._haproxy = haproxy
        self._beside = ThreadPoolExecutor(1)
        self._text = ""
        self._found: Future[str] | None = None

    def close(self) -> None:
        self._beside.shutdown()

    def begin(self, text: str) -> None:
        if text != self._text:
            self._text = text
            self._found = self._beside.submit(self._problem, text)

    def problem(self, text: str) -> str:
        """What HAProxy has against the text; empty when nothing."""
        self.begin(text)
        return self._found.result() if self._found else ""

    def _problem(self, text: str) -> str:
        own = self._haproxy.places.own
        make_folder(own.parent)
        candidate = own.with_name(".half-openuc.cfg")
        write_whole(candidate, text.encode(), 0o644)
        try:
            return self._haproxy.check(candidate)
        finally:
            candidate.unlink(missing_ok=True)
