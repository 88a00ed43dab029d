# SPDX-License-Identifier: GPL-3.0-or-later
"""From requests to certificates: by the authority made here, or out of what another one sent back. Private."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..contract import Operation
from ..files import read_bytes
from ..journal import run_id
from . import certificates, examining, files, windows
from . import library as lib
from .authority import Authority, Profile
from .model import Held, Request
from .requests import differences
from .store import CERTIFICATE, REQUEST, TRUST, Store

STATES = ("replaced", "deleted", "gathered", "rendered")
ENDINGS = (".cer", ".crt", ".pem", ".p7b", ".p7c", ".der")
# What of a certificate is mended by another one for the same request.
ISSUED_ANEW = {"name", "eku", "chain", "crl", "date", "certificate", "revoked"}


@dataclasses.dataclass(frozen=True)
class Options:
    """What is asked for, beside the requests."""

    folder: str
    state: str = "replaced"
    authority: str = "internal"  # internal, returned
    profile: Profile = dataclasses.field(default_factory=lambda: Profile("OpenUC", ""))
    revoke: tuple[str, ...] = ()
    reason: str = "unspecified"
    renew_days: int = 30
    run: str = ""
    returned: str = ""
    trust: str = ""


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What was done, or would be, and how all certificates stand then."""

    operations: Sequence[Operation] = ()
    problems: Sequence[str] = ()
    statuses: Sequence[examining.Status] = ()
    would_need: Sequence[str] = ()
    waiting: Sequence[str] = ()
    run: str = ""


def run(options: Options, wanted: Sequence[Request], now: datetime.datetime, *, check: bool) -> Outcome:
    """Do what the options say; in check mode only tell it."""
    store = Store(options.folder)
    if check or options.state == "gathered":
        return _Issuing(store, options, wanted, now, check=True).run()
    with store.locked():
        return _Issuing(store, options, wanted, now, check=False).run()


