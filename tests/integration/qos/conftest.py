# SPDX-License-Identifier: GPL-3.0-or-later
"""A domain controller and two servers with a remote registry, on a network of their own, and the module beside them."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import subprocess
import typing as t
from pathlib import Path

import pytest

from tests.integration.servers import throwaway
from tests.lab.services import directory
from tests.support import ROOT

DC, FE, MED = "10.99.0.10", "10.99.0.11", "10.99.0.12"
DOMAIN = "corp.contoso.com"
CONTROLLER = f"dc1.{DOMAIN}"
ADMINISTRATOR, OPERATOR = "Adm1n-of-the-lab", "0perator-of-it"
DRIVER = Path(__file__).parent / "driver.py"
COLLECTIONS = ROOT / ".build/collections"

PSCHED = r"SOFTWARE\Policies\Microsoft\Windows\Psched\DiffservByteMappingConforming"
ACCOUNTS = {
    "default": {"user": "openuc"},
    "domain": {"user": "openuc", "domain": "CORP"},
    "administrator": {"user": "Administrator", "domain": "CORP"},
    "user": {"user": "alice", "domain": "CORP"},
    "ticket": {"user": "openuc", "realm": DOMAIN.upper(), "authentication": "kerberos"},
}
PASSWORDS = {
    "default": OPERATOR,
    "domain": OPERATOR,
    "administrator": ADMINISTRATOR,
    "user": "Wonder-land-1",
    "ticket": OPERATOR,
}


def value(name: str, data: t.Any, kind: str = "REG_DWORD", key: str = PSCHED, hive: str = "HKLM") -> dict[str, t.Any]:
    return {"hive": hive, "key": key, "name": name, "type": kind, "data": data}


@dataclasses.dataclass(frozen=True)
class Site:
    """The hosts, and ways to ask them that are not ours."""

    network: throwaway.Network
    controller: throwaway.Process
    front_end: throwaway.Process
    mediation: throwaway.Process
    names: Path

    def module(self, journal: Path, **options: t.Any) -> dict[str, t.Any]:
        """Run the module where the client stands."""
        asked = {"accounts": ACCOUNTS, "passwords": PASSWORDS, "journal_dir": str(journal), **options}
        done = subprocess.run(
            self.command("/usr/bin/python3", str(DRIVER), str(COLLECTIONS)),
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env={**throwaway.ENVIRONMENT, "KRB5_CONFIG": str(journal.parent / "krb5.conf")},
        )
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        return t.cast("dict[str, t.Any]", json.loads(done.stdout))

    @contextlib.contextmanager
    def started(self, journal: Path, **options: t.Any) -> t.Iterator[subprocess.Popen[str]]:
        """The module under way, ended when this is left."""
        asked = {"accounts": ACCOUNTS, "passwords": PASSWORDS, "journal_dir": str(journal), **options}
        command = self.command("/usr/bin/python3", str(DRIVER), str(COLLECTIONS))
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=throwaway.ENVIRONMENT
        ) as process:
            assert process.stdin
            process.stdin.write(json.dumps(asked))
            process.stdin.close()
            try:
                yield process
            finally:
                process.kill()

    def command(self, *words: str) -> list[str]:
        """A command where the client stands, and where the domain controller's name is known."""
        seen = 'mount --bind "$0" /etc/hosts; exec "$@"'
        inside = ["nsenter", f"--target={self.network.client.pid}", "--net", "unshare", "--mount"]
        return [*inside, "sh", "-ec", seen, str(self.names), *words]

    def registry(self, address: str, *words: str, check: bool = True) -> str:
        """Samba's own command."""
        user = f"CORP\\openuc%{OPERATOR}" if address == DC else f"openuc%{OPERATOR}"
        done = self.network.client.run("net", "rpc", "registry", *words, "-U", user, "-S", address, check=check)
        return done.stdout + done.stderr

    def values(self, address: str, key: str = PSCHED) -> dict[str, tuple[str, str]]:
        """What Samba's own command says is in a key of HKLM: type and data by name."""
        said = self.registry(address, "enumerate", f"HKLM\\{key}", check=False)
        pairs = [tuple(part.strip() for part in line.split("=", 1)) for line in said.splitlines() if "=" in line]
        names = [data for name, data in pairs if name == "Valuename"]
        kinds = [data for name, data in pairs if name == "Type"]
        datas = [data for name, data in pairs if name.startswith("Value") and name != "Valuename"]
        return {name: (kind, data) for name, kind, data in zip(names, kinds, datas, strict=True)}


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Site]:
    names = tmp_path_factory.mktemp("names") / "hosts"
    names.write_text(f"127.0.0.1 localhost\n{DC} {CONTROLLER}\n")
    controller = directory.domain_controller(
        CONTROLLER,
        DOMAIN,
        DC,
        [],
        ADMINISTRATOR,
        accounts=[directory.operator("openuc", OPERATOR), directory.Account("alice", "Wonder-land-1")],
    )
    with throwaway.network() as network:
        hosts = [network.host(CONTROLLER, DC, controller)]
        for name, address in (("fe1", FE), ("med1", MED)):
            service = directory.registry_server(f"{name}.{DOMAIN}", address, password=OPERATOR)
            hosts.append(network.host(name, address, service))
        yield Site(network, *hosts, names=names)


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    (tmp_path / "krb5.conf").write_text(directory.kerberos_client(DOMAIN, DC).text)
    return tmp_path / "journal"
