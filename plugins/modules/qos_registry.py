#!/usr/bin/python
# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: qos_registry
short_description: Keep values in Windows registries and Group Policy objects as they are planned
version_added: 0.1.0
description:
  - Reads what a registry holds, compares it once and writes what differs, over SMB and the remote registry service
    (MS-RRP), with one connection for each host and many hosts side by side. Nothing runs on the hosts, so that Windows
    without PowerShell is reached too.
  - With O(gpo) it does the same to the registry settings of a Group Policy object, in SYSVOL and Active Directory of a
    domain controller, and raises its version so that clients take them over. An object that is not there is made. It is
    not linked to anything; that is for the administrator of the domain to decide.
  - It removes only what it wrote itself and nobody has changed since. What that is stands in a file below
    O(journal_dir), value by value. All other values and keys are left alone.
  - A registry knows no transactions. Values are set one by one, and a run that was stopped in the middle is completed
    by the next, or undone with O(state=restored).
  - It runs where the hosts can be reached on TCP port 445, which is most often the controller. See the notes.
author:
  - The OpenUC contributors (@openuc)
extends_documentation_fragment:
  - openuc.ocs.mechanism
  - openuc.ocs.mechanism.journal
  - openuc.ocs.mechanism.limits
  - openuc.ocs.mechanism.rendered
  - openuc.ocs.mechanism.sliced
options:
  state:
    description:
      - V(merged) sets the listed values. It removes nothing.
      - V(replaced) does that and removes what is ours in the same keys and not listed.
      - V(overridden) does that and removes what is ours in all keys and not listed.
      - V(deleted) removes what is ours of the listed values, or all of it where O(values) is left out.
      - V(gathered) returns the values of the keys that O(values) and O(keys) name, as O(values) takes them. V(parsed)
        does it with O(file).
      - V(rendered) returns O(values) as files, C(.reg) for a host and C(Registry.pol) for a Group Policy object, and
        writes them below O(rendered_dir) where that is given.
      - V(restored) puts back what the run O(run) found. What somebody else has changed since stops it.
    type: str
    choices: [merged, replaced, overridden, deleted, gathered, rendered, parsed, restored]
    default: replaced
  target:
    description:
      - Name of the Windows host, or with O(gpo) of those it is for.
      - It is what the host is known as in Kerberos.
    type: str
  address:
    description:
      - Address of the host, or with O(gpo) of its domain controller.
      - When left out and the host is one of the inventory, the first of its C(uc_addresses).
    type: str
  gpo:
    description: Display name of a Group Policy object, in place of the registry of a host.
    type: str
  domain_controller:
    description: Full name of a domain controller of the domain that O(gpo) is in.
    type: str
  domain:
    description: DNS name of that domain; what follows the first dot of O(domain_controller) when left out.
    type: str
  account:
    description:
      - Name of one of O(accounts). When left out, V(default), or the only one there is.
      - For a host of the inventory, its variable C(qos_account) when left out.
    type: str
  values:
    description:
      - A list of mappings, a value each.
      - C(hive) is V(HKLM), with O(gpo) also V(HKCU). C(key) is the path below it, C(name) the value's name, empty for
        the default value of the key. Neither of them tells upper from lower case.
      - C(type) is one of the registry's, such as V(REG_DWORD) or V(REG_SZ). C(data) is a whole number for V(REG_DWORD)
        and V(REG_QWORD), text for V(REG_SZ) and V(REG_EXPAND_SZ), a list of texts for V(REG_MULTI_SZ), and for all
        other types, or bytes that are none of these, a mapping with C(hex).
      - C(id), C(stage), C(why) and C(replaces) come from a plan. A value that another one of the list C(replaces), by
        its C(id), is left out.
    type: raw
  keys:
    description: Keys that O(state=gathered) returns whole, with their hive, such as C(HKLM\SOFTWARE\Microsoft\RTC).
    type: raw
  slice:
    description:
      - Path of a slice of the plan, such as C(intended/slices/qos_registry/fe1.corp.contoso.com.json), or a list of
        them, read on the controller. In a list, a folder stands for the slices in it, and nothing is done where that is
        none. What the task says goes before what the slices say.
    type: raw
  targets:
    description:
      - Several registries at once, in place of O(target), O(address), O(gpo), O(domain_controller), O(domain),
        O(account), O(values) and O(keys). Each is a mapping with these options.
      - One that fails does not stop the others.
    type: raw
  accounts:
    description:
      - Accounts by name. Each is a mapping with C(user) and, where needed, C(domain), the short name of its domain.
      - C(authentication) is V(password), which is NTLM, or V(kerberos), which needs C(realm), and takes a ticket from
        C(ticket_cache) or the environment where there is no password for it.
      - C(oldest_protocol) is V(NT1), V(SMB2) or V(SMB3). Windows Server 2003 and XP speak V(NT1) only; V(SMB2) unless
        given.
    type: dict
  passwords:
    description: Passwords by the names in O(accounts). Meant for values of a vault or a lookup.
    type: dict
  report_foreign:
    description: Return in C(foreign) what others have in the keys of O(values).
    type: bool
    default: false
  verify:
    description: Read back what was written, over the same connection.
    type: bool
    default: true
  at_once:
    description: How many targets are worked on side by side.
    type: int
    default: 32
  timeout:
    description: Seconds after which a target that says nothing is given up; its port has half of them to answer.
    type: float
    default: 15.0
  file:
    description: A C(.reg) file or a C(Registry.pol) where the module runs, for O(state=parsed).
    type: path
