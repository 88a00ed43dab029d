# SPDX-License-Identifier: GPL-3.0-or-later
"""Copy the files that belong to this checkout (tracked, or new and not ignored) to another folder.

Usage: export_tree.py DESTINATION
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def files_of_checkout(root: Path) -> list[Path]:
    """Tell the files git knows or would add, without those deleted from the work tree."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=root, check=True, stdout=subprocess.PIPE, text=True).stdout
    names = sorted(set(listing.split("\0")) - {""})
    return [Path(name) for name in names if (root / name).is_symlink() or (root / name).is_file()]


def export(root: Path, destination: Path) -> int:
    """Copy them, keeping symbolic links as links, and return how many there were."""
    files = files_of_checkout(root)
    for name in files:
        target = destination / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / name, target, follow_symlinks=False)
    return len(files)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    export(ROOT, Path(sys.argv[1]))
