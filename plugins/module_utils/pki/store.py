# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder of keys, requests and certificates on the controller. Private to the collection.

    certificates/<id>/   key.pem  request.pem  request.json  certificate.pem (with its chain)  trust.pem
    authority/           the authority made here, where there is one
    published/           what a web server hands out: revocation lists and certificates of authorities
    journal/             what was there before the last runs
    known.json           keys and requests that were proved already, by the digest of their files

All of it can be read by its owner only, but `published`.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..files import read_bytes
from ..journal import Journal
from . import certificates, files, keys, requests
from .model import Held, KeyFacts, RequestFacts

KEY, REQUEST, RECORD = "key.pem", "request.pem", "request.json"
CERTIFICATE, TRUST = "certificate.pem", "trust.pem"
KNOWN = "known.json"


class Store:
    """Reads and writes the folder."""

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)
        self.items = self.folder / "certificates"
        self._journal = Journal(folder, "journal")
        self._known_file = self.folder / KNOWN
        self._known: dict[str, KeyFacts] = {}
        self._asked: dict[str, RequestFacts] = {}
        for digest, fields in _entries(files.json_of(read_bytes(self._known_file))):
            with contextlib.suppress(TypeError):
                if "sans" in fields:
                    self._asked[digest] = RequestFacts(
                        **{**fields, "sans": tuple(fields["sans"]), "eku": tuple(fields["eku"])}
                    )
                else:
                    self._known[digest] = KeyFacts(**fields)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """One run at a time; what a killed one left half done is removed."""
        with self._journal.locked():
            files.tidy(self.folder)
            yield

    def path(self, name: str, file: str = "") -> Path:
        return self.items.joinpath(name, file)

    def ids(self) -> list[str]:
        """All that is in the folder."""
        if not self.items.is_dir():
            return []
        return sorted(path.name for path in self.items.iterdir() if path.is_dir() and path.name[0] != ".")

    # --- reading -----------------------------------------------------------------------------------------------------

    def read_all(self, names: Iterable[str], now: datetime.datetime) -> dict[str, Held]:
        return {name: self.read(name, now) for name in names}

    def read(self, name: str, now: datetime.datetime) -> Held:
        """What is there for one id; what cannot be used is told and never raised."""
        found = self.content(name)
        record = files.json_of(found.get(RECORD))
        return Held(
            name,
            given=record if isinstance(record, dict) else {},
            **self._read_key(name, found.get(KEY)),
            **self._read_request(name, found.get(REQUEST)),
            **self._read_certificate(name, found, now),
        )

    def _read_key(self, name: str, pem: bytes | None) -> dict[str, Any]:
        if pem is None:
            return {}
        digest = keys.digest(pem)
        if digest not in self._known:
            try:
                self._known[digest] = keys.facts(keys.load(pem))
            except keys.KeyFaultError as error:
                return {"key_problem": f"{self.path(name, KEY)}: {error}"}
        return {"key": self._known[digest]}

    def _read_request(self, name: str, pem: bytes | None) -> dict[str, Any]:
        if pem is None:
            return {}
        digest = keys.digest(pem)
        if digest not in self._asked:
            try:
                self._asked[digest] = requests.read(pem)
            except ValueError as error:
                return {"request_problem": f"{self.path(name, REQUEST)}: {error}"}
        return {"request": self._asked[digest]}

    def _read_certificate(self, name: str, there: Mapping[str, bytes], now: datetime.datetime) -> dict[str, Any]:
        if CERTIFICATE not in there:
            return {}
        try:
            found = certificates.load_all(there[CERTIFICATE])
        except ValueError as error:
            return {"certificate_problem": f"{self.path(name, CERTIFICATE)}: {error}"}
        try:
            roots = self._roots(name, there.get(TRUST))
        except ValueError as error:
            return {"certificate": certificates.facts(found[0]), "chain_problem": str(error)}
        _chain, problem = certificates.chain_of(found[0], found[1:], roots, now)
        return {"certificate": certificates.facts(found[0]), "chain_problem": problem}

    def _roots(self, name: str, data: bytes | None) -> list[Any]:
        """The roots that the certificate of an id must lead to."""
        path = self.path(name, TRUST)
        if data is None:
            raise ValueError(f"{path}: is not there; put the root certificates of the authority into it")
        try:
            return certificates.load_all(data)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error

    def load_key(self, name: str) -> Any:
        """A private key of which the facts were read before."""
        pem = read_bytes(self.path(name, KEY)) or b""
        return keys.load(pem, known=keys.digest(pem) in self._known)

    def open_modes(self, names: Iterable[str]) -> dict[str, str]:
        """Keys that others than their owner may read, with the mode they have."""
        found = {}
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                mode = os.stat(f"{self.items}/{name}/{KEY}").st_mode & 0o777
                if mode & 0o077:
                    found[name] = f"{mode:04o}"
        return found

    # --- writing, under the lock -------------------------------------------------------------------------------------

    def keep(self, run: str, names: Iterable[str]) -> None:
        """Keep what is there for these ids. What the run kept before stays: it is what to come back to."""
        known = self._journal.stored(run) if self._journal.has(run) else {}
        now = {name: files.packed(self.content(name)) for name in names if name not in known}
        self._journal.store(run, now)
        if known and now:
            self._journal.replace(run, {**known, **now})

    def write_all(self, written: Sequence[tuple[str, str, bytes]]) -> None:
        """Files of ids, each with its content, put in place in their order."""
        files.write_all(self.items, written, remade=(RECORD,))

    def know(self, pem: bytes, found: KeyFacts) -> None:
        """A key that was made just now need not be proved."""
        self._known[keys.digest(pem)] = found

    def know_request(self, pem: bytes, found: RequestFacts) -> None:
        """Nor need a request."""
        self._asked[keys.digest(pem)] = found

    def remember(self) -> None:
        """Note what was proved, so that no later run has to."""
        proved: dict[str, KeyFacts | RequestFacts] = {**self._known, **self._asked}
        data = json.dumps({digest: vars(found) for digest, found in proved.items()}, sort_keys=True).encode()
        if data != read_bytes(self._known_file):
            files.write_all(self.folder, [(".", KNOWN, data)], remade=(KNOWN,))

    def forget_certificate(self, name: str) -> None:
        self.path(name, CERTIFICATE).unlink(missing_ok=True)

    def remove(self, name: str) -> None:
        if self.path(name).exists():
            files.remove(self.path(name))

    def restore(self, run: str) -> Mapping[str, dict[str, bytes]]:
        """What a run found, by id; no files where there was nothing."""
        return {name: files.unpacked(found) for name, found in files.stored(self._journal, run).items()}

    def content(self, name: str) -> dict[str, bytes]:
        return files.content(f"{self.items}/{name}")

    def put(self, name: str, content: Mapping[str, bytes]) -> None:
        if content:
            files.put(self.path(name), content)
        else:
            self.remove(name)


def _entries(known: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What a file says was proved, as far as it says that; it can all be proved anew."""
    for digest, fields in known.items() if isinstance(known, dict) else ():
        if isinstance(fields, dict):
            yield digest, fields
