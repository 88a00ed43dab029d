# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules that a start of the host loads: a file of ours, and a line in the packet filter's own that includes it.

Private to the collection.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from ..files import HALF, make_folder, read_bytes, write_whole

_SYSTEMD = Path("/run/systemd/system")
_SERVICE = "nftables.service"
_LOADED = ("enabled", "enabled-runtime", "static", "alias")
_BOOT_MODE = 0o755
_OWN_MODE = 0o600
_BEGINNING = "#!/usr/sbin/nft -f\n"
_SAID = "# Put here by openuc.ocs.firewall_rules; the file below holds its own table only."


class Kept:
    """The files that are loaded when the host starts."""

    def __init__(self, own_file: str, boot_file: str) -> None:
        self.own_file = Path(own_file)
        self.boot_file = Path(os.path.realpath(boot_file))
        self._half = self.own_file.with_name(f"{HALF}{self.own_file.name}")

    @property
    def _line(self) -> str:
        return f'include "{self.own_file}"'

    def is_(self, text: str) -> bool:
        """Whether a start of the host loads just these rules; no text stands for none of ours."""
        if not text:
            return not self._included() and not self.own_file.exists()
        return self._included() and read_bytes(self.own_file) == text.encode()

    def prepare(self, text: str) -> None:
        """Write the rules beside the file that holds them, so that nothing can keep them from taking its place."""
        if text:
            make_folder(self.own_file.parent)
            write_whole(self._half, text.encode(), _OWN_MODE)

    def take(self, text: str) -> None:
        """Let what was prepared be loaded from now on. The line never names a file that is not there."""
        if text:
            os.replace(self._half, self.own_file)
            if not self._included():
                self._write_boot((*self._boot_lines(), _SAID, self._line))
            return
        if self._included():
            self._write_boot(line for line in self._boot_lines() if line not in (self._line, _SAID))
        self.own_file.unlink(missing_ok=True)

    def keep(self, text: str) -> None:
        self.prepare(text)
        self.take(text)

    def unloaded(self) -> str:
        """Why a start of the host would load no rules, with a remedy; empty where nothing is known against it."""
        systemctl = shutil.which("systemctl") if _SYSTEMD.is_dir() else None
        if not systemctl:
            return ""
        done = subprocess.run([systemctl, "is-enabled", _SERVICE], capture_output=True, text=True, check=False)
        if done.stdout.strip() in _LOADED:
            return ""
        return (
            f"{_SERVICE} is {done.stdout.strip() or 'not there'}: a start of the host does not load {self.boot_file}; "
            f"systemctl enable {_SERVICE}"
        )

    def _boot_text(self) -> str:
        found = read_bytes(self.boot_file)
        return _BEGINNING if found is None else found.decode(errors="surrogateescape")

    def _boot_lines(self) -> list[str]:
        return self._boot_text().splitlines()

    def _included(self) -> bool:
        return self._line in (line.strip() for line in self._boot_lines())

    def _write_boot(self, lines: Iterable[str]) -> None:
        mode = self.boot_file.stat().st_mode & 0o777 if self.boot_file.exists() else _BOOT_MODE
        text = "".join(f"{line}\n" for line in lines)
        make_folder(self.boot_file.parent)
        write_whole(self.boot_file, text.encode(errors="surrogateescape"), mode)
