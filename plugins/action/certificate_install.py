# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sends a host the keys and certificates that it lacks, encrypted, and nothing that it has."""

from __future__ import annotations

import dataclasses
import datetime
import secrets
import typing as t
from pathlib import Path

from ansible.errors import AnsibleError

from ..module_utils.contract import Operation
from ..module_utils.files import FILE_MODE, FileError, make_folder, read_bytes, write_whole
from ..module_utils.pki import bundles, certificates, library, windows
from ..module_utils.pki.model import Request, decode
from ..module_utils.pki.store import CERTIFICATE, KEY, TRUST, Store
from ..plugin_utils.acting.certificates import CertificateAction
from ..plugin_utils.acting.slices import Arguments, Result, Variables

_INSTALLS = ("replaced", "overridden", "rendered")


@dataclasses.dataclass(frozen=True)
class Load:
    """What is on the controller for a host."""

    wanted: tuple[Request, ...]
    materials: dict[str, bundles.Material]
    expected: list[bundles.Expected]
    problems: list[str]
    by_hand: bool

    @property
    def missing(self) -> list[str]:
        return [request.id for request in self.wanted if request.id not in self.materials]


class ActionModule(CertificateAction):
    """The `certificate_install` action."""

    _requires_connection = True

    def act(self, variables: Variables) -> Result:
        arguments = dict(self._task.args)
        state = str(arguments.get("state", "replaced"))
        host = str(arguments.pop("host", None) or variables.get("inventory_hostname", ""))
        handover = arguments.pop("handover", None)
        try:
            load = self._load(arguments, host, variables)
            if load.problems and state in _INSTALLS:
                return {"failed": True, "msg": "\n".join(load.problems)}
            if state == "rendered":
                return self._rendered(load, host, handover, arguments.get("passphrase"))
        except FileError as error:
            return {"failed": True, "msg": str(error)}
        if load.by_hand:
            return {**_nothing(load, check=False), "by_hand": True}
        if state in {"gathered", "restored"}:
            expected = []
            if state == "restored" and "slice" in self._task.args and not load.wanted:
                return _nothing(load, check=False)
        elif state == "deleted":
            expected = [bundles.Expected(request.id, "", "", "", "") for request in load.wanted]
        else:
            expected = load.expected
        if state in {"replaced", "deleted"} and not expected:
            return _nothing(load, check=self._task.check_mode)
        arguments["expected"] = [dataclasses.asdict(each) for each in expected]
        done = self._install(arguments, variables)
        if done.get("needed"):
            done = self._sent(arguments, {name: load.materials[name] for name in done["needed"]}, variables)
        done.pop("needed", None)
        if not done.get("failed") and state in _INSTALLS:
            _tell_missing(done, load.missing, check=self._task.check_mode)
        return done

    def _install(self, arguments: Arguments, variables: Variables) -> Result:
        return t.cast(
            Result,
            self._execute_module(
                module_name="openuc.ocs.certificate_install", module_args=arguments, task_vars=variables
            ),
        )

    def _sent(self, arguments: Arguments, materials: dict[str, bundles.Material], variables: Variables) -> Result:
        """With a passphrase for this one journey."""
        passphrase = secrets.token_urlsafe(32)
        folder = self._make_tmp_path()
        try:
            bundle = self._connection._shell.join_path(folder, "certificates.bundle")  # noqa: SLF001 - as core's do
            self._transfer_data(bundle, bundles.pack(materials, passphrase))
            self._fixup_perms2((folder, bundle), execute=False)
            return self._install({**arguments, "bundle": bundle, "passphrase": passphrase}, variables)
        finally:
            self._remove_tmp_path(folder, force=True)

    # --- what is on the controller -----------------------------------------------------------------------------------

    def _load(self, arguments: Arguments, host: str, variables: Variables) -> Load:
        paths, stages = arguments.pop("slice", None), arguments.pop("stages", None)
        only = arguments.pop("only", None) or ()
        folder = self.pki_folder(arguments.pop("pki", None), variables)
        slices = self.slices([paths] if isinstance(paths, str) else paths or (), stages)
        listed = [item for each in slices for item in each.get("requests", ())]
        mine = [item for item in listed if host in item.get("hosts", ()) and (not only or item.get("id") in only)]
        by_hand = any(host in each.get("by_hand", ()) for each in slices)
        wanted, problems = decode(mine)
        if problems:
            raise AnsibleError("\n".join(problems))
        missing = library.problem()
        if missing and wanted:
            raise AnsibleError(f"on the controller {missing}")
        if folder is None and wanted:
            raise AnsibleError("pki: is missing; name the folder of keys and certificates on the controller")
        materials, expected, wrong = _materials(Store(folder), wanted) if folder and wanted else ({}, [], [])
        return Load(tuple(wanted), materials, expected, wrong, by_hand)

    # --- what people take to Windows ---------------------------------------------------------------------------------

    def _rendered(self, load: Load, host: str, handover: object, passphrase: object) -> Result:
        if not handover or not passphrase:
            raise AnsibleError(
                "handover and passphrase: are needed with state: rendered, a folder on the controller and the "
                "passphrase of what is written into it, out of a vault"
            )
        folder = Path(str(handover)).expanduser() / host
        texts: dict[str, bytes] = {}
        lines = ["@echo off", "rem Run this as an administrator; it asks for the passphrase of each file."]
        for request in load.wanted:
            if request.id in load.materials:
                material = load.materials[request.id]
                name = windows.file_name(request.id)
                texts[f"{name}.p12"] = bundles.pkcs12_of(request.id, material, str(passphrase), for_windows=True)
                roots = certificates.roots_of(material.trust)
                texts.update(roots)
                lines += windows.install_lines(request, host, certificates.sha1(material.certificate), list(roots))
        texts["install.cmd"] = "".join(f"{line}\r\n" for line in lines).encode("ascii")
        # PKCS#12 is another one each time, though the key in it is the same.
        marks = folder / ".digests"
        digest = "".join(sorted(f"{each.id} {each.chain_sha256}\n" for each in load.expected)).encode()
        fresh = read_bytes(marks) == digest and all((folder / name).exists() for name in texts)
        names = [] if fresh else sorted(str(folder / name) for name in texts)
        if names and not self._task.check_mode:
            make_folder(folder)
            for name, data in texts.items():
                write_whole(folder / name, data, FILE_MODE)
            write_whole(marks, digest)
        operations = [dataclasses.asdict(Operation("add", name)) for name in names]
        return {
            "changed": bool(names),
            "operations": operations,
            "written": sorted(str(folder / name) for name in texts),
            "would_need": load.missing,
        }


