# SPDX-License-Identifier: GPL-3.0-or-later
"""Zone files: absolute names, parents before children, readable by a DNS library."""

from __future__ import annotations

import dns.zone

from ansible_collections.openuc.ocs.plugins.module_utils.zone_text import render_zone

RECORDS = [
    {"name": "sip.contoso.com", "type": "A", "ttl": 300, "values": ["203.0.113.1", "203.0.113.2"]},
    {"name": "contoso.com", "type": "TXT", "ttl": 60, "values": ['"x"']},
    {"name": "_sip._tls.contoso.com", "type": "SRV", "ttl": 300, "values": ["0 0 443 sip.contoso.com."]},
]


def test_text_is_a_zone() -> None:
    zone = dns.zone.from_text(render_zone("contoso.com", RECORDS), origin="contoso.com", check_origin=False)
    assert {str(rdata) for rdata in zone.find_rdataset("sip", "A")} == {"203.0.113.1", "203.0.113.2"}
    assert zone.find_rdataset("_sip._tls", "SRV").ttl == 300


def test_a_domain_comes_before_what_is_below_it() -> None:
    lines = render_zone("contoso.com", RECORDS).splitlines()
    assert [line.split()[0] for line in lines[1:]] == [
        "contoso.com.",
        "_sip._tls.contoso.com.",
        "sip.contoso.com.",
        "sip.contoso.com.",
    ]


def test_records_of_no_zone_say_so() -> None:
    assert "not managed here" in render_zone("", [])
