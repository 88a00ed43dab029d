# SPDX-License-Identifier: GPL-3.0-or-later
"""What modules need, carried to hosts of a lab: they see neither homes of the machine nor what is mounted there, and
so perhaps not the checkout."""

from __future__ import annotations

import functools
import io
import subprocess
import tarfile
from pathlib import Path

import ansible

from tests.lab import machine
from tests.lab.lab import Lab
from tests.support import ROOT

# On the disk, which outlasts a restart of the host.
FOLDER = "/var/tmp/openuc-tests"
OURS = "ansible_collections/openuc/ocs/plugins"


@functools.cache
def carried(lab: Lab, host: str) -> str:
    """A folder of the host, as its Python's path, with our modules and what of Ansible they stand on."""
    command = ["sh", "-c", f"mkdir -p {FOLDER} && tar -x -C {FOLDER}"]
    inside = machine.command_in(lab.first_process(host), command)
    subprocess.run(inside, input=_packed(), check=True)
    return FOLDER


@functools.cache
def _packed() -> bytes:
    theirs = Path(ansible.__file__).parent
    sources = {
        **{theirs / name: f"ansible/{name}" for name in ("__init__.py", "_vendor", "release.py", "module_utils")},
        **{ROOT / "plugins" / name: f"{OURS}/{name}" for name in ("modules", "module_utils")},
    }
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for source, name in sources.items():
            archive.add(source, name, filter=_without_compiled)
    return packed.getvalue()


def _without_compiled(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if entry.name.endswith("__pycache__") else entry
