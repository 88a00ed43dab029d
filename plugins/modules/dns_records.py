#!/usr/bin/python
# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dns_records
short_description: Keep the records of whole zones as they are planned
version_added: 0.1.0
description:
  - Reads a zone once, compares it once and writes what differs in as few signed dynamic updates (RFC 2136) as its size
    allows, then asks the server whether it has what was written.
  - A message of an update is done as a whole or not at all. About 1,000 record sets fit into one. With more,
    what is added comes before what is removed, no name is divided between messages, and a run that was stopped in the
    middle is completed by the next.
  - Each message names what was found at every name that it touches. When somebody else has changed one of them
    meanwhile, the server does nothing of it, and the task says so.
  - It deletes only what it made itself. What that is stands in a file below O(journal_dir), value by value; records of
    others at the same names are kept. SOA and NS of the zone itself, and what signs it, are never touched.
  - It runs where the DNS server can be reached over TCP, which is most often the controller. See the notes.
author:
  - The OpenUC contributors (@openuc)
extends_documentation_fragment:
  - openuc.ocs.mechanism
  - openuc.ocs.mechanism.journal
  - openuc.ocs.mechanism.limits
  - openuc.ocs.mechanism.change_limits
  - openuc.ocs.mechanism.rendered
  - openuc.ocs.mechanism.sliced
options:
  state:
    description:
      - V(merged) adds values to record sets, and sets times to live. It removes nothing.
      - V(replaced) makes each record set of O(records) exactly as it is there; others stay.
      - V(overridden) does that and removes what is ours and no longer listed.
      - V(deleted) removes what is ours of the listed names and types, or all of it where O(records) is left out.
      - V(gathered) returns the records of the zone, V(parsed) those of O(text), both as O(records) takes them.
      - V(rendered) returns O(records) as O(format). It asks no server.
      - V(restored) puts back what the run O(run) found.
    type: str
    choices: [merged, replaced, overridden, deleted, gathered, rendered, parsed, restored]
    default: replaced
  server:
    description: Name of the zone's primary server, for messages, and to connect to where O(address) is not given.
    type: str
  address:
    description:
      - IPv4 or IPv6 address of the server.
      - When left out and the server is a host of the inventory, the first of its C(uc_addresses).
    type: str
  port:
    description: TCP port of the server.
    type: int
    default: 53
  zone:
    description: Name of the zone.
    type: str
  view:
    description: View that the zone is for. It keeps zones of the same name apart; the server tells views by key.
    type: str
    choices: [internal, perimeter, external]
  update:
    description:
      - How updates are signed. V(tsig) with the key O(key_name); V(none) forbids to change the zone.
      - V(gss) (GSS-TSIG, as Active Directory wants it) with a key agreed upon by Kerberos, for the account whose ticket
        (E(KRB5CCNAME)) or keytab (E(KRB5_CLIENT_KTNAME)) the task's environment names. O(server) is a full name then.
    type: str
    choices: [tsig, gss, none]
    default: tsig
  key_name:
    description: Name of the key, which stands in O(keys) or O(key_file).
    type: str
  records:
    description:
      - A list of mappings, a record set each. It may be tens of thousands long.
      - C(name) is a whole name within O(zone), C(type) one of V(A), V(AAAA), V(CNAME), V(MX), V(PTR), V(SRV) and
        V(TXT), C(values) a list of text as a zone file has it, C(ttl) seconds. Names in values are whole ones too.
        Neither case nor the order of values nor a dot at the end of a name makes a difference.
      - Without C(ttl), or with null, any time to live is right, and a new record set gets O(default_ttl).
      - Values of V(TXT) that begin with a quotation mark are read as quoted strings, others are the text as it is,
        and divided into strings of 255 octets.
      - C(id), C(stage), C(why) and C(replaces) come from a plan. A record that another one of the list C(replaces), by
        its C(id), is left out.
    type: raw
  resolvers:
    description:
      - IP addresses of resolvers of the view's clients. After all is done each is asked for up to 200 record sets, the
        changed ones before others, and what it tells is compared.
      - A server that remembers what was true before is told apart from one that asks other servers, as with a mistaken
        view, and from one that has a zone of its own.
    type: list
    elements: str
    default: []
  vantages:
    description:
      - Hosts that clients of the view look from. Those of a zone that was changed are in RV(to_hear), to be asked by
        M(openuc.ocs.dns_verify), which the role does.
    type: list
    elements: str
    default: []
  name_servers:
    description:
      - Servers of the zone for O(format=zone), the primary first, each a mapping with C(name) and C(addresses). With
        C(zone) it is a server of that zone, which is below this one and delegated to it.
      - Addresses are needed where the name is in this zone and O(records) has none for it.
      - When none is given, it is O(server) at O(address).
    type: raw
    default: []
  slice:
    description:
      - Path of a slice of the plan, read on the controller, or a list of them. What the task says goes before what the
        slice says.
      - A folder stands for all slices in it. Those of a server are in C(intended/slices/dns_records/<server>).
        Where the state writes, zones of a folder with O(update=none) are left out, with a warning.
    type: raw
  zones:
    description:
      - Several zones at once, in place of O(server), O(address), O(port), O(zone), O(view), O(update), O(key_name),
        O(records), O(resolvers), O(vantages) and O(name_servers). Each is a mapping with these options.
      - Zones of different servers are worked on side by side. One that fails does not stop the others.
    type: raw
  keys:
    description:
      - Secrets of keys by name, in base64, with the algorithm and a colon before it where that is not V(hmac-sha256).
      - Meant for values of a vault or a lookup.
    type: dict
  key_file:
    description:
      - File with keys as BIND has them, C(key "name" { algorithm hmac-sha256; secret "..."; };), where the module runs.
      - Only its owner may be able to read it.
    type: path
  run:
    description:
      - Name for this run, under which what it finds is stored; made of the time when left out.
      - With O(state=restored), the RV(undo_id) of the run to be undone. Zones that it did not change are left alone.
  most_deleted:
    description:
      - A run that would remove more record sets than this, or take values of others from them, is stopped before it
        changes anything.
  most_changed_ratio:
    description:
      - A run that would give a larger share than this of the record sets other values or another time to live is
        stopped before it changes anything.
      - The share is of those that are there and are listed or ours, where these are ten or more. New record sets do not
        count.
  default_ttl:
    description: Time to live of new record sets that name none.
    type: int
    default: 3600
  adopt:
    description: Take records that are as listed, but were made by somebody else, for ours from now on.
    type: bool
    default: false
  report_foreign:
    description: Return in C(foreign) what others have in the zone.
    type: bool
    default: false
  verify:
    description: Ask the zone's other name servers for their serial number, and follow SRV records to addresses.
    type: bool
    default: true
  timeout:
    description: Seconds to wait for a connection, and for each part of an answer.
    type: float
    default: 10.0
  format:
    description:
      - Of O(state=rendered). V(zone) is a whole zone file with SOA, NS and addresses of name servers, V(fragment) one
        with O(records) alone, to be included in a zone that has more.
      - V(dnscmd) and V(powershell) are scripts for the DNS server of Windows, V(octodns) a configuration of octoDNS
        with its zone.
      - The scripts for Windows add what is missing. They have been run nowhere yet.
    type: str
    choices: [zone, fragment, dnscmd, powershell, octodns]
    default: zone
  serial:
    description:
      - Serial number of a whole zone file, or the least that it has.
      - Where O(rendered_dir) has the file already and it differs, the new one has the next number; without, the number
        does not change by itself.
    type: int
    default: 1
  text:
    description: A zone file, for O(state=parsed).
    type: str
