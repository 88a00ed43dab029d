# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes checks of what the plan expects on the wire and what was issued, and has a host look."""

from __future__ import annotations

import dataclasses
import hashlib
import typing as t

from ansible.errors import AnsibleError

from ..module_utils.files import FileError, read_bytes
from ..module_utils.pki import certificates, library
from ..module_utils.pki.store import CERTIFICATE, KEY, TRUST, Store
from ..module_utils.specs import CERTIFICATES_FOLDER
from ..plugin_utils.acting.certificates import CertificateAction
from ..plugin_utils.acting.slices import Arguments, Result, Variables

_MODULE = "openuc.ocs.certificate_verify"
_AS_PLANNED = ("address", "port", "source_address", "server_name", "names", "eku", "same_key", "starttls", "revocation")
# What is not looked at where its lack is tolerated, as requests and answers of the same issuer are judged.
_TOLERATED = {"name": "names", "eku": "eku", "crl": "revocation"}


@dataclasses.dataclass(frozen=True)
class Issued:
    """What the controller holds of a certificate."""

    sha256: str
    trust: str


class ActionModule(CertificateAction):
    """The `certificate_verify` action."""

    mechanism = "certificate_verify"
    _requires_connection = True

    def act(self, variables: Variables) -> Result:
        if self._task.args.get("slice") is None:
            return self._look(dict(self._task.args), variables)
        arguments = self.sliced()
        planned = [item for item in arguments.pop("checks", ()) if _is_asked(item, arguments)]
        store = Store(self._pki(arguments, variables))
        issued = _issued(store, {name for item in planned for name in _named(item)})
        ready = [item for item in planned if all(name in issued for name in _named(item))]
        result: Result = {"changed": False, "wrong": [], "results": []}
        if ready:
            checks = [_check(item, issued, arguments) for item in ready]
            roots = {_digest(found.trust): found.trust for found in issued.values()}
            own = ("slice", "stages", "pki", "folder", "only", "hosts", "tolerated", "legacy", "least_days")
            passed = {name: value for name, value in arguments.items() if name not in own}
            result = self._look({**passed, "checks": checks, "roots": roots}, variables)
        result["would_need"] = sorted({name for item in planned for name in _named(item)} - issued.keys())
        return result

    def _pki(self, arguments: Arguments, variables: Variables) -> str:
        missing = library.problem()
        if missing:
            raise AnsibleError(f"on the controller {missing}")
        folder = self.pki_folder(arguments.get("pki"), variables)
        if folder is None:
            raise AnsibleError("pki: is missing; name the folder of keys and certificates on the controller")
        return folder

    def _look(self, arguments: Arguments, variables: Variables) -> Result:
        return t.cast(Result, self._execute_module(module_name=_MODULE, module_args=arguments, task_vars=variables))


def _is_asked(item: Arguments, arguments: Arguments) -> bool:
    only, hosts = arguments.get("only") or (), arguments.get("hosts")
    return (not only or any(name in only for name in item["certificates"])) and (hosts is None or item["host"] in hosts)


def _named(item: Arguments) -> list[str]:
    """Ids of the certificates that a check is about, our own included."""
    return [*item["certificates"], *([item["client"]] if item.get("client") else [])]


def _issued(store: Store, names: t.Iterable[str]) -> dict[str, Issued]:
    """Certificates that are there, with the roots that they are judged by."""
    found = {}
    for name in names:
        try:
            chain, trust = (read_bytes(store.path(name, file)) for file in (CERTIFICATE, TRUST))
            if chain and trust:
                leaf = certificates.load_all(chain)[0]
                found[name] = Issued(certificates.sha256(leaf), trust.decode("ascii"))
        except (FileError, ValueError) as error:
            raise AnsibleError(f"{store.path(name)}: {error}") from error
    return found


def _check(item: Arguments, issued: t.Mapping[str, Issued], arguments: Arguments) -> Arguments:
    """A check of the module: what the plan says, and the very certificates that were issued for it."""
    check = {key: item[key] for key in _AS_PLANNED if key in item}
    tolerated = (arguments.get("tolerated") or {}).get(item["issuer"]) or ()
    for word in tolerated:
        check.pop(_TOLERATED.get(str(word), ""), None)
    shown = {}
    if item.get("client"):
        held = f"{arguments.get('folder') or CERTIFICATES_FOLDER}/{item['client']}"
        shown = {"client_certificate": f"{held}/{CERTIFICATE}", "client_key": f"{held}/{KEY}"}
    return {
        **check,
        **shown,
        "id": f"{item['host']} at {item['address']}:{item['port']}",
        "sha256": [issued[name].sha256 for name in item["certificates"]],
        "trust": _digest(issued[item["certificates"][0]].trust),
        "legacy": bool(arguments.get("legacy")),
        "least_days": int(arguments.get("least_days") or 0),
    }


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