requirements:
  - Samba's libraries for Python, such as Debian's python3-samba
notes:
  - The task's host runs the module. Use C(delegate_to=localhost) or a play on localhost, as the examples do.
  - Where the Python that runs it has no Samba, the module looks for one of the system's that has, and starts again.
  - The account must be an administrator of the host, and the service Remote Registry must run there. For a Group Policy
    object it must be allowed to change it.
  - Only C(HKLM) of hosts is changed. What is a user's goes into a Group Policy object.
  - It has been exercised against Samba, as domain controller and as stand-alone server. No Windows was at hand.
seealso:
  - module: openuc.ocs.plan
  - module: openuc.ocs.firewall_rules
"""

EXAMPLES = r"""
- name: See what would change on a server of the plan
  openuc.ocs.qos_registry:
    slice: "{{ inventory_dir }}.estate/intended/slices/qos_registry/fe1.corp.contoso.com.json"
    accounts:
      default: {user: Administrator, domain: CORP}
    passwords:
      default: "{{ vaulted_password }}"
  check_mode: true
  diff: true
  delegate_to: localhost

- name: Apply what a population of clients needs to its Group Policy object, with a Kerberos ticket
  openuc.ocs.qos_registry:
    slice: "{{ inventory_dir }}.estate/intended/slices/qos_registry/hq.json"
    domain_controller: dc1.corp.contoso.com
    accounts:
      default: {user: policies, realm: CORP.CONTOSO.COM, authentication: kerberos}
  delegate_to: localhost
  register: applied

- name: Undo that
  openuc.ocs.qos_registry:
    state: restored
    run: "{{ applied.undo_id }}"
    slice: "{{ inventory_dir }}.estate/intended/slices/qos_registry/hq.json"
    domain_controller: dc1.corp.contoso.com
    accounts:
      default: {user: policies, realm: CORP.CONTOSO.COM, authentication: kerberos}
  delegate_to: localhost
  when: applied is changed

- name: Set values without a plan
  openuc.ocs.qos_registry:
    target: fe1.corp.contoso.com
    address: 10.20.0.11
    journal_dir: /srv/estate/journal/qos_registry
    accounts:
      default: {user: Administrator, domain: CORP}
    passwords:
      default: "{{ vaulted_password }}"
    values:
      - hive: HKLM
        key: SOFTWARE\Policies\Microsoft\Windows\Psched\DiffservByteMappingConforming
        name: ServiceTypeGuaranteed
        type: REG_DWORD
        data: 46
  delegate_to: localhost

