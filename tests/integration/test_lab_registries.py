# SPDX-License-Identifier: GPL-3.0-or-later
"""Registries of servers that stand in for Windows: Samba's over the network, Wine's on the host alone."""

from __future__ import annotations

import shutil
import typing as t
from pathlib import Path

import pytest

from tests.integration.conftest import RunningLab, own_name
from tests.lab import estate, lab, packages
from tests.lab.lab import Lab
from tests.lab.services import wine
from tests.support import ROOT

INVENTORY = ROOT / "tests/integration/inventories/registries.yml"
REMOTE, IMPORTED = "ocs1.corp.contoso.com", "dir1.corp.contoso.com"
KEY = r"HKEY_LOCAL_MACHINE\SOFTWARE\Policies\OpenUC"
FILE = rf"""Windows Registry Editor Version 5.00

[{KEY}]
"Lowest"=dword:00009c40
"Text"="a \"quoted\" \\ name"
"Several"=hex(7):61,00,00,00,62,00,00,00,00,00
"Expanded"=hex(2):25,00,54,00,45,00,4d,00,50,00,25,00,00,00
"""

needs_wine = pytest.mark.skipif(
    bool(packages.missing(wine.PACKAGES)), reason="Wine is optional in a lab, and is not installed on this machine"
)


@pytest.fixture(scope="module")
def registries() -> t.Iterator[RunningLab]:
    name = Lab(own_name("r"))
    try:
        yield RunningLab(name, lab.up(name, estate.read(INVENTORY), let_in=False, say=print))
    finally:
        lab.down(name, print)


def place(running: RunningLab, host: str, path: str, content: bytes) -> None:
    Path(f"/proc/{running.lab.first_process(host)}/root{path}").write_bytes(content)


def test_a_server_whose_registry_is_changed_over_the_network_serves_it(registries: RunningLab) -> None:
    password = (registries.lab.folder / "keys" / "operator.password").read_text().strip()
    place(registries, IMPORTED, "/root/operator", f"username = openuc\npassword = {password}\n".encode())
    remote = ("net", "rpc", "registry", "-S", "10.20.0.11", "-A", "/root/operator")
    key = r"HKLM\Software\OpenUC"
    registries.on(IMPORTED, *remote, "createkey", key)
    registries.on(IMPORTED, *remote, "setvalue", key, "Lowest", "dword", "40000")
    assert "40000" in registries.on(IMPORTED, *remote, "getvalue", key, "Lowest").stdout
    anonymous = registries.on(IMPORTED, *remote[:5], "-U", "openuc%wrong", "enumerate", "HKLM", check=False)
    assert "LOGON_FAILURE" in anonymous.stdout + anonymous.stderr


@needs_wine
def test_a_file_is_imported_as_its_registry_editor_reads_it(registries: RunningLab) -> None:
    place(registries, IMPORTED, "/root/values.reg", FILE.replace("\n", "\r\n").encode("utf-16"))
    registries.on(IMPORTED, "reg", "import", "/root/values.reg")
    shown = registries.on(IMPORTED, "reg", "query", KEY).stdout
    rows = {tuple(part.strip() for part in line.split("    ")[1:]) for line in shown.splitlines() if line[:1] == " "}
    assert rows == {
        ("Lowest", "REG_DWORD", "0x9c40"),
        ("Text", "REG_SZ", r'a "quoted" \ name'),
        ("Several", "REG_MULTI_SZ", r"a\0b"),
        ("Expanded", "REG_EXPAND_SZ", "%TEMP%"),
    }


@needs_wine
def test_a_file_that_is_none_is_refused(registries: RunningLab) -> None:
    place(registries, IMPORTED, "/root/broken.reg", b"no registry file")
    for name in ("absent", "broken"):
        refused = registries.on(IMPORTED, "reg", "import", f"/root/{name}.reg", check=False)
        assert refused.returncode == 1, name


@needs_wine
def test_values_outlast_a_restart_and_are_nobody_else_s(registries: RunningLab) -> None:
    registries.on(IMPORTED, "reg", "add", rf"{KEY}\Kept", "/v", "Kept", "/t", "REG_DWORD", "/d", "7", "/f")
    # The event at which Wine has written all: its server has ended.
    registries.on(IMPORTED, "env", f"WINEPREFIX={wine.FOLDER}", "wineserver", "--wait")
    lab.restart(registries.lab, IMPORTED)
    assert "0x7" in registries.on(IMPORTED, "reg", "query", rf"{KEY}\Kept", "/v", "Kept").stdout
    assert registries.on(REMOTE, "test", "-e", "/usr/local/bin/reg", check=False).returncode == 1
    assert not Path(wine.FOLDER).exists(), "the machine itself has none"


def test_without_wine_the_lab_says_what_it_leaves_out(
    registries: RunningLab, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(wine, "PACKAGES", ("no-such-package-openuc",))
    other, said = Lab(own_name("s")), list[str]()
    try:
        lab.up(other, estate.read(INVENTORY), let_in=False, say=said.append)
        assert (
            said[0] == f"No registry on {IMPORTED}: Wine is not installed. With the package wine64 there would be one."
        )
        assert shutil.which("reg", path=str(other.disk(IMPORTED).upper / "usr/local/bin")) is None
    finally:
        lab.down(other, print)
