#!/usr/bin/python
# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: certificate_install
short_description: Bring keys and certificates to the hosts that show them
version_added: 0.1.0
description:
  - Brings to a host what it holds of the certificates of a plan, out of the folder that
    M(openuc.ocs.certificate_request) and M(openuc.ocs.certificate_issue) keep on the controller.
  - What the host holds is compared by digests first, so that no key travels without need. Keys travel encrypted, as
    PKCS#12 with a passphrase made for the one journey.
  - For each certificate C(folder/id) leads to a folder with C(certificate.pem), the certificate with its chain,
    C(key.pem), C(combined.pem), both of them in one file, and C(trust.pem), the roots that its peers are judged by. The
    link is swapped in one step, so that no server sees a key beside a certificate that is not its own. What was there
    before stays, five sets of each, and V(restored) leads back to it.
  - Intermediate authorities are shown with the certificate, and are never among the roots.
  - For hosts that no task connects to, such as Windows servers, nothing is done, and O(state=rendered) writes PKCS#12
    files and a script of C(certutil) lines into O(handover) on the controller.
author:
  - The OpenUC contributors (@openuc)
extends_documentation_fragment:
  - openuc.ocs.mechanism
  - openuc.ocs.mechanism.limits
  - openuc.ocs.mechanism.sliced
requirements:
  - cryptography >= 38, on the controller and on the host
options:
  state:
    description:
      - V(replaced) installs what is listed; what else is there stays.
      - V(overridden) does that and removes what this module installed and is no longer listed.
      - V(deleted) removes what is listed.
      - V(gathered) tells what is installed.
      - V(rendered) writes what a person takes to a Windows server into O(handover). It connects to no host.
      - V(restored) leads back to what the run O(run) found.
    type: str
    choices: [replaced, overridden, deleted, gathered, rendered, restored]
    default: replaced
  slice:
    description:
      - Path of a slice of the plan, or a list of them, such as those in C(intended/slices/certificate_request), read on
        the controller. What is for O(host) is installed. A path where nothing is counts as an empty slice.
    type: raw
  only:
    description: Only certificates with these ids.
    type: list
    elements: str
    default: []
  host:
    description: Name of the host in the plan; the inventory's name when left out.
    type: str
  pki:
    description:
      - Folder of keys, requests and certificates on the controller; C(pki) in the folder of the estate when left out.
    type: path
  folder:
    description: Where certificates are installed on the host.
    type: path
    default: /etc/openuc/certificates
  check_revocation:
    description: Whether the revocation lists of what is installed are fetched from the host, and looked at.
    type: bool
    default: false
  handover:
    description: Folder on the controller for V(rendered). It holds keys; keep it out of version control.
    type: path
  passphrase:
    description:
      - Of the PKCS#12 files of V(rendered); take it from a vault.
      - Otherwise left out, since each journey has a passphrase of its own.
    type: str
  expected:
    description: What the host shall hold, in digests. Made by the action plugin.
    type: raw
    default: []
  bundle:
    description: File on the host with what is to be installed, encrypted. Made and removed by the action plugin.
    type: path
attributes:
  check_mode:
    description: Tells what would be installed, also before there is a key.
  diff_mode:
    description: Shows digests, never PEM.
notes:
  - Servers read a certificate when they start or reload; reloading them is up to who runs them.
  - Windows parts were compared with Microsoft's pages and not tried on a Windows host.
seealso:
  - module: openuc.ocs.certificate_request
  - module: openuc.ocs.certificate_issue
"""

EXAMPLES = r"""
- name: Install what each Linux host shows
  openuc.ocs.certificate_install:
    slice:
      - inventories/lab.estate/intended/slices/certificate_request/internal.json
      - inventories/lab.estate/intended/slices/certificate_request/public.json