requirements:
  - dnspython >= 2.3
  - gssapi >= 1.6, for O(update=gss) only
notes:
  - The task's host runs the module. Use C(delegate_to=localhost) or a play on localhost, as the examples do.
  - A server that refuses to transfer the zone is asked for the names of O(records) instead, and for those that are ours
    where they could be removed. C(zones[].read) says which it was.
  - The record sets of a zone that is changed by several controllers are told apart by the prerequisites of its updates,
    but they need one common O(journal_dir) to agree on what is ours.
seealso:
  - module: openuc.ocs.plan
  - module: openuc.ocs.probe
"""

EXAMPLES = r"""
- name: See what would change in a zone of the plan
  openuc.ocs.dns_records:
    slice: "{{ inventory_dir }}.estate/intended/slices/dns_records/ns1.corp.contoso.com/internal.contoso.com.json"
    key_file: /etc/openuc/openuc.key
  check_mode: true
  diff: true
  delegate_to: localhost

- name: Apply all zones of two servers, side by side
  openuc.ocs.dns_records:
    slice:
      - "{{ inventory_dir }}.estate/intended/slices/dns_records/ns1.corp.contoso.com"
      - "{{ inventory_dir }}.estate/intended/slices/dns_records/ns-ext.contoso.com"
    keys:
      openuc: "{{ vaulted_dns_secret }}"
  delegate_to: localhost

- name: Apply the zones of a domain controller, with the keytab of an account that may change them
  openuc.ocs.dns_records:
    slice: "{{ inventory_dir }}.estate/intended/slices/dns_records/dc1.corp.contoso.com"
  environment:
    KRB5_CLIENT_KTNAME: /etc/openuc/dns.keytab
  delegate_to: localhost

