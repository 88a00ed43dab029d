# SPDX-License-Identifier: GPL-3.0-or-later
"""Samba as Active Directory domain controller, and as the remote registry of a server that stands in for Windows."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import typing as t

from .base import File, Ready, Service
from .identity import identity

TLS: t.Final = "/etc/samba/tls"
AUTHORITY: t.Final = f"{TLS}/authority.pem"
"""What clients must trust to speak LDAP over TLS to a domain controller."""

SETUP: t.Final = "/etc/samba/setup.py"
COMMANDS: t.Final = "/etc/samba/setup.json"
PASSWORD: t.Final = "/etc/samba/password"
STATE: t.Final = "/var/lib/samba"
LONGEST_NETBIOS_NAME: t.Final = 15
TOOLS: t.Final = ("smbclient", "ldb-tools")
PORTS: t.Final = (53, 88, 135, 389, 445, 464, 636, 3268)

# Left out of Samba's own list of services: replication and its planning, as there is one controller; signing of NTP
# answers; and the renewal of records that setting up the domain has already written.
CONTROLLER = """\
[global]
    server role = active directory domain controller
    realm = {realm}
    workgroup = {workgroup}
    netbios name = {netbios}
    interfaces = lo {address}
    bind interfaces only = yes
    server services = s3fs, rpc, nbt, wrepl, ldap, cldap, kdc, winbindd, dns
    prefork children = 1
    dns forwarder = {forwarders}
    allow dns updates = secure only
    tls certfile = {tls}/server.pem
    tls keyfile = {tls}/server.key
    tls cafile = {authority}
    load printers = no
    disable spoolss = yes
    log file = /var/log/samba/log.%m

[sysvol]
    path = /var/lib/samba/sysvol
    read only = no

[netlogon]
    path = /var/lib/samba/sysvol/{domain}/scripts
    read only = no
"""

MEMBER = """\
[global]
    server role = standalone server
    workgroup = {workgroup}
    netbios name = {netbios}
    interfaces = lo {address}
    bind interfaces only = yes
    smb ports = 445
    disable netbios = yes
    map to guest = never
    restrict anonymous = 2
    username map = /etc/samba/users.map
    load printers = no
    disable spoolss = yes
    log file = /var/log/samba/log.%m
"""

KERBEROS = """\
[libdefaults]
    default_realm = {realm}
    dns_lookup_realm = false
    dns_lookup_kdc = false
    dns_canonicalize_hostname = false
    rdns = false

[realms]
    {realm} = {{
        kdc = {address}
        admin_server = {address}
        kpasswd_server = {address}
        default_domain = {domain}
    }}

[domain_realm]
    .{domain} = {realm}
    {domain} = {realm}
