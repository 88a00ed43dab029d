# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of modules that render files."""

from __future__ import annotations


class ModuleDocFragment:
    """What all modules with state `rendered` have in common, but for the one that hands over keys."""

    DOCUMENTATION = r"""
options:
  rendered_dir:
    description:
      - Folder that O(state=rendered) writes its files to, where the module runs. Those that are as wanted already are
        left alone, and others in the folder are too.
      - When left out, the files are only returned.
    type: path
"""
