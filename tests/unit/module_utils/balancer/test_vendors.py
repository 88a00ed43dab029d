# SPDX-License-Identifier: GPL-3.0-or-later
"""The same services for other balancers, and what those cannot do."""

from __future__ import annotations

import json

from ansible_collections.openuc.ocs.plugins.module_utils.balancer import vendors
from tests.unit.module_utils.balancer.made import SIP, STUN, services

WEB = {**SIP, "id": "lb.web", "port": "443", "affinity": "cookie", "terminate": True, "member_port": "80", "snat": []}
WEB["nat"] = "snat"


def test_a_declaration_for_f5_has_a_virtual_server_with_all_it_uses() -> None:
    rendering = vendors.render("f5_as3", services(SIP, STUN))
    declaration = json.loads(rendering.files["as3.json"])["declaration"]
    application = declaration["openuc"]["services"]
    sip = application["service_tcp_10_20_0_100_5061"]
    assert (sip["class"], sip["virtualAddresses"], sip["virtualPort"]) == ("Service_TCP", ["10.20.0.100"], 5061)
    assert application[sip["profileTCP"]["use"]] == {
        "class": "TCP_Profile",
        "idleTimeout": 1200,
        "resetOnTimeout": True,
    }
    assert application[sip["snat"]["use"]]["snatAddresses"] == ["10.20.0.250"]
    pool = application[sip["pool"]]
    assert [each["serverAddresses"] for each in pool["members"]] == [["10.20.0.11"], ["10.20.0.12"]]
    assert pool["loadBalancingMode"] == "least-connections-member"
    stun = application["service_udp_203_0_113_102_3478"]
    assert (stun["class"], stun["snat"], stun["persistenceMethods"]) == ("Service_UDP", "none", ["source-address"])
    monitor = application[application[stun["pool"]]["monitors"][0]["use"]]
    assert (monitor["monitorType"], monitor["targetPort"]) == ("tcp", 443)
    assert rendering.limits == []


def test_names_that_a_declaration_uses_are_in_it() -> None:
    text = vendors.render("f5_as3", services(SIP, STUN, WEB)).files["as3.json"]
    application = json.loads(text)["declaration"]["openuc"]["services"]
    used = {line.split('"')[3] for line in text.splitlines() if '"use":' in line}
    assert used <= set(application)


def test_what_nginx_does_less_well_is_told() -> None:
    rendering = vendors.render("nginx", services({**SIP, "check_port": "5060", "snat": ["10.20.0.250", "10.20.0.251"]}))
    text = rendering.files["nginx-stream.conf"]
    assert "    server 10.20.0.11:5061;" in text
    assert "    proxy_bind 10.20.0.250;" in text
    assert "    proxy_timeout 1200s;" in text
    assert [reason for _service, reason in rendering.limits] == [
        "nginx cannot judge health by another port (5060); it sees failures only",
        "nginx ends idle connections without a reset",
        "nginx connects from one address only, 10.20.0.250",
    ]


def test_nginx_leaves_out_what_it_cannot_do_at_all() -> None:
    rendering = vendors.render("nginx", services(WEB, STUN))
    assert "10.20.0.100" not in rendering.files["nginx-stream.conf"]
    assert "listen 203.0.113.102:3478 udp;" in rendering.files["nginx-stream.conf"]
    assert "hash $remote_addr consistent;" in rendering.files["nginx-stream.conf"]
    assert rendering.limits[0] == (
        "tcp/10.20.0.100:443",
        "nginx follows cookies and ends TLS in its http block only; it is left out",
    )


def test_a_table_has_a_line_for_each_service_in_the_order_of_addresses() -> None:
    [heading, _rule, *rows] = vendors.render("table", services(STUN, WEB, SIP)).files["services.md"].splitlines()
    columns = [column.strip() for column in heading.strip("|").split("|")]
    cells = [dict(zip(columns, (cell.strip() for cell in row.strip("|").split("|")), strict=True)) for row in rows]
    assert [(row["address"], row["port"]) for row in cells] == [
        ("10.20.0.100", "443"),
        ("10.20.0.100", "5061"),
        ("203.0.113.102", "3478"),
    ]
    assert cells[0]["affinity"] == "cookie"
    assert (cells[0]["TLS ends here"], cells[0]["source towards members"]) == ("yes", "the balancer's")
    assert (cells[1]["idle seconds"], cells[1]["reset when idle"]) == ("1200", "yes")
    assert (cells[2]["health by TCP port"], cells[2]["source towards members"]) == ("443", "the client's own")
