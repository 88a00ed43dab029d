# SPDX-License-Identifier: GPL-3.0-or-later
"""A packet filter for each test."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from .box import Box, box_in


@pytest.fixture
def box(tmp_path: Path) -> t.Iterator[Box]:
    with box_in(tmp_path) as found:
        yield found
