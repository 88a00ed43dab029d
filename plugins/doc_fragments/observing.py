# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules that only look have in common."""

from __future__ import annotations


class ModuleDocFragment:
    """They take from a slice what the plan expects, and keep what they saw for verdicts."""

    DOCUMENTATION = r"""
options:
  observed_dir:
    description:
      - Folder on the controller for what was seen, together with what was expected, in C(<host>.json), from which
        M(openuc.ocs.report) makes verdicts. What was seen is left out of the result then.
    type: path
attributes:
  diff_mode:
    support: none
    description: There is never a difference to show.
  idempotent:
    support: full
    description: It never changes anything.
"""
