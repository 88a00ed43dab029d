# SPDX-License-Identifier: GPL-3.0-or-later
"""Records as text for those who do not let us update: zone files, Windows DNS, octoDNS. Private to the collection."""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections.abc import Mapping, Sequence
from typing import Any, Callable

from ..zone_text import FIRST_SERIAL, NameServer, render_records, render_zone, sort_key, whole_value
from . import library, names, rdata
from .records import item_of
from .transfer import Key, ordered

if not library.MISSING:
    import dns.exception
    import dns.name
    import dns.rdataclass
    import dns.tokenizer
    import dns.zonefile

Item = Mapping[str, Any]
Files = dict[str, str]
_DIRECTIVES = ("$ORIGIN", "$TTL")


@dataclasses.dataclass(frozen=True)
class Contents:
    """What a zone is rendered from; the servers and the serial number are in a whole zone file only."""

    zone: str
    server: str
    items: Sequence[Item]
    default_ttl: int
    servers: Sequence[NameServer] = ()
    serial: int = FIRST_SERIAL


def render(form: str, contents: Contents) -> Files:
    """Files by name. What `replaces` other records leaves those out."""
    replaced = {item["replaces"] for item in contents.items if item.get("replaces")}
    kept = [
        {**item, "values": [whole_value(item["type"], value) for value in item["values"]]}
        for item in contents.items
        if item.get("id") not in replaced
    ]
    kept.sort(key=lambda item: (sort_key(item["name"].rstrip(".")), item["type"]))
    return _FORMATS[form](dataclasses.replace(contents, zone=contents.zone.rstrip("."), items=kept))


def parse(zone: str, text: str, default_ttl: int) -> tuple[list[dict[str, Any]], list[str]]:
    """The records of a zone file, without the server's own; and what is wrong with it."""
    found: dict[Key, tuple[int, list[bytes]]] = {}
    try:
        sets = _sets_of(zone, text, default_ttl)
    except (dns.exception.DNSException, ValueError) as error:
        return [], [f"text: {error}"]
    problems = []
    apex = names.from_text(zone)
    for each in sets:
        kind = int(each.rdtype)
        name = names.from_text(each.name.to_text())
        if kind == rdata.SOA or (kind == rdata.NS and name == apex):
            continue
        if kind == rdata.NS or kind not in rdata.TYPE_NAMES:
            problems.append(
                f"text: {names.to_text(name)} {rdata.type_text(kind)}: this type is not managed here; remove it"
            )
            continue
        _ttl, values = found.setdefault((name, kind), (each.ttl, []))
        values += [rdata.from_text(kind, value.to_text(origin=None, relativize=False)) for value in each]
    ordered_keys = sorted(found, key=lambda key: (sort_key(names.to_text(key[0])), key[1]))
    return [item_of(key, (found[key][0], ordered(found[key][1]))) for key in ordered_keys], problems


def _sets_of(zone: str, text: str, default_ttl: int) -> Any:
    """What the library reads of a zone file. Other files are not included, nor is anything generated."""
    manager = dns.zonefile.RRSetsReaderManager(dns.name.from_text(f"{zone.rstrip('.')}."), False)
    tokens = dns.tokenizer.Tokenizer(text)
    with manager.writer(True) as transaction:  # type: ignore[no-untyped-call]
        dns.zonefile.Reader(
            tokens, dns.rdataclass.IN, transaction, allow_directives=_DIRECTIVES, default_ttl=default_ttl
        ).read()
    return manager.rrsets


def _zone(of: Contents) -> Files:
    items = [dict(item) for item in of.items]
    return {f"{of.zone}.zone": render_zone(of.zone, items, of.servers, of.serial, of.default_ttl)}


def _fragment(of: Contents) -> Files:
    return {f"{of.zone}.fragment": render_records(of.zone, [dict(item) for item in of.items])}


def _node(zone: str, item: Item) -> str:
    name = str(item["name"]).rstrip(".")
    return "@" if name.lower() == zone.lower() else name[: -len(zone) - 1]


def _strings(value: str) -> list[str]:
    """The strings of a text."""
    wire = rdata.from_text(rdata.TXT, value)
    parts = []
    while wire:
        parts.append(wire[1 : 1 + wire[0]].decode("utf-8", "replace"))
        wire = wire[1 + wire[0] :]
    return parts


# --- dnscmd ---


def _dnscmd(of: Contents) -> Files:
    zone = of.zone
    lines = [
        "@echo off",
        f"rem Records planned for {zone}. Run as an administrator of the DNS server.",
        "rem It adds what is missing; what is there already is reported by dnscmd and left as it is.",
    ]
    for item in of.items:
        ttl = of.default_ttl if item.get("ttl") is None else item["ttl"]
        for value in item["values"]:
            data = " ".join(_batch(part) for part in _strings(value)) if item["type"] == "TXT" else value
            lines.append(f"dnscmd {of.server or '.'} /RecordAdd {zone} {_node(zone, item)} {ttl} {item['type']} {data}")
    return {f"{zone}.cmd": "\r\n".join(lines) + "\r\n"}


def _batch(text: str) -> str:
    return '"' + text.replace("%", "%%").replace('"', '\\"') + '"'


# --- PowerShell ---

