# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates by the authority made here: issued, revoked, and its lists published. Private to the collection."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Sequence
from typing import Any

from ..contract import Operation
from . import certificates, examining
from . import library as lib
from .authority import Authority
from .issuing import Issuing, Options, Outcome
from .model import Request
from .store import REQUEST, Store


class InternalIssuing(Issuing):
    """One run of the authority made here."""

    def __init__(
        self, store: Store, options: Options, wanted: Sequence[Request], now: datetime.datetime, *, check: bool
    ) -> None:
        super().__init__(store, options, wanted, now, check=check)
        self.authority = Authority(store.folder, options.profile)

    def issue(self) -> Outcome:
        if not self.authority.exists:
            if not self.wanted and not self.options.revoke:
                return self.done()
            self.operations.append(Operation("add", f"authority {self.options.profile.name}", after="root and issuing"))
            if not self.check:
                self.authority.make(self.now)
        self._revoke(self.options.revoke)
        due = self.due()
        # Keys that another task of this play would make first.
        for name in self.lacking():
            self.operations.append(Operation("add", f"certificate {name}", after="issued", why="after its request"))
        for request in due:
            self.tell(request)
        if due and not self.check:
            self.keep(due)
            roots = certificates.load_all(self.authority.trust())
            issued = [
                (request, self.authority.issue(request, self._asked(request), self.now), roots) for request in due
            ]
            # Noted before any is handed out, so that those that a kill leaves behind can be revoked.
            self.authority.save()
            self.write(issued)
        return self.done(self._publish())

    def _asked(self, request: Request) -> Any:
        return lib.x509.load_pem_x509_csr(self.store.path(request.id, REQUEST).read_bytes())

    def delete(self) -> Outcome:
        """Revoke all that was issued for the ids, too."""
        if self.authority.exists:
            self._revoke([serial for request in self.wanted for serial in self.authority.issued_for(request.id)])
        outcome = super().delete()
        problems = self._publish() if self.authority.exists else []
        return dataclasses.replace(outcome, operations=self.operations, problems=problems)

    def status(self, request: Request) -> examining.Status:
        status = super().status(request)
        held = self.have[request.id].certificate
        if held and self.authority.is_revoked(held.serial):
            wrong = {**status.wrong, "revoked": f"it was revoked; its serial number is {held.serial}"}
            return dataclasses.replace(status, state="wrong", wrong=wrong)
        return status

    def _revoke(self, serials: Sequence[str]) -> None:
        for serial in (text.lower().replace(":", "").lstrip("0") for text in serials):
            if not self.authority.is_revoked(serial):
                self.operations.append(Operation("change", f"revocation {serial}", after=self.options.reason))
                self.authority.revoke(serial, self.options.reason, self.now)
                if not self.check:
                    self.authority.save()

    def _publish(self) -> list[str]:
        if not self.authority.exists:  # in check mode, before it is made
            self.operations += [Operation("add", f"revocation list {name}") for name in ("root", "issuing")]
            return []
        problems = []
        for name in self.authority.lists_due(self.now):
            problem = "" if self.check else self.authority.publish(name, self.now)
            if problem:
                problems.append(problem)
            else:
                self.operations.append(Operation("change", f"revocation list {name}", after="signed anew"))
        return problems
