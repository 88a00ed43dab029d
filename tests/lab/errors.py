# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lab says when it cannot do what it is asked."""

from __future__ import annotations


class LabError(Exception):
    """A reason, and what to do about it, in words for the person at the terminal."""
