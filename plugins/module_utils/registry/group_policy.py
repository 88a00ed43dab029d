# SPDX-License-Identifier: GPL-3.0-or-later
"""The registry settings of one Group Policy object, on a domain controller. Private to the collection.

What is written goes in an order that leaves a difference of versions behind wherever it stops, which the next run sees
and mends: the version in Active Directory, then Registry.pol, then the version in GPT.INI.
"""

from __future__ import annotations

import functools
import os
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from . import faults, policy_file
from .account import HAS_SAMBA, Account, reach, told_apart
from .engine import Change, LiveKey, Reading
from .gpt_ini import raised, version_of, with_registry_extension, with_version
from .policy_file import HALVES
from .reg_file import BadFileError
from .values import HIVES, KeyId, Value

if HAS_SAMBA:
    import ldb
    import samba.param  # noqa: F401  # pylint: disable=unused-import  # samba.samdb wants it loaded first
    from samba.credentials import SMB_SIGNING_REQUIRED
    from samba.dcerpc import security
    from samba.ndr import ndr_unpack
    from samba.ntacls import dsacl2fsacl
    from samba.samba3 import libsmb_samba_internal as libsmb
    from samba.samba3 import param as smb_settings
    from samba.samdb import SamDB

EXTENSIONS: Mapping[str, str] = {"HKLM": "gPCMachineExtensionNames", "HKCU": "gPCUserExtensionNames"}
NEW_GPT = "[General]\r\nVersion=0\r\n"
NOT_THERE = (0xC0000034, 0xC000003A)


class PolicyObject:
    """An open object; one that is not there yet reads as empty and is made by the first write."""

    def __init__(self, name: str, controller: str, domain: str, account: Account, address: str, timeout: float) -> None:
        self._name, self._domain = name, domain.lower()
        place = reach(address or controller, timeout)
        settings = account.settings()
        with told_apart(f"connecting to LDAP of {controller}", account):
            try:
                self._directory = SamDB(
                    url=f"ldap://{controller if account.kerberos else place}",
                    credentials=account.credentials(settings),
                    lp=settings,
                )
            except ldb.LdbError as error:
                raise _of_ldap(error, f"connecting to LDAP of {controller}", account.unclear) from None
        with told_apart(f"connecting to SYSVOL of {controller}", account):
            credentials = account.credentials(settings)
            credentials.set_smb_signing(SMB_SIGNING_REQUIRED)
            own = smb_settings.get_context()
            # Without a file, here an empty one, it has no defaults, and refuses to connect.
            own.load(os.devnull)
            own.set("client min protocol", account.oldest_protocol)
            if account.realm:
                own.set("realm", account.realm.upper())
            where = controller if account.kerberos else place
            self._share = libsmb.Conn(where, "sysvol", lp=own, creds=credentials)
            self._share.settimeout(max(1, int(timeout * 1000)))
        self._entry = self._find()
        self._folder = f"\\{self._domain}\\Policies\\{self._guid()}" if self._entry else ""
        self._files: dict[str, list[Value]] = {}

    def read(self, keys: Sequence[tuple[str, str]]) -> Reading:
        """Those of the keys that the object sets anything in. Instructions to remove values count as values."""
        self._entry = self._find()
        self._files = {hive: self._values(hive) for hive in HIVES}
        wanted = {Value(hive, key, "", 0, b"").key_id for hive, key in keys}
        by_key: dict[KeyId, list[Value]] = {}
        for values in self._files.values():
            for value in values:
                if value.key_id in wanted:
                    by_key.setdefault(value.key_id, []).append(value)
        found = [LiveKey(group[0].hive, group[0].key, tuple(group)) for group in by_key.values()]
        return Reading(
            found,
            unfinished=self._difference(),
            would_need="" if self._entry else f"Group Policy object {self._name!r}, which is made with the first value",
        )

    def write(self, changes: Sequence[Change], done: Callable[[int], None]) -> None:
        """Carry out all steps with one file for each half, and raise the version."""
        if not self._entry:
            self._make_entry()
        self._make_folders()
        # To finish what was begun, every half that holds anything counts as changed.
        begun = {hive for hive, values in self._files.items() if values} or {"HKLM"}
        hives = {change.hive for change in changes if not change.unfinished} or begun
        version = raised(self._versions(), hives)
        self._raise_in_directory(version, hives)
        for hive in sorted(hives):
            values = applied(self._files[hive], [change for change in changes if change.hive == hive])
            self._save(f"{HALVES[hive]}\\Registry.pol", policy_file.render(values))
        self._save("GPT.INI", with_version(self._gpt(), version).encode("utf-8"))
        for index in range(len(changes)):
            done(index)

    def _find(self) -> Any:
        wanted = ["name", "versionNumber", *EXTENSIONS.values()]
        words = f"(&(objectClass=groupPolicyContainer)(displayName={ldb.binary_encode(self._name)}))"
        found = self._asked("search", base=self._policies(), expression=words, attrs=wanted)
        if len(found) > 1:
            names = ", ".join(str(entry["name"]) for entry in found)
            raise faults.RegistryError("no_object", f"{len(found)} objects are named {self._name!r}: {names}")
        return found[0] if found else None

    def _guid(self) -> str:
        return str(self._entry["name"])

    def _policies(self) -> str:
        return f"CN=Policies,CN=System,{self._directory.get_default_basedn()}"

    def _asked(self, what: str, *arguments: Any, **options: Any) -> Any:
        try:
            return getattr(self._directory, what)(*arguments, **options)
        except ldb.LdbError as error:
            raise _of_ldap(error, f"Group Policy object {self._name!r}") from None

    def _versions(self) -> tuple[int, int]:
        return int(str(self._entry.get("versionNumber", "0"))), version_of(self._gpt())

    def _difference(self) -> str:
        """What an interrupted change leaves behind: clients wait while both versions differ."""
        directory, sysvol = self._versions() if self._entry else (0, 0)
        same = directory == sysvol
        return "" if same else f"version {directory} in Active Directory, {sysvol} in GPT.INI"

    def _gpt(self) -> str:
        return (self._load("GPT.INI") or NEW_GPT.encode()).decode("utf-8-sig", "replace")

    def _values(self, hive: str) -> list[Value]:
        try:
            return policy_file.parse(self._load(f"{HALVES[hive]}\\Registry.pol") or b"", hive) if self._entry else []
        except BadFileError as error:
            raise faults.RegistryError("damaged", f"{self._folder}\\{HALVES[hive]}\\Registry.pol: {error}") from None

    def _load(self, name: str) -> bytes | None:
        with told_apart(f"reading {self._folder}\\{name}"):
            try:
                return bytes(self._share.loadfile(f"{self._folder}\\{name}"))
            except Exception as error:
                if error.args and isinstance(error.args[0], int) and error.args[0] & 0xFFFFFFFF in NOT_THERE:
                    return None
                raise

    def _save(self, name: str, content: bytes) -> None:
        with told_apart(f"writing {self._folder}\\{name}"):
            is_new = self._load(name) is None
            self._share.savefile(f"{self._folder}\\{name}", content)
            if is_new:
                self._give_rights(f"{self._folder}\\{name}")

    def _raise_in_directory(self, version: int, hives: set[str]) -> None:
        message = ldb.Message(self._entry.dn)
        message["versionNumber"] = ldb.MessageElement(str(version), ldb.FLAG_MOD_REPLACE, "versionNumber")
        for hive in hives:
            attribute = EXTENSIONS[hive]
            names = with_registry_extension(str(self._entry.get(attribute, "")), hive)
            message[attribute] = ldb.MessageElement(names, ldb.FLAG_MOD_REPLACE, attribute)
        self._asked("modify", message)

    def _make_entry(self) -> None:
        """As the consoles of Windows do: an entry in the directory with one for each half."""
        guid = f"{{{str(uuid.uuid4()).upper()}}}"
        place = f"CN={guid},{self._policies()}"
        self._folder = f"\\{self._domain}\\Policies\\{guid}"
        self._asked(
            "add",
            {
                "dn": place,
                "objectClass": "groupPolicyContainer",
                "displayName": self._name,
                "gPCFileSysPath": f"\\\\{self._domain}\\sysvol{self._folder}",
                "gPCFunctionalityVersion": "2",
                "versionNumber": "0",
                "flags": "0",
            },
        )
        for half in ("User", "Machine"):
            self._asked("add", {"dn": f"CN={half},{place}", "objectClass": "container"})
        self._entry = self._find()

    def _make_folders(self) -> None:
        """The folders in SYSVOL with the rights of the entry; also where a run that made the entry was stopped."""
        for folder in (self._folder, *(f"{self._folder}\\{half}" for half in HALVES.values())):
            if not self._share.chkpath(folder):
                with told_apart(f"making {folder}"):
                    self._share.mkdir(folder)
                    self._give_rights(folder)

    def _give_rights(self, path: str) -> None:
        """Those of the entry. Samba keeps what is inherited from all but the one who made a file."""
        self._share.set_acl(path, self._rights, _RIGHTS | security.SECINFO_PROTECTED_DACL)

    @functools.cached_property
    def _rights(self) -> Any:
        """Rights of files that go with those of the entry."""
        sid = security.dom_sid(self._directory.get_domain_sid())
        found = self._asked(
            "search",
            base=str(self._entry.dn),
            scope=ldb.SCOPE_BASE,
            attrs=["nTSecurityDescriptor"],
            controls=[f"sd_flags:1:{_RIGHTS}"],
        )
        words = ndr_unpack(security.descriptor, found[0]["nTSecurityDescriptor"][0]).as_sddl()
        return security.descriptor.from_sddl(dsacl2fsacl(words, sid), sid)


