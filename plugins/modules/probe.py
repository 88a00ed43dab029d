#!/usr/bin/python
# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: probe
short_description: Try many connections, handshakes, datagrams and DNS questions from a host
version_added: 0.1.0
description:
  - Tries a batch of probes from the host it runs on, many at a time, and tells for each what it came to. Open, slow,
    refused, filtered and unreachable ports, untrusted, ended and wrongly named certificates, and the answers of DNS
    servers are told apart.
  - A probe that fails is a result and no error. The module fails only when its options are wrong, and then names
    everything that is wrong with them.
  - It changes nothing, neither on the host nor on what is probed, beyond what any connection does.
author:
  - The OpenUC contributors (@openuc)
extends_documentation_fragment:
  - openuc.ocs.mechanism.sliced
  - openuc.ocs.observing
options:
  probes:
    description:
      - A list of mappings. It may be thousands long.
      - Every probe has C(id), which is its own, C(protocol), one of V(tcp), V(tls), V(udp), V(dns), V(sip), V(stun),
        V(xmpp), V(https), V(ldap) and V(discovery), C(address), an IP address or a name, for V(dns) and V(discovery)
        the DNS server's, and C(port), which for these two may be left out.
      - Every probe may have C(resolver), the address of the DNS server that is asked for C(address) in place of the
        host's own resolver, C(source_address), C(source_port), C(timeout) in seconds, 4 when left out,
        C(slow_after), the seconds after which an answer is called slow, and C(expect).
      - C(expect) is an outcome or a list of outcomes, any of which is right. V(passed) stands for all outcomes that
        show that the way there is open, whatever is at its end, V(served) for those that show that something listens
        there too, V(blocked) for V(filtered), V(unreachable) and
        V(no_answer). Where it is left out, a probe that tells what the answer must hold, by C(values), C(names),
        C(mapped) or C(statuses), expects just that, and of any other nothing is expected.
      - A V(tls) probe may have C(server_name), which is C(address) when that is a name and left out, C(names) that
        must all stand on the certificate themselves, C(trust), the path of a PEM file on the host or PEM text, the
        host's own authorities when left out, C(verify), V(false) to accept any certificate, C(client_certificate)
        and C(client_key), paths on the host, and C(minimum_version), one of V(1.0), V(1.1), V(1.2) and V(1.3), V(1.2)
        when left out. The older two also allow the ciphers and keys of their time.
      - A V(udp) probe has either C(payload), text, or C(payload_hex), and may have C(tries), how often it is sent
        within the timeout while nothing comes back, 2 when left out.
      - A V(dns) probe has C(name) and C(type), one of V(A), V(AAAA), V(CNAME), V(MX), V(NS), V(PTR), V(SOA), V(SRV)
        and V(TXT), and may have C(transport), V(udp) or V(tcp), C(values), exactly those expected, in any order, and
        C(tries).
      - A V(sip) probe has C(domain), which it asks for its OPTIONS, and a V(https) probe may have C(path), C(host), the
        name in its request, and C(statuses), the codes that are right. Both may have the options of V(tls), and
        C(transport), V(tls), or V(tcp) to speak without TLS.
      - An V(xmpp) probe has C(domain), for which it opens a stream as servers do, and may have C(origin), the domain it
        says it is of. An V(ldap) probe asks the directory who it is.
      - A V(discovery) probe finds a SIP server as clients do. It has C(domain) and C(attempts), a list of mappings with
        C(name), C(type), V(SRV) or V(A), for V(A) C(port), and C(transport), V(tls), V(mtls) or V(tcp). The first name
        that leads to a server that answers is taken. With C(strict), which is true when left out, an SRV record that
        leads out of the domain is not followed. It may have the options of V(tls).
      - A V(stun) probe may have C(transport), V(udp) or V(tcp), C(mapped), the address that it is expected to be seen
        as, and C(tries).
      - With O(slice) the probes come from there.
    type: raw
  most_shown:
    description: How many results are returned at most; those that were not as expected come first.
    type: int
    default: 100
  defaults:
    description: Options of probes that apply to each probe whose protocol has them, unless it has its own.
    type: dict
    default: {}
  at_once:
    description:
      - How many probes may be under way at a time. It is lowered to what the host's limit of open files allows.
    type: int
    default: 500
  time_limit:
    description: Seconds after which probes that are not done get the outcome V(not_run).
    type: int
    default: 600
  results_file:
    description:
      - File on the host for the results of all probes, one JSON object a line in the order of the probes. Its folder
        must exist. Only its owner can read it. In check mode it is not written.
    type: path
requirements:
  - cryptography >= 38 on the host, for all facts of certificates. Without it the key, the extended key usages, and
    for certificates that are not trusted all but the fingerprint, are missing.
