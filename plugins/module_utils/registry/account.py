# SPDX-License-Identifier: GPL-3.0-or-later
"""Who we are to Windows, through Samba's libraries. The one place that imports them. Private to the collection.

They are Debian's `python3-samba` and belong to the system's Python; no virtual environment has them.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import socket
from collections.abc import Iterator
from typing import Any

from . import faults

try:
    from samba import NTSTATUSError, WERRORError, param
    from samba.credentials import DONT_USE_KERBEROS, MUST_USE_KERBEROS, SPECIFIED, Credentials

    HAS_SAMBA = True
except ImportError:
    HAS_SAMBA = False

MISSING = (
    "Samba's Python libraries are missing on the controller, or the Python that Ansible runs modules with there cannot "
    "see them. Install the package python3-samba (Debian, Ubuntu, Fedora); or render files with backend reg_file"
)
SMB_PORT = 445
SYSTEM_PYTHONS = ("/usr/bin/python3", "/usr/libexec/platform-python")


@dataclasses.dataclass(frozen=True)
class Account:
    """The account that all targets of a call are changed with."""

    user: str = ""
    password: str = dataclasses.field(default="", repr=False)
    domain: str = ""
    realm: str = ""
    kerberos: bool = False
    ticket_cache: str = ""
    oldest_protocol: str = "SMB2"

    @property
    def unclear(self) -> str:
        """What most probably is wrong when a connection fails without a reason: Kerberos without a ticket does."""
        return "no_ticket" if self.kerberos else "failed"

    def settings(self) -> Any:
        """Samba's own settings, without any file of the machine's."""
        settings = param.LoadParm()
        settings.set("client min protocol", self.oldest_protocol)
        settings.set("client ipc min protocol", self.oldest_protocol)
        if self.realm:
            settings.set("realm", self.realm.upper())
        return settings

    def credentials(self, settings: Any) -> Any:
        made = Credentials()
        made.guess(settings) if self.kerberos else made.set_workstation(socket.gethostname().split(".")[0])
        made.set_domain(self.domain)
        made.set_username(self.user)
        if self.realm:
            made.set_realm(self.realm.upper())
        if self.kerberos:
            made.set_kerberos_state(MUST_USE_KERBEROS)
            cache = self.ticket_cache or os.environ.get("KRB5CCNAME", "")
            if cache and not self.password:
                made.set_named_ccache(cache, SPECIFIED, settings)
        else:
            made.set_kerberos_state(DONT_USE_KERBEROS)
        if self.password:
            made.set_password(self.password)
        return made


@contextlib.contextmanager
def told_apart(doing: str, connecting: Account | None = None) -> Iterator[None]:
    """Turn Samba's errors into faults. While connecting some of them mean something else than later on."""
    try:
        yield
    except NTSTATUSError as error:
        unclear = connecting.unclear if connecting else "failed"
        fault = faults.of_status(error.args[0], str(error.args[1]), doing, unclear)
        if connecting and fault.outcome == "gone":
            # The port has answered before: who ends the connection now does not know what he was spoken to in.
            raise faults.RegistryError("hung_up", fault.detail) from None
        raise fault from None
    except WERRORError as error:
        raise faults.of_code(error.args[0], str(error.args[1]), doing) from None
    except (RuntimeError, OSError) as error:
        raise faults.RegistryError("failed", f"{doing}: {error}") from None


def reach(host: str, timeout: float) -> str:
    """The address of a host whose SMB port answers. Samba itself words all that can be wrong here in one way.

    Half of the time is for this, so that it is told before the whole of it is over and the host is given up.
    """
    try:
        found = [str(each[4][0]) for each in socket.getaddrinfo(host, SMB_PORT, type=socket.SOCK_STREAM)]
    except OSError as error:
        raise faults.RegistryError("unresolved", f"{host}: {error.args[-1]}") from None
    each_within, problems = timeout / 2 / len(found), []
    for address in found:
        problem = _silence(address, each_within)
        if not problem:
            return address
        problems.append(problem)
    words = " and ".join(dict.fromkeys(problems))
    raise faults.RegistryError("unreachable", f"{host}, TCP port {SMB_PORT}: {words}")


def _silence(address: str, timeout: float) -> str:
    """Why the SMB port of an address does not answer; empty when it does."""
    try:
        socket.create_connection((address, SMB_PORT), timeout).close()
    except OSError as error:
        return error.strerror or f"no answer within {timeout:g} s"
    return ""
