# SPDX-License-Identifier: GPL-3.0-or-later
"""Follows the marks of packets from hop to hop. Private to the collection."""
