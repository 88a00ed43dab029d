# SPDX-License-Identifier: GPL-3.0-or-later
"""What the probes of one batch share. Private to the collection."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from typing import Any


class Session:
    """The loop, the end of the batch, and what is dear to make and the same for many probes."""

    def __init__(self, ends_at: float) -> None:
        self.loop = asyncio.get_running_loop()
        self.ends_at = ends_at
        self.resolving = asyncio.Semaphore(32)
        self.names: dict[Hashable, asyncio.Future[Any]] = {}
        self.contexts: dict[Hashable, Any] = {}
        self.certificates: dict[bytes, dict[str, Any]] = {}
