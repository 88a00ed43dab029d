# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab: the hosts of an inventory as network namespaces of one Linux machine, with real servers on them."""
