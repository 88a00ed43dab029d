# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may change an estate: one run at a time, for as long as it shows that it lives.

A lock of the operating system would be gone with the task that took it, since Ansible forks for each. So the lease is
a file that names the run, its user, machine and process, and until when it holds; each gate of the run renews it.
"""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

# Long enough for the slowest step between two gates, a person's answer included.
HOLDS_FOR = datetime.timedelta(hours=2)
_TIME = "%Y-%m-%dT%H:%M:%SZ"


@dataclasses.dataclass(frozen=True, slots=True)
class Holder:
    """A run as a process on a machine. `born` tells it from a later process with the same number."""

    run: str
    user: str
    machine: str
    process: int
    born: str


@dataclasses.dataclass(frozen=True, slots=True)
class Lease:
    """What the file says."""

    holder: Holder
    taken_at: str
    until: str

    def as_data(self) -> dict[str, t.Any]:
        return dataclasses.asdict(self)


class HeldError(Exception):
    """Another run holds the lease; the message says who, and what to do."""


def time_text(moment: datetime.datetime) -> str:
    return moment.astimezone(datetime.UTC).strftime(_TIME)


def lease_from(content: object) -> Lease | None:
    """The lease that a file holds; None for what is no lease."""
    try:
        told = t.cast("dict[str, t.Any]", content)
        return Lease(Holder(**told["holder"]), str(told["taken_at"]), str(told["until"]))
    except (TypeError, KeyError):
        return None


def taken(
    before: Lease | None,
    holder: Holder,
    now: datetime.datetime,
    lives: t.Callable[[Holder], bool],
    take_over: str = "",
) -> Lease:
    """The lease for a run, unless another one holds it.

    `lives` is asked only about processes of this machine. `take_over` names a run whose lease its administrator ends.
    """
    if before and before.holder.run not in {holder.run, take_over}:
        reason = _held(before, holder.machine, now, lives)
        if reason:
            raise HeldError(reason)
    same = before is not None and before.holder.run == holder.run
    since = before.taken_at if before and same else time_text(now)
    return Lease(holder, since, time_text(now + HOLDS_FOR))


def renewed(before: Lease | None, holder: Holder, now: datetime.datetime) -> Lease:
    """The lease for longer. A run that lost it stops: somebody took it over, on purpose or after its end."""
    if before is None or before.holder.run != holder.run:
        owner = f"run {before.holder.run} of {_who(before.holder)}" if before else "nobody"
        raise HeldError(
            f"this run ({holder.run}) has lost its lease on the estate: {owner} holds it now. "
            "Nothing more is changed; look at the journal with the status playbook, then run again"
        )
    return Lease(holder, before.taken_at, time_text(now + HOLDS_FOR))


def holds(lease: Lease, machine: str, now: datetime.datetime, lives: t.Callable[[Holder], bool]) -> bool:
    """Whether the run of a lease may be under way: of this machine that is known, of others they renew it."""
    if lease.holder.machine == machine:
        return lives(lease.holder)
    return lease.until >= time_text(now)


def _held(lease: Lease, machine: str, now: datetime.datetime, lives: t.Callable[[Holder], bool]) -> str:
    holder = lease.holder
    if not holds(lease, machine, now, lives):
        return ""
    remedy = (
        "Wait for it to end, then run again"
        if holder.machine == machine
        else f"Wait for it to end; its lease ends by itself at {lease.until} unless it is renewed"
    )
    return (
        f"run {holder.run} of {_who(holder)} changes this estate since {lease.taken_at} (process {holder.process}). "
        f"{remedy}. If you know that it is dead, say so with -e uc_take_over={holder.run}"
    )


def _who(holder: Holder) -> str:
    return f"{holder.user} on {holder.machine}"
