# SPDX-License-Identifier: GPL-3.0-or-later
"""From requests to certificates: what all authorities have in common. Private to the collection."""

from __future__ import annotations

import abc
import dataclasses
import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from ..contract import Operation
from ..journal import run_id
from . import certificates, examining
from .authority import Profile
from .model import CertificateFacts, Held, Request
from .requests import differences
from .store import CERTIFICATE, TRUST, Store

# What of a certificate is mended by another one for the same request.
ISSUED_ANEW = {"name", "eku", "chain", "crl", "date", "certificate", "revoked"}
DUE = {"requested", "expiring", "wrong"}


@dataclasses.dataclass(frozen=True)
class AcmeOptions:
    """Where an ACME server is, and how names are proved to it."""

    directory: str = ""
    directory_trust: str = ""
    contacts: tuple[str, ...] = ()
    terms_agreed: bool = False
    challenge: str = "dns-01"
    challenge_dir: str = ""
    phase: str = "all"  # order, finish, all
    timeout: int = 60


@dataclasses.dataclass(frozen=True)
class Options:
    """What is asked for, beside the requests."""

    folder: str
    state: str = "replaced"
    authority: str = "internal"  # internal, acme, returned
    profile: Profile = dataclasses.field(default_factory=lambda: Profile("OpenUC", ""))
    revoke: tuple[str, ...] = ()
    reason: str = "unspecified"
    renew_days: int = 30
    tolerated: tuple[str, ...] = ()
    run: str = ""
    returned: str = ""
    trust: str = ""
    acme: AcmeOptions = dataclasses.field(default_factory=AcmeOptions)


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What was done, or would be, and how all certificates stand then."""

    operations: Sequence[Operation] = ()
    problems: Sequence[str] = ()
    statuses: Sequence[examining.Status] = ()
    would_need: Sequence[str] = ()
    waiting: Sequence[str] = ()
    challenges: Sequence[Mapping[str, str]] = ()
    run: str = ""


# A request, the chain of its certificate, and the roots that it is judged by.
Accepted = tuple[Request, Sequence[Any], Sequence[Any]]


class Issuing(abc.ABC):
    """One run. What is done differs from authority to authority."""

    def __init__(
        self, store: Store, options: Options, wanted: Sequence[Request], now: datetime.datetime, *, check: bool
    ) -> None:
        self.store, self.options, self.wanted, self.now, self.check = store, options, wanted, now, check
        self.have = store.read_all((request.id for request in wanted), now)
        self.operations: list[Operation] = []
        self.stored_as = ""

    def run(self) -> Outcome:
        if self.options.state == "gathered":
            return Outcome(statuses=self._statuses())
        if self.options.state == "deleted":
            return self.delete()
        lacking = self.lacking()
        if lacking and not self.check:
            words = "has no key and request that fit; run certificate_request for it first"
            return Outcome(problems=[f"{name}: {words}" for name in lacking])
        return dataclasses.replace(self.issue(), would_need=lacking)

    @abc.abstractmethod
    def issue(self) -> Outcome:
        """Have issued, or accept, all that is due; what lacks its request is told by the caller."""

    def delete(self) -> Outcome:
        """Take certificates away; keys and requests stay."""
        held = [request for request in self.wanted if self.have[request.id].certificate]
        for request in held:
            self.operations.append(Operation("remove", f"certificate {request.id}", before=self._before(request)))
        if held and not self.check:
            self.keep(held)
            for request in held:
                self.store.forget_certificate(request.id)
                self._holds(request, None)
        return self.done()

    # --- how things stand --------------------------------------------------------------------------------------------

    def lacking(self) -> list[str]:
        """Ids whose key and request are not there, or not for each other, or not what is wanted any more."""
        return [request.id for request in self.wanted if not _is_asked(request, self.have[request.id])]

    def due(self) -> list[Request]:
        """Requests that need a certificate, and can have one."""
        lacking = set(self.lacking())
        return [request for request in self.wanted if request.id not in lacking and self._is_due(request)]

    def _is_due(self, request: Request) -> bool:
        status = self.status(request)
        return status.state in DUE and not set(status.wrong) - ISSUED_ANEW

    def status(self, request: Request) -> examining.Status:
        held, options = self.have[request.id], self.options
        return examining.judge(request, held, self.now, options.renew_days, tolerated=options.tolerated)

    def judged(self, request: Request, found: Sequence[Any], roots: Sequence[Any]) -> tuple[list[Any], examining.Wrong]:
        """The chain of what an authority sent, when it is what was asked for; or all that it is not."""
        key = self.have[request.id].key
        own = next((one for one in found if key and certificates.facts(one).key == key.fingerprint), None)
        if own is None:
            return [], {"key": "no certificate in it is for the key that is here"}
        wrong = examining.certificate_wrong(request, certificates.facts(own), self.now, self.options.tolerated)
        chain, problem = certificates.chain_of(own, [one for one in found if one is not own], roots, self.now)
        return chain, {**wrong, "chain": problem} if problem else wrong

    def is_held(self, request: Request, chain: Sequence[Any]) -> bool:
        """Whether it is the one that is there already, which is about to end."""
        held = self.have[request.id].certificate
        return bool(held) and certificates.facts(chain[0]) == held

    # --- what is done ------------------------------------------------------------------------------------------------

    def tell(self, request: Request) -> None:
        status = self.status(request)
        before = self._before(request)
        why = "; ".join(status.wrong.values()) or status.state
        self.operations.append(
            Operation("change" if before else "add", f"certificate {request.id}", before, "issued", why)
        )

    def _before(self, request: Request) -> str:
        held = self.have[request.id].certificate
        return f"serial {held.serial}, until {held.not_after:%Y-%m-%d}" if held else ""

    def keep(self, requests: Sequence[Request]) -> None:
        """Keep what is there, under the name of this run."""
        self.stored_as = self.stored_as or run_id(self.options.run)
        self.store.keep(self.stored_as, [request.id for request in requests])

    def write(self, accepted: Sequence[Accepted]) -> None:
        """Roots are known to who trusts them, so that what is shown is all below."""
        written = []
        for request, chain, roots in accepted:
            shown = chain[:-1] if chain[-1] in roots and len(chain) > 1 else chain
            written.append((request.id, TRUST, certificates.pem_of(roots)))
            written.append((request.id, CERTIFICATE, certificates.pem_of(shown)))
        self.store.write_all(written)
        for request, chain, _roots in accepted:
            self._holds(request, certificates.facts(chain[0]))

    def _holds(self, request: Request, certificate: CertificateFacts | None) -> None:
        """What is held now; its chain was followed before it was accepted."""
        held = dataclasses.replace(self.have[request.id], certificate_problem="", chain_problem="")
        self.have[request.id] = dataclasses.replace(held, certificate=certificate)

    def _statuses(self) -> list[examining.Status]:
        return [self.status(request) for request in self.wanted]

    def done(self, problems: Sequence[str] = (), **more: Any) -> Outcome:
        if not self.check:
            self.store.remember()
        return Outcome(
            operations=self.operations, statuses=self._statuses(), run=self.stored_as, problems=problems, **more
        )


def _is_asked(request: Request, held: Held) -> bool:
    if not held.key or not held.request or held.request.key != held.key.fingerprint:
        return False
    return not differences(request, held.request)