_POWERSHELL_START = """\
# Records planned for {zone}. Run as an administrator of the DNS server; -WhatIf shows what it would do.
[CmdletBinding(SupportsShouldProcess)]
param([string]$ComputerName = {server})
$ErrorActionPreference = 'Stop'
$zone = {quoted}
function Add-Planned([string]$Name, [string]$Type, [string]$Properties, [string]$Whole, [scriptblock]$Add) {{
    $parts = $Properties -split ' '
    $there = Get-DnsServerResourceRecord -ComputerName $ComputerName -ZoneName $zone -Name $Name -RRType $Type `
        -ErrorAction SilentlyContinue | ForEach-Object {{
            $data = $_.RecordData
            ($parts | ForEach-Object {{ [string]$data.$_ }}) -join ' '
        }}
    if ($there -notcontains $Whole -and $PSCmdlet.ShouldProcess("$Name.$zone", "add $Type $Whole")) {{
        $last = ($Whole -split ' ', $parts.Count)[-1]
        & $Add $last
    }}
}}
"""
# Type: properties that hold the value, and the options that add it; $value is its last part.
_CMDLETS: Mapping[str, tuple[str, str]] = {
    "A": ("IPv4Address", "-A -IPv4Address $value"),
    "AAAA": ("IPv6Address", "-AAAA -IPv6Address $value"),
    "CNAME": ("HostNameAlias", "-CName -HostNameAlias $value"),
    "MX": ("Preference MailExchange", "-MX -MailExchange $value -Preference {0}"),
    "PTR": ("PtrDomainName", "-Ptr -PtrDomainName $value"),
    "SRV": ("Priority Weight Port DomainName", "-Srv -DomainName $value -Priority {0} -Weight {1} -Port {2}"),
    "TXT": ("DescriptiveText", "-Txt -DescriptiveText $value"),
}


def _powershell(of: Contents) -> Files:
    zone = of.zone
    start = _POWERSHELL_START.format(zone=zone, server=_single(of.server or "localhost"), quoted=_single(zone))
    lines = [start.rstrip("\n")]
    for item in of.items:
        ttl = of.default_ttl if item.get("ttl") is None else item["ttl"]
        kind = item["type"]
        shown, options = _CMDLETS[kind]
        for value in item["values"]:
            *numbers, last = [value] if kind == "TXT" else value.split()
            whole = "".join(_strings(value)) if kind == "TXT" else " ".join([*numbers, last])
            command = (
                "Add-DnsServerResourceRecord -ComputerName $ComputerName -ZoneName $zone "
                f"-Name {_single(_node(zone, item))} "
                f"{options.format(*numbers)} -TimeToLive ([TimeSpan]::FromSeconds({ttl}))"
            )
            lines.append(
                f"Add-Planned {_single(_node(zone, item))} {kind} {_single(shown)} {_single(whole)} "
                f"{{ param($value) {command} }}"
            )
    return {f"{zone}.ps1": "\r\n".join("\n".join(lines).split("\n")) + "\r\n"}


def _single(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


# --- octoDNS ---

_OCTODNS = """\
# octoDNS for {zone}: put the provider of your DNS in the place of `target`, then run
# octodns-sync --config-file octodns.yaml, and once more with --doit.
# The processor keeps octoDNS from deleting records that it did not make.
processors:
  ours:
    class: octodns.processor.ownership.OwnershipProcessor
    txt_name: _openuc-owner
    txt_value: "*octodns*"
providers:
  planned:
    class: octodns.provider.yaml.YamlProvider
    directory: .
    default_ttl: {default}
    enforce_order: false
  target:
    class: octodns.provider.yaml.YamlProvider
    directory: ./target
zones:
  {zone}.:
    sources: [planned]
    processors: [ours]
    targets: [target]
"""


def _octodns(of: Contents) -> Files:
    zone = of.zone
    lines = ["---"]
    for name, group in itertools.groupby(of.items, key=lambda item: _node(zone, item).lower()):
        lines.append(f"{json.dumps('' if name == '@' else name)}:")
        for item in group:
            entry: dict[str, Any] = {"type": item["type"]}
            if item.get("ttl") is not None:
                entry["ttl"] = item["ttl"]
            values = [_octo_value(item["type"], value) for value in item["values"]]
            entry.update({"value": values[0]} if item["type"] == "CNAME" else {"values": values})
            lines.append(f"  - {json.dumps(entry)}")
    return {f"{zone}.yaml": "\n".join(lines) + "\n", "octodns.yaml": _OCTODNS.format(zone=zone, default=of.default_ttl)}


def _octo_value(kind: str, value: str) -> Any:
    if kind == "SRV":
        priority, weight, port, target = value.split()
        return {"priority": int(priority), "weight": int(weight), "port": int(port), "target": target}
    if kind == "MX":
        preference, exchange = value.split()
        return {"preference": int(preference), "exchange": exchange}
    return "".join(_strings(value)).replace(";", "\\;") if kind == "TXT" else value


_FORMATS: Mapping[str, Callable[[Contents], Files]] = {
    "zone": _zone,
    "fragment": _fragment,
    "dnscmd": _dnscmd,
    "powershell": _powershell,
    "octodns": _octodns,
}
