# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a TCP connection comes about. Private to the collection."""

from __future__ import annotations

from . import outcomes
from .lines import connect
from .model import Answer, Probe, Protocol, Target
from .session import Session


async def run(probe: Probe, target: Target, session: Session, deadline: float) -> Answer:
    started = session.loop.time()
    with await connect(probe, target, session, deadline):
        return Answer(outcomes.OPEN, (session.loop.time() - started) * 1000)


TCP = Protocol(outcomes=outcomes.CONNECTING, run=run)
