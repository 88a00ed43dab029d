# SPDX-License-Identifier: GPL-3.0-or-later
"""Wine's registry, for hosts that are changed by files that somebody imports there.

It is a second opinion on such a file: a registry editor that reads it without knowing who wrote it. Nothing of Windows
acts on what is in it, and no network reaches it: `reg` and `regedit` are commands of the host.
"""

from __future__ import annotations

import typing as t

from .base import File, Ready, Service

PACKAGES: t.Final = ("libwine", "wine64")
FOLDER: t.Final = "/var/lib/wine-registry"

# Wine's own preparation copies 700 MB of programs into every folder. The registry needs none of that: the programs are
# shown where Debian keeps them, and Wine is told to leave the folder as it is.
PREPARE: t.Final = f"""\
programs=$(dirname "$(dpkg -L libwine | grep '/x86_64-windows/reg\\.exe$')")
mkdir -p {FOLDER}/drive_c/windows {FOLDER}/dosdevices
ln -s "$programs" {FOLDER}/drive_c/windows/system32
ln -s ../drive_c {FOLDER}/dosdevices/c:
ln -s / {FOLDER}/dosdevices/z:
echo disable >{FOLDER}/.update-timestamp
"""

COMMAND: t.Final = """\
#!/bin/sh
# {program} of Wine, on the registry of this host of the lab.
export WINEPREFIX={folder} WINEDEBUG=-all
exec /usr/lib/wine/wine64 {program}.exe "$@"
"""


def registry() -> Service:
    """The commands `reg` and `regedit` of a host. Its registry is written to its disk a moment after a command ends."""
    return Service(
        "wine",
        packages=PACKAGES,
        files={
            f"/usr/local/bin/{program}": File(COMMAND.format(program=program, folder=FOLDER), 0o755)
            for program in ("reg", "regedit")
        },
        prepare=PREPARE,
        ready=(Ready("file", f"{FOLDER}/.update-timestamp"),),
    )
