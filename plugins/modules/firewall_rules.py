#!/usr/bin/python
# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: firewall_rules
short_description: Keep the rules of a firewall as they are planned, and roll back what is not confirmed
version_added: 0.1.0
description:
  - Reads the table C(inet openuc_filter) of nftables once, compares it by meaning with the whole policy, and writes
    what differs in one transaction.
  - It changes that table and nothing else. Tables of others stay as they are, and are reported. What others drop, the
    rules of this module do not let through.
  - Addresses and ports stand in sets and maps, so that the number of rules depends on the ways through the firewall and
    not on how many flows take them. Each entry has a counter, and in its comment the name of its rule.
  - Packets that cross a way of O(guarded) to or from an address of O(protected) pass only where a rule lets them. All
    else is left to others. With O(enforce=observe) they are counted and logged instead of dropped.
  - A change is undone by the host itself after O(confirm_within) seconds, unless it is confirmed with
    O(state=confirmed) over another connection than it came by. Only what is confirmed is loaded when the host starts.
  - It runs on the firewall, as root.
author:
  - The OpenUC contributors (@openuc)
extends_documentation_fragment:
  - openuc.ocs.mechanism
  - openuc.ocs.mechanism.limits
  - openuc.ocs.mechanism.rendered
  - openuc.ocs.mechanism.sliced
options:
  state:
    description:
      - V(merged) adds rules. It removes nothing.
      - V(replaced) makes each rule of O(rules) exactly as it is there; other rules of earlier runs stay. What was put
        into the table by hand goes.
      - V(overridden) does that and removes rules that are no longer listed.
      - V(deleted) removes the listed rules, or the whole table where O(rules) is left out.
      - V(confirmed) keeps what the run O(run) applied.
      - V(restored) puts back what the run O(run) found; at once where that run is not confirmed yet.
      - V(gathered) returns the rules that are there, V(parsed) those of O(text), both as the other options take them.
      - V(rendered) returns the rules as files, in the form O(format).
      - V(explained) says what becomes of O(packet), and which rules make it so; from O(rules) where they are given,
        from the live table otherwise.
    type: str
    choices: [merged, replaced, overridden, deleted, gathered, rendered, parsed, restored, confirmed, explained]
    default: replaced
  enforce:
    description:
      - What becomes of packets that no rule lets through. V(observe) counts and logs them, ten a second at most.
        V(enforce) drops them, too.
      - When left out, as it is at the firewall, and V(observe) at first.
    type: str
    choices: [observe, enforce]
  interfaces:
    description: Networks by interface. When given, rules may name no other interfaces.
    type: dict
    default: {}
  guarded:
    description: Ways on which protected addresses get planned traffic only; mappings with C(ingress) and C(egress).
    type: raw
    default: []
  protected:
    description: IPv4 addresses that get planned traffic only, as they are behind translation.
    type: list
    elements: str
    default: []
  sets:
    description:
      - Named addresses. A list of mappings with C(name) and C(addresses), which are IPv4 addresses, networks and
        ranges.
    type: raw
    default: []
  rules:
    description:
      - A list of mappings, which may be tens of thousands long. It may be JSON text, too, as O(sets) may.
      - C(id) names the rule. C(ingress) and C(egress) are interfaces, C(source) and C(destination) names of O(sets),
        C(protocol) one of V(tcp), V(udp), V(icmp) and V(esp), C(ports) a list of ports and ranges that are listened on,
        C(source_ports) a port or a range that connections are opened from. Ports that are not said may be any.
      - C(nat) is a list of translations with C(kind) V(dnat) or V(snat), C(public) and C(private). C(dnat) is done for
        C(ports) of the rule, or of its own.
      - C(stage), C(why) and C(replaces) come from a plan. A rule that another one C(replaces) goes with
        O(state=replaced).
    type: raw
    default: []
  marks:
    description:
      - What becomes of the marks (DSCP) that packets come with. A list of mappings with C(id), C(ingress), C(egress),
        and C(dscp), the mark that they get, from V(0) to V(63); without C(dscp) they keep theirs.
      - C(protocol) V(tcp) or V(udp), C(side) V(source) or V(destination) and C(ports), a port or range, say which
        packets; without these it is all of the way that no other entry of O(marks) is about.
      - Packets of connections that are known are looked at as well. Packets that no entry is about keep their mark.
      - C(stage), C(why) and C(replaces) come from a plan.
    type: raw
    default: []
  packet:
    description:
      - For O(state=explained). The first packet of a connection as it arrives, with C(ingress), C(egress), C(protocol),
        C(source), C(destination), and for TCP and UDP C(source_port) and C(port).
    type: dict
  text:
    description:
      - For O(state=parsed). What C(nft list table inet openuc_filter) says, as text or JSON, or a rendered file.
    type: str
  format:
    description:
      - Of O(state=rendered). V(nft) is a file for C(nft -f). The others are for Cisco ASA, Juniper SRX, Palo Alto,
        iptables and Windows Firewall, generated by Aerleon; no appliance has loaded them yet.
    type: str
    choices: [nft, asa, srx, paloalto, iptables, windows]
    default: nft
  run:
    description:
      - Name for this run, under which what it finds is stored; made of the time when left out.
      - With O(state=confirmed) and O(state=restored), the RV(undo_id) of an earlier run.
  confirm_within:
    description:
      - Seconds until the host undoes the change by itself. It must be long enough to connect anew and to probe.
      - With V(0) nothing is undone, and nothing needs to be confirmed.
    type: int
    default: 60
  guard:
    description: Refuse rules that would lead away the connection that this host is managed over.
    type: bool
    default: true
  boot_file:
    description:
      - File that is loaded into the packet filter when the host starts. A line that includes O(own_file) is added.
    type: path
    default: /etc/nftables.conf
  own_file:
    description: File for the confirmed rules.
    type: path
    default: /etc/nftables.d/openuc_filter.nft
  journal_dir:
    description:
      - Folder on the firewall for what is ours and what each run found. The last ten runs are kept.
    type: path
    default: /var/lib/openuc/firewall_rules
