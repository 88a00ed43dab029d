# SPDX-License-Identifier: GPL-3.0-or-later
"""The clean copy of the checkout, from which the tarball is built and which ansible-test reads."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.tools.export_tree import export


def test_tracked_and_new_files_go_ignored_and_deleted_ones_stay(tmp_path: Path) -> None:
    checkout, copy = tmp_path / "checkout", tmp_path / "copy"
    (checkout / "folder").mkdir(parents=True)
    (checkout / ".gitignore").write_text("/ignored\n", encoding="utf-8")
    for name in ("tracked", "deleted", "ignored", "folder/new with a space"):
        (checkout / name).write_text(name, encoding="utf-8")
    (checkout / "link").symlink_to("folder")
    for command in (["init", "--quiet"], ["add", "tracked", "deleted"]):
        subprocess.run(["git", *command], cwd=checkout, check=True)
    (checkout / "deleted").unlink()

    assert export(checkout, copy) == 4

    copied = sorted(str(path.relative_to(copy)) for path in copy.rglob("*") if not path.is_dir() or path.is_symlink())
    assert copied == [".gitignore", "folder/new with a space", "link", "tracked"]
    assert (copy / "link").readlink() == Path("folder")
