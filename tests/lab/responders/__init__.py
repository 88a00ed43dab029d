# SPDX-License-Identifier: GPL-3.0-or-later
"""Stand-ins for the servers of a lab: what each would listen on, and a program that does. Test equipment."""
