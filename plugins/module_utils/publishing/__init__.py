# SPDX-License-Identifier: GPL-3.0-or-later
"""What a reverse proxy that is HAProxy lets in. Private to the collection."""