- name: Apply records without a plan, and remove what is no longer listed
  openuc.ocs.dns_records:
    state: overridden
    server: ns1.corp.contoso.com
    address: 10.20.0.5
    zone: contoso.com
    view: internal
    key_name: openuc
    key_file: /etc/openuc/openuc.key
    journal_dir: /srv/estate/journal/dns_records
    records:
      - {name: pool1.contoso.com, type: A, ttl: 3600, values: [10.20.0.10]}
      - {name: _sipinternaltls._tcp.contoso.com, type: SRV, ttl: 3600, values: [0 0 5061 pool1.contoso.com.]}
  delegate_to: localhost
  register: applied

- name: Undo that
  openuc.ocs.dns_records:
    state: restored
    run: "{{ applied.undo_id }}"
    server: ns1.corp.contoso.com
    address: 10.20.0.5
    zone: contoso.com
    view: internal
    key_name: openuc
    key_file: /etc/openuc/openuc.key
    journal_dir: /srv/estate/journal/dns_records
  delegate_to: localhost

- name: Make a script for a DNS server of Windows
  openuc.ocs.dns_records:
    state: rendered
    format: powershell
    slice: "{{ inventory_dir }}.estate/intended/slices/dns_records/dc1.corp.contoso.com/internal.contoso.com.json"
  delegate_to: localhost
"""

RETURN = r"""
operations:
  description: At most 100 changes, made or in check mode to be made; all of them stand in the file C(details).
  returned: success and failure
  type: list
  elements: dict
  sample: [{"action": "add", "name": "sip.contoso.com A", "before": "", "after": "3600 10.20.0.10", "why": ""}]
summary:
  description: How many changes there are of each kind.
  returned: success and failure
  type: str
  sample: 3 to add, 1 to change
foreign:
  description: At most 100 record sets of others, with O(report_foreign).
  returned: success and failure
  type: list
  elements: str
undo_id:
  description: Name of the run that O(state=restored) undoes; empty when nothing was written.
  returned: success and failure
  type: str
details:
  description: Files with all record sets before and after; empty when nothing was written.
  returned: success and failure
  type: str
unknown_run:
  description: Whether O(state=restored) failed because no zone has anything stored for O(run).
  returned: success and failure
  type: bool
zones:
  description: What came of each zone.
  returned: success and failure
  type: list
  elements: dict
  contains:
    zone:
      description: Its name.
      type: str
    view:
      description: Its view.
      type: str
    server:
      description: Its server.
      type: str
    read:
      description: V(transfer), or V(queries) where the server refused one.
      type: str
    changes:
      description: How many record sets differed.
      type: int
    applied:
      description: How many of them were written.
      type: int
    unknown:
      description: Those of which it is not known, as the server was lost before it answered. The next run does them.
      type: list
      elements: str
    not_applied:
      description: Those that were certainly not written.
      type: list
      elements: str
    serial_before:
      description: Serial number of the zone as it was read.
      type: int
    serial_after:
      description: Serial number after the last update.
      type: int
    verified:
      description: Whether the server has what was written; null when that could not be asked, or nothing was to be.
      type: bool
    name_servers:
      description:
        - The zone's other name servers, each with C(server), C(address), C(serial), C(detail) and C(standing),
          V(current), V(behind), V(not_authoritative) or V(unreachable). Their addresses are those of the zone, or what
          its server knows of names elsewhere; one that neither knows is V(unreachable).
      type: list
      elements: dict
    resolvers:
      description:
        - What O(resolvers) tell, each with C(resolver), C(detail), C(seconds) and C(standing), V(current), V(cached),
          V(failing), V(elsewhere), V(own_zone) or V(unreachable). What is V(cached) lasts at most so many seconds.
      type: list
      elements: dict
    error:
      description: What went wrong with it; empty when nothing did.
      type: str
to_hear:
  description:
    - For each of O(vantages) up to 200 record sets that were changed of the zones that it sees, as
      M(openuc.ocs.dns_verify) takes them.
  returned: success and failure
  type: dict
gathered:
  description: A mapping for each zone with C(zone), C(view), C(server) and C(records).
  returned: with O(state=gathered)
  type: list
  elements: dict
parsed:
  description: Records as O(records) takes them.
  returned: with O(state=parsed)
  type: list
  elements: dict
rendered:
  description: Text by file name.
  returned: with O(state=rendered)
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.dns import engine
from ..module_utils.shell import finish, options_of
from ..module_utils.specs import DNS_RECORDS


def main() -> None:
    module = AnsibleModule(
        argument_spec=DNS_RECORDS,
        supports_check_mode=True,
        mutually_exclusive=[("zones", "zone"), ("zones", "records"), ("zones", "server")],
    )
    finish(module, engine.run(options_of(module), module.check_mode))


if __name__ == "__main__":
    main()
