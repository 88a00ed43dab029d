# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses of names, asked for once in a batch. Private to the collection."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import socket
import threading
from typing import Any, Callable

from . import dns, dns_wire, outcomes
from .addresses import family_of
from .model import Failed, Probe, Target
from .session import Session


async def target_of(probe: Probe, session: Session, deadline: float) -> Target:
    """Where a probe goes; Failed when its name has no address."""
    family = family_of(probe.address)
    if family is not None:
        return Target(family, probe.address, probe.port)
    key = (probe.address.lower(), probe.resolver)
    asked = session.names.get(key)
    if asked is None:
        look_up = _by_server(probe, session, deadline) if probe.resolver else _by_system(probe.address, session)
        asked = session.names[key] = asyncio.ensure_future(look_up)
    done, _pending = await asyncio.wait({asked}, timeout=max(deadline - session.loop.time(), 0))
    if not done:
        raise Failed(
            outcomes.UNRESOLVED, f"{probe.address}: no answer from {probe.resolver or 'the resolver of this host'}"
        )
    found = asked.result()
    if isinstance(found, str):
        raise Failed(outcomes.UNRESOLVED, f"{probe.address}: {found}")
    return Target.of(found[0], probe.port)


# Both return addresses, or words for why there are none: the words are shared by all probes that asked.


async def _by_server(probe: Probe, session: Session, deadline: float) -> list[str] | str:
    resolver = probe.resolver or ""
    target = Target.of(resolver, dns_wire.DNS_PORT)
    plain = dataclasses.replace(probe, source_address=None, source_port=None)
    reasons = []
    for kind in ("A", "AAAA"):
        try:
            question = dns.DnsOptions(probe.address, kind)
            message, _remark = await dns.ask(plain, question, target, session, deadline)
        except Failed as failed:
            return f"{resolver}: {failed.answer.detail}"
        except (OSError, ValueError) as error:
            return f"{resolver}: {error}"
        addresses = [record.value for record in message.records if record.type == kind]
        if addresses:
            return addresses
        reasons.append(f"{kind} {message.code if message.code != 'NOERROR' else 'no record'}")
    return f"{resolver} answers {', '.join(reasons)}"


async def _by_system(name: str, session: Session) -> list[str] | str:
    async with session.resolving:
        try:
            found = await _in_thread(session.loop, lambda: socket.getaddrinfo(name, None, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            return f"the resolver of this host says: {getattr(error, 'strerror', None) or error}"
    by_family = sorted(found, key=lambda entry: entry[0] != socket.AF_INET)
    return [entry[4][0] for entry in by_family]


def _in_thread(loop: asyncio.AbstractEventLoop, work: Callable[[], Any]) -> asyncio.Future[Any]:
    """Do what may block. Unlike those of an executor, these threads do not hold up the end of the module."""
    waiting = loop.create_future()

    def settle(result: Any, error: BaseException | None) -> None:
        if not waiting.done():
            waiting.set_exception(error) if error else waiting.set_result(result)

    def body() -> None:
        result, failure = None, None
        try:
            result = work()
        except Exception as error:  # noqa: BLE001 - handed to whoever waits
            failure = error
        with contextlib.suppress(RuntimeError):  # the batch has ended meanwhile
            loop.call_soon_threadsafe(settle, result, failure)

    threading.Thread(target=body, daemon=True).start()
    return waiting
