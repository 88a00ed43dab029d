#!/usr/bin/python
# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: load_balancer
short_description: Keep the balanced services of a host as they are planned
version_added: 0.1.0
description:
  - Makes a host with HAProxy balance the listed services, with one read, one comparison and one swap of a file of its
    own. HAProxy itself checks the new file first, takes over without ending a connection, and is asked afterwards
    whether it runs with it. If it does not, the file of before comes back.
  - Members that are to see the client's own address (C(nat) is V(dnat)) cannot be served by a proxy. Their packets are
    handed on by the packet filter, in a table of its own (C(openuc_balance)), to the members that HAProxy finds in
    service. That is the only way for UDP.
  - A program of its own (C(openuc-balance)), started at boot, holds the addresses and follows the health of members.
  - The administrator's own file and sections of HAProxy, other tables of the packet filter, and addresses that somebody
    else put there are left alone.
author:
  - The OpenUC contributors (@openuc)
extends_documentation_fragment:
  - openuc.ocs.haproxy
  - openuc.ocs.mechanism
  - openuc.ocs.mechanism.limits
  - openuc.ocs.mechanism.rendered
  - openuc.ocs.mechanism.sliced
options:
  state:
    description:
      - V(merged) adds services and members, and changes the other settings of listed services.
      - V(replaced) makes each listed service exactly as it is listed; other services of ours stay.
      - V(overridden) does that and removes services and addresses of ours that are not listed.
      - V(deleted) removes the listed services, or everything that is ours where O(services) is left out.
      - V(gathered) returns what is ours as O(services) and O(addresses) take it, and how each member stands.
      - V(rendered) returns the files as text, in the form O(format), V(parsed) the services of O(text). Neither looks
        at the host.
      - V(restored) puts back what the run O(run) found.
    type: str
    choices: [merged, replaced, overridden, deleted, gathered, rendered, parsed, restored]
    default: replaced
  services:
    description:
      - A list of mappings, a balanced port each, or the same as JSON text. It may be thousands long.
      - C(vip), C(port), C(protocol) (V(tcp) or V(udp)), and C(members), each with C(name) and C(address).
      - C(member_port), where it is not that of the service, and C(check_port), the TCP port of the members by which
        their health is judged. It need not be the one that is balanced.
      - C(method) is V(least_connections). C(affinity) is V(tcp), by which a connection stays where it is, or V(source),
        by which a client does.
      - C(nat) is V(snat), connections to members come from the balancer, from one of C(snat), or V(dnat), members see
        the client's address and must have their way back through this host.
      - C(idle_seconds) after which a connection without traffic is ended, and C(idle_reset), whether by a reset.
      - C(terminate), V(true) where TLS is to end here; such services are not served but listed in RV(unserved).
      - C(id), C(stage), C(why) and C(replaces) come from a plan.
    type: raw
    default: []
  addresses:
    description:
      - Addresses that this host holds for services, virtual ones and those of C(snat), each with C(address) and
        C(interface). They are put onto their cards now and at each boot.
      - An address that is there already and that we did not put there is left alone, and never removed.
    type: raw
    default: []
  pair:
    description:
      - This host is one of two that hold O(addresses) in turn, by keepalived. The one that holds them loses them when
        it dies, when its HAProxy does not answer, or when one of its cards is dead; the other has them within two
        seconds.
      - A host that comes back does not take the addresses back, which would end every connection once more.
      - With O(state=overridden), a host without it is one of a pair no more.
    type: dict
    suboptions:
      virtual_router:
        description: Number of the pair, 1 to 255, the same on both hosts and of no other pair in the network.
        type: int
        required: true
      interface:
        description: Card over which the two hear of each other.
        type: str
        required: true
      address:
        description: This host's own address there.
        type: str
        required: true
      peer:
        description: The other host's.
        type: str
        required: true
      priority:
        description: 1 to 254; the higher one has the addresses when both are started at once.
        type: int
        required: true
  format:
    description:
      - Of O(state=rendered). V(haproxy) is what this module writes, V(f5_as3) a declaration of Application Services 3,
        V(nginx) the inside of a C(stream) block, V(table) a table for any other appliance.
      - RV(unserved) tells what each of them cannot do. None but V(haproxy) has met a real appliance.
    type: str
    choices: [haproxy, f5_as3, nginx, table]
    default: haproxy
  text:
    description: What HAProxy's file of ours holds, for O(state=parsed).
    type: str
  config:
    description: HAProxy's file of ours.
    type: path
    default: /etc/haproxy/openuc.cfg
  journal_dir:
    description: Folder on the host for what is ours, and for what each of the last ten runs found.
    type: path
    default: /var/lib/openuc/load_balancer