requirements:
  - nftables >= 1.0 and Linux >= 5.13 on the firewall
  - aerleon, where O(format) is not V(nft)
notes:
  - IPv4 only. The table says nothing about IPv6.
  - Connections that are established when rules change go on, whatever the new rules say about them.
  - Exercised with nftables 1.0.6 on Debian 12, as root over ssh.
attributes:
  check_mode:
    description: Reads and compares as ever, and writes nothing. Without nftables it says so in RV(would_need).
  idempotent:
    description: A table that means the same is left alone.
seealso:
  - module: openuc.ocs.plan
  - module: openuc.ocs.probe
"""

EXAMPLES = r"""
- name: See what would change
  openuc.ocs.firewall_rules:
    slice: "{{ inventory_dir }}.estate/intended/slices/firewall_rules/{{ inventory_hostname }}.json"
  check_mode: true
  diff: true

- name: Apply the rules of the stages that are reached
  openuc.ocs.firewall_rules:
    slice: "{{ inventory_dir }}.estate/intended/slices/firewall_rules/{{ inventory_hostname }}.json"
    stages: [first_pool, external_access]
  register: applied

- name: Keep them, over a new connection
  openuc.ocs.firewall_rules:
    state: confirmed
    run: "{{ applied.undo_id }}"
  when: applied.unconfirmed

- name: Undo that
  openuc.ocs.firewall_rules:
    state: restored
    run: "{{ applied.undo_id }}"

