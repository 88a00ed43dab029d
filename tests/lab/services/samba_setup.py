# SPDX-License-Identifier: GPL-3.0-or-later
"""Run on the lab's domain controller by Debian's Python, before Samba starts: all that its directory begins with.

Starting samba-tool takes longer than most of what it does, and passwords on a command line can be seen by everybody.
Reads a JSON object from the file it is given: `commands` of samba-tool, each a list of words; `zones` that its DNS
serves beside the domain's own, on `server`; and `hosts`, by zone, names with addresses. Ends at the first failure.
"""

from __future__ import annotations

import json
import sys

from samba import param
from samba.auth import system_session
from samba.dcerpc import security
from samba.dcerpc.dnsp import DnssrvRpcRecord
from samba.ndr import ndr_pack
from samba.netcmd.main import cmd_sambatool
from samba.provision import sambadns
from samba.samdb import SamDB

# Where Windows keeps zones that are replicated to all DNS servers of the domain.
PARTITION = "DC=DomainDnsZones"


def main(path: str) -> int:
    with open(path, encoding="utf-8") as file:
        wanted = json.load(file)
    for command in wanted["commands"]:
        print("samba-tool", *command[:3], flush=True)
        if _fails(command):
            return 1
    if wanted["zones"] or wanted["hosts"]:
        directory = _directory()
        for zone in wanted["zones"]:
            _add_zone(directory, zone, wanted["server"])
        for zone, hosts in wanted["hosts"].items():
            for name, address in hosts.items():
                _add_name(directory, zone, name.removesuffix(f".{zone}"), [sambadns.ARecord(address)])
    return 0


def _fails(command: list[str]) -> bool:
    try:
        return bool(cmd_sambatool()._run("samba-tool", *command))
    except SystemExit as end:
        return bool(end.code)


def _directory() -> SamDB:
    settings = param.LoadParm()
    settings.load_default()
    return SamDB(session_info=system_session(), lp=settings)


def _add_zone(directory: SamDB, zone: str, server: str) -> None:
    """What `samba-tool dns zonecreate` does, without a running server to ask."""
    domain = directory.domain_dn()
    sid = security.dom_sid(directory.get_domain_sid())
    admins = sambadns.get_dnsadmins_sid(directory, domain)
    sambadns.add_domain_record(directory, domain, PARTITION, zone, sid, admins)
    _add_name(directory, zone, "@", [sambadns.SOARecord(server, f"hostmaster.{zone}"), sambadns.NSRecord(server)])


def _add_name(directory: SamDB, zone: str, label: str, records: list[DnssrvRpcRecord]) -> None:
    where = f"DC={label},DC={zone},CN=MicrosoftDNS,{PARTITION},{directory.domain_dn()}"
    packed = [ndr_pack(record) for record in records]
    directory.add({"dn": where, "objectClass": ["top", "dnsNode"], "dnsRecord": packed})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
