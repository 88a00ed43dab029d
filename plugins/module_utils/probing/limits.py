# SPDX-License-Identifier: GPL-3.0-or-later
"""How many sockets this process may have at once. Private to the collection."""

from __future__ import annotations

try:
    import resource
except ImportError:  # no POSIX system: its own limits will tell
    resource = None  # type: ignore[assignment]

SPARE = 64  # for what else the process holds open: its standard streams, the loop, libraries, trust stores


def sockets_at_once(wanted: int) -> int:
    """As many as wanted, or what can be had after the soft limit has been raised, at most to the hard one."""
    if resource is None:
        return wanted
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return wanted
    needed = wanted + SPARE
    if soft < needed:
        allowed = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
            soft = allowed
        except (OSError, ValueError):
            pass
    return max(1, min(wanted, soft - SPARE))
