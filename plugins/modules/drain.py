#!/usr/bin/python
# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: drain
short_description: Take members of balanced services out of service, and put them back
version_added: 0.1.0
description:
  - Runs on a balancer whose services the module M(openuc.ocs.load_balancer) made, and changes them while HAProxy runs.
    Nothing is loaded anew.
  - A member that is drained gets no new connections; the module waits until those that it has are over, for a limited
    time. It stays out of service, over reloads and restarts too, until it is enabled.
  - All services of a member are drained at once. No service is left with fewer members than O(least) asks for; then
    nothing at all is changed.
author:
  - The OpenUC contributors (@openuc)
options:
  state:
    description:
      - V(drained) lets no new connections in, and waits until there are none. A member that is down or in maintenance
        already has none.
      - V(disabled) ends all connections at once, and checks the member's health no more for services.
      - V(enabled) puts members back into service, and waits until their health checks pass.
      - V(gathered) only tells how members stand.
    type: str
    choices: [drained, disabled, enabled, gathered]
    default: drained
  members:
    description:
      - Names or addresses of members.
      - When left out in a task that is delegated to the balancer, the name of the play's own host.
    type: list
    elements: str
    default: []
  services:
    description: Only these services of the members, such as V(tcp/10.20.0.100:5061).
    type: list
    elements: str
    default: []
  wait:
    description: Seconds to wait, at most.
    type: int
    default: 300
  at_limit:
    description:
      - What to do with connections that are left after O(wait) seconds. V(fail) fails and leaves the member drained,
        V(cut) ends them, V(leave) leaves them alone and succeeds. RV(left) counts them.
    type: str
    choices: [fail, cut, leave]
    default: fail
  least:
    description: Members that each service must keep in service. With 0, a service may be left with none.
    type: int
    default: 1
  config:
    description: HAProxy's file of ours.
    type: path
    default: /etc/haproxy/openuc.cfg
  socket:
    description: HAProxy's socket of ours.
    type: path
    default: /run/haproxy/openuc.sock
notes:
  - Connections that an older process of HAProxy still serves after a reload are waited for, but V(cut) does not reach
    them; RV(left) counts those that remain.
  - For services whose packets are handed on, connections are those that the kernel tracks. Datagrams count until the
    kernel forgets them, up to three minutes after the last.
attributes:
  check_mode:
    support: full
    description: Tells what would change. It neither changes anything nor waits.
  diff_mode:
    support: full
    description: Shows members before and after.
  idempotent:
    support: full
    description: A member that is as wanted is left alone. It is waited for even so.
seealso:
  - module: openuc.ocs.load_balancer
  - module: community.general.haproxy
"""

EXAMPLES = r"""
- name: Drain a member of all its services, from a play over pool members
  openuc.ocs.drain:
    wait: 600
  delegate_to: lb1.corp.contoso.com

- name: Put it back
  openuc.ocs.drain:
    state: enabled
    wait: 60
  delegate_to: lb1.corp.contoso.com

- name: On the balancer itself, end the sessions that are left after ten minutes
  openuc.ocs.drain:
    members: [fe1.corp.contoso.com]
    wait: 600
    at_limit: cut

- name: See how all members stand
  openuc.ocs.drain:
    state: gathered
"""

RETURN = r"""
operations:
  description: At most 100 changes, made or in check mode to be made.
  returned: success
  type: list
  elements: dict
  sample:
    - action: change
      name: fe1.corp.contoso.com of tcp/10.20.0.100:5061
      before: up, 3 session(s)
      after: drained
      why: ""
summary:
  description: How many changes there are.
  returned: success
  type: str
members:
  description: All members of all services afterwards.
  returned: success
  type: list
  elements: dict
  contains:
    service:
      description: Protocol, address and port.
      type: str
    member:
      description: Its name.
      type: str
    address:
      description: Its address.
      type: str
    status:
      description: V(UP), V(DOWN), V(DRAIN) or V(MAINT).
      type: str
    sessions:
      description: Connections to it that HAProxy has now.
      type: int
left:
  description: Servers that still have connections, and how many; of members that are enabled, those whose check fails.
  returned: success
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.balancer.drainer import Drainer
from ..module_utils.balancer.places import BalancerError
from ..module_utils.specs import DRAIN


def main() -> None:
    module = AnsibleModule(argument_spec=DRAIN, supports_check_mode=True)
    problems = [
        f"{name}: expected 0 or more, got {module.params[name]}"
        for name in ("wait", "least")
        if module.params[name] < 0
    ]
    if problems:
        module.fail_json(msg="\n".join(problems))
    try:
        found = Drainer(module.params, module.check_mode).run()
    except BalancerError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**found)


if __name__ == "__main__":
    main()
