#!/usr/bin/python
# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: certificate_issue
short_description: Have certificates issued for requests, by an authority made here, by ACME, or by hand
version_added: 0.1.0
description:
  - Brings a certificate to each request that M(openuc.ocs.certificate_request) made, and renews those that end soon,
    were revoked, or say something else than is wanted.
  - O(authority=internal) is a root and an issuing authority in O(folder), for labs and small estates. It publishes
    revocation lists as files for any web server, and its root key can be kept elsewhere.
  - O(authority=acme) orders from an ACME server (RFC 8555). Orders that are under way are noted, so that a task that
    was stopped is gone on with. Where the server offers renewal information (RFC 9773) it says when to renew.
  - O(authority=returned) accepts what any other authority sent back as files, among them Active Directory
    Certificate Services. Until then it tells what is waited for.
  - Whatever comes from an authority is compared with the request, key, names, uses, dates, chain and distribution
    point, before it is accepted. What is not right is told and overwrites nothing.
author:
  - The OpenUC contributors (@openuc)
extends_documentation_fragment:
  - openuc.ocs.certificates
  - openuc.ocs.mechanism
  - openuc.ocs.mechanism.rendered
  - openuc.ocs.mechanism.sliced
options:
  state:
    description:
      - V(replaced) has issued what is missing, ends soon, or is wrong.
      - V(deleted) takes certificates of the listed ids away; those of O(authority=internal) are revoked.
      - V(gathered) tells how all stand.
      - V(rendered) returns texts for who asks an authority by hand, signing requests and command lines for C(certreq).
      - V(restored) puts back what the run O(run) found.
    type: str
    choices: [replaced, deleted, gathered, rendered, restored]
    default: replaced
  authority:
    description: Who issues.
    type: str
    choices: [internal, acme, returned]
    default: internal
  renew_days:
    description: Certificates with fewer days left are renewed.
    type: int
    default: 30
  name:
    description: Name of the authority that is made here, in its subject.
    type: str
    default: OpenUC
  url:
    description:
      - Where hosts fetch what is in C(published) of O(folder), over plain HTTP, such as C(http://pki.example.com).
      - Needed with O(authority=internal); it stands on the certificates.
    type: str
    default: ''
  days:
    description: How long certificates of O(authority=internal) are good.
    type: int
    default: 365
  crl_days:
    description:
      - How long a revocation list of the issuing authority is good. It is signed anew after half of that by any run.
      - That of the root is good for a year at least, since its key may be elsewhere.
    type: int
    default: 7
  authority_key:
    description: Kind of the keys of O(authority=internal) when it is made, such as V(rsa3072) or V(ecdsa384).
    type: str
    default: rsa2048
  revoke:
    description: Serial numbers, in hexadecimal, to be revoked by O(authority=internal).
    type: list
    elements: str
    default: []
  reason:
    description: Why they are revoked.
    type: str
    choices: [unspecified, key_compromise, affiliation_changed, superseded, cessation_of_operation]
    default: unspecified
  returned:
    description:
      - Folder of what authorities sent back, PEM, DER or PKCS#7. When left out, C(returned) in O(folder).
      - A file has the name of the id, with C(:) and C(@) as underscores, and ends in C(.cer), C(.crt), C(.pem),
        C(.p7b), C(.p7c) or C(.der).
    type: path
  trust:
    description:
      - File of root certificates in PEM that chains must end in. Needed with O(authority=returned).
      - With O(authority=acme), when left out, what the system trusts.
    type: path
  ca_config:
    description: For V(rendered), what C(certreq -config) is given, such as C(ca1.example.com\Example Issuing CA).
    type: str
    default: ''
  template:
    description: For V(rendered), name of the certificate template.
    type: str
    default: ''
  directory:
    description: Address of the ACME server's directory.
    type: str
    default: ''
  directory_trust:
    description: File of authorities in PEM that vouch for the ACME server itself; those of the system when left out.
    type: path
  contacts:
    description: Mail addresses of the account at the ACME server.
    type: list
    elements: str
    default: []
  terms_agreed:
    description: Whether somebody read the terms of service of the ACME server and agrees to them.
    type: bool
    default: false
  challenge:
    description:
      - How names are proved. V(dns-01) by records in the DNS, written and removed by M(openuc.ocs.dns_records) where
        O(dns) names zones. V(http-01) by files that a web server at each name shows.
    type: str
    choices: [dns-01, http-01]
    default: dns-01
  challenge_dir:
    description:
      - Folder for the files of V(http-01), which a web server shows below C(/.well-known/acme-challenge/). When left
        out, C(challenges) in O(folder).
    type: path
  dns:
    description:
      - Slices of the plan, folders of such, or mappings with C(server), C(zone), C(view), C(key_name) and C(port), of
        the zones in which records of V(dns-01) are written. Of folders those of the external view are taken.
      - The longest zone that a name is in gets its record.
    type: list
    elements: raw
  dns_keys:
    description: Keys of these zones as M(openuc.ocs.dns_records) takes them.
    type: dict
  dns_key_file:
    description: File of keys of these zones as M(openuc.ocs.dns_records) takes it.
    type: path
  phase:
    description:
      - V(order) orders and returns C(challenges); V(finish) goes on when they are met; V(all) does both, with the
        records of O(dns) or the files of O(challenge_dir) in between.
    type: str
    choices: [order, finish, all]
    default: all
  timeout:
    description: Seconds to wait for an ACME server to prove a name, and to issue.
    type: int
    default: 60
attributes:
  check_mode:
    description: Tells what would be done, also for keys that are not made yet.
  diff_mode:
    description: Shows serial numbers and dates, never PEM.
seealso:
  - module: openuc.ocs.certificate_request
  - module: openuc.ocs.certificate_install
"""

EXAMPLES = r"""
- name: Certificates of an authority of our own
  openuc.ocs.certificate_issue:
    slice: inventories/lab.estate/intended/slices/certificate_request/internal.json
    name: Contoso
    url: http://pki.contoso.com
  delegate_to: localhost
  run_once: true

- name: Certificates of a public authority, proved by records in the zones of the estate
  openuc.ocs.certificate_issue:
    slice: inventories/lab.estate/intended/slices/certificate_request/public.json
    authority: acme
    directory: https://acme.example.net/dir
    contacts: [hostmaster@contoso.com]
    terms_agreed: true
    dns: [inventories/lab.estate/intended/slices/dns_records]
    dns_key_file: /etc/openuc/tsig.key
  delegate_to: localhost
  run_once: true

- name: What the enterprise authority sent back
  openuc.ocs.certificate_issue:
    slice: inventories/lab.estate/intended/slices/certificate_request/internal.json
    authority: returned
    returned: from-the-authority
    trust: from-the-authority/root.pem
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
operations:
  description: What was done, or would be, each with C(action), C(name), C(before), C(after) and C(why).
  returned: success
  type: list
  elements: dict
summary:
  description: How many things are added, changed and removed.
  returned: success
  type: str
foreign:
  description: Nothing; it is there since all modules of mechanisms have it.
  returned: success
  type: list
  elements: str
undo_id:
  description: The run to name for V(restored); empty when nothing was changed.
  returned: success
  type: str
details:
  description: File with how all certificates stand, when they are more than are shown.
  returned: success
  type: str
counts:
  description: How many certificates stand how.
  returned: success
  type: dict
unknown_run:
  description: Whether it failed because nothing is kept under the name of O(run).
  returned: failure
  type: bool
certificates:
  description: How each certificate stands, those that are wrong or end first before others; 100 at most.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Of the request.
      type: str
    state:
      description: V(missing), V(requested), V(issued), V(expiring) or V(wrong).
      type: str
    wrong:
      description: What is wrong, by V(key), V(name), V(eku), V(chain), V(crl), V(date) or V(certificate), in words.
      type: dict
    days_left:
      description: Whole days until it ends; null when there is none.
      type: int
    key_sha256:
      description: Digest of the public key, the same on every host that holds it.
      type: str
    sha256:
      description: Digest of the certificate; empty when there is none.
      type: str
    hosts:
      description: Who holds it.
      type: list
      elements: str
would_need:
  description: In check mode, ids whose keys and requests another task would make first.
  returned: success
  type: list
  elements: str
waiting:
  description: Ids for which nothing came back yet, or whose order waits for its challenges.
  returned: success
  type: list
  elements: str
published:
  description: Folder with the revocation lists and certificates of O(authority=internal), for a web server.
  returned: success
  type: str
challenges:
  description:
    - What has to be met before O(phase=finish). Each has C(name), C(type), C(token) and C(value), and C(record) for
      V(dns-01) or C(path) for V(http-01). None of it is secret.
  returned: with O(phase=order)
  type: list
  elements: dict
rendered:
  description: Text by file name.
  returned: with O(state=rendered)
  type: dict
"""

import datetime
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.pki import issuers, issuing, library, model, requesting, telling
from ..module_utils.pki.authority import Profile
from ..module_utils.pki.files import PROBLEMS, UnknownRunError
from ..module_utils.pki.model import KEY_BITS, key_of
from ..module_utils.rendered import written
from ..module_utils.shell import finish, options_of
from ..module_utils.specs import CERTIFICATE_ISSUE


def main() -> None:
    module = AnsibleModule(argument_spec=CERTIFICATE_ISSUE, supports_check_mode=True)
    options = options_of(module)
    problem = library.problem()
    if problem:
        module.fail_json(msg=problem)
    items, problems = requesting.picked(options["requests"], options["only"])
    wanted, wrong = model.decode(items, options["organisation"], options["country"])
    problems = [*_problems(options), *problems, *wrong]
    if problems:
        module.fail_json(msg=telling.failure(problems))
    try:
        if options["state"] == "rendered":
            texts = issuers.rendered(wanted, options["folder"] or "", options["ca_config"], options["template"])
            finish(module, {**written(options["rendered_dir"], texts, module.check_mode), "rendered": texts})
        outcome = issuers.run(_options(options), wanted, _now(), check=module.check_mode)
        found = telling.told(
            outcome.operations,
            outcome.statuses,
            run=outcome.run,
            folder=options["folder"],
            check=module.check_mode,
        )
    except PROBLEMS as error:
        module.fail_json(msg=str(error), unknown_run=isinstance(error, UnknownRunError))
    found.update(
        would_need=list(outcome.would_need),
        waiting=list(outcome.waiting),
        challenges=[dict(each) for each in outcome.challenges],
        published=str(Path(options["folder"]) / "published") if options["authority"] == "internal" else "",
    )
    if outcome.problems:
        module.fail_json(msg=telling.failure(outcome.problems), **found)
    module.exit_json(**found)


def _problems(options: dict[str, Any]) -> list[str]:
    state, authority = options["state"], options["authority"]
    needs = [] if state == "rendered" else ["folder"]
    if state == "restored":
        needs.append("run")
    if state == "replaced" and authority in {"internal", "acme"}:
        needs.append({"internal": "url", "acme": "directory"}[authority])
    problems = telling.options_problems(options, needs=needs)
    algorithm, bits = key_of(options["authority_key"])
    if bits not in KEY_BITS.get(algorithm, ()):
        allowed = ", ".join(f"{name}{size}" for name in ("rsa", "ecdsa") for size in KEY_BITS[name])
        problems.append(f"authority_key: {options['authority_key']!r} is none of {allowed}")
    return problems


def _options(options: dict[str, Any]) -> issuing.Options:
    algorithm, bits = key_of(options["authority_key"])
    return issuing.Options(
        folder=options["folder"],
        state=options["state"],
        authority=options["authority"],
        profile=Profile(
            name=options["name"],
            url=options["url"].rstrip("/"),
            days=options["days"],
            crl_days=options["crl_days"],
            algorithm=algorithm,
            bits=bits,
        ),
        revoke=tuple(options["revoke"]),
        reason=options["reason"],
        renew_days=options["renew_days"],
        tolerated=tuple(options["tolerated"]),
        run=options["run"] or "",
        returned=options["returned"] or "",
        trust=options["trust"] or "",
        acme=issuing.AcmeOptions(
            directory=options["directory"],
            directory_trust=options["directory_trust"] or "",
            contacts=tuple(options["contacts"]),
            terms_agreed=options["terms_agreed"],
            challenge=options["challenge"],
            challenge_dir=options["challenge_dir"] or "",
            phase=options["phase"],
            timeout=options["timeout"],
        ),
    )


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)


if __name__ == "__main__":
    main()