- name: Let partners reach one server, without a plan
  openuc.ocs.firewall_rules:
    state: merged
    enforce: observe
    guarded: [{ingress: eth0, egress: eth1}]
    protected: [10.31.0.31]
    sets:
      - {name: partners, addresses: [192.0.2.0/24]}
      - {name: access, addresses: [10.31.0.31]}
    rules:
      - id: partners-to-access
        stage: federation
        why: []
        ingress: eth0
        egress: eth1
        source: partners
        destination: access
        protocol: tcp
        ports: ["5061"]
        nat: [{kind: dnat, public: 203.0.113.31, private: 10.31.0.31}]

- name: Ask what becomes of a packet, and why
  openuc.ocs.firewall_rules:
    state: explained
    packet: {ingress: eth0, egress: eth1, protocol: tcp, source: 192.0.2.5, destination: 203.0.113.31, port: 5061}
  register: asked
"""

RETURN = r"""
operations:
  description: At most 100 changes, made or in check mode to be made; all of them stand in the diff.
  returned: success
  type: list
  elements: dict
  sample:
    - action: add
      name: "eth0 > eth1: 192.0.2.0/24 to 10.31.0.31, tcp port 5061"
      before: ""
      after: accept for partners-to-access
      why: ocs2007r2.flow.partner-to-edge-sip
summary:
  description: How many changes there are of each kind.
  returned: success
  type: str
  sample: 3 to add, 1 to change
foreign:
  description: Tables of others, and those of their chains that drop by default what is forwarded.
  returned: success
  type: list
  elements: str
undo_id:
  description: Name of the run, for O(state=confirmed) and O(state=restored); empty when nothing was written.
  returned: success
  type: str
details:
  description: File on the firewall with the rules that the run found; empty when nothing was written.
  returned: success
  type: str
unconfirmed:
  description: Whether the run C(undo_id) waits to be confirmed, and is undone otherwise.
  returned: success
  type: bool
confirm_until:
  description: When the host undoes the run.
  returned: when the run waits to be confirmed
  type: str
  sample: "2026-11-01T12:00:00Z"
would_need:
  description: Packages that are missing.
  returned: where one is missing
  type: list
  elements: str
unknown_run:
  description: True when there is no such run to undo, so that nothing was changed.
  returned: failure, with O(state=restored)
  type: bool
gathered:
  description: The rules that are there as this module takes them; null where there is no table of ours.
  returned: with O(state=gathered)
  type: dict
parsed:
  description: The rules of O(text) as this module takes them.
  returned: with O(state=parsed)
  type: dict
rendered:
  description:
    - Text by file name. With O(format=nft), C(rules.nft), a file for C(nft -f). With any other, a file for each way or
      interface, as the format has it, and C(not-said.txt), what stands in RV(not_said).
  returned: with O(state=rendered)
  type: dict
not_said:
  description: What the format leaves unsaid of which rule, to be done by hand.
  returned: with O(state=rendered)
  type: list
  elements: str
explanation:
  description: What becomes of a packet, and why.
  returned: with O(state=explained)
  type: dict
  contains:
    verdict:
      description: One of V(accepted), V(refused), V(observed) (it would be refused), and V(not guarded).
      type: str
    reason:
      description: The entries that accept it, or why none does.
      type: str
    rules:
      description: Those rules, with C(id), C(stage), C(why), and the lines of documents that ask for them.
      type: list
      elements: dict
    source:
      description: Source address as the packet leaves the firewall.
      type: str
    destination:
      description: Destination address as the packet leaves the firewall.
      type: str
    packets:
      description: How many connections those entries have accepted so far.
      type: int
"""

import gc

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.firewall import engine
from ..module_utils.shell import finish, options_of
from ..module_utils.specs import FIREWALL_RULES


def main() -> None:
    # This process ends with its task: looking for garbage among tens of thousands of rules takes a third of the time.
    gc.disable()
    module = AnsibleModule(argument_spec=FIREWALL_RULES, supports_check_mode=True)
    finish(module, engine.run(options_of(module), module.check_mode))


if __name__ == "__main__":
    main()
