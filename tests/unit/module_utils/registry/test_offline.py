# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings as files: rendered, written and parsed."""

from __future__ import annotations

import base64
import typing as t
from pathlib import Path

import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.registry import offline
from ansible_collections.openuc.ocs.plugins.module_utils.specs import QOS_REGISTRY

AUDIO = {"hive": "HKLM", "key": r"SOFTWARE\Contoso", "name": "Audio", "type": "REG_DWORD", "data": 46}
MINE = {"hive": "HKCU", "key": r"Software\Contoso", "name": "Mine", "type": "REG_SZ", "data": "x"}


def run(check: bool = False, **given: t.Any) -> dict[str, t.Any]:
    options = {name: spec.get("default") for name, spec in QOS_REGISTRY.items()}
    return offline.run({**options, "state": "rendered", "target": "fe1", **given}, check)


def test_a_host_gets_a_reg_file_shown_as_text() -> None:
    assert run(values=[AUDIO])["rendered"] == {
        "fe1.reg": "Windows Registry Editor Version 5.00\n\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Contoso]\n"
        '"Audio"=dword:0000002e\n\n'
    }


def test_a_policy_gets_a_file_for_each_half_that_holds_anything(tmp_path: Path) -> None:
    result = run(target="hq", gpo="UC", values=[AUDIO, MINE], rendered_dir=str(tmp_path))
    assert set(result["rendered"]) == {"hq/Machine/Registry.pol", "hq/User/Registry.pol"}
    for name, text in result["rendered"].items():
        assert (tmp_path / name).read_bytes() == base64.b64decode(text)
    assert set(run(target="hq", gpo="UC", values=[AUDIO])["rendered"]) == {"hq/Machine/Registry.pol"}


def test_check_write_write_check(tmp_path: Path) -> None:
    folder = tmp_path / "made"
    assert run(check=True, values=[AUDIO], rendered_dir=str(folder))["changed"]
    assert not folder.exists()
    assert run(values=[AUDIO], rendered_dir=str(folder))["summary"] == "1 to add"
    assert not run(values=[AUDIO], rendered_dir=str(folder))["changed"]
    assert not run(check=True, values=[AUDIO], rendered_dir=str(folder))["changed"]
    assert run(values=[{**AUDIO, "data": 40}], rendered_dir=str(folder))["summary"] == "1 to change"


def test_what_is_written_is_parsed_to_the_same_values(tmp_path: Path) -> None:
    run(values=[AUDIO, MINE], rendered_dir=str(tmp_path))
    run(target="hq", gpo="UC", values=[AUDIO, MINE], rendered_dir=str(tmp_path))
    parsed = {name: run(state="parsed", file=str(tmp_path / name)).get("parsed") for name in (
        "fe1.reg", "hq/Machine/Registry.pol", "hq/User/Registry.pol"
    )}  # fmt: skip
    assert parsed == {
        "fe1.reg": [AUDIO, MINE],
        "hq/Machine/Registry.pol": [AUDIO],
        "hq/User/Registry.pol": [MINE],
    }


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"state": "parsed"}, "file: is missing"),
        ({"state": "parsed", "file": "/nowhere/at/all.reg"}, "file: /nowhere/at/all.reg is not there"),
        ({"values": [{**AUDIO, "data": "x"}]}, "values[0].data: REG_DWORD Audio: expected a whole number"),
        ({"gpo": "UC", "values": [{**AUDIO, "type": "REG_BINARY", "data": {"hex": "00" * 65536}}]}, "at most 65535"),
        ({"values": [AUDIO], "rendered_dir": "/proc/none"}, "/proc/none: "),
    ],
)
def test_what_is_wrong_is_said(given: dict[str, t.Any], message: str) -> None:
    result = run(**given)
    assert result["failed"]
    assert message in result["msg"]


def test_a_file_of_neither_kind_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "x.reg").write_text("nonsense")
    result = run(state="parsed", file=str(tmp_path / "x.reg"))
    assert result["msg"].startswith(f"file: {tmp_path}/x.reg: line 1: expected 'Windows Registry Editor")