- name: Write files to be imported by hand
  openuc.ocs.qos_registry:
    state: rendered
    slice: "{{ inventory_dir }}.estate/intended/slices/qos_registry/fe1.corp.contoso.com.json"
    rendered_dir: /srv/estate/import
  delegate_to: localhost
"""

RETURN = r"""
operations:
  description: At most 100 changes, made or in check mode to be made.
  returned: success and failure
  type: list
  elements: dict
  sample:
    - action: add
      name: 'fe1: HKLM\SOFTWARE\Microsoft\RTC\Transport:QoSEnabled'
      before: ""
      after: REG_DWORD 1
      why: ocs2007r2.qos.communicator-transport
summary:
  description: How many changes there are of each kind.
  returned: success and failure
  type: str
  sample: 3 to add, 1 to change
foreign:
  description: At most 100 values of others, with O(report_foreign).
  returned: success and failure
  type: list
  elements: str
undo_id:
  description: Name of the run that O(state=restored) undoes; empty when nothing was written.
  returned: success and failure
  type: str
details:
  description: The file that holds what was found, or of several targets their folder; empty when nothing was written.
  returned: success and failure
  type: str
would_need:
  description: In check mode, what is not there yet and would be made first.
  returned: success and failure
  type: list
  elements: str
targets:
  description: What came of each target.
  returned: success and failure
  type: list
  elements: dict
  contains:
    target:
      description: Its name.
      type: str
    gpo:
      description: Its Group Policy object; empty for a host.
      type: str
    outcome:
      description:
        - V(ok), or what went wrong. V(unresolved), V(unreachable), V(hung_up), V(wrong_password), V(no_ticket),
          V(no_pipe), V(no_share), V(no_directory), V(no_object), V(access_denied), V(key_missing), V(gone), V(damaged),
          V(refused), V(not_kept), V(journal) or V(failed).
      type: str
    detail:
      description: The same in words; empty when nothing did.
      type: str
    changes:
      description: How many steps lie between what was found and what is wanted.
      type: int
    done:
      description: How many of them were done.
      type: int
    not_done:
      description: At most 100 of those that were not done, as the target was lost. The next run does them.
      type: list
      elements: str
unknown_run:
  description: That no target has stored the run that O(state=restored) should undo.
  returned: failure
  type: bool
gathered:
  description: A mapping for each target with C(target), C(gpo), C(domain_controller) and C(values).
  returned: with O(state=gathered)
  type: list
  elements: dict
parsed:
  description: Values as O(values) takes them.
  returned: with O(state=parsed)
  type: list
  elements: dict
rendered:
  description: Files by name. C(.reg) files as text, C(Registry.pol) in base64.
  returned: with O(state=rendered)
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.respawn import has_respawned, probe_interpreters_for_module, respawn_module

from ..module_utils.registry import account, offline, work
from ..module_utils.registry.jobs import OFFLINE
from ..module_utils.shell import finish, options_of
from ..module_utils.specs import QOS_REGISTRY


def main() -> None:
    module = AnsibleModule(
        argument_spec=QOS_REGISTRY,
        supports_check_mode=True,
        mutually_exclusive=[("targets", "target"), ("targets", "values"), ("targets", "gpo")],
    )
    options = options_of(module)
    if options["state"] in OFFLINE:
        finish(module, offline.run(options, module.check_mode))
    start_again_with_samba()
    finish(module, work.run(options, module.check_mode))


def start_again_with_samba() -> None:
    """Samba's libraries belong to the system's Python, and Ansible may run modules with another one."""
    if account.HAS_SAMBA or has_respawned():
        return
    interpreter = probe_interpreters_for_module(account.SYSTEM_PYTHONS, "samba")
    if interpreter:
        respawn_module(interpreter)


if __name__ == "__main__":
    main()
