# SPDX-License-Identifier: GPL-3.0-or-later
"""Zones rendered for those who change a server in another way, read by programs of others.

octoDNS does what its files say, with files as its target; BIND's own compiler reads zone files; of scripts for
PowerShell the words of each command are looked at. Nothing that reads dnscmd's commands was to be had.
"""

from __future__ import annotations

import json
import subprocess
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.openuc.ocs.plugins.module_utils.dns import formats
from tests.integration import readers
from tests.support import ROOT

READING = str(Path(__file__).with_name("reading.py"))
SLICES = ROOT / "tests/golden/departments/intended/slices/dns_records"
ZONES = ("dc1.corp.contoso.com/internal.contoso.com", "ns-ext.contoso.com/external.contoso.com")
# What a shell, a configuration or a master file might take for something else.
TEXT = "it's $HOME; `x` %PATH% & | >"
ODD = {"name": "odd.contoso.com", "type": "TXT", "ttl": 60, "values": [f'"{TEXT}"']}
MAIL = {"name": "contoso.com", "type": "MX", "ttl": 300, "values": ["10 mail.contoso.com."]}
Record = dict[str, t.Any]
Said = set[tuple[str, str, int, str]]


@pytest.fixture(params=ZONES, ids=lambda path: str(path).partition("/")[0])
def records(request: pytest.FixtureRequest) -> list[Record]:
    return [*json.loads((SLICES / f"{request.param}.json").read_text())["records"], ODD, MAIL]


def written(form: str, records: list[Record], folder: Path) -> Path:
    for name, text in formats.render(form, "contoso.com", "dc1", records, 3600).items():
        (folder / name).write_text(text)
    return folder


def planned(records: list[Record]) -> Said:
    """What is to be there at last: a later stage replaces some of what an earlier one adds."""
    replaced = {each.get("replaces") for each in records} - {"", None}
    return {
        (each["name"], each["type"], each["ttl"], TEXT if each is ODD else value.rstrip("."))
        for each in records
        if each.get("id") not in replaced
        for value in each["values"]
    }


def test_octodns_makes_the_records_and_keeps_those_of_others(records: list[Record], tmp_path: Path) -> None:
    written("octodns", records, tmp_path)
    target = tmp_path / "target/contoso.com.yaml"
    target.parent.mkdir()
    target.write_text("---\nothers: {ttl: 600, type: A, value: 192.0.2.9}\n")
    command = ("octodns-sync", "--config-file", "octodns.yaml", "--doit")
    readers.run(*command, cwd=tmp_path)
    found = set(of_octodns(yaml.safe_load(target.read_text())))
    assert found == planned(records) | {("others.contoso.com", "A", 600, "192.0.2.9")}
    assert "No changes were planned" in readers.run(*command, "--log-stream-stdout", cwd=tmp_path)


def of_octodns(zone: dict[str, t.Any]) -> t.Iterator[tuple[str, str, int, str]]:
    """Records of a zone, but those that octoDNS marks its own with."""
    for label, given in zone.items():
        for entry in given if isinstance(given, list) else [given]:
            if label.startswith("_openuc-owner"):
                continue
            for value in entry.get("values", [entry.get("value")]):
                fields = ("priority", "weight", "preference", "port", "exchange", "target")
                text = value if isinstance(value, str) else " ".join(str(value[key]) for key in fields if key in value)
                name = ".".join(filter(None, (label, "contoso.com")))
                yield name, entry["type"], entry.get("ttl", 3600), text.replace("\\;", ";").rstrip(".")


def test_bind_reads_zone_files(records: list[Record], tmp_path: Path) -> None:
    text = (written("zone", records, tmp_path) / "contoso.com.zone").read_text()
    own = "" if " SOA " in text else "@ 3600 IN SOA ns h 1 2 3 4 5\n@ 3600 IN NS ns\nns 3600 IN A 192.0.2.53\n"
    (tmp_path / "whole").write_text(f"$ORIGIN contoso.com.\n{own}{text}")
    command = ["named-compilezone", "-i", "none", "-o", "-", "contoso.com", str(tmp_path / "whole")]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    lines = [line.split(None, 4) for line in listed.splitlines()]
    assert {
        (line[0].rstrip("."), line[3], int(line[1]), line[4].replace("\\;", ";").strip('"').rstrip("."))
        for line in lines
        if line[3] not in ("SOA", "NS") and line[0] != "ns.contoso.com."
    } == planned(records)


def test_powershell_gets_each_value_as_one_word(records: list[Record], tmp_path: Path) -> None:
    script = written("powershell", records, tmp_path) / "contoso.com.ps1"
    calls = json.loads(readers.run("python", READING, str(script)))
    assert {of_powershell(call) for call in calls} == planned(records)


def of_powershell(call: dict[str, list[str]]) -> tuple[str, str, int, str]:
    """The record that a command adds; the name stands in the call and in its block."""
    label, kind, _property, value = call["words"]
    command, *given = call["inner"]
    options = dict(zip(given, [*given[1:], ""], strict=True))
    assert (command, options["-Name"]) == ("Add-DnsServerResourceRecord", label)
    numbers = [options[name] for name in ("-Priority", "-Weight", "-Preference", "-Port") if name in options]
    seconds = int(options["-TimeToLive"].rpartition("FromSeconds(")[2].rstrip(")"))
    name = "contoso.com" if label == "@" else f"{label}.contoso.com"
    # What is looked for among what is there is what would be added.
    assert kind == "TXT" or value.split()[:-1] == numbers
    return name, kind, seconds, value.rstrip(".")
