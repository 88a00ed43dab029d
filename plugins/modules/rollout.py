#!/usr/bin/python
# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the action plugin of the same name; nothing of it runs on a target."""

from __future__ import annotations

DOCUMENTATION = r"""
module: rollout
short_description: Begin and end runs of the roll-out, and tell where an estate stands
version_added: 0.1.0
description:
  - Begins a run, in which the plan of an estate is applied stage by stage. Takes the lease on the estate, so that no
    other run changes it meanwhile, and returns the waves that the playbook walks.
  - Options of a run are variables of the inventory or of the command line, such as C(uc_until); they are described in
    the inventory reference. Wrong ones are all told at once, and then nothing is begun.
  - Run it once for all hosts of a play, with C(run_once), after M(openuc.ocs.plan) in the same run of Ansible.
author:
  - The OpenUC contributors (@openuc)
extends_documentation_fragment:
  - openuc.ocs.rollout
options:
  state:
    description:
      - V(begun) begins a run.
      - V(looked) comes after the playbook has had mechanisms compare, in check mode, the targets of RV(looks). It
        leaves out of the run's waves who is as planned, and stops the run where one could not be reached.
      - V(ended) says that it is complete and lets go of the lease.
      - V(undoing) begins a run that goes back to before another one, C(uc_run), or the last one that changed something.
      - V(told) only tells where the estate stands, what is next, and what waits for a person.
    type: str
    choices: [begun, looked, undoing, ended, told]
    required: true
  mechanisms:
    description:
      - Mechanisms that the playbook has roles for; all of them when left out. Others that the plan asks for are named
        in a warning.
    type: list
    elements: str
"""

EXAMPLES = r"""
- name: Begin the run
  openuc.ocs.rollout:
    state: begun
  run_once: true
  register: the_run
"""

RETURN = r"""
run:
  description: Id of the run, which journals and previous states are stored under.
  returned: success
  type: str
  sample: 20261101T101500Z-5f70bf
plan_dir:
  description: The private copy of the plan that is deployed.
  returned: when begun, looked or undoing
  type: str
waves:
  description:
    - The waves, in the order they are walked. Each has C(id), C(stage), C(title), C(kind), C(mechanism), C(hosts),
      the hosts that are changed, C(present), those and the hosts that look on, and C(stages), what each of the hosts
      holds afterwards.
  returned: when begun, looked or undoing
  type: list
  elements: dict
looks:
  description:
    - For each mechanism the targets that were given all that is planned, as C(hosts), with C(stages) as in RV(waves)
      and the C(folder) on the controller where comparisons are to be left.
  returned: when begun, looked or undoing
  type: list
  elements: dict
status:
  description: Where the estate stands, in lines for people.
  returned: when told
  type: list
  elements: str
"""
