# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration of a responder: read with every problem told at once, and all that is sound kept."""

from __future__ import annotations

import dataclasses
import ipaddress
import json
import typing as t
from pathlib import Path

PROTOCOLS = ("tcp", "udp")
TRANSPORTS = ("plain", "tls", "mtls", "tls_or_mtls", "starttls")
CERTIFICATES = "/etc/openuc/certificates"
STATUS = "/run/openuc-responder/status.sock"
_KEYS = ("address", "protocol", "port", "transport", "application", "certificate", "flows")


class ConfigurationError(Exception):
    """A configuration of which nothing can be used."""


@dataclasses.dataclass(frozen=True)
class Files:
    """Where a certificate with its chain, its key, and the authorities that clients are judged by are installed."""

    certificate: str
    key: str
    trust: str


@dataclasses.dataclass(frozen=True)
class Listener:
    """What is listened on. Which flows ask for it makes no difference to how it is served."""

    address: str
    protocol: str
    first: int
    last: int
    transport: str
    application: str
    files: Files | None
    flows: tuple[str, ...] = dataclasses.field(compare=False, default=())

    @property
    def is_range(self) -> bool:
        return self.first != self.last

    @property
    def port(self) -> str:
        return f"{self.first}-{self.last}" if self.is_range else str(self.first)

    def __str__(self) -> str:
        return f"{self.protocol} {self.address}:{self.port}"


@dataclasses.dataclass(frozen=True)
class Configuration:
    host: str
    status: str
    listeners: tuple[Listener, ...]
    problems: tuple[str, ...]


def read(path: Path) -> Configuration:
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise ConfigurationError(f"{path} is no JSON: {error}") from error
    if not isinstance(given, dict) or not isinstance(given.get("listeners"), list):
        raise ConfigurationError(f"{path}: an object with host and a list of listeners is expected")
    problems = [] if given.get("host") else [f"{path}: host is missing"]
    root = str(given.get("certificates") or CERTIFICATES)
    listeners: dict[tuple[str, str, str], Listener] = {}
    for index, entry in enumerate(given["listeners"]):
        listener, wrong = _listener(entry, root)
        if listener and (listener.address, listener.protocol, listener.port) in listeners:
            listener, wrong = None, [f"{listener} is listed before already"]
        if listener:
            listeners[(listener.address, listener.protocol, listener.port)] = listener
        problems += [f"{path}: listeners[{index}]: {problem}" for problem in wrong]
    status = str(given.get("status") or STATUS)
    return Configuration(str(given.get("host") or "unknown"), status, tuple(listeners.values()), tuple(problems))


def _listener(entry: t.Any, root: str) -> tuple[Listener | None, list[str]]:
    if not isinstance(entry, dict):
        return None, [f"{entry!r} is no object"]
    problems = [f"{key} is not known; known are {', '.join(_KEYS)}" for key in entry if key not in _KEYS]
    protocol, transport = entry.get("protocol"), entry.get("transport", "plain")
    problems += _not_among("protocol", protocol, PROTOCOLS)
    problems += _not_among("transport", transport, TRANSPORTS)
    if protocol == "udp" and transport != "plain":
        problems.append(f"transport {transport!r} is not for udp, which is always plain")
    try:
        address = str(ipaddress.IPv4Address(entry.get("address")))
    except ValueError:
        problems.append(f"address {entry.get('address')!r} is no IPv4 address")
    ports = _ports(str(entry.get("port")))
    if ports is None:
        problems.append(f"port {entry.get('port')!r} is neither a port nor a range such as 50000-59999")
    files, wrong = _files(entry.get("certificate"), root)
    problems += wrong
    if problems or ports is None:
        return None, problems
    flows = tuple(str(flow) for flow in entry.get("flows") or ())
    application = str(entry.get("application") or "")
    return Listener(address, str(protocol), *ports, str(transport), application, files, flows), []


def _not_among(key: str, value: t.Any, allowed: tuple[str, ...]) -> list[str]:
    return [] if value in allowed else [f"{key} {value!r} is not one of {', '.join(allowed)}"]


def _ports(text: str) -> tuple[int, int] | None:
    first, _dash, last = text.partition("-")
    if not first.isdecimal() or not (last or first).isdecimal():
        return None
    ends = int(first), int(last or first)
    return ends if 1 <= ends[0] <= ends[1] <= 65535 else None


def _files(given: t.Any, root: str) -> tuple[Files | None, list[str]]:
    """Paths that are named, and for the rest the usual ones below the folder of the specification."""
    if given is None:
        return None, []
    if not isinstance(given, dict):
        return None, [f"certificate {given!r} is no object with id, or with certificate, key and trust"]
    name = str(given.get("id") or "")
    if "/" in name or name.startswith("."):
        return None, [f"certificate id {name!r} cannot be the name of a folder"]
    missing = [key for key in ("certificate", "key", "trust") if not given.get(key)]
    if missing and not name:
        return None, [f"certificate has no id, and no {', '.join(missing)} either"]
    paths = {key: str(given.get(key) or Path(root, name, f"{key}.pem")) for key in ("certificate", "key", "trust")}
    return Files(**paths), []
