# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules that walk the roll-out have in common."""

from __future__ import annotations


class ModuleDocFragment:
    """They write to the journal of the roll-out, and change nothing else."""

    DOCUMENTATION = r"""
attributes:
  check_mode:
    support: full
    description: In check mode it writes to a copy of the journal in the private folder of the run, and holds no lease.
  diff_mode:
    support: none
    description: It changes nothing but the journal.
  idempotent:
    support: full
    description: It never says that it changed anything; the journal is a record and no state.
"""

    WAVE = r"""
options:
  wave:
    description: Id of the wave.
    type: str
    required: true
"""