requirements:
  - nftables and conntrack, for services whose members see the client's address
  - keepalived 2.2 or newer, for O(pair)
notes:
  - A member that is out of service stays so when services change.
attributes:
  check_mode:
    description: Reads and compares as ever, and writes nothing. What is not installed yet is told in RV(would_need).
  diff_mode:
    description: Shows services, with their members, and addresses, before and after.
seealso:
  - module: openuc.ocs.drain
  - module: openuc.ocs.plan
"""

EXAMPLES = r"""
- name: See what would change on a balancer of the plan
  openuc.ocs.load_balancer:
    slice: "{{ inventory_dir }}.estate/intended/slices/load_balancer/{{ inventory_hostname }}.json"
  check_mode: true
  diff: true

- name: Balance a service without a plan, and nothing else
  openuc.ocs.load_balancer:
    state: overridden
    addresses:
      - {address: 10.20.0.100, interface: eth0}
      - {address: 10.20.0.250, interface: eth0}
    services:
      - id: sip
        stage: first_pool
        why: []
        vip: 10.20.0.100
        port: "5061"
        protocol: tcp
        members:
          - {name: fe1, address: 10.20.0.11}
          - {name: fe2, address: 10.20.0.12}
        method: least_connections
        affinity: tcp
        idle_seconds: 1200
        idle_reset: true
        check_port: "5061"
        nat: snat
        snat: [10.20.0.250]
  register: balanced

- name: Undo that
  openuc.ocs.load_balancer:
    state: restored
    run: "{{ balanced.undo_id }}"
"""

RETURN = r"""
operations:
  description: At most 100 changes, made or in check mode to be made; all of them stand in the file C(details).
  returned: success
  type: list
  elements: dict
  sample:
    - action: add
      name: service tcp/10.20.0.100:5061
      before: ""
      after: to fe1 10.20.0.11:5061; health by port 5061; from 10.20.0.250
      why: ""
summary:
  description: How many changes there are of each kind.
  returned: success
  type: str
  sample: 3 to add, 1 to change
foreign:
  description: At most 100 sections of the administrator's own file.
  returned: success
  type: list
  elements: str
undo_id:
  description: Name of the run that O(state=restored) undoes; empty when nothing was changed.
  returned: success
  type: str
details:
  description: File with what the run found; empty when nothing was changed.
  returned: success
  type: str
unserved:
  description: Services that cannot be served on this host, each with C(service), C(id) and C(reason).
  returned: with all states but V(gathered) and V(parsed)
  type: list
  elements: dict
would_need:
  description: What is missing on the host. Outside check mode that is an error.
  returned: with states that change something
  type: list
  elements: str
missing:
  description: Programs that are missing on the host.
  returned: with states that change something, and when that is why the module fails
  type: list
  elements: str
unknown_run:
  description: V(true) when O(state=restored) is asked for a run that changed nothing here.
  returned: failure
  type: bool
gathered:
  description: C(services), C(addresses), and C(pair) where there is one, as the options take them.
  returned: with O(state=gathered)
  type: dict
standing:
  description: Of one of a pair, V(MASTER), V(BACKUP) or V(FAULT); empty where that is not known.
  returned: with O(state=gathered)
  type: str
members:
  description:
    - How members stand, each with C(section), C(name), C(status), one of V(UP), V(DOWN), V(DRAIN) and V(MAINT),
      C(sessions), and C(total), all that it was given since HAProxy was begun.
  returned: with O(state=gathered)
  type: list
  elements: dict
parsed:
  description: Services as O(services) takes them.
  returned: with O(state=parsed)
  type: list
  elements: dict
rendered:
  description: Text by file name.
  returned: with O(state=rendered)
  type: dict
"""

import gc

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.balancer import engine
from ..module_utils.shell import finish, options_of
from ..module_utils.specs_haproxy import LOAD_BALANCER


def main() -> None:
    # This process ends with its task: among thousands of services there is no garbage worth a look.
    gc.disable()
    module = AnsibleModule(argument_spec=LOAD_BALANCER, supports_check_mode=True)
    finish(module, engine.run(options_of(module), module.check_mode))


if __name__ == "__main__":
    main()