"""

# The file of secrets goes last, so that what was interrupted is done anew, and what was done is not. Whatever Samba of
# the machine itself keeps is seen through the overlay, and forgotten first.
PREPARE: t.Final = f"""\
[ -e {{secrets}} ] || exit 0
find {STATE} /var/cache/samba -xdev ! -type d -delete
umask 077
{{command}}
rm {{secrets}}
"""


@dataclasses.dataclass(frozen=True)
class Account:
    """A user of the domain. Its keys are put into a file of the domain controller where `keytab` names one."""

    name: str
    password: str = dataclasses.field(repr=False)
    groups: tuple[str, ...] = ()
    keytab: str = ""


def operator(name: str, password: str, keytab: str = "") -> Account:
    """An account that may write what roles write: records of the domain, the registry and SYSVOL."""
    return Account(name, password, ("DnsAdmins", "Administrators", "Group Policy Creator Owners"), keytab)


def domain_controller(
    name: str,
    domain: str,
    address: str,
    forwarders: t.Sequence[str],
    administrator_password: str,
    *,
    accounts: t.Sequence[Account] = (),
    computers: t.Sequence[str] = (),
    netbios_domain: str = "",
    zones: t.Sequence[str] = (),
    hosts: t.Mapping[str, t.Mapping[str, str]] | None = None,
) -> Service:
    """The first and only domain controller of a domain, with its DNS, Kerberos, LDAP, SMB and remote registry.

    Its DNS serves the domain and its `_msdcs`, and the `zones` given; `hosts` are, by zone, names with addresses.
    """
    label = _label(name)
    workgroup = netbios_domain or _netbios(domain)
    full_name = f"{label}.{domain}"
    own = identity([full_name, domain], [address])
    config = CONTROLLER.format(
        realm=domain.upper(),
        workgroup=workgroup,
        netbios=_netbios(name),
        address=address,
        forwarders=" ".join(forwarders) or "0.0.0.0",
        tls=TLS,
        authority=AUTHORITY,
        domain=domain,
    )
    commands = [
        _provision(label, domain, workgroup, address, administrator_password),
        ["domain", "passwordsettings", "set", "--max-pwd-age=0", "--min-pwd-age=0"],
        # A domain controller of Windows registers this name of its directory by itself.
        ["spn", "add", f"ldap/{full_name}", f"{_netbios(name)}$"],
        *(command for account in accounts for command in _account(account, domain)),
        *(["computer", "create", _netbios(computer)] for computer in computers),
    ]
    wanted = {"commands": commands, "server": full_name, "zones": list(zones), "hosts": hosts or {}}
    return Service(
        "directory",
        packages=("samba-ad-dc", "samba-ad-provision", "winbind", "krb5-user", "python3-samba", *TOOLS),
        files={
            "/etc/samba/smb.conf": File(config),
            "/etc/krb5.conf": kerberos_client(domain, address),
            f"{TLS}/server.pem": File(own.certificate),
            f"{TLS}/server.key": File(own.key, 0o600),
            AUTHORITY: File(own.authority),
            SETUP: File((pathlib.Path(__file__).parent / "samba_setup.py").read_text()),
            # Passwords stand in it.
            COMMANDS: File(json.dumps(wanted, indent=1), 0o600),
        },
        # Safety of what is written against a loss of power is nothing a lab needs.
        prepare=PREPARE.format(secrets=COMMANDS, command=f"TDB_NO_FSYNC=1 /usr/bin/python3 {SETUP} {COMMANDS}"),
        start="service samba-ad-dc start",
        ready=tuple(Ready("tcp", address, port) for port in PORTS),
    )


def registry_server(
    name: str, address: str, *, user: str = "openuc", password: str, workgroup: str = "WORKGROUP"
) -> Service:
    """Samba outside any domain, for the sake of its registry: one user, who may change all of it."""
    return Service(
        "registry",
        packages=("samba", "smbclient"),
        files={
            "/etc/samba/smb.conf": File(MEMBER.format(workgroup=workgroup, netbios=_netbios(name), address=address)),
            # Only root may change HKLM; a name of the host's own would need a group of administrators, and so winbind.
            "/etc/samba/users.map": File(f"root = {user}\n"),
            PASSWORD: File(f"{password}\n{password}\n", 0o600),
        },
        prepare=PREPARE.format(secrets=PASSWORD, command=f"smbpasswd -s -a root <{PASSWORD}"),
        start="service smbd start",
        ready=(Ready("tcp", address, 445),),
    )


def kerberos_client(domain: str, address: str) -> File:
    """The /etc/krb5.conf of a host that gets tickets from this domain controller, without asking DNS for it."""
    return File(KERBEROS.format(realm=domain.upper(), domain=domain, address=address))


def _provision(label: str, domain: str, workgroup: str, address: str, password: str) -> list[str]:
    return [
        "domain",
        "provision",
        f"--realm={domain.upper()}",
        f"--domain={workgroup}",
        "--server-role=dc",
        "--dns-backend=SAMBA_INTERNAL",
        f"--host-name={label}",
        f"--host-ip={address}",
        f"--adminpass={password}",
    ]


def _account(account: Account, domain: str) -> t.Iterator[list[str]]:
    yield ["user", "create", account.name, account.password]
    for group in account.groups:
        yield ["group", "addmembers", group, account.name]
    if account.keytab:
        yield ["domain", "exportkeytab", account.keytab, f"--principal={account.name}@{domain.upper()}"]


def _label(name: str) -> str:
    return name.partition(".")[0]


def _netbios(name: str) -> str:
    return _label(name)[:LONGEST_NETBIOS_NAME].upper()