_RIGHTS = security.SECINFO_OWNER | security.SECINFO_GROUP | security.SECINFO_DACL if HAS_SAMBA else 0


def applied(values: Sequence[Value], changes: Sequence[Change]) -> list[Value]:
    """The entries of a file after the steps, in their order; new ones go last."""
    entries = {value.id: value for value in values}
    for change in changes:
        if change.after is not None:
            entries[change.after.id] = change.after
        elif change.before is not None:
            entries.pop(change.before.id, None)
    return list(entries.values())


# LDAP's own numbers, and statuses of Samba that stand in the words of those that say nothing.
_BY_NUMBER = {49: "wrong_password", 50: "access_denied", 52: "gone", 81: "gone"}
_BY_WORD: Mapping[str, str] = {
    "NT_STATUS_LOGON_FAILURE": "wrong_password",
    "NT_STATUS_NO_LOGON_SERVERS": "no_ticket",
    "NT_STATUS_CANT_ACCESS_DOMAIN_INFO": "no_ticket",
    "NT_STATUS_OBJECT_NAME_NOT_FOUND": "unresolved",
    "NT_STATUS_CONNECTION_REFUSED": "no_directory",
    "NT_STATUS_IO_TIMEOUT": "no_directory",
}


def _of_ldap(error: Exception, doing: str, unclear: str = "failed") -> faults.RegistryError:
    number, words = error.args[0], str(error.args[1]) if len(error.args) > 1 else str(error)
    by_word = (outcome for word, outcome in _BY_WORD.items() if word in words)
    return faults.RegistryError(next(by_word, _BY_NUMBER.get(number, unclear)), f"{doing}: {words}")
