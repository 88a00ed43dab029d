# SPDX-License-Identifier: GPL-3.0-or-later
"""The `lab` command."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import typing as t
from pathlib import Path

from . import kernel, lab, machine, packages
from .errors import LabError
from .lab import Lab
from .layout import CONTROLLER

ROOT = Path(__file__).parents[2]
HOST = "its name, or the first label of it"


def main(arguments: t.Sequence[str]) -> int:
    """Run one command; what goes wrong is said in words."""
    given = _parser().parse_args(arguments)
    try:
        kernel.checked_name(given.name)
        if given.do is not _packages:
            lab.require_root()
        return int(given.do(given) or 0)
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"lab: interrupted. What is left goes with: {Lab(given.name).command('down')}", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lab", description="The hosts of an inventory, on this one machine.")
    parser.add_argument("--name", default=lab.DEFAULT, help="which lab, where there are several (default: lab)")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, do: t.Callable[[argparse.Namespace], int | None], words: str) -> argparse.ArgumentParser:
        found = commands.add_parser(name, help=words, description=words)
        found.set_defaults(do=do)
        return found

    up = command("up", _up, "make it; harmless where it is up already")
    up.add_argument("inventory", nargs="?", type=Path, default=ROOT / "inventories" / "lab")
    up.add_argument("--closed", action="store_true", help="do not let this machine into the management network")
    command("down", _down, "remove it, or what is left of it")
    command("status", _status, "hosts, their addresses, and whether they run")
    for name, do, words in (
        ("shell", _shell, "a shell on a host"),
        ("start", lambda given: lab.start(*_host(given)), "switch a host on again"),
        ("stop", lambda given: lab.stop(*_host(given)), "switch a host off, as by its plug"),
        ("restart", lambda given: lab.restart(*_host(given)), "off and on again; its disk stays"),
    ):
        command(name, do, words).add_argument("host", help=HOST)
    execute = command("exec", _exec, "a command on a host")
    execute.add_argument("host", help=HOST)
    execute.add_argument("command", nargs=argparse.REMAINDER)
    command("packages", _packages, "install what any lab, and the tests on labs, may need")
    run = command("run", _run, "a command of this machine, in the lab's management network")
    run.add_argument("command", nargs=argparse.REMAINDER)
    logs = command("logs", _logs, "logs of a host, or of one of its services")
    logs.add_argument("host", help=HOST)
    logs.add_argument("service", nargs="?", default="")
    return parser


def _up(given: argparse.Namespace) -> None:
    # Only this command needs Ansible and the planner, which take a while to load.
    from . import estate  # noqa: PLC0415

    lab.up(Lab(given.name), estate.read(given.inventory.absolute()), not given.closed, print)


def _down(given: argparse.Namespace) -> None:
    lab.down(Lab(given.name), print)


def _status(given: argparse.Namespace) -> int:
    found = Lab(given.name)
    namespaces = kernel.namespaces(found.name)
    if not namespaces and not found.folder.exists():
        raise LabError(found.absent())
    running = kernel.first_processes(found.name)
    print(f"Lab {found.name}{'' if found.is_whole() else ' (not whole: bring it up again, or take it down)'}")
    for host in found.hosts():
        namespace = kernel.namespace(found.name, host)
        state = f"runs as process {running[namespace]}" if namespace in running else "is off"
        print(f"  {host:32} {state:24} {' '.join(lab.addresses(found, host))}".rstrip())
    return 0


def _packages(_given: argparse.Namespace) -> None:
    wanted = (*packages.BASE, *packages.SERVERS, *packages.CLIENTS)
    if packages.missing(wanted):
        lab.require_root()
    packages.install(wanted, print)


def _command(words: t.Sequence[str]) -> list[str]:
    command = list(words[1:] if words[:1] == ["--"] else words)
    if not command:
        raise LabError("there is no command to run. Write it after the rest, such as: lab exec HOST ip address")
    return command


def _host(given: argparse.Namespace) -> tuple[Lab, str]:
    found = Lab(given.name)
    return found, found.host(given.host)


def _enter(given: argparse.Namespace, command: t.Sequence[str]) -> t.NoReturn:
    found, host = _host(given)
    _become(machine.command_in(found.first_process(host), command))


def _shell(given: argparse.Namespace) -> None:
    _enter(given, ["/bin/bash", "-l"])


def _exec(given: argparse.Namespace) -> None:
    _enter(given, _command(given.command))


def _run(given: argparse.Namespace) -> None:
    command, namespace = _command(given.command), kernel.namespace(given.name, CONTROLLER)
    if namespace not in kernel.namespaces(given.name):
        raise LabError(Lab(given.name).absent())
    _become(["nsenter", f"--net={kernel.NAMED / namespace}", *command])


def _become(command: t.Sequence[str]) -> t.NoReturn:
    sys.stdout.flush()
    os.execvp(command[0], list(command))


def _logs(given: argparse.Namespace) -> int:
    found, host = _host(given)
    folder = found.disk(host).log("").parent
    logs = {path.stem: path for path in sorted(folder.glob("*.log"))}
    if given.service and given.service not in logs:
        raise LabError(f"{host} has no log of {given.service!r}; it has: {', '.join(logs) or 'none'}")
    chosen = [logs[given.service]] if given.service else list(logs.values())
    if not chosen:
        raise LabError(f"{host} has no logs yet")
    return subprocess.run(["tail", "-n", "40", *map(str, chosen)], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
