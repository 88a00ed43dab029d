# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab as a whole: made, looked at, and removed without a trace."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import difflib
import hashlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import time
import typing as t
from pathlib import Path

from ansible_collections.openuc.ocs.plugins.plugin_utils.fingerprint import of_inventory

from . import kernel, links, machine, packages, signing, ssh
from .addressing import MANAGEMENT, Network
from .balanced_routes import through_balancers
from .errors import LabError
from .estate import Estate
from .layout import CONTROLLER, Host, Layout, layout
from .services import wine
from .services.base import File, Service
from .services.choice import Chooser, Secrets, tsig_names

DEFAULT = "lab"
FOLDER = Path(os.environ.get("OPENUC_LAB_DIR", "/run/openuc-lab"))
SECONDS_TO_SERVE = 120.0
WHOLE = "whole.json"
WIRING = "wiring.json"
Say = t.Callable[[str], None]


@dataclasses.dataclass(frozen=True)
class Lab:
    """A lab by its name. What there is of it is asked of the kernel and of its folder."""

    name: str

    @property
    def folder(self) -> Path:
        return FOLDER / self.name

    def disk(self, host: str) -> machine.Disk:
        return machine.Disk(self.folder / "hosts" / host)

    def is_whole(self) -> bool:
        return (self.folder / WHOLE).exists()

    def hosts(self) -> tuple[str, ...]:
        """Names of all hosts that have a disk, running or not."""
        return tuple(sorted(path.name for path in (self.folder / "hosts").glob("*")))

    def host(self, given: str) -> str:
        """The full name of a host, from that or from its first label."""
        names = self.hosts()
        if not names:
            raise LabError(self.absent())
        found = [name for name in names if given in (name, name.partition(".")[0])]
        if given in found or len(found) == 1:
            return given if given in found else found[0]
        if found:
            raise LabError(f"lab {self.name}: {given} may be {' or '.join(found)}; write the whole name.")
        labels = {name.partition(".")[0]: name for name in names}
        near = difflib.get_close_matches(given, [*names, *labels], n=1)
        hint = f" Did you mean {labels.get(near[0], near[0])}?" if near else ""
        raise LabError(f"lab {self.name} has no host {given}.{hint} All hosts: {self.command('status')}")

    def absent(self) -> str:
        """What to say when there is no such lab."""
        others = ", ".join(kernel.labs())
        return f"There is no lab {self.name}.{f' There is: {others}.' if others else ''} Make it: {self.command('up')}"

    def command(self, words: str) -> str:
        """How a user has the lab do something."""
        return f"lab {words}" if self.name == DEFAULT else f"lab --name {self.name} {words}"

    def first_process(self, host: str) -> int:
        """The first process of a host that runs."""
        found = kernel.first_processes(self.name).get(kernel.namespace(self.name, host))
        if found is None:
            raise LabError(f"{host} is off. Switch it on: {self.command(f'start {host}')}")
        return found

    @contextlib.contextmanager
    def only_one(self) -> t.Iterator[None]:
        """Keep others from making or removing the same lab. The kernel lets go when this program ends, however."""
        with socket.socket(socket.AF_UNIX) as lock:
            try:
                lock.bind(f"\0openuc-lab-{self.name}")
            except OSError as error:
                raise LabError(f"lab {self.name}: somebody is just making or removing it. Try again later.") from error
            with kernel.at_work(self.name):
                yield


def require_root() -> None:
    if os.geteuid() != 0:
        raise LabError(
            "The lab makes network namespaces and mounts, which needs root. Run the same command as root, or with sudo."
        )


# --- up -------------------------------------------------------------------------------------------------------------


def up(lab: Lab, estate: Estate, let_in: bool, say: Say) -> Layout:
    """Bring a lab up. One that is up already, from the same inventory, is left as it is; a broken one is made anew."""
    require_root()
    kernel.checked_name(lab.name)
    drawn = layout(estate.design.topology, estate.connections, [host.name for host in estate.inventory.hosts])
    if estate.design.plan:
        drawn = through_balancers(drawn, estate.design.topology, estate.design.plan)
    digest = _digest(estate, let_in)
    with lab.only_one():
        if lab.is_whole() and _as_recorded(lab, digest, drawn):
            say(f"Lab {lab.name} is up already, from this inventory.")
            return drawn
        if kernel.namespaces(lab.name) or lab.folder.exists():
            _refuse_if_another(lab, digest)
            say(f"Lab {lab.name} is not whole; removing what is left of it.")
            remove(lab)
        _make(lab, estate, drawn, let_in, say)
        _write_whole(lab, estate, digest)
    return drawn


