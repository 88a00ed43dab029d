# SPDX-License-Identifier: GPL-3.0-or-later
"""All files of `intended/`, made from a design."""

from __future__ import annotations

from ..engine import Design
from . import estate_files, target_files


def files_of(design: Design) -> dict[str, str]:
    """Path and text of every planned file; the design must have a plan."""
    return {**estate_files.files_of(design), **target_files.files_of(design)}
