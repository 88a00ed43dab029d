# SPDX-License-Identifier: GPL-3.0-or-later
"""What targets really hold of their plan, read without any of the mechanisms, and whether the journal tells that."""

from __future__ import annotations

import json
import re
import typing as t

from tests.faults.hosts import Hosts

Target = tuple[str, str]  # mechanism, host
Item = dict[str, t.Any]

FRONT_ENDS, EDGE = ("fe1.corp.contoso.com", "fe2.corp.contoso.com"), "edge1.contoso.com"
TARGETS: t.Final[tuple[Target, ...]] = (
    ("firewall", "fw1.contoso.com"),
    ("load_balancer", "lb1.corp.contoso.com"),
    ("dns", "ns1.corp.contoso.com"),
    *(("certificates", host) for host in (*FRONT_ENDS, EDGE)),
    *(("qos", host) for host in FRONT_ENDS),
)
# Slices of a target, and the list in them that is looked for.
_SLICES: t.Final = {
    "firewall": ("firewall_rules/{host}.json", "rules"),
    "load_balancer": ("load_balancer/{host}.json", "services"),
    "dns": ("dns_records/{host}/*.json", "records"),
    "certificates": ("certificate_request/*.json", "requests"),
    "qos": ("qos_registry/{host}.json", "values"),
}


def assert_told_truly(hosts: Hosts) -> None:
    """Each target holds what the journal says: all of what is done, nothing of what was not begun.

    Where a change was begun and its end is not told, it holds something between before and after, and all of it once
    the journal has heard from the host itself.
    """
    standing = hosts.standing()
    for target in TARGETS:
        held, settled = _held(hosts, target), _planned(hosts, target, standing.done.get(target, ()))
        attempt = standing.attempts.get(target)
        if attempt is None:
            assert held == settled, f"{target}: nothing is said to be under way"
            continue
        meant = _planned(hosts, target, standing.touched(target))
        assert settled & meant <= held <= settled | meant, f"{target}: {attempt}"
        assert attempt.result == "", f"{target}: {attempt}: nothing failed, it was killed"
        if any(words.startswith(_LAST_WORDS[target[0]]) for words in attempt.operations):
            assert held == meant, f"{target}: {attempt}"


# The last thing that is done at a host; a firewall's rules go away again until they are confirmed.
_LAST_WORDS: t.Final = {
    "firewall": "firewall_rules: confirmed",
    "load_balancer": "load_balancer:",
    "dns": "dns_records:",
    "certificates": "certificate_install:",
    "qos": "qos_registry:",
}


def _planned(hosts: Hosts, target: Target, stages: t.Collection[str]) -> frozenset[str]:
    """What is planned for a target by some stages, in the words that `_held` has for it."""
    reached = [item for item in _items(hosts, target) if item["stage"] in stages]
    gone = {item["replaces"] for item in reached}
    return frozenset(word for item in reached if item["id"] not in gone for word in _words(target[0], item))


def _items(hosts: Hosts, target: Target) -> list[Item]:
    """All that is planned for a target."""
    mechanism, host = target
    pattern, listed = _SLICES[mechanism]
    paths = (hosts.kept / "intended/slices").glob(pattern.format(host=host))
    items: list[Item] = [item for path in paths for item in json.loads(path.read_bytes())[listed]]
    return [item for item in items if host in item.get("hosts", [host])]


def _words(mechanism: str, item: Item) -> t.Iterator[str]:
    if mechanism == "dns":
        yield from (f"{item['name']} {item['type']} {value}" for value in item["values"])
    elif mechanism == "qos":
        yield item["id"].rpartition(":")[2]
    else:
        yield item["id"]


def _held(hosts: Hosts, target: Target) -> frozenset[str]:
    mechanism, host = target
    return frozenset(_READERS[mechanism](hosts, host))


def _rules(hosts: Hosts, host: str) -> t.Iterable[str]:
    return set(re.findall(r'comment "(\S+:\S+)"', hosts.on(host, "nft list ruleset")))


def _services(hosts: Hosts, host: str) -> t.Iterable[str]:
    return re.findall(r"^\s*# id: (\S+)$", hosts.on(host, "cat /etc/haproxy/openuc.cfg || true"), re.MULTILINE)


def _records(hosts: Hosts, host: str) -> t.Iterable[str]:
    """As the server answers: of each name that the whole plan has."""
    names = {item["name"] for item in _items(hosts, ("dns", host))}
    answered = hosts.on(host, f"dig +noall +answer @10.20.0.5 {' '.join(sorted(names))}")
    answers = (line.split() for line in answered.splitlines())
    return [f"{name.rstrip('.')} {kind} {value}" for name, _ttl, _class, kind, value in answers]


def _certificates(hosts: Hosts, host: str) -> t.Iterable[str]:
    """Those that a server would read: name by name, with their keys."""
    return [path.split("/")[4] for path in hosts.on(host, "ls -d /etc/openuc/certificates/*/key.pem || true").split()]


def _values(hosts: Hosts, host: str) -> t.Iterable[str]:
    """Of the file that somebody imports at the server."""
    path = hosts.kept / f"rendered/qos/{host}.reg"
    return re.findall(r'^"(\w+)"=', path.read_text("utf-16"), re.MULTILINE) if path.exists() else ()


_READERS: t.Final[dict[str, t.Callable[[Hosts, str], t.Iterable[str]]]] = {
    "firewall": _rules,
    "load_balancer": _services,
    "dns": _records,
    "certificates": _certificates,
    "qos": _values,
}
