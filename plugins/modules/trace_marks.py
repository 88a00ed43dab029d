#!/usr/bin/python
# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: trace_marks
short_description: Follow the mark of UDP packets from hop to hop
version_added: 0.1.0
description:
  - Sends UDP packets with a mark (DSCP) from the host it runs on, each to end at another hop of the way, and reads in
    the ICMP errors of routers and of the destination which mark the packet had when it came there. So it sees every hop
    without being on any of them, and names the one that set, changed or cleared the mark.
  - A mark that does not arrive as expected is a result and no error. The module fails only when its options are wrong
    or nothing can be sent.
  - It changes nothing. It needs root on the host, to hear ICMP errors.
author:
  - The OpenUC contributors (@openuc)
extends_documentation_fragment:
  - openuc.ocs.mechanism.sliced
  - openuc.ocs.observing
options:
  traces:
    description:
      - A list of mappings. C(id) is the trace's own name, C(address) the IPv4 address it leads to, C(port) a UDP port
        there that nobody listens on, C(dscp) the mark that is sent, from V(0) to V(63).
      - C(source_port) is the port it leaves from; any when left out. Give a port of the medium where the network marks
        by ports. C(expect) is the mark that shall arrive; C(dscp) when left out.
      - They come from here or from O(slice).
    type: raw
  most_hops:
    description: Hops after which a destination is given up.
    type: int
    default: 16
  attempts:
    description: How often hops that said nothing are asked. Many routers limit how many errors they send in a second.
    type: int
    default: 3
  timeout:
    description: Seconds to wait for what is missing at the last attempt.
    type: float
    default: 2.0
notes:
  - Routers and firewalls on the way must let ICMP errors back. Those that send none are silent hops, and changes are
    told for them together with the hop before.
attributes:
  check_mode:
    support: full
    description: Traces change nothing and are done in check mode too.
seealso:
  - module: openuc.ocs.probe
  - module: openuc.ocs.qos_registry
"""

EXAMPLES = r"""
- name: Follow audio from a server to a client, and unmarked packets that the first firewall shall mark
  openuc.ocs.trace_marks:
    traces:
      - {id: audio, address: 10.21.0.7, port: 50021, source_port: 49200, dscp: 46}
      - {id: unmarked audio, address: 10.30.0.21, port: 40000, source_port: 49201, dscp: 0, expect: 46}
  register: traced

- name: Follow what is planned, for the report
  openuc.ocs.trace_marks:
    slice: inventories/mine.estate/intended/slices/trace_marks/{{ inventory_hostname }}.json
    observed_dir: /tmp/observed/marks

- name: Stop where a mark is lost, and say where
  ansible.builtin.assert:
    that: item.outcome == 'as_expected'
    fail_msg: "{{ item.id }}: {{ item.detail }}"
  loop: "{{ traced.traces }}"
"""

RETURN = r"""
traces:
  description: What became of each, in the order of O(traces).
  returned: success, without O(observed_dir)
  type: list
  elements: dict
  contains:
    id:
      description: Its name.
      type: str
    outcome:
      description:
        - V(as_expected), V(changed), V(unfinished) when nothing was heard of the destination, or V(unsent) when there
          is no way there or the port is in use.
      type: str
    sent:
      description: The mark that was sent.
      type: int
    expected:
      description: The mark that was to arrive.
      type: int
    arrived:
      description: The mark that arrived; null when that is not known.
      type: int
    hops:
      description: What each hop said, with C(hop), C(address) and C(dscp), the mark that the packet came there with.
      type: list
      elements: dict
    changes:
      description:
        - Where the mark changed. C(hop) and C(address) are of the last hop that saw it C(before), 0 for the sending
          host; that one left it C(after), or one of so many C(silent) hops behind it.
      type: list
      elements: dict
    detail:
      description: The same in words; empty when there is nothing to say.
      type: str
counts:
  description: How many traces came to each outcome.
  returned: success
  type: dict
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.marking import sending, traces
from ..module_utils.specs import TRACE_MARKS


def main() -> None:
    module = AnsibleModule(argument_spec=TRACE_MARKS, supports_check_mode=True)
    options: dict[str, Any] = module.params
    wanted, problems = traces.traces_of(options["traces"])
    problems += [f"{name}: expected more than 0, got {options[name]}" for name in _NUMBERS if options[name] <= 0]
    if problems:
        module.fail_json(msg="\n".join(problems))
    try:
        found = [_followed(trace, options) for trace in wanted]
    except sending.SendingError as error:
        module.fail_json(msg=str(error))
    outcomes = [item["outcome"] for item in found]
    counts = {outcome: outcomes.count(outcome) for outcome in _OUTCOMES}
    module.exit_json(changed=False, traces=found, counts=counts)


def _followed(trace: traces.Trace, options: dict[str, Any]) -> dict[str, Any]:
    try:
        heard = sending.follow(trace, options["most_hops"], options["attempts"], options["timeout"])
    except sending.UnsentError as error:
        return traces.unsent(trace, str(error))
    return traces.result_of(trace, heard)


_OUTCOMES = ("as_expected", "changed", "unfinished", "unsent")
_NUMBERS = ("most_hops", "attempts", "timeout")

if __name__ == "__main__":
    main()
