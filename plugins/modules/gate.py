#!/usr/bin/python
# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the action plugin of the same name; nothing of it runs on a target."""

from __future__ import annotations

DOCUMENTATION = r"""
module: gate
short_description: Stand before and after a wave of the roll-out
version_added: 0.1.0
description:
  - Before a wave it makes sure that all hosts that the run began with are still there, renews the lease, and writes to
    the journal what is about to be changed.
  - After a wave it writes what became of each host. The run stops unless all of them are well. A host that was lost
    counts as failed, one whose failure was rescued does too, and those that may be half changed are named.
  - Run it once for all hosts of a play, with C(run_once).
author:
  - The OpenUC contributors (@openuc)
extends_documentation_fragment:
  - openuc.ocs.rollout
  - openuc.ocs.rollout.wave
options:
  point:
    description: Where it stands.
    type: str
    choices: [before, after]
    required: true
  wrong:
    description:
      - After a wave that only looks, what does not look as planned, in words.
      - Then the run stops, or only warns, as C(uc_verification) says.
    type: str
"""

EXAMPLES = r"""
- name: Stand before the wave
  openuc.ocs.gate:
    wave: first_pool.03-dns
    point: before
  run_once: true
"""

RETURN = r"""# """
