# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys, requests and certificates. Private to the collection."""
