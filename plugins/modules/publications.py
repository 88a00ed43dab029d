#!/usr/bin/python
# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: publications
short_description: Keep what a reverse proxy publishes as it is planned
version_added: 0.1.0
description:
  - Makes a host with HAProxy let in the listed names and paths, and nothing else, with one read, one comparison and one
    swap of a file of its own. HAProxy itself checks the new file first, takes over without ending a connection, and is
    asked afterwards whether it runs with it. If it does not, the file of before comes back.
  - HAProxy reads certificates when it loads its files. Where one of those that are named was renewed, it loads them
    anew.
  - The administrator's own file and sections of HAProxy are left alone.
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
      - V(merged) and V(replaced) make each listed publication as it is listed; other publications of ours stay.
      - V(overridden) does that and removes those of ours that are not listed.
      - V(deleted) removes the listed publications, or all of ours where O(publications) is left out.
      - V(gathered) returns what is ours as O(publications) takes it.
      - V(rendered) returns the file as text, V(parsed) the publications of O(text). Neither looks at the host.
      - V(restored) puts back what the run O(run) found.
    type: str
    choices: [merged, replaced, overridden, deleted, gathered, rendered, parsed, restored]
    default: replaced
  publications:
    description:
      - A list of mappings, a name each.
      - C(name) and C(aliases), under which clients ask, at C(address) and C(port) of this host.
      - C(certificates), files on this host with a certificate and its key each. A port for which there are none speaks
        no TLS.
      - C(allowed), the paths that are let in. One that ends with C(/*) stands for all below it.
      - C(backend), the name of the server, C(backend_addresses) and C(backend_port), and C(backend_tls), V(true) when
        left out. Its certificate is verified against its name.
      - C(host_header) is V(original) where the server is to see the name that the client asked for.
      - C(idle_seconds) after which a connection to the server ends.
      - C(id), C(stage), C(why) and C(replaces) come from a plan.
    type: raw
    default: []
  text:
    description: What HAProxy's file of ours holds, for O(state=parsed).
    type: str
  config:
    description: HAProxy's file of ours.
    type: path
    default: /etc/haproxy/openuc-publications.cfg
  journal_dir:
    description: Folder on the host for what each of the last ten runs found.
    type: path
    default: /var/lib/openuc/publications
notes:
  - A host whose HAProxy balances services of M(openuc.ocs.load_balancer) is refused.
attributes:
  check_mode:
    description: Reads and compares as ever, and writes nothing. What is not there yet is told in RV(would_need).
  diff_mode:
    description: Shows publications before and after.
seealso:
  - module: openuc.ocs.load_balancer
  - module: openuc.ocs.certificate_install
"""

EXAMPLES = r"""
- name: See what would change on a reverse proxy of the plan
  openuc.ocs.publications:
    slice: "{{ inventory_dir }}.estate/intended/slices/publications/{{ inventory_hostname }}.json"
  check_mode: true
  diff: true

- name: Publish a site without a plan, and nothing else
  openuc.ocs.publications:
    state: overridden
    publications:
      - id: site
        stage: external_access
        why: []
        name: im.contoso.com
        address: 203.0.113.33
        port: "443"
        certificates: [/etc/ssl/private/im.contoso.com.pem]
        backend: im.corp.contoso.com
        backend_addresses: [10.20.0.19]
        backend_port: "443"
        allowed: [/*]
  register: published

- name: Undo that
  openuc.ocs.publications:
    state: restored
    run: "{{ published.undo_id }}"
"""

RETURN = r"""
operations:
  description: At most 100 changes, made or in check mode to be made; all of them stand in the file C(details).
  returned: success
  type: list
  elements: dict
  sample:
    - action: add
      name: publication im.contoso.com:443
      before: ""
      after: im.contoso.com at 203.0.113.33; /* to im.corp.contoso.com (10.20.0.19:443); without TLS
      why: ""
summary:
  description: How many changes there are of each kind.
  returned: success
  type: str
  sample: 1 to add
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
  description: C(publications), as the option takes them.
  returned: with O(state=gathered)
  type: dict
parsed:
  description: Publications as O(publications) takes them.
  returned: with O(state=parsed)
  type: list
  elements: dict
rendered:
  description: Text by file name.
  returned: with O(state=rendered)
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.publishing import engine
from ..module_utils.shell import finish, options_of
from ..module_utils.specs_haproxy import PUBLICATIONS


def main() -> None:
    module = AnsibleModule(argument_spec=PUBLICATIONS, supports_check_mode=True)
    finish(module, engine.run(options_of(module), module.check_mode))


if __name__ == "__main__":
    main()