def _digest(estate: Estate, let_in: bool) -> str:
    connections = sorted((host, str(address)) for host, address in estate.connections.items())
    return hashlib.sha256(repr((of_inventory(estate.inventory), connections, let_in)).encode()).hexdigest()


def _as_recorded(lab: Lab, digest: str, drawn: Layout) -> bool:
    running = kernel.first_processes(lab.name)
    hosts = (kernel.namespace(lab.name, host.name) for host in drawn.hosts)
    return _recorded(lab)["digest"] == digest and all(host in running for host in hosts)


def _recorded(lab: Lab) -> dict[str, str]:
    found: dict[str, str] = json.loads((lab.folder / WHOLE).read_text())
    return found


def _refuse_if_another(lab: Lab, digest: str) -> None:
    if lab.is_whole() and _recorded(lab)["digest"] != digest:
        raise LabError(
            f"lab {lab.name} is up from another inventory, or another state of it ({_recorded(lab)['inventory']}). "
            f"Take it down first: {lab.command('down')}"
        )


def _make(lab: Lab, estate: Estate, drawn: Layout, let_in: bool, say: Say) -> None:
    given = Secrets({name: _random_key() for name in tsig_names(estate)}, _random_password(), _random_password())
    chooser = Chooser(estate, drawn, given, has_wine=not packages.missing(wine.PACKAGES))
    services = {host.name: chooser.services(host) for host in drawn.hosts}
    left_out = [host.name for host in drawn.hosts if chooser.wants_wine(host) and not chooser.has_wine]
    if left_out:
        say(f"No registry on {', '.join(left_out)}: Wine is not installed. With the package wine64 there would be one.")
    needed = {package for each in services.values() for service in each for package in service.packages}
    packages.install([*packages.BASE, *needed], say)
    if let_in:
        _check_way_is_free(lab, drawn)
    say(f"Making lab {lab.name}: {len(drawn.hosts)} hosts in {len(drawn.networks)} networks")
    FOLDER.mkdir(mode=0o755, parents=True, exist_ok=True)
    lab.folder.mkdir(mode=0o700)
    ssh.make_keys(lab.folder / "ssh")
    _write_keys(lab, given)
    for host in drawn.hosts:
        lab.disk(host.name).make(_files(lab, host, services[host.name]))
    kernel.ip_batch(links.make_namespaces(lab.name, drawn))
    controller = kernel.namespace(lab.name, CONTROLLER)
    kernel.ip_batch(links.bridges(drawn), controller)
    _set_in_namespace(controller, drawn.controller.forwards)
    for number, host in enumerate(drawn.hosts):
        wiring = Wiring(links.cable_names(number, host), links.cables(lab.name, number, host), links.configure(host))
        (lab.disk(host.name).folder / WIRING).write_text(json.dumps(dataclasses.asdict(wiring)))
        wiring.connect(lab.name, host.name)
    if let_in:
        kernel.ip_batch(links.let_in(lab.name, drawn))
        kernel.ip_batch(links.let_in_inside(), controller)
    (lab.folder / "ssh" / "known_hosts").write_text(ssh.known_hosts(lab.folder / "ssh", drawn))
    extra = signing.options(estate, lab.folder / "keys")
    (lab.folder / "inventory.yml").write_text(ssh.inventory(drawn, lab.folder / "ssh", extra))
    _start(lab, [host.name for host in drawn.hosts])
    deadline = time.monotonic() + SECONDS_TO_SERVE
    running = kernel.first_processes(lab.name)
    for name, each in services.items():
        signs = [sign for service in each for sign in service.ready]
        machine.wait_until_ready(running[kernel.namespace(lab.name, name)], signs, name, deadline)
    signing.take_accounts(drawn, lab.disk, lab.folder / "keys")


