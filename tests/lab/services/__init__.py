# SPDX-License-Identifier: GPL-3.0-or-later
"""Real servers that the lab starts, by the server types of a host."""
