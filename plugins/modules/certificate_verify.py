#!/usr/bin/python
# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: certificate_verify
short_description: Look at certificates as servers show them, from a host
version_added: 0.1.0
description:
  - Connects to many servers at a time and compares the certificate that each shows with what it is to be, names, uses,
    dates, key, chain and revocation lists, as a peer on this host sees them.
  - It speaks to each twice, as somebody who trusts everything and as a peer who does not, so that a certificate that is
    refused is still told in full.
  - With O(slice) the checks are those that the plan expects of the host, an address and port for each flow with TLS
    that it opens, and what was issued according to the folder of keys on the controller. Where the flow is mutual the
    host shows its own installed certificate, and the other end judges it; run on all hosts, each pair is seen from both
    ends. Certificates that are not issued yet are in C(would_need) and not looked at.
  - It changes nothing.
author:
  - The OpenUC contributors (@openuc)
requirements:
  - cryptography >= 38, on the host
extends_documentation_fragment:
  - openuc.ocs.mechanism.sliced
options:
  checks:
    description:
      - A list of mappings, a server each. Needed are C(id), C(address) and C(port). O(slice) takes its place.
      - C(source_address) is an address of the host to connect from.
      - C(server_name) is asked for in the handshake; C(address) when that is a name and it is left out.
      - C(names) must all be covered by alternative names, C(eku) is a list of V(server) and V(client).
      - C(sha256) lists digests of certificates, one of which must be shown; C(key_sha256) is that of a public key.
      - C(trust), a PEM file on the host or a name in O(roots), holds roots. With it the chain that the server shows
        must lead to one of them.
      - C(client_certificate) and C(client_key), files on the host, are shown to the server.
      - C(revocation) has the lists of the whole chain fetched from this host. It needs C(trust).
      - C(least_days) are the days that must be left. Checks with the same C(same_key) must show the same key.
      - C(starttls) V(xmpp) begins without TLS, as XMPP does. C(legacy) allows the versions and ciphers of old servers.
    type: raw
    default: []
  roots:
    description: Root certificates in PEM by the name that C(trust) of a check gives.
    type: dict
    default: {}
  pki:
    description: Folder of keys and certificates on the controller; C(pki) beside the plan when left out. With O(slice).
    type: path
  folder:
    description: Folder of installed certificates on the host, where those are that it shows itself. With O(slice).
    type: path
    default: /etc/openuc/certificates
  only:
    description: Ids of certificates; no others are looked at. With O(slice).
    type: list
    elements: str
    default: []
  hosts:
    description: Hosts that are looked at, all when left out; a balanced address is that of its balancer. With O(slice).
    type: list
    elements: str
  tolerated:
    description:
      - By V(internal) and V(public) issuer, what its certificates may lack, a list of V(name), V(eku) and V(crl), as
        with M(openuc.ocs.certificate_issue). With O(slice).
    type: dict
    default: {}
  legacy:
    description: Whether the versions and ciphers of old servers are allowed in all checks of O(slice).
    type: bool
    default: false
  least_days:
    description: Days that must be left in all checks of O(slice).
    type: int
    default: 0
  timeout:
    description: Seconds for a connection.
    type: float
    default: 5.0
  at_once:
    description: How many servers are looked at at a time.
    type: int
    default: 50
  report_only:
    description: Whether the task succeeds although something is wrong.
    type: bool
    default: false
attributes:
  check_mode:
    description: It changes nothing.
    support: full
seealso:
  - module: openuc.ocs.certificate_install
  - module: openuc.ocs.probe
"""

EXAMPLES = r"""
- name: What the plan expects on the wire, as each host sees it
  openuc.ocs.certificate_verify:
    slice: "inventories/lab.estate/intended/slices/certificate_verify/{{ inventory_hostname }}.json"
    tolerated:
      public: [crl]

- name: One Front End Server looks at another, as its peer
  vars:
    held: /etc/openuc/certificates/ocs2007r2.certificate.enterprise-consolidated@pool1.corp.contoso.com
  openuc.ocs.certificate_verify:
    checks:
      - id: fe2
        address: 10.20.0.12
        port: 5061
        names: [pool1.corp.contoso.com]
        eku: [server]
        trust: "{{ held }}/trust.pem"
        client_certificate: "{{ held }}/certificate.pem"
        client_key: "{{ held }}/key.pem"
        revocation: true
        least_days: 14
"""

RETURN = r"""
lacks_library:
  description: Whether the host has no C(cryptography).
  returned: failure
  type: bool
wrong:
  description: What is wrong, a line each.
  returned: always
  type: list
  elements: str
would_need:
  description: With O(slice), ids of certificates that are not issued yet; what would show them is not looked at.
  returned: success
  type: list
  elements: str
results:
  description: What each server showed, in the order of O(checks).
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: Of the check.
      type: str
    wrong:
      description:
        - What is wrong, in words, by V(connection), V(name), V(eku), V(date), V(other), V(key), V(chain), V(peer),
          V(revocation) or V(same_key).
        - V(peer) is a server that ends the connection when it is shown our certificate.
      type: dict
    days_left:
      description: Whole days until it ends.
      type: int
    sha256:
      description: Digest of the certificate.
      type: str
    key_sha256:
      description: Digest of its public key.
      type: str
"""

import datetime

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.pki import library, telling, wire
from ..module_utils.shell import options_of
from ..module_utils.specs import CERTIFICATE_VERIFY


def main() -> None:
    module = AnsibleModule(argument_spec=CERTIFICATE_VERIFY, supports_check_mode=True)
    options = options_of(module)
    problem = library.problem()
    if problem:
        module.fail_json(msg=problem, lacks_library=True)
    checks, problems = wire.decode(options["checks"], options["roots"])
    for name in ("timeout", "at_once"):
        if options[name] <= 0:
            problems.append(f"{name}: expected more than 0, got {options[name]}")
    if problems:
        module.fail_json(msg=telling.failure(problems))
    now = datetime.datetime.now(datetime.timezone.utc)
    seen = wire.look_at_all(checks, options["timeout"], options["at_once"], now)
    wrong = [f"{one.id}: {what}: {words}" for one in seen for what, words in one.wrong.items()]
    found = {"wrong": wrong, "results": [one.shown() for one in seen]}
    if wrong and not options["report_only"]:
        module.fail_json(msg=telling.failure(wrong), **found)
    module.exit_json(changed=False, **found)


if __name__ == "__main__":
    main()
