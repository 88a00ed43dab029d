# SPDX-License-Identifier: GPL-3.0-or-later
"""Two pieces of work on two processors."""

from __future__ import annotations

import marshal
import multiprocessing
import typing as t
from multiprocessing.connection import Connection

Texts = dict[str, str]


def both(here: t.Callable[[], Texts], beside: t.Callable[[], Texts]) -> tuple[Texts, Texts]:
    """What both return; the second works in a copy of this process, so that it needs to be told nothing.

    When the copy cannot be made or does not deliver, the second is called here after all: it then fails, if it fails,
    where somebody sees it.
    """
    context = multiprocessing.get_context("fork")
    try:
        receiving, sending = context.Pipe(duplex=False)
        copy = context.Process(target=_deliver, args=(sending, beside))
        copy.start()
    except OSError:
        return here(), beside()
    sending.close()
    try:
        return here(), _received(receiving) or beside()
    finally:
        copy.kill()  # It has delivered; or nobody listens any more, which it does not notice by itself.
        copy.join()
        receiving.close()


def _deliver(sending: Connection, work: t.Callable[[], Texts]) -> None:
    # What is said of a failure in the copy would only be said twice.
    try:
        sending.send_bytes(marshal.dumps(work()))
    except Exception:  # noqa: BLE001
        sending.close()


def _received(receiving: Connection) -> Texts | None:
    try:
        texts: Texts = marshal.loads(receiving.recv_bytes())  # noqa: S302 - of our own copy
    except EOFError:
        return None
    return texts