- name: What to take to a Windows server
  openuc.ocs.certificate_install:
    state: rendered
    slice: inventories/lab.estate/intended/slices/certificate_request/internal.json
    handover: /media/usb/contoso
    passphrase: "{{ vaulted_passphrase }}"
  delegate_to: localhost
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
  description: What is in the folder and was not installed by this module.
  returned: success
  type: list
  elements: str
undo_id:
  description: The run to name for V(restored); empty when nothing was changed.
  returned: success
  type: str
details:
  description: Empty.
  returned: success
  type: str
would_need:
  description: Ids for which there is no certificate on the controller yet.
  returned: success
  type: list
  elements: str
unknown_run:
  description: Whether it failed because nothing is kept under the name of O(run).
  returned: failure
  type: bool
lacks_library:
  description: Whether it failed because the host has no cryptography library.
  returned: failure
  type: bool
by_hand:
  description: Whether the plan says that no task connects to the host, so that nothing was done.
  returned: when it is
  type: bool
certificates:
  description: How each installed certificate stands; 100 at most.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Of the certificate.
      type: str
    key_sha256:
      description: Digest of the public key, the same on every host that holds it.
      type: str
    sha256:
      description: Digest of the certificate.
      type: str
    chain_sha256:
      description: Digest of the certificate with its chain.
      type: str
    trust_sha256:
      description: Digest of the roots.
      type: str
    days_left:
      description: Whole days until it ends.
      type: int
    sans:
      description: The names on it.
      type: list
      elements: str
    wrong:
      description: What is wrong, by V(chain), V(date) or V(revocation), in words.
      type: dict
written:
  description: Files that were written.
  returned: with O(state=rendered)
  type: list
  elements: str
"""

import datetime
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.contract import Operation, result
from ..module_utils.files import read_bytes
from ..module_utils.limits import limit_problems, limits_of
from ..module_utils.pki import bundles, installing, library, telling
from ..module_utils.pki.files import PROBLEMS, UnknownRunError
from ..module_utils.shell import options_of
from ..module_utils.specs import CERTIFICATE_INSTALL


def main() -> None:
    module = AnsibleModule(argument_spec=CERTIFICATE_INSTALL, supports_check_mode=True)
    options = options_of(module)
    problems = limit_problems(options)
    if problems:
        module.fail_json(msg=telling.failure(problems))
    expected = [bundles.Expected(**each) for each in options["expected"]]
    problem = library.problem()
    if problem:
        # What this run would install first, in check mode; where something is there, nothing can be foretold.
        if module.check_mode and not Path(options["folder"]).is_dir():
            module.exit_json(**_foretold(expected, options["state"]), certificates=[], would_need=["cryptography"])
        module.fail_json(msg=problem, lacks_library=True)
    try:
        outcome = installing.Installation(_options(options)).run(
            expected, _sent(options), _now(), check=module.check_mode
        )
    except (*PROBLEMS, bundles.BundleError) as error:
        module.fail_json(msg=str(error), unknown_run=isinstance(error, UnknownRunError))
    found = telling.install_result(outcome)
    if outcome.problems:
        module.fail_json(msg=telling.failure(outcome.problems), **found)
    for each in outcome.installed:
        for what, words in each["wrong"].items():
            module.warn(f"{each['id']}: {what}: {words}")
    module.exit_json(**found)


def _foretold(expected: list[bundles.Expected], state: str) -> dict[str, Any]:
    adds = state in {"replaced", "overridden"}
    return result([Operation("add", f"certificate {each.id}") for each in expected] if adds else [])


def _sent(options: dict[str, Any]) -> dict[str, bundles.Material] | None:
    if not options["bundle"]:
        return None
    return bundles.unpack(read_bytes(Path(options["bundle"])) or b"", options["passphrase"] or "")


def _options(options: dict[str, Any]) -> installing.Options:
    return installing.Options(
        folder=options["folder"],
        state=options["state"],
        run=options["run"] or "",
        limits=limits_of(options),
        check_revocation=options["check_revocation"],
    )


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)


if __name__ == "__main__":
    main()
