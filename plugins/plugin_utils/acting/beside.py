# SPDX-License-Identifier: GPL-3.0-or-later
"""Work on a second processor, while this one does something else."""

from __future__ import annotations

import contextlib
import multiprocessing
import pickle
import typing as t
from multiprocessing.connection import Connection

T = t.TypeVar("T")


@contextlib.contextmanager
def beside(work: t.Callable[[], T]) -> t.Iterator[t.Callable[[], T]]:
    """What the work returns, to be called for once it is wanted; until then a copy of this process does the work, so
    that it needs to be told nothing. What comes back is plain data.

    When the copy cannot be made or does not deliver, the work is done here after all: it then fails, if it fails,
    where somebody sees it.
    """
    context = multiprocessing.get_context("fork")
    try:
        receiving, sending = context.Pipe(duplex=False)
        copy = context.Process(target=_deliver, args=(sending, work))
        copy.start()
    except OSError:
        yield work
        return
    sending.close()
    try:
        yield lambda: _received(receiving, work)
    finally:
        copy.kill()  # It has delivered; or nobody listens any more, which it does not notice by itself.
        copy.join()
        receiving.close()


def _deliver(sending: Connection, work: t.Callable[[], t.Any]) -> None:
    # What is said of a failure in the copy would only be said twice.
    try:
        sending.send_bytes(pickle.dumps(work(), pickle.HIGHEST_PROTOCOL))
    except Exception:  # noqa: BLE001
        sending.close()


def _received(receiving: Connection, work: t.Callable[[], T]) -> T:
    try:
        delivered = receiving.recv_bytes()
    except EOFError:
        return work()
    return t.cast("T", pickle.loads(delivered))  # noqa: S301 - of our own copy
