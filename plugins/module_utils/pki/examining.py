# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether what is held for a certificate is what is wanted: its state in one word, and all that is wrong. Private."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from .certificates import date_problem
from .model import CertificateFacts, Held, Request
from .requests import differences

Wrong = dict[str, str]


@dataclasses.dataclass(frozen=True)
class Status:
    """How one certificate stands. `wrong` maps what is wrong (key, name, eku, chain, crl, date) to the words for it."""

    id: str
    state: str  # missing, requested, issued, expiring, wrong
    wrong: Mapping[str, str] = dataclasses.field(default_factory=dict)
    days_left: int | None = None
    key_sha256: str = ""
    sha256: str = ""
    hosts: tuple[str, ...] = ()

    def shown(self) -> dict[str, Any]:
        return {**vars(self), "wrong": dict(self.wrong), "hosts": list(self.hosts)}


def judge(
    request: Request,
    held: Held,
    now: datetime.datetime,
    renew_days: int,
    others: Mapping[str, str] | None = None,
    tolerated: Sequence[str] = (),
) -> Status:
    """How one certificate stands; `others` are the ids of other certificates by the fingerprint of their key."""
    wrong = _key_wrong(request, held, others or {})
    found = held.certificate
    if found:
        wrong.update(certificate_wrong(request, found, now, tolerated))
        if held.key and found.key != held.key.fingerprint:
            wrong["key"] = "the certificate is for another key than the one that is here"
        if held.chain_problem:
            wrong["chain"] = held.chain_problem
    elif held.certificate_problem:
        wrong["certificate"] = held.certificate_problem
    days = found.days_left(now) if found else None
    return Status(
        id=request.id,
        state=_state(request, held, wrong, days, renew_days),
        wrong=wrong,
        days_left=days,
        key_sha256=held.key.fingerprint if held.key else "",
        sha256=found.sha256 if found else "",
        hosts=request.hosts,
    )


def _state(request: Request, held: Held, wrong: Mapping[str, str], days: int | None, renew_days: int) -> str:
    if wrong:
        return "wrong"
    if days is not None:
        return "expiring" if days < renew_days else "issued"
    if held.key and held.request and held.request.key == held.key.fingerprint:
        return "missing" if differences(request, held.request) else "requested"
    return "missing"


def _key_wrong(request: Request, held: Held, others: Mapping[str, str]) -> dict[str, str]:
    if held.key_problem:
        return {"key": held.key_problem}
    if held.key and (held.key.algorithm, held.key.bits) != (request.algorithm, request.bits):
        return {"key": f"the key is {held.key}, wanted is {request.algorithm} {request.bits}"}
    other = others.get(held.key.fingerprint, "") if held.key else ""
    if other and request.own_key:
        return {"key": f"the key is that of {other} too, and must be nobody else's"}
    return {}


def certificate_wrong(
    request: Request, found: CertificateFacts, now: datetime.datetime, tolerated: Sequence[str] = ()
) -> Wrong:
    """What is wrong with a certificate itself, whoever holds its key; but for what is tolerated."""
    wrong: dict[str, str] = {}
    has = {name.lower() for name in found.sans}
    lacking = [name for name in request.sans if name.lower() not in has]
    if found.subject.lower() != request.subject.lower():
        wrong["name"] = f"the subject is {found.subject or '(none)'}, wanted is {request.subject}"
    if lacking:
        names = f"alternative names lack {' '.join(lacking)}; there are {' '.join(found.sans) or 'none'}"
        wrong["name"] = f"{wrong['name']}; {names}" if "name" in wrong else names
    uses = [use for use in request.eku if use not in found.eku]
    if uses:
        wrong["eku"] = f"extended key usage lacks {' '.join(uses)}; there is {' '.join(found.eku) or 'none'}"
    if request.crl_distribution_point and not found.crl:
        wrong["crl"] = "no CRL distribution point is named"
    date = date_problem(found.not_before, found.not_after, now, "it")
    if date:
        wrong["date"] = date
    return {what: words for what, words in wrong.items() if what not in tolerated}


def judge_all(
    requests: Sequence[Request],
    held: Mapping[str, Held],
    now: datetime.datetime,
    renew_days: int,
    tolerated: Sequence[str] = (),
) -> list[Status]:
    """How all certificates stand, in the order of the requests."""
    holders: dict[str, list[str]] = {}
    for name, one in sorted(held.items()):
        if one.key:
            holders.setdefault(one.key.fingerprint, []).append(name)
    found = []
    for request in requests:
        one = held.get(request.id, Held(request.id))
        own = one.key.fingerprint if one.key else ""
        others = [other for other in holders.get(own, ()) if other != request.id]
        found.append(judge(request, one, now, renew_days, {own: others[-1]} if others else {}, tolerated))
    return found
