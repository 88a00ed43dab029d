# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules of mechanisms have in common."""

from __future__ import annotations


class ModuleDocFragment:
    """A part for each of the argument specs in `contract`, and for what action plugins read."""

    DOCUMENTATION = r"""
options:
  run:
    description:
      - Name for this run, under which what it finds is stored; made of the time when left out.
      - With O(state=restored), the RV(undo_id) of the run to be undone.
    type: str
attributes:
  check_mode:
    support: full
    description: Reads and compares as ever, and writes nothing.
  diff_mode:
    support: full
    description: Shows what is before and after.
  idempotent:
    support: full
    description: What is as wanted is left alone.
"""

    LIMITS = r"""
options:
  most_deleted:
    description: A run that would remove more things of ours than this is stopped before it changes anything.
    type: int
    default: 10
  most_deleted_ratio:
    description: The same as a share of all that is ours there, where that is ten things or more.
    type: float
    default: 0.3
"""

    CHANGE_LIMITS = r"""
options:
  most_changed_ratio:
    description:
      - A run that would change a larger share than this of the things that it is about and that are there is stopped
        before it changes anything, where these are ten or more. What is new does not count.
    type: float
    default: 0.3
"""

    SLICED = r"""
options:
  slice:
    description:
      - Path of a slice of the plan, from a folder of this module's name in C(intended/slices), read on the controller.
      - What the task says goes before what the slice says.
    type: path
  stages:
    description: Stages that have been reached. Of O(slice) only what is of these is taken, without what it replaces.
    type: list
    elements: str
"""

    # Of modules that work from the controller; others keep theirs on the host.
    JOURNAL = r"""
options:
  journal_dir:
    description:
      - Folder for what is ours at each target, and for what each run found. The last ten runs of each are kept.
      - It should be kept as the inventory is. Without it nothing is ours, and nothing is removed.
      - When left out, a folder of this module's name in C(journal) of C(uc_estate_dir), or of the folder beside the
        inventory.
    type: path
"""

    RENDERED = r"""
options:
  rendered_dir:
    description:
      - Folder that O(state=rendered) writes its files to, where the module runs. Those that are as wanted are left
        alone, and so are others in the folder.
      - When left out, the files are only returned.
    type: path
"""
