# SPDX-License-Identifier: GPL-3.0-or-later
"""Other tools that scripts of this folder measure beside ours, fetched into `.build/peers` when first needed."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

PEERS = Path(__file__).resolve().parents[2] / ".build/peers"
# The package that collections of the community come in, at the release made for the oldest Ansible that is supported.
COLLECTIONS = "ansible==12.3.0"
_SECONDS = 300


def program(name: str, *packages: str) -> Path | None:
    """A program that these packages bring, in an environment of its own; nothing where they cannot be had."""
    there = PEERS / "bin" / name
    if there.exists():
        return there
    if not (PEERS / "bin/python").exists() and not _done(sys.executable, "-m", "venv", str(PEERS)):
        return None
    _done(str(PEERS / "bin/python"), "-m", "pip", "install", "--quiet", *packages)
    return there if there.exists() else None


def collection(name: str) -> Path | None:
    """The folder of an Ansible collection, which stands below `.build/peers`; nothing where it cannot be had."""
    inside = f"ansible_collections/{name.replace('.', '/')}"
    manifest = PEERS / inside / "MANIFEST.json"
    if not manifest.exists():
        with tempfile.TemporaryDirectory() as folder:
            _done(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", COLLECTIONS, "--dest", folder)
            for wheel in Path(folder).glob("*.whl"):
                _unpack(wheel, inside)
    return manifest.parent if manifest.exists() else None


def _unpack(wheel: Path, inside: str) -> None:
    with zipfile.ZipFile(wheel) as held:
        held.extractall(PEERS, [name for name in held.namelist() if name.startswith(f"{inside}/")])


def _done(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False, timeout=_SECONDS).returncode == 0
    except subprocess.TimeoutExpired:
        return False
