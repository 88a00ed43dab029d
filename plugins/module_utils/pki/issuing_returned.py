# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates that another authority sent back, by hand: judged before they are accepted. Private."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from . import certificates, files, windows
from .issuing import Issuing, Outcome
from .model import Request

ENDINGS = (".cer", ".crt", ".pem", ".p7b", ".p7c", ".der")


class ReturnedIssuing(Issuing):
    """One run of accepting."""

    def issue(self) -> Outcome:
        accepted: list[tuple[Request, list[Any], list[Any]]] = []
        problems, waiting = [], []
        for request in self.due():
            path = self._sent_back(request)
            if path is None:
                waiting.append(request.id)
                continue
            try:
                chain, roots = self._accepted(request, path)
            except ValueError as error:
                problems.append(f"{request.id}: {path}: {error}. It was not accepted, and nothing was overwritten")
                continue
            if self.is_held(request, chain):
                waiting.append(request.id)
                continue
            accepted.append((request, chain, roots))
            self.tell(request)
        if accepted and not self.check:
            self.keep([request for request, _chain, _roots in accepted])
            self.write(accepted)
        return self.done(problems, waiting=waiting)

    def _sent_back(self, request: Request) -> Path | None:
        folder = Path(self.options.returned or self.store.folder / "returned")
        names = (windows.file_name(request.id), request.id)
        return next((p for n in names for end in ENDINGS for p in [folder / f"{n}{end}"] if p.is_file()), None)

    def _accepted(self, request: Request, path: Path) -> tuple[list[Any], list[Any]]:
        """Chain and roots of what came back; ValueError with all that it is not."""
        found = certificates.load_all(files.read(path))
        if not self.options.trust:
            raise ValueError("trust names no file with the root certificates of the authority, so it proves nothing")
        roots = certificates.load_all(files.read(Path(self.options.trust)))
        chain, wrong = self.judged(request, found, roots)
        if wrong:
            raise ValueError("; ".join(f"{what}: {words}" for what, words in wrong.items()))
        return chain, roots
