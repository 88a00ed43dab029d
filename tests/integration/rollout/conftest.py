# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the tests of the roll-out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.rollout import stubs


@pytest.fixture
def estate(tmp_path: Path) -> stubs.StubbedEstate:
    """An estate of its own for each test, nothing of which is deployed."""
    return stubs.make(tmp_path)