attributes:
  check_mode:
    support: full
    description: Probes change nothing and are tried in check mode too; only O(results_file) is not written.
seealso:
  - module: ansible.builtin.wait_for
"""

EXAMPLES = r"""
- name: See what a client reaches
  openuc.ocs.probe:
    defaults:
      timeout: 3
      trust: /etc/ssl/certs/corp.pem
    probes:
      - id: sign-in
        protocol: tls
        address: pool1.corp.contoso.com
        port: 5061
        names: [pool1.corp.contoso.com, sip.contoso.com]
        slow_after: 0.5
        expect: open
      - id: sql-from-clients
        protocol: tcp
        address: 10.20.0.30
        port: 1433
        expect: blocked
      - id: media
        protocol: udp
        address: 10.30.0.21
        port: 3478
        source_port: 50040
        payload_hex: 0001 0000 2112a442 000102030405060708090a0b
        expect: open
      - id: discovery
        protocol: dns
        address: 10.20.0.2
        name: _sipinternaltls._tcp.contoso.com
        type: SRV
        values: [0 0 5061 sip.contoso.com]
        expect: answer
  register: seen
  failed_when: seen is failed or seen.counts.unmet > 0
"""

RETURN = r"""
counts:
  description: How many probes there were, how many came to what was expected of them, and how many to each outcome.
  returned: success
  type: dict
  sample: {"probes": 4, "met": 3, "unmet": 1, "outcomes": {"open": 2, "filtered": 1, "nxdomain": 1}}
results:
  description:
    - The results of at most O(most_shown) probes, in their order; when there are more, those that were not as expected
      first.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Of the probe.
      type: str
    protocol:
      description: Of the probe.
      type: str
    address:
      description: The address that was tried; the name, where it has none.
      type: str
    port:
      description: Of the probe.
      type: int
    outcome:
      description:
        - What it came to.
        - Of connections V(open), V(slow), V(refused), V(filtered), V(unreachable), V(unresolved).
        - Of certificates V(untrusted), V(wrong_name), V(expired), V(not_yet_valid), and V(tls_failed), V(silent).
        - Of datagrams V(no_answer).
        - Of DNS V(answer), V(wrong_answer), V(nxdomain), V(no_data), V(servfail), V(query_refused), V(bad_answer).
        - V(not_run) when it could not be tried.
      type: str
    met:
      description: Whether that was expected; null when nothing was.
      type: bool
    milliseconds:
      description: Until the answer; null when there was none.
      type: float
    detail:
      description: What is known beyond the outcome, in words.
      type: str
    facts:
      description:
        - C(icmp), type, code and sender of the message that said so.
        - C(tls), version and cipher. C(certificate), C(subject), C(issuer), C(serial), C(not_before), C(not_after),
          C(sans), C(eku), C(crl), C(key) with kind and bits, C(sha256), and C(missing), which of these are not known
          and why.
        - C(reply) and C(reply_bytes), the beginning and the length of a datagram that came back.
        - C(code), C(authoritative), C(values), C(ttl), C(aliases) of a DNS answer.
      type: dict
results_file:
  description: The file with all results; null when there is none.
  returned: success
  type: str
"""

import json
import os
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.files import FileError, write_whole
from ..module_utils.items import refused
from ..module_utils.probing import batch, specification
from ..module_utils.specs import PROBE


def main() -> None:
    module = AnsibleModule(argument_spec=PROBE, supports_check_mode=True)
    options = module.params
    probes, problems = specification.decode(options["probes"] or [], options["defaults"])
    if options["probes"] is None:
        problems.append("probes: is missing; give probes, or a slice")
    problems += _problems(options)
    if problems:
        module.fail_json(msg=refused(problems, "nothing was probed"))
    results = batch.run(probes, options["at_once"], options["time_limit"])
    path = None if module.check_mode else options["results_file"]
    if path:
        try:
            write_whole(Path(path), "".join(json.dumps(each.shown()) + "\n" for each in results).encode())
        except FileError as error:
            module.fail_json(msg=f"results_file: {error}", counts=batch.counts(results))
    module.exit_json(
        changed=False,
        counts=batch.counts(results),
        results=batch.shown(results, options["most_shown"]),
        results_file=path,
    )


def _problems(options: dict[str, Any]) -> list[str]:
    found = [
        f"{name}: expected 1 or more, got {options[name]}"
        for name in ("at_once", "time_limit", "most_shown")
        if options[name] < 1
    ]
    path = options["results_file"]
    folder = os.path.dirname(os.path.abspath(path)) if path else None
    if folder and not os.path.isdir(folder):
        found.append(f"results_file: there is no folder {folder} on this host; make it first")
    return found


if __name__ == "__main__":
    main()
