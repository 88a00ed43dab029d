# SPDX-License-Identifier: GPL-3.0-or-later
"""Run on the lab's domain controller by Debian's Python: several samba-tool commands in one process.

Starting samba-tool takes longer than most of what it does, and passwords on a command line can be seen by everybody.
Reads a JSON list of commands, each a list of words, from the file it is given. Stops at the first that fails.
"""

from __future__ import annotations

import json
import sys

from samba.netcmd.main import cmd_sambatool


def main(path: str) -> int:
    with open(path, encoding="utf-8") as file:
        commands = json.load(file)
    for command in commands:
        print("samba-tool", *command[:3], flush=True)
        try:
            failed = cmd_sambatool()._run("samba-tool", *command)
        except SystemExit as end:
            failed = end.code
        if failed:
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