@dataclasses.dataclass(frozen=True)
class Wiring:
    """What makes the cards, addresses and routes of a host; kept, so that the host can start again."""

    names: list[str]
    cables: list[str]
    addresses: list[str]

    def connect(self, lab: str, host: str) -> None:
        kernel.ip_batch(self.cables, kernel.namespace(lab, CONTROLLER))
        kernel.ip_batch(self.addresses, kernel.namespace(lab, host))

    def disconnect(self, lab: str) -> None:
        """The kernel would do so by itself once the host is gone, but in its own time."""
        kernel.ip_batch((f"link del {name}" for name in self.names), kernel.namespace(lab, CONTROLLER))


def _set_in_namespace(namespace: str, forwards: bool) -> None:
    value = f"net.ipv4.ip_forward={int(forwards)}"
    subprocess.run(["ip", "netns", "exec", namespace, "sysctl", "-qw", value], check=True, capture_output=True)


def _start(lab: Lab, hosts: t.Sequence[str]) -> None:
    machine.wait_for([machine.start(name, kernel.namespace(lab.name, name), lab.disk(name)) for name in hosts])


def _check_way_is_free(lab: Lab, drawn: Layout) -> None:
    """The machine itself must not know from elsewhere what it shall reach in the lab."""
    wanted = [drawn.networks[MANAGEMENT], *(Network(host.managed_at) for host in drawn.in_band if host.managed_at)]
    taken = [found for network in wanted for found in kernel.routes_within(network)]
    if taken:
        where = ", ".join(f"{destination} on {card}{_owner(card)}" for destination, card in taken)
        raise LabError(
            f"lab {lab.name}: this machine has a route already ({where}), where the lab needs one for "
            f"{', '.join(map(str, wanted))}, to manage its hosts. Use --closed, and run Ansible inside with: "
            f"{lab.command('run -- ansible-playbook ...')}"
        )


def _owner(card: str) -> str:
    """Which lab a card of the machine belongs to, and how it goes, in words; nothing where it is no lab's."""
    owner = next((name for name in kernel.labs() if links.visitor_link(name) == card), "")
    return f", of lab {owner}, which goes with: {Lab(owner).command('down')}" if owner else ""


# --- files of hosts -------------------------------------------------------------------------------------------------


def _files(lab: Lab, host: Host, services: t.Sequence[Service]) -> dict[str, File]:
    name, _dot, domain = host.name.partition(".")
    own = next(iter(host.addresses), None)
    resolvers = "".join(f"nameserver {address}\n" for address in host.resolvers)
    found = {
        "/etc/openuc-lab/boot": File((machine.HERE / "host_boot.sh").read_text()),
        "/etc/openuc-lab/sysctl/network": File(_settings(host)),
        "/etc/hostname": File(f"{host.name}\n"),
        "/etc/hosts": File(f"127.0.0.1 localhost\n{own} {host.name} {name}\n" if own else "127.0.0.1 localhost\n"),
        "/etc/resolv.conf": File(resolvers + (f"search {domain}\n" if domain else "")),
        "/etc/shadow": File(_shadow(Path("/etc/shadow").read_text()), 0o640, "root:shadow"),
        **ssh.files(host, lab.folder / "ssh"),
    }
    for service in services:
        found.update(service.files)
        for step, commands in (("prepare", service.prepare), ("start", service.start)):
            if commands:
                found[f"/etc/openuc-lab/services/{service.name}/{step}"] = File(f"{commands}\n", 0o755)
    return found


def _settings(host: Host) -> str:
    """Answer for an address only on its own card, as Windows does; IPv4 alone, as the products do."""
    settings = {
        "net/ipv4/ip_forward": int(host.forwards),
        "net/ipv4/conf/all/arp_ignore": 1,
        "net/ipv4/conf/all/arp_announce": 2,
    }
    # What a balancer hands back to the router of its own network shall go on coming through it.
    settings |= {f"net/ipv4/conf/{name}/send_redirects": 0 for name in ("all", *(i.name for i in host.interfaces))}
    return "".join(f"{key} {value}\n" for key, value in settings.items())


def _shadow(text: str) -> str:
    """Nobody of the machine has a password on a lab host, and no account is locked, so that keys are taken."""
    rows = (line.split(":") for line in text.splitlines() if line.count(":") >= 2)
    return "".join(":".join([row[0], "*", *row[2:]]) + "\n" for row in rows)