def _materials(
    store: Store, wanted: t.Iterable[Request]
) -> tuple[dict[str, bundles.Material], list[bundles.Expected], list[str]]:
    """Keys and certificates that are there, and what is wrong with them."""
    now = datetime.datetime.now(datetime.UTC)
    materials, expected, problems = {}, [], []
    for request in wanted:
        found = [read_bytes(store.path(request.id, name)) for name in (KEY, CERTIFICATE, TRUST)]
        key, certificate, trust = found
        if key is None or certificate is None or trust is None:
            continue
        held = store.read(request.id, now)
        facts = held.certificate
        date = certificates.date_problem(facts.not_before, facts.not_after, now, "it") if facts else ""
        wrong = [words for words in (held.certificate_problem, held.chain_problem, date) if words]
        material = bundles.Material(key, certificate, trust)
        try:
            digests = bundles.expected(request.id, material)
        except bundles.BundleError as error:
            problems.append(f"{error}. It is not installed")
            continue
        if wrong:
            problems.append(f"{request.id}: {'; '.join(wrong)}. It is not installed; what is on the host stays")
            continue
        materials[request.id] = material
        expected.append(digests)
    return materials, expected, problems


def _nothing(load: Load, *, check: bool) -> Result:
    """The result where nothing can be done on the host, so that no connection is made."""
    result: Result = {"changed": False, "operations": [], "certificates": [], "foreign": [], "undo_id": ""}
    _tell_missing(result, load.missing, check=check)
    return result


def _tell_missing(result: Result, missing: list[str], *, check: bool) -> None:
    """Certificates that are not there yet: in check mode other tasks of the play would make them first."""
    result["would_need"] = missing
    if missing and not check:
        result["warnings"] = [f"not installed, since no certificate is there yet: {', '.join(missing)}"]
    if check and missing:
        more = [Operation("add", f"certificate {name}", why="after it is issued") for name in missing]
        result["operations"] = [*result.get("operations", []), *(dataclasses.asdict(each) for each in more)]
        result["changed"] = True
