# SPDX-License-Identifier: GPL-3.0-or-later
"""Patterns over dialled digits: read as .NET reads them, applied, and compared with one another."""
