#!/usr/bin/python
# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the action plugin of the same name; nothing of it runs on a target."""

from __future__ import annotations

DOCUMENTATION = r"""
module: checkpoint
short_description: Pass steps that only people can do, or stop before what follows them
version_added: 0.1.0
description:
  - Steps that somebody vouches for, in C(uc_confirmed) or in C(confirmed.yml) of the estate's folder, are written to
    the journal, with who says so and how they know. They are not asked about again until they are planned for more.
  - About the others it asks, where C(uc_checkpoints) allows it and there is a terminal. Otherwise the run ends here,
    and says what waits, for whom, with which rights. Nothing is ever passed in silence.
  - What can be seen of a step is looked at from the controller. Do servers answer on the ports of the plan, and what
    is in the directory and in the DNS? What was seen goes to the journal. A step of which something is missing is not
    passed by anybody's word, unless C(uc_checkpoint_checks) says so; what nobody could look at says nothing.
  - The directory is asked over TLS by the account of the variable C(checkpoint_directory), a mapping of C(name),
    C(password) and C(trust), a file of authorities. Without it the directory is not asked, and the journal says so.
  - Optional steps that nobody vouches for are left out, and the journal says so.
  - Run it once for all hosts of a play, with C(run_once).
author:
  - The OpenUC contributors (@openuc)
extends_documentation_fragment:
  - openuc.ocs.rollout
  - openuc.ocs.rollout.wave
"""

EXAMPLES = r"""
- name: Stop for people
  openuc.ocs.checkpoint:
    wave: first_pool.04-checkpoints
  run_once: true
"""

RETURN = r"""
waiting:
  description: Ids of the steps that wait for people.
  returned: when the run ends here
  type: list
  elements: str
would_wait:
  description: Ids of the steps that a real run would wait for.
  returned: in check mode
  type: list
  elements: str
"""
