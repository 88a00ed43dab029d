#!/usr/bin/python
# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: certificate_request
short_description: Make keys and certificate signing requests as they are planned
version_added: 0.1.0
description:
  - Makes a private key and a signing request for each item of a list, in one folder, and tells how each certificate
    stands. All keys of a task are made together, on all cores.
  - A key that is there is never replaced unless O(regenerate) says so. A request that says something else than is
    wanted is made anew for the same key.
  - Keys are readable by their owner only, written whole or not at all, and appear in no result, difference or log.
  - It runs where the keys are kept, which is the controller. M(openuc.ocs.certificate_issue) makes certificates of
    the requests, and M(openuc.ocs.certificate_install) brings them to the hosts that show them.
author:
  - The OpenUC contributors (@openuc)
extends_documentation_fragment:
  - openuc.ocs.certificates
  - openuc.ocs.mechanism
  - openuc.ocs.mechanism.limits
  - openuc.ocs.mechanism.rendered
  - openuc.ocs.mechanism.sliced
options:
  state:
    description:
      - V(replaced) makes keys and requests as they are listed; others stay.
      - V(overridden) does that and removes those that were made for the same O(issuer) and are no longer listed.
      - V(deleted) removes keys, requests and certificates of the listed ids.
      - V(gathered) returns what the folder holds for O(issuer), as O(requests) takes it.
      - V(rendered) returns texts for who requests on Windows, a C(certreq) policy file and the command lines around it,
        and the signing request where it is there. It changes nothing.
      - V(parsed) returns what stands on the certificates or the request of O(text).
      - V(restored) puts back what the run O(run) found.
    type: str
    choices: [replaced, overridden, deleted, gathered, rendered, parsed, restored]
    default: replaced
  regenerate:
    description:
      - What happens to a key that is of another kind than wanted, or unusable. V(never) keeps it and tells,
        V(fail) fails, V(partial_idempotence) replaces usable keys of another kind, V(full_idempotence) all.
      - The certificate of a key that is replaced goes with it; V(restored) brings both back.
    type: str
    choices: [never, fail, partial_idempotence, full_idempotence]
    default: fail
  renew_days:
    description: Certificates with fewer days left are told to be expiring.
    type: int
    default: 30
  text:
    description: Certificates or a signing request in PEM, for V(parsed).
    type: str
attributes:
  diff_mode:
    description: Shows names and kinds of keys, never PEM.
notes:
  - The last ten runs are kept in C(journal) within O(folder), keys included, for V(restored).
seealso:
  - module: openuc.ocs.certificate_issue
  - module: openuc.ocs.certificate_install
"""

EXAMPLES = r"""
- name: Keys and requests for what the internal authority issues
  openuc.ocs.certificate_request:
    slice: inventories/lab.estate/intended/slices/certificate_request/internal.json
  delegate_to: localhost
  run_once: true

- name: How all certificates stand
  openuc.ocs.certificate_request:
    state: gathered
    issuer: internal
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
  description: What is in the folder and was not made by this module.
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
gathered:
  description: Requests as O(requests) takes them.
  returned: with O(state=gathered)
  type: list
  elements: dict
report:
  description: A line for each certificate with the days that are left, those that are wrong or end first before others.
  returned: with O(state=gathered)
  type: list
  elements: str
rendered:
  description: Text by file name.
  returned: with O(state=rendered)
  type: dict
parsed:
  description: What stands on each certificate, or on the request.
  returned: with O(state=parsed)
  type: list
  elements: dict
"""

import datetime
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.contract import result
from ..module_utils.limits import limit_problems, limits_of
from ..module_utils.pki import issuers, library, model, requesting, telling
from ..module_utils.pki.files import PROBLEMS, UnknownRunError
from ..module_utils.rendered import written
from ..module_utils.shell import finish, options_of
from ..module_utils.specs import CERTIFICATE_REQUEST

_NEEDS = {"rendered": (), "parsed": ("text",), "restored": ("folder", "run")}


def main() -> None:
    module = AnsibleModule(argument_spec=CERTIFICATE_REQUEST, supports_check_mode=True)
    options = options_of(module)
    problem = library.problem()
    if problem:
        module.fail_json(msg=problem)
    wanted, problems = _wanted(options)
    if problems:
        module.fail_json(msg=telling.failure(problems))
    state = options["state"]
    try:
        if state == "parsed":
            module.exit_json(**result([]), parsed=requesting.parse(options["text"]))
        if state == "rendered":
            texts = issuers.rendered(wanted, options["folder"] or "", "", "")
            finish(module, {**written(options["rendered_dir"], texts, module.check_mode), "rendered": texts})
        outcome = requesting.run(_options(options), wanted, _now(), check=module.check_mode)
        found = telling.told(
            outcome.operations,
            outcome.statuses,
            foreign=outcome.foreign,
            run=outcome.run,
            folder=options["folder"],
            check=module.check_mode,
        )
    except PROBLEMS as error:
        module.fail_json(msg=str(error), unknown_run=isinstance(error, UnknownRunError))
    except ValueError as error:
        module.fail_json(msg=f"text: {error}")
    if outcome.problems:
        module.fail_json(msg=telling.failure(outcome.problems), **found)
    for warning in telling.warnings_of(outcome.statuses, options["renew_days"]):
        module.warn(warning)
    more = {}
    if state == "gathered":
        more = {"gathered": list(outcome.gathered), "report": telling.report(outcome.statuses)}
    module.exit_json(**found, **more)


def _wanted(options: dict[str, Any]) -> tuple[list[model.Request], list[str]]:
    problems = telling.options_problems(options, needs=_NEEDS.get(options["state"], ("folder", "issuer")))
    items, unknown = requesting.picked(options["requests"], options["only"])
    wanted, wrong = model.decode(items, options["organisation"], options["country"])
    return wanted, [*problems, *limit_problems(options), *unknown, *wrong]


def _options(options: dict[str, Any]) -> requesting.Options:
    return requesting.Options(
        folder=options["folder"],
        state=options["state"],
        issuer=options["issuer"] or "",
        regenerate=options["regenerate"],
        renew_days=options["renew_days"],
        tolerated=tuple(options["tolerated"]),
        run=options["run"] or "",
        limits=limits_of(options),
    )


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)


if __name__ == "__main__":
    main()
