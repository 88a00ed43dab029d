# SPDX-License-Identifier: GPL-3.0-or-later
"""Rendered files are written whole, only where they differ, never outside of their folder, and not in check mode."""

from __future__ import annotations

import os
import stat
import typing as t
from pathlib import Path

import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.rendered import written

FILES: dict[str, str | bytes] = {"internal/contoso.com.zone": "é\n", "fe1/Registry.pol": b"PReg\xff\xfe"}


@pytest.fixture(autouse=True)
def usual_umask() -> t.Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def test_without_a_folder_nothing_is_written_and_nothing_changed() -> None:
    assert written(None, FILES, check=False)["changed"] is False


def test_check_write_write_check(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "there"
    foretold = written(str(folder), FILES, check=True)
    assert not folder.parent.exists()
    done = written(str(folder), FILES, check=False)
    assert done == foretold
    assert (done["changed"], done["summary"]) == (True, "2 to add")
    assert (folder / "internal/contoso.com.zone").read_bytes() == b"\xc3\xa9\n"
    assert (folder / "fe1/Registry.pol").read_bytes() == b"PReg\xff\xfe"
    for check in (False, True):
        assert written(str(folder), FILES, check=check)["changed"] is False


def test_others_can_read_what_was_written(tmp_path: Path) -> None:
    written(str(tmp_path / "made"), FILES, check=False)
    assert stat.S_IMODE((tmp_path / "made/fe1").stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "made/fe1/Registry.pol").stat().st_mode) == 0o644


def test_only_what_differs_is_written_and_shown(tmp_path: Path) -> None:
    written(str(tmp_path), FILES, check=False)
    kept = (tmp_path / "fe1/Registry.pol").stat().st_ino
    done = written(str(tmp_path), {**FILES, "internal/contoso.com.zone": "e\n"}, check=False)
    assert done["summary"] == "1 to change"
    path = str(tmp_path / "internal/contoso.com.zone")
    assert done["diff"] == [{"before_header": path, "after_header": path, "before": "é\n", "after": "e\n"}]
    assert (tmp_path / "fe1/Registry.pol").stat().st_ino == kept


def test_what_is_no_text_is_shown_by_its_size(tmp_path: Path) -> None:
    (difference,) = written(str(tmp_path), {"Registry.pol": b"PReg\xff\xfe"}, check=True)["diff"]
    assert (difference["before"], difference["after"]) == ("", "6 bytes\n")


@pytest.mark.parametrize("name", ["../x.reg", "/etc/x.reg", "hq/../../x.reg", ""])
def test_no_name_leads_out_of_the_folder(name: str, tmp_path: Path) -> None:
    found = written(str(tmp_path / "made"), {name: "x"}, check=False)
    assert found["failed"]
    assert found["msg"] == f"rendered_dir: {name!r} is no name of a file in {tmp_path / 'made'}"


def test_a_folder_that_cannot_be_made_is_named_with_a_remedy() -> None:
    found = written("/proc/none", FILES, check=False)
    assert found["failed"]
    assert found["msg"].startswith("rendered_dir: /proc/none")
    assert "name another place" in found["msg"]
