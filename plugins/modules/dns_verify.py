#!/usr/bin/python
# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dns_verify
short_description: Ask a host's own resolvers for records that were changed
version_added: 0.1.0
description:
  - Asks the resolvers that programs on this host ask, over TCP, and compares what they tell with what is true.
  - A resolver that remembers what was true before, or that there was nothing, is told apart from one that asks other
    servers, as with a mistaken view, and from one that has a zone of its own. Only the last two are wrong, and have the
    task fail; they are asked again twice, within two seconds.
  - A host that cannot be reached, or where the module cannot run, gives a warning and no failure.
  - It changes nothing.
author:
  - The OpenUC contributors (@openuc)
options:
  records:
    description:
      - A list of mappings, a record set each, of which up to 200 are asked for.
        RV(openuc.ocs.dns_records#module:to_hear) is such a list for each host.
      - C(name) is a whole name, C(type) one of those that M(openuc.ocs.dns_records) takes, C(values) a list of text as
        a zone file has it, empty where there must be none.
      - C(before) are the values that were true before, C(lowest_ttl) the seconds for which others remember that there
        is none. Without them, what is remembered counts as wrong.
    type: raw
    required: true
  resolvers:
    description: Addresses of the resolvers; those of C(/etc/resolv.conf) of this host when left out.
    type: list
    elements: str
    default: []
  timeout:
    description: Seconds to wait for a connection, and for each part of an answer.
    type: float
    default: 3.0
attributes:
  check_mode:
    description: It changes nothing.
    support: full
seealso:
  - module: openuc.ocs.dns_records
  - module: openuc.ocs.probe
"""

EXAMPLES = r"""
- name: Apply the zones of a server
  openuc.ocs.dns_records:
    slice: "{{ inventory_dir }}.estate/intended/slices/dns_records/ns1.corp.contoso.com"
    key_file: /etc/openuc/openuc.key
  delegate_to: localhost
  register: applied

- name: Ask where clients are what they hear of it
  openuc.ocs.dns_verify:
    records: "{{ applied.to_hear[item] }}"
  loop: "{{ applied.to_hear | list }}"
  delegate_to: "{{ item }}"

- name: Ask what a host hears of a name
  openuc.ocs.dns_verify:
    records:
      - {name: sip.contoso.com, type: A, values: [203.0.113.100]}
"""

RETURN = r"""
resolvers:
  description:
    - What each resolver tells, with C(resolver), C(detail), C(seconds) and C(standing), V(current), V(cached),
      V(failing), V(elsewhere), V(own_zone) or V(unreachable). What is V(cached) lasts at most so many seconds.
  returned: when it could be asked
  type: list
  elements: dict
wrong:
  description: What is neither as it is nor as it was.
  returned: always
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.dns import hearing
from ..module_utils.shell import finish
from ..module_utils.specs import DNS_VERIFY


def main() -> None:
    module = AnsibleModule(argument_spec=DNS_VERIFY, supports_check_mode=True)
    finish(module, hearing.run(module.params))


if __name__ == "__main__":
    main()
