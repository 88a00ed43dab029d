# SPDX-License-Identifier: GPL-3.0-or-later
"""Marks of packets, as tcpdump sees them come to a card."""

from __future__ import annotations

import contextlib
import re
import subprocess
import typing as t

Within = t.Sequence[str]


@contextlib.contextmanager
def marks_at(places: t.Mapping[str, Within], *packets: str) -> t.Iterator[dict[str, int]]:
    """The mark that the first of these packets comes to each place with; a place is what runs a command there."""
    marks: dict[str, int] = {}
    with contextlib.ExitStack() as stack:
        captures = {place: stack.enter_context(_capture(within, packets)) for place, within in places.items()}
        yield marks
        for place, process in captures.items():
            assert process.stdout
            (tos,) = re.findall(r"\(tos (0x[0-9a-f]+)", process.stdout.read())
            marks[place] = int(tos, 16) >> 2


@contextlib.contextmanager
def _capture(within: Within, packets: t.Sequence[str]) -> t.Iterator[subprocess.Popen[str]]:
    """A capture of one packet, begun when this is entered."""
    command = [*within, "tcpdump", "-ni", "any", "-Q", "in", "-Ul", "-v", "-c", "1", *packets]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        try:
            while "listening on" not in process.stderr.readline():
                assert process.poll() is None
            yield process
        finally:
            process.kill()