def _write_keys(lab: Lab, given: Secrets) -> None:
    folder = lab.folder / "keys"
    folder.mkdir(mode=0o700)
    for name, text in signing.keys(given.tsig).items():
        _write_private(folder / name, text)
    for account in ("administrator", "operator"):
        _write_private(folder / f"{account}.password", f"{getattr(given, account)}\n")


def _write_private(path: Path, text: str) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def _random_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def _random_password() -> str:
    """Long, and with every kind of character that a directory may ask for."""
    # It begins with a letter, or programs would take it for an option.
    return f"p{secrets.token_urlsafe(18)}.A9z"


def _write_whole(lab: Lab, estate: Estate, digest: str) -> None:
    whole = {"inventory": str(estate.source), "digest": digest}
    (lab.folder / WHOLE).write_text(json.dumps(whole))


# --- down -----------------------------------------------------------------------------------------------------------


def down(lab: Lab, say: Say) -> None:
    """Remove a lab, or what is left of one."""
    require_root()
    kernel.checked_name(lab.name)
    with lab.only_one():
        if not kernel.namespaces(lab.name) and not lab.folder.exists():
            say(f"There is no lab {lab.name}: nothing to remove.")
            return
        remove(lab)
    say(f"Lab {lab.name} is gone.")


def remove(lab: Lab) -> None:
    """End all processes, then the namespaces with their links, then the files."""
    kernel.end_helpers(lab.name)
    found = kernel.namespaces(lab.name)
    kernel.end_all(found)
    # The kernel takes its time to remove a namespace with its links; this one stands in the machine's own.
    if links.visitor_link(lab.name) in os.listdir("/sys/class/net"):
        kernel.ip_batch([f"link del {links.visitor_link(lab.name)}"])
    if found:
        kernel.ip_batch(f"netns del {name}" for name in found)
    _remove_files(lab.folder)
    with contextlib.suppress(OSError):
        FOLDER.rmdir()


def _remove_files(folder: Path) -> None:
    """Remove the folder, but never anything through a mount: a host's root shows the machine's own files."""
    mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    inside = [mount for mount in mounts if Path(mount).is_relative_to(folder)]
    if inside:
        raise LabError(f"{folder}: not removed, since something is mounted there: {', '.join(inside)}")
    if folder.exists():
        shutil.rmtree(folder)


# --- single hosts ---------------------------------------------------------------------------------------------------


def stop(lab: Lab, host: str) -> None:
    """Switch a host off, as by its plug: its disk stays, its processes, packet filter and cards go."""
    namespace = kernel.namespace(lab.name, host)
    if namespace not in kernel.namespaces(lab.name):
        raise LabError(f"{host} is off already. Switch it on: {lab.command(f'start {host}')}")
    with lab.only_one():
        kernel.end_all([namespace])
        _wiring(lab, host).disconnect(lab.name)
        kernel.ip_batch([f"netns del {namespace}"])


def start(lab: Lab, host: str) -> None:
    """Switch a host on again."""
    wiring = _wiring(lab, host)
    namespace = kernel.namespace(lab.name, host)
    if namespace in kernel.namespaces(lab.name):
        raise LabError(f"{host} runs already. Off and on again: {lab.command(f'restart {host}')}")
    with lab.only_one():
        kernel.ip_batch([f"netns add {namespace}"])
        wiring.connect(lab.name, host)
        _start(lab, [host])


def _wiring(lab: Lab, host: str) -> Wiring:
    try:
        return Wiring(**json.loads((lab.disk(host).folder / WIRING).read_text()))
    except FileNotFoundError as error:
        raise LabError(f"lab {lab.name} is not whole: bring it up again with {lab.command('up')}") from error


def addresses(lab: Lab, host: str) -> tuple[str, ...]:
    """Addresses of a host with the card of each, as it was wired."""
    with contextlib.suppress(LabError):
        rows = (line.split() for line in _wiring(lab, host).addresses if line.startswith("address add "))
        return tuple(f"{row[-1]}={row[2].partition('/')[0]}" for row in rows)
    return ()


def restart(lab: Lab, host: str) -> None:
    stop(lab, host)
    start(lab, host)
