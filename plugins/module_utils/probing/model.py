# SPDX-License-Identifier: GPL-3.0-or-later
"""A probe, its answer, and what a protocol is. Private to the collection."""

from __future__ import annotations

import dataclasses
import socket
from collections.abc import Awaitable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Callable

from ..items import Fields

if TYPE_CHECKING:
    from .session import Session


@dataclasses.dataclass(frozen=True)
class Probe:
    """What to try, once its options have been found good."""

    id: str
    protocol: str
    address: str
    port: int
    timeout: float
    resolver: str | None = None
    source_address: str | None = None
    source_port: int | None = None
    slow_after: float | None = None
    expect: frozenset[str] | None = None
    options: Any = None  # those of its protocol alone, in a class of that protocol


@dataclasses.dataclass(frozen=True)
class Target:
    """Where a probe is sent, once its name is resolved."""

    family: int
    host: str
    port: int

    @classmethod
    def of(cls, host: str, port: int) -> Target:
        return cls(socket.AF_INET6 if ":" in host else socket.AF_INET, host, port)


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a probe came to; the time is that of the other side, without what we did afterwards."""

    outcome: str
    milliseconds: float | None = None
    detail: str = ""
    facts: Mapping[str, Any] = dataclasses.field(default_factory=dict)


class Failed(Exception):  # noqa: N818 - no error of ours: the answer of a probe that ended early
    """A probe ended before its protocol was through."""

    def __init__(self, outcome: str, detail: str, facts: Mapping[str, Any] | None = None) -> None:
        super().__init__(detail)
        self.answer = Answer(outcome, None, detail, facts or {})


@dataclasses.dataclass(frozen=True)
class Protocol:
    """Options that a protocol has beside those of every probe, and how it is tried.

    `problems` tells what is wrong with options that have the right types; `options` makes the protocol's own class of
    them. `run` returns an answer or raises Failed or OSError, and obeys `deadline`, a time of the loop's clock.
    """

    outcomes: frozenset[str]
    run: Callable[[Probe, Target, Session, float], Awaitable[Answer]]
    fields: Fields = dataclasses.field(default_factory=dict)
    problems: Callable[[str, Mapping[str, Any]], Iterable[str]] = lambda _where, _item: ()
    options: Callable[[Mapping[str, Any]], Any] = lambda _item: None
    port: int | None = None  # where none is given
