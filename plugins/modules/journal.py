#!/usr/bin/python
# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the action plugin of the same name; nothing of it runs on a target."""

from __future__ import annotations

DOCUMENTATION = r"""
module: journal
short_description: Tell the journal of the roll-out that the change of a host failed
version_added: 0.1.0
description:
  - Writes to the journal what became of the host that it runs for, and then fails, so that a failure that was rescued
    still is one.
  - It stands at the end of C(rescue), after the host was brought back to where it was.
author:
  - The OpenUC contributors (@openuc)
extends_documentation_fragment:
  - openuc.ocs.rollout
  - openuc.ocs.rollout.wave
options:
  result:
    description: V(rolled_back) when the host is as it was before the run, V(failed) when it may be half changed.
    type: str
    choices: [failed, rolled_back]
    required: true
  reason:
    description: What went wrong, in words.
    type: str
"""

EXAMPLES = r"""
- name: Say that the host failed
  openuc.ocs.journal:
    wave: first_pool.03-dns
    result: failed
    reason: "{{ ansible_failed_result.msg }}"
"""

RETURN = r"""# """
