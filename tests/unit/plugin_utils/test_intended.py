# SPDX-License-Identifier: GPL-3.0-or-later
"""The tree on disk: whole or not at all, only what changed, foreign files kept."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils import intended

ONE = {"plan.json": "{}\n", "zones/internal/a.zone": "a\n"}


def put(folder: Path, files: dict[str, str], private: Path | None = None, keep: bool = True) -> list[str]:
    """Paths of what was changed."""
    with intended.making(folder, private or folder.parent / "private", keep) as tree:
        changes = tree.seal(tree.lay(files), f"digest of {sorted(files.values())}", 1)
        if keep:
            tree.put(changes)
    return [change.path for change in changes]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return tmp_path / "intended"


def test_first_write_makes_every_file(tmp_path: Path) -> None:
    assert put(tmp_path, ONE) == ["manifest.json", "plan.json", "zones/internal/a.zone"]
    assert (tmp_path / "zones/internal/a.zone").read_text() == "a\n"


def test_second_write_changes_nothing(tmp_path: Path) -> None:
    put(tmp_path, ONE)
    before = (tmp_path / "plan.json").stat().st_ino
    assert put(tmp_path, ONE) == []
    assert (tmp_path / "plan.json").stat().st_ino == before


def test_only_changed_files_are_replaced(tmp_path: Path) -> None:
    put(tmp_path, ONE)
    untouched = (tmp_path / "plan.json").stat().st_ino
    two = {"plan.json": "{}\n", "zones/internal/a.zone": "b\n"}
    assert put(tmp_path, two) == ["manifest.json", "zones/internal/a.zone"]
    assert (tmp_path / "plan.json").stat().st_ino == untouched


def test_files_no_longer_planned_go_and_foreign_files_stay(tmp_path: Path) -> None:
    put(tmp_path, ONE)
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "zones" / "README").write_text("mine too")
    assert put(tmp_path, {"plan.json": "{}\n"}) == [
        "manifest.json",
        "zones/internal/a.zone",
    ]
    assert not (tmp_path / "zones/internal").exists()
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert (tmp_path / "zones" / "README").exists()


def test_a_failed_write_leaves_the_tree_as_it_was(tmp_path: Path) -> None:
    put(tmp_path, ONE)
    (tmp_path / "flows").write_text("a file where a folder is wanted")
    two = {"a.md": "new\n", "flows/x.csv": "x\n", "plan.json": "changed\n"}
    with pytest.raises((FileExistsError, NotADirectoryError)):
        put(tmp_path, two)
    assert (tmp_path / "plan.json").read_text() == "{}\n"
    assert not (tmp_path / "a.md").exists()
    assert [name for name in os.listdir(tmp_path) if name.startswith(".")] == []
    assert intended.read(tmp_path, "plan.json") == "{}\n"


def test_the_manifest_is_put_in_place_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    replace = os.replace
    monkeypatch.setattr(os, "replace", lambda old, new: (order.append(Path(new).name), replace(old, new)))
    put(tmp_path, ONE)
    assert order[-1] == "manifest.json"


def test_reading_a_file_that_was_changed_by_hand_is_refused(tmp_path: Path) -> None:
    put(tmp_path, ONE)
    (tmp_path / "plan.json").write_text("{ }\n")
    with pytest.raises(intended.UnreadableTreeError, match="plan again"):
        intended.read(tmp_path, "plan.json")


def test_reading_without_a_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(intended.UnreadableTreeError, match="plan first"):
        intended.read(tmp_path, "plan.json")


@pytest.mark.parametrize("text", ["", "[]", '{"files": 3}', '{"files": {"a": 1}', "\x00"])
def test_a_damaged_manifest_is_written_anew(tmp_path: Path, text: str) -> None:
    put(tmp_path, ONE)
    (tmp_path / "manifest.json").write_text(text)
    assert put(tmp_path, ONE) == ["manifest.json"]


def test_a_manifest_never_leads_out_of_its_folder(tmp_path: Path) -> None:
    outside = tmp_path / "precious"
    outside.write_text("keep me")
    tree = tmp_path / "intended"
    put(tree, ONE)
    manifest = json.loads((tree / "manifest.json").read_text())
    manifest["files"]["../precious"] = intended.digest(b"keep me")
    manifest["files"][str(outside)] = intended.digest(b"keep me")
    (tree / "manifest.json").write_text(json.dumps(manifest))
    put(tree, ONE)
    assert outside.read_text() == "keep me"


def test_a_file_that_is_no_text_counts_as_changed(tmp_path: Path) -> None:
    put(tmp_path, ONE)
    (tmp_path / "plan.json").write_bytes(b"\xff\xfe")
    assert put(tmp_path, ONE) == ["plan.json"]


def test_the_private_folder_keeps_its_plan_when_the_tree_is_planned_anew(tree: Path, tmp_path: Path) -> None:
    private = tmp_path / "first"
    put(tree, ONE, private)
    put(tree, {"plan.json": "[]\n"})
    assert intended.read(private, "plan.json") == "{}\n"
    assert intended.read(tree, "plan.json") == "[]\n"


def test_the_private_folder_holds_what_machines_read_of_this_plan_only(tree: Path, tmp_path: Path) -> None:
    private = tmp_path / "private"
    put(tree, {**ONE, "slices/firewall/fw1.json": "{}\n"}, private)
    put(tree, ONE, private)
    assert sorted(path.name for path in private.rglob("*")) == ["manifest.json", "plan.json"]
    assert intended.read(private, "plan.json") == "{}\n"


def test_the_private_folder_holds_copies_where_links_are_refused(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_paths: Path) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    private = tmp_path / "private"
    put(tree, ONE, private)
    (tree / "plan.json").write_text("changed in place\n")
    assert intended.read(private, "plan.json") == "{}\n"


def test_a_tree_that_is_not_kept_is_read_in_the_private_folder(tree: Path, tmp_path: Path) -> None:
    put(tree, ONE)
    private = tmp_path / "private"
    assert put(tree, {"plan.json": "[]\n"}, private, keep=False) == [
        "manifest.json",
        "plan.json",
        "zones/internal/a.zone",
    ]
    assert intended.read(private, "plan.json") == "[]\n"
    assert intended.read(tree, "plan.json") == "{}\n"
    assert sorted(path.name for path in tree.rglob("*.*")) == ["a.zone", "manifest.json", "plan.json"]


def test_parts_may_be_laid_again_and_come_to_one_tree(tree: Path) -> None:
    """As it is when a process died that had laid a part of them."""
    with intended.making(tree, tree.parent / "private", keep=True) as making:
        making.lay({"plan.json": "{}\n"})
        laid = {**making.lay({"plan.json": "{}\n"}), **making.lay({"zones/internal/a.zone": "a\n"})}
        making.put(making.seal(laid, "digest", 1))
    assert intended.read(tree, "plan.json") == "{}\n"
    assert intended.read(tree, "zones/internal/a.zone") == "a\n"


def test_a_change_shows_both_sides_and_keeps_the_mode_of_a_file(tree: Path) -> None:
    put(tree, ONE)
    (tree / "plan.json").chmod(0o640)
    with intended.making(tree, tree.parent / "private", keep=True) as making:
        changes = making.seal(making.lay({"plan.json": "[]\n"}), "digest", 1)
        shown = {change.path: change.texts() for change in changes}
        making.put(changes)
    assert shown["plan.json"] == ("{}\n", "[]\n")
    assert shown["zones/internal/a.zone"] == ("a\n", "")
    assert (tree / "plan.json").stat().st_mode & 0o777 == 0o640
