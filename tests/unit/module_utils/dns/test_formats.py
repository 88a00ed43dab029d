# SPDX-License-Identifier: GPL-3.0-or-later
"""Records as files for those who do not let us update, and zone files as records."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.openuc.ocs.plugins.module_utils.dns import engine, records

from .conftest import options, record

LISTED = [
    record("sip", "A", "10.0.0.1", "10.0.0.2"),
    record("_sip._tls", "SRV", "0 0 443 sip.contoso.com."),
    record("text", "TXT", 'say "100%"; ' + "x" * 300),
    record("alias", "CNAME", "sip.contoso.com.", ttl=None),
    record("mail", "MX", "10 mx.example."),
    {"name": "contoso.com", "type": "A", "ttl": 60, "values": ["10.0.0.9"]},
]


NAME_SERVERS = [{"name": "dc1.contoso.com", "addresses": ["10.0.0.5"]}]


def rendered(form: str, items: list[dict[str, t.Any]] | None = None, **more: t.Any) -> dict[str, str]:
    given = {"state": "rendered", "format": form, "zone": "contoso.com", "server": "dc1", "records": items or LISTED}
    return engine.run(options(**{**given, **more}), False)["rendered"]


@pytest.mark.parametrize("form", ["zone", "fragment"])
def test_a_zone_file_comes_back_as_the_same_records(form: str) -> None:
    text = rendered(form, server="ns.example.net")[f"contoso.com.{form}"]
    parsed = engine.run(options(state="parsed", zone="contoso.com", text=text, default_ttl=3600), False)["parsed"]
    want, problems = records.decode("contoso.com", parsed)
    expected, _none = records.decode("contoso.com", LISTED)
    assert problems == []
    assert {key: wanted.values for key, wanted in want.items()} == {key: each.values for key, each in expected.items()}
    assert {item["name"]: item["ttl"] for item in parsed}["alias.contoso.com"] == 3600


def test_a_whole_zone_file_loses_only_what_is_the_servers() -> None:
    text = "@ IN SOA ns1 host 1 2 3 4 5\n@ IN NS ns1\nns1 IN A 10.0.0.1\n"
    parsed = engine.run(options(state="parsed", zone="contoso.com", text=text), False)["parsed"]
    assert parsed == [{"name": "ns1.contoso.com", "type": "A", "ttl": 3600, "values": ["10.0.0.1"]}]


def test_a_zone_file_as_people_write_it_is_read() -> None:
    text = "$TTL 300\n$ORIGIN corp.contoso.com.\npool 60 A 10.0.0.1\n$ORIGIN contoso.com.\nsip A 10.0.0.2\n"
    parsed = engine.run(options(state="parsed", zone="contoso.com", text=text), False)["parsed"]
    assert [(each["name"], each["ttl"]) for each in parsed] == [("pool.corp.contoso.com", 60), ("sip.contoso.com", 300)]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"text": "a IN A 300.1.1.1\n"}, "text: "),
        ({"text": "$INCLUDE others\n"}, "text: "),
        (
            {"text": "a IN CAA 0 issue x\nb IN NS ns1\n"},
            "a.contoso.com CAA: this type is not managed here; remove it",
        ),
        ({"text": None}, "text: is missing; state: parsed needs it"),
    ],
)
def test_a_text_that_will_not_do_says_why(given: dict[str, t.Any], words: str) -> None:
    result = engine.run(options(state="parsed", zone="contoso.com", **given), False)
    assert words in result["msg"]


def test_what_is_replaced_is_left_out() -> None:
    old, new = record("old", "A", "10.0.0.1", id="a"), record("new", "A", "10.0.0.2", id="b", replaces="a")
    assert "old.contoso.com" not in rendered("fragment", [old, new])["contoso.com.fragment"]


def test_the_script_for_dnscmd_adds_record_by_record() -> None:
    lines = rendered("dnscmd")["contoso.com.cmd"].split("\r\n")
    assert "dnscmd dc1 /RecordAdd contoso.com @ 60 A 10.0.0.9" in lines
    assert "dnscmd dc1 /RecordAdd contoso.com alias 3600 CNAME sip.contoso.com." in lines
    assert "dnscmd dc1 /RecordAdd contoso.com _sip._tls 600 SRV 0 0 443 sip.contoso.com." in lines
    assert sum(" sip 600 A " in line for line in lines) == 2
    (text,) = [line for line in lines if " TXT " in line]
    assert '"say \\"100%%\\"; xxx' in text


def test_the_script_for_powershell_adds_what_is_missing() -> None:
    text = rendered("powershell")["contoso.com.ps1"]
    assert text.startswith("# Records planned for contoso.com.")
    assert "param([string]$ComputerName = 'dc1')" in text
    # A record of the same target at another port is another record.
    call = "Add-Planned '_sip._tls' SRV 'Priority Weight Port DomainName' '0 0 443 sip.contoso.com.' { param($value) "
    assert call in text
    assert "-Srv -DomainName $value -Priority 0 -Weight 0 -Port 443 -TimeToLive ([TimeSpan]::FromSeconds(600))" in text
    assert "-MX -MailExchange $value -Preference 10" in text
    assert text.count("Add-Planned 'sip' A 'IPv4Address'") == 2


def test_the_zone_for_octodns_is_what_its_provider_reads() -> None:
    files = rendered("octodns")
    zone = yaml.safe_load(files["contoso.com.yaml"])
    assert zone[""] == [{"type": "A", "ttl": 60, "values": ["10.0.0.9"]}]
    assert zone["alias"] == [{"type": "CNAME", "value": "sip.contoso.com."}]
    assert zone["_sip._tls"][0]["values"] == [{"priority": 0, "weight": 0, "port": 443, "target": "sip.contoso.com."}]
    assert zone["mail"][0]["values"] == [{"preference": 10, "exchange": "mx.example."}]
    assert zone["text"][0]["values"] == ['say "100%"\\; ' + "x" * 300]
    config = yaml.safe_load(files["octodns.yaml"])
    assert config["zones"]["contoso.com."]["sources"] == ["planned"]
    assert config["processors"]["ours"]["class"] == "octodns.processor.ownership.OwnershipProcessor"
    assert config["providers"]["planned"]["default_ttl"] == 3600


def test_zones_of_several_views_are_kept_apart() -> None:
    given = {"zone": "contoso.com", "server": "ns.example.net", "records": LISTED[:1]}
    zones = [{**given, "view": view} for view in ("internal", "external")]
    given = {"state": "rendered", "zones": zones}
    files = engine.run(options(**given), False)["rendered"]
    assert sorted(files) == ["external/contoso.com.zone", "internal/contoso.com.zone"]


def test_problems_are_told_as_ever() -> None:
    result = engine.run(options(state="rendered", zone="contoso.com", records=[record("a", "A", "x")]), False)
    assert "records[0]: a.contoso.com A: 'x' is no IPv4 address" in result["msg"]


class TestWholeZones:
    def test_the_server_is_the_name_server_where_none_is_given(self) -> None:
        text = rendered("zone", server="dc1.contoso.com.", address="10.0.0.5")["contoso.com.zone"]
        assert "\ncontoso.com. IN NS dc1.contoso.com.\ndc1.contoso.com. IN A 10.0.0.5\n" in text

    def test_name_servers_that_are_given_are_all(self) -> None:
        both = [*NAME_SERVERS, {"name": "ns2.example.net"}]
        text = rendered("zone", name_servers=both, server="hidden.contoso.com")["contoso.com.zone"]
        assert "IN SOA dc1.contoso.com." in text
        assert "hidden" not in text

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ({"server": None}, "format: zone needs the server, or name_servers; format: fragment needs neither"),
            (
                {"server": "ns1.contoso.com"},
                "name_servers: ns1.contoso.com is a name in contoso.com, and only that zone could tell its address",
            ),
            ({"name_servers": [{"name": "a", "addresses": ["x"]}]}, "name_servers[0].addresses: 'x' is no IP address"),
            ({"name_servers": [{"adresses": []}]}, "name_servers[0].name: is missing"),
            ({"serial": 0}, "serial: expected 1 to 4294967295, got 0"),
        ],
    )
    def test_what_makes_no_whole_zone_says_why(self, given: dict[str, t.Any], words: str) -> None:
        one = {"state": "rendered", "zone": "contoso.com", "server": "ns.example.net", "records": LISTED}
        assert words in engine.run(options(**{**one, **given}), False)["msg"]

    def test_a_file_that_is_there_has_its_serial_counted_on(self, tmp_path: Path) -> None:
        def run(items: list[dict[str, t.Any]], **more: t.Any) -> tuple[bool, str]:
            one = {
                "state": "rendered",
                "zone": "contoso.com",
                "server": "ns.example.net",
                "rendered_dir": str(tmp_path),
            }
            changed = engine.run(options(**one, records=items, **more), False)["changed"]
            return changed, (tmp_path / "contoso.com.zone").read_text().partition("hostmaster.contoso.com. ")[2][:2]

        assert run(LISTED) == (True, "1 ")
        assert run(LISTED) == (False, "1 ")
        assert run(LISTED[:1]) == (True, "2 ")
        assert run(LISTED[:1], serial=41) == (True, "41")
        assert run(LISTED[:1], serial=7) == (False, "41")
