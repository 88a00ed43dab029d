# SPDX-License-Identifier: GPL-3.0-or-later
"""Rendered files, read by registry editors that are not ours: Wine's, and hivex on a hive of Windows."""

from __future__ import annotations

import re
import struct
import subprocess
import typing as t
from pathlib import Path

import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.registry import offline
from ansible_collections.openuc.ocs.plugins.module_utils.specs import QOS_REGISTRY
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.slices import slices_of
from tests import support
from tests.integration.qos.conftest import value
from tests.integration.servers import throwaway
from tests.lab import packages
from tests.lab.services import wine

PAGE = 4096
HKLM = "HKEY_LOCAL_MACHINE"


def rendered(folder: Path, values: list[dict[str, t.Any]]) -> Path:
    """The file that the module writes for a host."""
    options = {name: spec.get("default") for name, spec in QOS_REGISTRY.items()}
    options |= {"state": "rendered", "target": "fe1", "values": values, "rendered_dir": str(folder)}
    assert "failed" not in offline.run(options, False)
    return folder / "fe1.reg"


def planned() -> list[dict[str, t.Any]]:
    """What the examples plan for hosts, each value once."""
    found: dict[tuple[str, str], dict[str, t.Any]] = {}
    for example in ("lab", "lync2010"):
        made = support.example_design(example)
        assert made.plan
        for item in slices_of(made.topology, made.plan):
            for entry in item.arguments["values"] if item.mechanism == "qos_registry" else ():
                if entry["hive"] == "HKLM":
                    found.setdefault((entry["key"], entry["name"]), entry)
    return list(found.values())


AWKWARD = [
    value("", "the default", "REG_SZ", r"SOFTWARE\Contoso"),
    value('a "quoted" \\ name', 'x\\"y', "REG_SZ", r"SOFTWARE\Contoso"),
    value("Bytes", {"hex": "00" * 100}, "REG_BINARY", r"SOFTWARE\Contoso"),
    value("Several", ["one", "two three"], "REG_MULTI_SZ", r"SOFTWARE\Contoso\Below"),
    value("Expanded", "%TEMP%", "REG_EXPAND_SZ", r"SOFTWARE\Contoso\Below"),
    value("Large", 2**32 - 1, "REG_DWORD", r"SOFTWARE\Contoso\Below"),
]


# --- Wine -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def editor() -> t.Iterator[throwaway.Process]:
    if packages.missing(wine.PACKAGES):
        pytest.skip("Wine is optional in a lab, and is not installed on this machine")
    with throwaway.network() as network:
        yield network.host("imports", "10.99.0.40", wine.registry())


def test_wine_imports_every_planned_value(editor: throwaway.Process, tmp_path: Path) -> None:
    values = planned()
    assert len(values) > 20
    Path(f"/proc/{editor.pid}/root/root/fe1.reg").write_bytes(rendered(tmp_path, values).read_bytes())
    editor.run("reg", "import", "/root/fe1.reg")
    found: dict[tuple[str, str], str] = {}
    for key in dict.fromkeys(entry["key"] for entry in values):
        said = editor.run("reg", "query", f"{HKLM}\\{key}").stdout
        for name, _kind, data in re.findall(r"(?m)^    (.+?)    (REG_\w+)    ?(.*?)\r?$", said):
            found[key.upper(), name] = data
    assert found == {
        (entry["key"].upper(), entry["name"]): hex(entry["data"]) if entry["type"] == "REG_DWORD" else entry["data"]
        for entry in values
    }


# --- a hive -----------------------------------------------------------------------------------------------------------


def empty_hive() -> bytes:
    """A hive of Windows with nothing but its root key."""
    security = b"sk" + struct.pack("<HIIII", 0, 0x78, 0x78, 1, 20) + bytes(20)
    nothing = 0xFFFFFFFF
    root = b"nk" + struct.pack("<HQII", 0x2C, 0, 0, nothing)
    root += struct.pack("<IIIIIIII", 0, 0, nothing, nothing, 0, nothing, 0x78, nothing)
    root += struct.pack("<IIIIIHH", 0, 0, 0, 0, 0, 4, 0) + b"ROOT"
    cells = _cell(root, 0x78 - 0x20) + _cell(security, 0x30)
    free = PAGE - 0x20 - len(cells)
    page = b"hbin" + struct.pack("<IIQQI", 0, PAGE, 0, 0, 0) + cells + struct.pack("<i", free) + bytes(free - 4)
    head = b"regf" + struct.pack("<IIQIIIIIII", 1, 1, 0, 1, 3, 0, 1, 0x20, PAGE, 1)
    head = head.ljust(0x1FC, b"\0")
    checksum = 0
    for (word,) in struct.iter_unpack("<I", head):
        checksum ^= word
    return (head + struct.pack("<I", checksum)).ljust(PAGE, b"\0") + page


def _cell(content: bytes, size: int) -> bytes:
    return (struct.pack("<i", -size) + content).ljust(size, b"\0")


@pytest.mark.parametrize("values", [AWKWARD, planned()], ids=["awkward", "planned"])
def test_hivex_merges_the_file_into_a_hive_and_exports_the_same_values(
    tmp_path: Path, values: list[dict[str, t.Any]]
) -> None:
    hive, text = tmp_path / "SOFTWARE", tmp_path / "plain.reg"
    hive.write_bytes(empty_hive())
    # It reads text of Unix only, as its manual says, and unlike Windows makes no key above one that is named.
    lines = rendered(tmp_path, values).read_bytes().decode("utf-16").split("\r\n")
    above = [f"[{HKLM}\\{key}]\n" for key in _keys_above(values)]
    text.write_text("\n".join([*lines[:2], *above, *lines[2:]]))
    subprocess.run(["hivexregedit", "--merge", "--prefix", HKLM, str(hive), str(text)], check=True)
    back = [entry for top in {v["key"].split("\\")[0].upper() for v in values} for entry in exported(hive, top)]
    assert _by_place(back) == _by_place(values)


def exported(hive: Path, top: str) -> list[dict[str, t.Any]]:
    """What hivex has below a key, parsed by the module."""
    command = ["hivexregedit", "--export", "--prefix", HKLM, str(hive), f"\\{top}"]
    back = hive.with_name("back.reg")
    back.write_text(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    options = {name: spec.get("default") for name, spec in QOS_REGISTRY.items()}
    found = offline.run({**options, "state": "parsed", "file": str(back)}, False)
    assert "failed" not in found, found
    return t.cast("list[dict[str, t.Any]]", found["parsed"])


def _keys_above(values: list[dict[str, t.Any]]) -> list[str]:
    found = {"\\".join(key.split("\\")[:depth]) for key in {v["key"] for v in values} for depth in range(1, 12)}
    return sorted({key.upper(): key for key in found}.values(), key=lambda key: key.count("\\"))


def _by_place(values: list[dict[str, t.Any]]) -> dict[tuple[str, str], tuple[str, t.Any]]:
    return {(entry["key"].upper(), entry["name"]): (entry["type"], entry["data"]) for entry in values}
