#!/usr/bin/python
# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the action plugin of the same name; nothing of it runs on a target."""

from __future__ import annotations

DOCUMENTATION = r"""
module: plan
short_description: Check the inventory of a deployment and write its plan
version_added: 0.1.0
description:
  - Reads every host of the inventory, whatever the play is limited to, checks it against the documents, and plans
    flows, DNS records, certificates, balanced services, QoS settings, capacity and the order of deployment.
  - Everything that is wrong with the inventory is reported at once. While there are errors nothing is written.
  - Run it once for all hosts, with C(run_once). It opens no connection and reads no variable but those that
    begin with C(uc_).
author:
  - The OpenUC contributors (@openuc)
options:
  estate_dir:
    description:
      - Folder that C(intended/) is written into.
      - When left out, the variable C(uc_estate_dir), or else a folder beside the inventory's, of the same name with
        C(.estate) behind it. It is not the inventory's own, since Ansible takes every file there for an inventory.
    type: path
attributes:
  check_mode:
    support: full
    description: In check mode nothing is written; the result says what would be.
  diff_mode:
    support: full
    description: Shows the files that change.
  idempotent:
    support: full
    description: A second run with the same inventory changes nothing.
"""

EXAMPLES = r"""
- name: Plan the deployment
  hosts: all
  gather_facts: false
  tasks:
    - name: Check the inventory and write the plan
      openuc.ocs.plan:
      run_once: true
"""

RETURN = r"""
summary:
  description: What was planned, in lines for people.
  returned: success
  type: list
  elements: str
stages:
  description: Stages of the plan, in their order.
  returned: success
  type: list
  elements: str
plan_dir:
  description: >-
    A private folder with what machines read of the plan, its JSON files. It stays as it is until the run ends, and is
    there in check mode too.
  returned: success
  type: str
intended_dir:
  description: The folder that the plan is kept in.
  returned: success
  type: str
digest:
  description: Digest of the inventory that was planned.
  returned: success
  type: str
  sample: 5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef
counts:
  description: How many items of each kind were planned.
  returned: success
  type: dict
  sample: {"flows": 212, "records": 31}
findings:
  description: How many findings of each severity there are; waived ones are counted apart.
  returned: always
  type: dict
  sample: {"error": 0, "warning": 1, "advice": 4, "waived": 1}
"""