class _Issuing:
    def __init__(
        self, store: Store, options: Options, wanted: Sequence[Request], now: datetime.datetime, *, check: bool
    ) -> None:
        self.store, self.options, self.wanted, self.now, self.check = store, options, wanted, now, check
        self.authority = Authority(store.folder, options.profile)
        self.have = store.read_all((request.id for request in wanted), now)
        self.operations: list[Operation] = []
        self.stored_as = ""

    def run(self) -> Outcome:
        if self.options.state == "gathered":
            return Outcome(statuses=self._statuses())
        if self.options.state == "deleted":
            return self._delete()
        return self._internal() if self.options.authority == "internal" else self._returned()

    # --- the authority made here -------------------------------------------------------------------------------------

    def _internal(self) -> Outcome:
        lacking = self._lacking()
        if lacking and not self.check:
            return Outcome(problems=_without_request(lacking))
        if not self.authority.exists:
            self.operations.append(Operation("add", f"authority {self.options.profile.name}", after="root and issuing"))
            if not self.check:
                self.authority.make(self.now)
        self._revoke(self.options.revoke)
        due = [request for request in self.wanted if request.id not in lacking and self._is_due(request)]
        # Keys that another run of this play would make first.
        for name in lacking:
            self.operations.append(Operation("add", f"certificate {name}", after="issued", why="after its request"))
        for request in due:
            self._tell(request)
        if due and not self.check:
            self._keep(due)
            for request in due:
                csr = lib.x509.load_pem_x509_csr(self.store.path(request.id, REQUEST).read_bytes())
                issued = self.authority.issue(request, csr, self.now)
                # Noted before it is handed out, so that one that a kill leaves behind can be revoked.
                self.authority.save()
                self._write(request.id, issued, self.authority.trust())
        problems = self._publish()
        return dataclasses.replace(self._done(), problems=problems, would_need=lacking)

    def _is_due(self, request: Request) -> bool:
        status = self._status(request)
        if set(status.wrong) - ISSUED_ANEW:
            return False
        return status.state in {"requested", "expiring", "wrong"}

    def _status(self, request: Request) -> examining.Status:
        held = self.have[request.id]
        status = examining.judge(request, held, self.now, self.options.renew_days)
        if held.certificate and self.authority.is_revoked(held.certificate.serial):
            wrong = {**status.wrong, "revoked": f"it was revoked; its serial number is {held.certificate.serial}"}
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

    def _delete(self) -> Outcome:
        """Revoke all that was issued for the ids, and take their certificates away; keys and requests stay."""
        if self.options.authority == "internal" and self.authority.exists:
            self._revoke([serial for request in self.wanted for serial in self.authority.issued_for(request.id)])
        held = [request for request in self.wanted if self.have[request.id].certificate]
        for request in held:
            self.operations.append(Operation("remove", f"certificate {request.id}", before=self._before(request)))
        if held and not self.check:
            self._keep(held)
            for request in held:
                self.store.forget_certificate(request.id)
        problems = self._publish() if self.authority.exists else []
        return dataclasses.replace(self._done(), problems=problems)

    # --- what another authority sent back ----------------------------------------------------------------------------

    def _returned(self) -> Outcome:
        lacking = self._lacking()
        if lacking and not self.check:
            return Outcome(problems=_without_request(lacking))
        accepted: dict[str, tuple[bytes, bytes]] = {}
        problems, waiting = [], []
        for request in self.wanted:
            if request.id in lacking or not self._is_due(request):
                continue
            path = self._sent_back(request)
            if path is None:
                waiting.append(request.id)
                continue
            try:
                chain, roots = self._judged(request, path)
                if self._is_held(request, chain):  # what was sent back for the one that is about to end
                    waiting.append(request.id)
                    continue
                accepted[request.id] = chain, roots
                self._tell(request)
            except ValueError as error:
                problems.append(f"{request.id}: {path}: {error}. It was not accepted, and nothing was overwritten")
        if accepted and not self.check:
            self._keep([request for request in self.wanted if request.id in accepted])
            for name, (chain, roots) in accepted.items():
                self._write(name, chain, roots)
        return dataclasses.replace(self._done(), problems=problems, would_need=lacking, waiting=waiting)

    def _is_held(self, request: Request, chain: bytes) -> bool:
        held = self.have[request.id].certificate
        return bool(held) and certificates.facts(certificates.load_all(chain)[0]) == held

    def _sent_back(self, request: Request) -> Path | None:
        folder = Path(self.options.returned or self.store.folder / "returned")
        names = (windows.file_name(request.id), request.id)
        return next((p for n in names for end in ENDINGS for p in [folder / f"{n}{end}"] if p.is_file()), None)

    def _judged(self, request: Request, path: Path) -> tuple[bytes, bytes]:
        """Chain and roots of what came back, when it is what was asked for; ValueError with all that it is not."""
        found = certificates.load_all(files.read(path))
        if not self.options.trust:
            raise ValueError("trust names no file with the root certificates of the authority, so it proves nothing")
        roots = certificates.load_all(files.read(Path(self.options.trust)))
        key = self.have[request.id].key
        own = [one for one in found if key and certificates.facts(one).key == key.fingerprint]
        if not own:
            raise ValueError("no certificate in it is for the key that is here")
        wrong = examining.certificate_wrong(request, certificates.facts(own[0]), self.now)
        chain, problem = certificates.chain_of(own[0], [one for one in found if one is not own[0]], roots, self.now)
        if problem:
            wrong["chain"] = problem
        if wrong:
            raise ValueError("; ".join(f"{what}: {words}" for what, words in wrong.items()))
        # Roots are known to who trusts them; what is shown is all below.
        return certificates.pem_of(chain[:-1] or chain), certificates.pem_of(roots)

    # --- both --------------------------------------------------------------------------------------------------------

    def _lacking(self) -> list[str]:
        """Ids whose key and request are not there, or not for each other, or not what is wanted any more."""
        return [request.id for request in self.wanted if not _is_asked(request, self.have[request.id])]

    def _tell(self, request: Request) -> None:
        status = self._status(request)
        before = self._before(request)
        why = "; ".join(status.wrong.values()) or status.state
        self.operations.append(
            Operation("change" if before else "add", f"certificate {request.id}", before, "issued", why)
        )

    def _before(self, request: Request) -> str:
        held = self.have[request.id].certificate
        return f"serial {held.serial}, until {held.not_after:%Y-%m-%d}" if held else ""

    def _keep(self, requests: Sequence[Request]) -> None:
        self.stored_as = run_id(self.options.run)
        self.store.keep(self.stored_as, [request.id for request in requests])

    def _write(self, name: str, chain: bytes, roots: bytes) -> None:
        self.store.write(name, TRUST, roots)
        self.store.write(name, CERTIFICATE, chain)

    def _statuses(self) -> list[examining.Status]:
        return [self._status(request) for request in self.wanted]

    def _done(self) -> Outcome:
        if not self.check:
            self.have = self.store.read_all((request.id for request in self.wanted), self.now)
            self.store.remember()
        return Outcome(operations=self.operations, statuses=self._statuses(), run=self.stored_as)


def _is_asked(request: Request, held: Held) -> bool:
    if not held.key or not held.request or held.request.key != held.key.fingerprint:
        return False
    return not differences(request, held.request)


def _without_request(names: Sequence[str]) -> list[str]:
    return [f"{name}: has no key and request that fit; run certificate_request for it first" for name in names]


def rendered(
    requests: Sequence[Request], folder: str, authority: str, template: str, *, with_inf: bool = True
) -> Mapping[str, Any]:
    """Texts for who brings requests to an authority by hand, by the name of their file; nothing secret is in them."""
    store = Store(folder)
    texts: dict[str, str] = {}
    for request in requests:
        name = windows.file_name(request.id)
        if with_inf:
            texts[f"{name}.inf"] = windows.request_inf(request)
        pem = read_bytes(store.path(request.id, REQUEST))
        if pem:
            texts[f"{name}.req"] = pem.decode("ascii")
        texts[f"{name}.cmd"] = "".join(f"{line}\r\n" for line in windows.submit_lines(request, authority, template))
    return texts
