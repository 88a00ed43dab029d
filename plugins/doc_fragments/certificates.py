# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of modules that make keys, requests and certificates."""

from __future__ import annotations


class ModuleDocFragment:
    """What `certificate_request` and `certificate_issue` have in common."""

    DOCUMENTATION = r"""
requirements:
  - cryptography >= 38
options:
  issuer:
    description: Whose requests these are; requests of the other kind of issuer are left alone.
    type: str
    choices: [internal, public]
  requests:
    description:
      - A list of mappings, a certificate each.
      - C(id) names it, and a folder; C(subject) is the common name, C(sans) all names in their order, C(eku) a list of
        V(server) and V(client), C(key_algorithm) V(rsa) or V(ecdsa), C(key_bits) its length, C(hosts) who holds it.
      - C(own_key) says that no other certificate may have its key; C(crl_distribution_point) that it must name where
        revocation lists are.
      - C(stage), C(why) and C(replaces) come from a plan.
      - Names stand as they do in the DNS; internationalised ones begin with C(xn--).
    type: raw
    default: []
  only:
    description: Only requests with these ids, such as the one that a canary holds.
    type: list
    elements: str
    default: []
  organisation:
    description: Organisation in the subject.
    type: str
    default: ''
  country:
    description: Country in the subject, two capital letters.
    type: str
    default: ''
  by_hand:
    description: Hosts that no task connects to; M(openuc.ocs.certificate_install) leaves them to people.
    type: list
    elements: str
    default: []
  folder:
    description:
      - Folder of keys, requests and certificates, readable by its owner only.
      - When left out, C(pki) in the folder of the estate, C(uc_estate_dir). Do not keep it in version control.
    type: path
  tolerated:
    description: What may be otherwise than is asked for, where an authority will not put it on certificates.
    type: list
    elements: str
    choices: [name, eku, crl]
    default: []
"""
