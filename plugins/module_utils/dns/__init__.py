# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads, compares and updates zones of DNS servers. Private to the collection."""
