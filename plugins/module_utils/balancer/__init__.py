# SPDX-License-Identifier: GPL-3.0-or-later
"""Balanced services of a host: their model, their text, and what changes them. Private to the collection."""
