# SPDX-License-Identifier: GPL-3.0-or-later
"""What rules of other makes say, as programs of others read them. Runs where those of readers.txt are installed.

reading.py FORMAT FILE...   a JSON list: of each rule in its order, what it does to which packets. No field of a packet
                            that a rule says nothing of stands in it. Fails at a line that the reader does not know.
"""

from __future__ import annotations

import functools
import json
import re
import sys
import typing as t
from pathlib import Path
from xml.etree import ElementTree

Rule = dict[str, t.Any]


def asa(text: str) -> t.Iterator[Rule]:
    """Cisco ASA, as ciscoconfparse2 takes access lists apart."""
    from ciscoconfparse2.models_asa import _RE_ACLOBJECT  # type: ignore[import-not-found] # noqa: PLC0415
    from ciscoconfparse2.protocol_values import (  # type: ignore[import-not-found] # noqa: PLC0415
        ASA_TCP_PORTS,
        ASA_UDP_PORTS,
    )

    for line in filter(None, map(str.strip, text.splitlines())):
        if line.startswith("clear configure access-list "):
            continue
        found = _RE_ACLOBJECT.search(line)
        if found is None:
            raise SystemExit(f"no line of an access list: {line}")
        said = {re.sub(r"(?<=[a-z])\d(?=[a-z]?$)", "", key): value for key, value in found.groupdict().items() if value}
        if said["action"] == "remark":
            continue
        rule: Rule = {"does": {"permit": "allow", "deny": "deny"}[said["action"]]}
        rule["ingress"] = said["acl_name"].removesuffix("_in")
        if said["protocol"] != "ip":
            rule["protocol"] = said["protocol"]
        names = ASA_TCP_PORTS if said["protocol"] == "tcp" else ASA_UDP_PORTS
        for side, end in (("src", "source"), ("dst", "destination")):
            if f"{side}_networkb" in said:
                rule[end] = [said[f"{side}_networkb"]]
            elif f"{side}_networkc" in said:
                rule[end] = [f"{said[f'{side}_networkc']}/{said[f'{side}_netmaskc']}"]
            if said.get(f"{side}_port_operator", "eq") != "eq":
                raise SystemExit(f"no such comparison of ports: {line}")
            if f"{side}_port" in said:
                port = said[f"{side}_port"]
                rule[f"{end}_ports"] = [str(names.get(port, port))]
            elif f"{side}_port_low" in said:
                rule[f"{end}_ports"] = [f"{said[f'{side}_port_low']}-{said[f'{side}_port_high']}"]
        yield rule


def srx(text: str) -> t.Iterator[Rule]:
    """Juniper SRX, by the hierarchy that ciscoconfparse2 sees in braces."""
    from ciscoconfparse2 import CiscoConfParse  # type: ignore[import-not-found] # noqa: PLC0415

    plain = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    parsed = CiscoConfParse(plain.splitlines(), syntax="junos", factory=False)
    under = functools.partial(_under, parsed)
    book = ("security", "replace: address-book", "global")
    addresses = {line.text.split()[1]: [line.text.split()[2]] for line in under(*book, "address ")}
    for group in under(*book, "address-set "):
        members = _words(group.children, "address")
        addresses[group.text.split()[1]] = [each for name in members for each in addresses[name]]
    services: dict[str, list[Rule]] = {}
    for application in under("replace: applications", "application "):
        said = application.children[0].text.split()[2:]
        fields = dict(zip(said[::2], said[1::2], strict=True))
        kinds = {"protocol": "protocol", "source-port": "source_ports", "destination-port": "destination_ports"}
        entry = {kinds[key]: value if key == "protocol" else [value] for key, value in fields.items()}
        services[application.text.split()[1]] = [entry]
    for group in under("replace: applications", "application-set "):
        services[group.text.split()[1]] = [
            each for name in _words(group.children, "application") for each in services[name]
        ]
    for way in under("security", "replace: policies", "from-zone "):
        _from, ingress, _to, egress = way.text.split()
        for policy in way.children:
            match, then = (each.children for each in policy.children)
            rule: Rule = {"does": {"permit": "allow", "deny": "deny"}[then[0].text.strip()]}
            rule.update(ingress=ingress, egress=egress)
            for end in ("source", "destination"):
                names = _words(match, f"{end}-address")
                if names != ["any"]:
                    rule[end] = [each for name in names for each in addresses[name]]
            for name in _words(match, "application"):
                for service in services[name] if name != "any" else [{}]:
                    yield {**rule, **service}


def _under(parsed: t.Any, *path: str) -> list[t.Any]:
    """Lines below others, each of which begins so."""
    found = parsed.find_objects(rf"^{path[0]}")
    for step in path[1:]:
        found = [child for each in found for child in each.children if re.match(step, child.text.strip())]
    return list(found)


def _words(lines: t.Iterable[t.Any], first: str) -> list[str]:
    """What stands behind a word, of those lines that begin with it."""
    listed = [line.text.split() for line in lines]
    return [word for line in listed if line[0] == first for word in line[1:] if word not in "[]"]


def paloalto(text: str) -> t.Iterator[Rule]:
    """Palo Alto, through the library of the vendor itself."""
    from panos.objects import (  # type: ignore[import-not-found] # noqa: PLC0415
        AddressGroup,
        AddressObject,
        ServiceObject,
    )
    from panos.policies import SecurityRule  # type: ignore[import-not-found] # noqa: PLC0415

    system = ElementTree.fromstring(text).find(".//vsys/entry")

    def read(kind: t.Any, path: str) -> list[t.Any]:
        listed = system.find(path) if system is not None else None
        return list(kind().refreshall_from_xml(listed)) if listed is not None else []

    addresses = {each.name: [each.value] for each in read(AddressObject, "address")}
    for group in read(AddressGroup, "address-group"):
        addresses[group.name] = [each for name in group.static_value for each in addresses[name]]
    services = {each.name: each for each in read(ServiceObject, "service")}
    rules = read(SecurityRule, "rulebase/security/rules")
    if len({each.name for each in rules}) != len(rules):
        raise SystemExit("rules of the same name take each other's place")
    for each in rules:
        rule: Rule = {"does": each.action, "ingress": each.fromzone[0], "egress": each.tozone[0]}
        for end in ("source", "destination"):
            names = getattr(each, end)
            if names != ["any"]:
                rule[end] = [address for name in names for address in addresses[name]]
        for name in each.service:
            if name in ("any", "application-default"):
                yield rule
                continue
            service = services[name]
            ports = {"source_ports": service.source_port, "destination_ports": service.destination_port}
            # A service without ports of its own has the whole of them.
            said = {key: [value] for key, value in ports.items() if value and value != "0-65535"}
            yield {**rule, "protocol": service.protocol, **said}


if __name__ == "__main__":
    read = {"asa": asa, "srx": srx, "paloalto": paloalto}[sys.argv[1]]
    print(json.dumps([rule for path in sys.argv[2:] for rule in read(Path(path).read_text())]))
