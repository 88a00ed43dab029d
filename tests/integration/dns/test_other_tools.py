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
from ansible_collections.openuc.ocs.plugins.module_utils.zone_text import NameServer
from tests.integration import readers
from tests.integration.dns import name_servers
from tests.integration.servers import throwaway
from tests.support import ROOT

READING = str(Path(__file__).with_name("reading.py"))
SLICES = ROOT / "tests/golden/departments/intended/slices/dns_records"
EXAMPLES = ("departments", "lab", "lync2010", "multisite", "ocs2007", "standard")
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


@pytest.fixture
def network() -> t.Iterator[throwaway.Network]:
    with throwaway.network() as made:
        yield made


def written(form: str, records: list[Record], folder: Path) -> Path:
    contents = formats.Contents("contoso.com", "dc1", records, 3600, [NameServer("ns.example.net")])
    for name, text in formats.render(form, contents).items():
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
    """A whole one, and a fragment that somebody's own zone includes."""
    written("zone", records, tmp_path)
    written("fragment", records, tmp_path)
    own = "@ 3600 IN SOA ns.example.net. h 1 2 3 4 5\n@ 3600 IN NS ns.example.net.\n"
    (tmp_path / "theirs").write_text(f"{own}$INCLUDE {tmp_path / 'contoso.com.fragment'}\n")
    for file in ("contoso.com.zone", "theirs"):
        command = ["named-compilezone", "-i", "none", "-o", "-", "contoso.com", str(tmp_path / file)]
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        lines = [line.split(None, 4) for line in listed.splitlines()]
        assert {
            (line[0].rstrip("."), line[3], int(line[1]), line[4].replace("\\;", ";").strip('"').rstrip("."))
            for line in lines
            if line[3] not in ("SOA", "NS")
        } == planned(records)


def test_bind_finds_nothing_wrong_with_any_whole_zone_of_the_examples() -> None:
    """With all of its checks: addresses of name servers, mail hosts and services that are in the zone."""
    files = sorted((ROOT / "tests/golden").glob("*/intended/zones/*/*.zone"))
    assert {path.parts[-5] for path in files} == set(EXAMPLES)
    said = [
        subprocess.run(
            ["named-checkzone", "-i", "full-sibling", "-k", "fail", "-n", "fail", path.stem, str(path)],
            capture_output=True,
            text=True,
            check=False,
        )
        for path in files
    ]
    assert [done.stdout for done in said if done.returncode or "OK" not in done.stdout.splitlines()[-1]] == []


def test_a_bind_that_is_given_the_zones_answers_as_planned(network: throwaway.Network) -> None:
    """Three zones inside, two of them below the third and delegated to the same server."""
    example = ROOT / "tests/golden/multisite/intended"
    zones = {path.stem: path.read_text() for path in (example / "zones/internal").glob("*.zone")}
    network.host("ns", name_servers.PRIMARY, name_servers.serving(zones))
    listed = [json.loads(path.read_text()) for path in (example / "slices/dns_records").glob("*/internal.*.json")]
    records = [record for each in listed for record in each["records"]]
    final = [record for record in records if record["id"] not in {other["replaces"] for other in records}]
    questions = [word for record in final for word in (record["name"], record["type"])]
    said = network.client.run("dig", f"@{name_servers.PRIMARY}", "+noall", "+answer", *questions).stdout
    answers = {(line.split()[0], line.split()[3], line.split(None, 4)[4]) for line in said.splitlines()}
    expected = {(f"{each['name']}.", each["type"], value) for each in final for value in each["values"]}
    assert len(expected) > 30
    assert expected <= answers
    apex = network.client.run("dig", f"@{name_servers.PRIMARY}", "+short", "corp.contoso.com", "NS").stdout
    assert apex == "ns1.corp.contoso.com.\n"


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
