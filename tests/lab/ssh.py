# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys, sshd and the inventory with which Ansible reaches the hosts of a lab."""

from __future__ import annotations

import subprocess
import typing as t
from pathlib import Path

import yaml

from .layout import Host, Layout
from .services.base import File

HOST_KEY = "/etc/openuc-lab/ssh_host_key"
AUTHORIZED = "/etc/openuc-lab/authorized_keys"
PYTHON = "/usr/bin/python3"

SSHD = """\
# sshd of a lab host. It takes the lab's own key only, and listens where the host is managed.
ListenAddress {address}
HostKey {host_key}
PidFile /run/sshd.pid
AuthorizedKeysFile {authorized}
AuthenticationMethods publickey
PermitRootLogin prohibit-password
StrictModes no
UsePAM no
UseDNS no
PrintMotd no
MaxStartups 200
Subsystem sftp internal-sftp
"""


def make_keys(folder: Path) -> None:
    """A key for the controller and one for all hosts, made for this lab and gone with it."""
    folder.mkdir(parents=True, mode=0o700)
    for name in ("id", "host"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", f"openuc lab {name}", "-f", str(folder / name)]
        subprocess.run(command, check=True, capture_output=True)


def known_hosts(folder: Path, layout: Layout) -> str:
    """One key for all addresses that a host is managed at."""
    kind, key, *_comment = (folder / "host.pub").read_text().split()
    addresses = ",".join(str(host.managed_at) for host in layout.hosts if host.managed_at)
    return f"{addresses} {kind} {key}\n"


def files(host: Host, folder: Path) -> dict[str, File]:
    """What sshd of a host needs, nothing for hosts that are not managed."""
    if host.managed_at is None:
        return {}
    return {
        "/etc/openuc-lab/sshd_config": File(
            SSHD.format(address=host.managed_at, host_key=HOST_KEY, authorized=AUTHORIZED), 0o600
        ),
        HOST_KEY: File((folder / "host").read_text(), 0o600),
        AUTHORIZED: File((folder / "id.pub").read_text(), 0o600),
    }


def connection(host: Host, folder: Path) -> dict[str, t.Any]:
    """Variables with which Ansible reaches a host."""
    options = f"-o UserKnownHostsFile={folder / 'known_hosts'} -o StrictHostKeyChecking=yes"
    return {
        "ansible_host": str(host.managed_at),
        "ansible_user": "root",
        "ansible_ssh_private_key_file": str(folder / "id"),
        "ansible_ssh_common_args": options,
        # Labs have the same addresses: a connection that is kept open must not be taken for one to another lab's host.
        "ansible_control_path_dir": str(folder / "control"),
        "ansible_python_interpreter": PYTHON,
    }


def inventory(layout: Layout, folder: Path, more: t.Mapping[str, t.Mapping[str, t.Any]]) -> str:
    """An inventory that adds connections, and more, to the user's own: ansible -i theirs -i this."""
    hosts = {
        host.name: {**connection(host, folder), **more.get(host.name, {})} for host in layout.hosts if host.managed_at
    }
    return yaml.safe_dump({"all": {"hosts": hosts}}, sort_keys=False)
