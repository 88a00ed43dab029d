#!/usr/bin/python
# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the action plugin of the same name; nothing of it runs on a target."""

from __future__ import annotations

DOCUMENTATION = r"""
module: report
short_description: Write the report of a deployment, with what live checks saw
version_added: 0.1.0
description:
  - Writes C(report.html), a file that needs no network, with everything that is planned, its posters, and its findings.
  - Writes C(handouts/), a page and, where the Python library C(xlsxwriter) is there, a workbook for each team that
    works around the servers, such as those who run firewalls, DNS or the public key infrastructure.
  - With O(observed_dir), where M(openuc.ocs.probe) kept what each vantage saw, it judges that against the plan, tells
    what failed checks come from, and writes C(verification.json) and C(junit.xml) too.
  - Run it once for all hosts, with C(run_once). It opens no connection.
author:
  - The OpenUC contributors (@openuc)
options:
  asked:
    description:
      - Hosts that were asked to look. Of those that kept nothing in O(observed_dir), since they were not reached, all
        checks are reported as not known.
    type: list
    elements: str
  observed_dir:
    description: Folder on the controller with what was seen, one file a vantage.
    type: path
  report_dir:
    description:
      - Folder for the files. When left out, C(report) in C(uc_estate_dir), or in the folder beside the inventory.
    type: path
  stages:
    description: Stages that were reached when it was seen, for the report.
    type: list
    elements: str
  fail:
    description: Whether the task fails when a check failed. The files are written before.
    type: bool
    default: true
attributes:
  check_mode:
    support: full
    description: In check mode the files go to a private folder of the run.
  diff_mode:
    support: none
    description: There is never a difference to show.
  idempotent:
    support: full
    description: It changes nothing but its files, and never says that it changed anything.
seealso:
  - module: openuc.ocs.plan
  - module: openuc.ocs.probe
"""

EXAMPLES = r"""
- name: Verify an estate
  hosts: all
  gather_facts: false
  tasks:
    - name: Look from here
      openuc.ocs.probe:
        slice: inventories/mine.estate/intended/slices/probe/{{ inventory_hostname }}.json
        observed_dir: /tmp/observed

    - name: Judge what was seen
      openuc.ocs.report:
        observed_dir: /tmp/observed
      run_once: true
"""

RETURN = r"""
report:
  description: Path of C(report.html).
  returned: success
  type: str
files:
  description: Names of the files that were written.
  returned: success
  type: list
  elements: str
counts:
  description: For each kind of check, how many passed, how many failed, and how many are not known.
  returned: with observed_dir
  type: dict
  sample: {"flow": {"passed": 120, "failed": 1, "unknown": 4}}
"""
