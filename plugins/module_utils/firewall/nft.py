# SPDX-License-Identifier: GPL-3.0-or-later
"""The packet filter's own command, which reads and writes in transactions. Private to the collection."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import NamedTuple

from .text import FAMILY, TABLE, UNPLANNED_CHAIN

_ELSEWHERE = ("/usr/sbin", "/sbin", "/usr/local/sbin")
_ABSENT = "No such file or directory"
_MOST_LINES = 6
_SECONDS = 60


class NftError(Exception):
    """The command failed; the message has what it said."""


class Foreign(NamedTuple):
    """What others have in the packet filter."""

    tables: tuple[str, ...]
    dropping: tuple[str, ...]


class Nft:
    """The `nft` of this host."""

    def __init__(self) -> None:
        self.path = shutil.which("nft") or shutil.which("nft", path=os.pathsep.join(_ELSEWHERE)) or ""

    def table_json(self, counted: bool = False) -> str:
        """Our own table; empty where there is none."""
        done = self._run(["-j"] if counted else ["-j", "-s"], ["list", "table", FAMILY, TABLE])
        if done.returncode and _ABSENT in done.stderr:
            return ""
        return _output(done, f"reading table {FAMILY} {TABLE}")

    def table_text(self) -> str:
        """Our own table, as a file for the command would have it."""
        return _output(self._run(["-s"], ["list", "table", FAMILY, TABLE]), f"reading table {FAMILY} {TABLE}")

    def refused_packets(self) -> int:
        """How many packets our table has refused, or would have."""
        listed = json.loads(
            _output(self._run(["-j"], ["list", "chain", FAMILY, TABLE, UNPLANNED_CHAIN]), "reading counters")
        )
        statements = [each for item in listed["nftables"] if "rule" in item for each in item["rule"]["expr"]]
        return sum(int(each["counter"]["packets"]) for each in statements if "counter" in each)

    def foreign(self) -> Foreign:
        """Other tables, and those of their chains that drop by default what is forwarded."""
        listed = json.loads(_output(self._run(["-j"], ["list", "tables"]), "listing tables"))["nftables"]
        tables = [item["table"] for item in listed if "table" in item]
        others = sorted(f"{table['family']} {table['name']}" for table in tables)
        others = [name for name in others if name != f"{FAMILY} {TABLE}"]
        if not others:
            return Foreign((), ())
        chains = json.loads(_output(self._run(["-j"], ["list", "chains"]), "listing chains"))["nftables"]
        dropping = [
            f"{chain['family']} {chain['table']} {chain['name']}"
            for chain in (item["chain"] for item in chains if "chain" in item)
            if chain.get("hook") == "forward" and chain.get("policy") == "drop"
        ]
        return Foreign(tuple(others), tuple(dropping))

    def check(self, text: str) -> None:
        """Whether a transaction would be taken; nothing is changed."""
        _output(self._run(["-c"], ["-f", "-"], text), "checking the rules")

    def load(self, text: str) -> None:
        """Do a transaction: as a whole, or not at all."""
        _output(self._run([], ["-f", "-"], text), "loading the rules")

    def _run(self, flags: list[str], command: list[str], text: str = "") -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(
                [self.path, *flags, *command],
                input=text,
                capture_output=True,
                text=True,
                check=False,
                timeout=_SECONDS,
                env={**os.environ, "LC_ALL": "C.UTF-8"},
            )
        except OSError as error:
            raise NftError(f"{self.path}: {error.strerror}") from error
        except subprocess.TimeoutExpired as error:
            raise NftError(f"{self.path} did not end within {_SECONDS} seconds") from error


def _output(done: subprocess.CompletedProcess[str], doing: str) -> str:
    if done.returncode == 0:
        return done.stdout
    said = [line for line in done.stderr.splitlines() if line.strip() and set(line.strip()) != {"^"}]
    if done.returncode < 0:
        said.append(f"it was ended by signal {-done.returncode}")
    raise NftError(f"nft failed while {doing}: " + "\n".join([*said[:_MOST_LINES]] or ["it said nothing"]))
