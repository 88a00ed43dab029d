# SPDX-License-Identifier: GPL-3.0-or-later
"""Responders on hosts whose servers cannot run here: the servers of the product, and what is a stranger's."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

from ..responders.listeners import STATUS, Listener, config_of
from .base import File, Ready, Service

SOURCE = Path(__file__).parents[1] / "responders"
FOR_THE_MAKER = ("listeners.py",)
# A host sees neither the homes nor the temporary folders of the machine, so the program is given to it.
PROGRAM = "/usr/local/lib/openuc-lab"
PACKAGE = "tests/lab/responders"
CONFIG = "/etc/openuc-lab/responder.json"

START = f"""\
exec start-stop-daemon --start --background --make-pidfile --pidfile /run/openuc-responder.pid \\
    --chdir {PROGRAM} --output /var/log/openuc-lab/responder.log \\
    --exec /usr/bin/python3 -- -B -m {PACKAGE.replace("/", ".")}.responder {CONFIG}
"""


def responder(host: str, listeners: t.Sequence[Listener]) -> Service:
    """The program that listens where the servers of a host would."""
    sources = (path for path in sorted(SOURCE.glob("*.py")) if path.name not in FOR_THE_MAKER)
    program = {f"{PROGRAM}/{PACKAGE}/{path.name}": File(path.read_text()) for path in sources}
    packages = {f"{PROGRAM}/{folder}/__init__.py": File("") for folder in ("tests", "tests/lab")}
    config = json.dumps(config_of(host, listeners), indent=1)
    return Service(
        "responder",
        packages=("nftables",),
        files={**packages, **program, CONFIG: File(f"{config}\n")},
        start=START,
        ready=(Ready("unix", STATUS),),
    )
