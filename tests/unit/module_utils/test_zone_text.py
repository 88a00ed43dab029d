# SPDX-License-Identifier: GPL-3.0-or-later
"""Zone files: absolute names, parents before children, readable by a DNS library."""

from __future__ import annotations

import typing as t

import dns.zone
import pytest

from ansible_collections.openuc.ocs.plugins.module_utils.zone_text import (
    NameServer,
    counted,
    render_records,
    render_zone,
    without_address,
)

RECORDS = [
    {"name": "sip.contoso.com", "type": "A", "ttl": 300, "values": ["203.0.113.1", "203.0.113.2"]},
    {"name": "contoso.com", "type": "TXT", "ttl": 60, "values": ['"x"']},
    {"name": "_sip._tls.contoso.com", "type": "SRV", "ttl": 300, "values": ["0 0 443 sip.contoso.com."]},
]


def test_text_is_a_zone() -> None:
    zone = dns.zone.from_text(render_records("contoso.com", RECORDS), origin="contoso.com", check_origin=False)
    assert {str(rdata) for rdata in zone.find_rdataset("sip", "A")} == {"203.0.113.1", "203.0.113.2"}
    assert zone.find_rdataset("_sip._tls", "SRV").ttl == 300


def test_a_domain_comes_before_what_is_below_it() -> None:
    lines = render_records("contoso.com", RECORDS).splitlines()
    assert [line.split()[0] for line in lines[1:]] == [
        "contoso.com.",
        "_sip._tls.contoso.com.",
        "sip.contoso.com.",
        "sip.contoso.com.",
    ]


def test_records_of_no_zone_say_so() -> None:
    assert "not managed here" in render_records("", [])


def whole(*servers: NameServer, serial: int = 1, records: list[dict[str, t.Any]] | None = None) -> str:
    return render_zone("contoso.com", RECORDS if records is None else records, servers, serial, 3600)


class TestWholeZones:
    NS1 = NameServer("ns1.contoso.com", ("10.0.0.5", "fd00::5"))

    def test_a_library_takes_it_for_a_zone(self) -> None:
        zone = dns.zone.from_text(whole(self.NS1), origin="contoso.com", relativize=False)
        soa = zone.get_soa()
        assert (str(soa.mname), str(soa.rname), soa.serial) == ("ns1.contoso.com.", "hostmaster.contoso.com.", 1)
        assert [str(each) for each in zone.find_rdataset("contoso.com.", "NS")] == ["ns1.contoso.com."]
        assert [str(each) for each in zone.find_rdataset("ns1.contoso.com.", "AAAA")] == ["fd00::5"]
        assert zone.find_rdataset("sip.contoso.com.", "A").ttl == 300

    def test_a_server_elsewhere_needs_no_address_here(self) -> None:
        text = whole(NameServer("ns.example.net", ("192.0.2.5",)), NameServer("ns.xcontoso.com", ("192.0.2.6",)))
        assert "contoso.com. IN NS ns.xcontoso.com.\n" in text
        assert "192.0.2." not in text

    def test_a_planned_address_of_the_server_goes_before_its_own(self) -> None:
        assert "10.0.0.5" not in whole(NameServer("sip.contoso.com", ("10.0.0.5",)))

    def test_a_zone_below_is_delegated_with_the_addresses_that_only_this_one_can_tell(self) -> None:
        lines = whole(self.NS1, NameServer("ns.corp.contoso.com", ("10.0.0.6",), "corp.contoso.com")).splitlines()
        assert "corp.contoso.com. IN NS ns.corp.contoso.com." in lines
        assert "ns.corp.contoso.com. IN A 10.0.0.6" in lines
        assert "contoso.com. IN NS ns.corp.contoso.com." not in lines

    def test_servers_that_nobody_finds_are_named(self) -> None:
        servers = [
            NameServer("NS1.contoso.com."),
            NameServer("sip.contoso.com"),
            NameServer("ns.example.net"),
            self.NS1,
        ]
        assert without_address("contoso.com", servers[:3], RECORDS) == ["ns1.contoso.com"]
        assert without_address("contoso.com", servers, RECORDS) == []

    @pytest.mark.parametrize(
        ("there", "least", "differs", "serial"),
        [(7, 1, False, 7), (7, 1, True, 8), (7, 20, False, 20), (7, 20, True, 20), (2**32 - 1, 1, True, 1)],
    )
    def test_serials_go_on_where_anything_differs(self, there: int, least: int, differs: bool, serial: int) -> None:
        records = RECORDS[:2] if differs else RECORDS
        old, new = whole(self.NS1, serial=there, records=records), whole(self.NS1, serial=least)
        assert counted(new, old) == whole(self.NS1, serial=serial)

    @pytest.mark.parametrize("there", ["", "; a file of others\n"])
    def test_without_such_a_file_a_serial_is_as_given(self, there: str) -> None:
        assert counted(whole(self.NS1), there) == whole(self.NS1)


def test_names_in_values_are_whole_with_or_without_a_dot() -> None:
    """A name without one would be read as below the zone."""
    values = {"CNAME": "sip.contoso.com", "SRV": "0 0 5061 sip.contoso.com", "MX": "10 mx.example", "PTR": "a.example"}
    records = [{"name": "x.contoso.com", "type": kind, "ttl": 60, "values": [each]} for kind, each in values.items()]
    lines = render_records("contoso.com", records).splitlines()[1:]
    assert all(line.endswith(".") for line in lines)
    assert len(lines) == 4
