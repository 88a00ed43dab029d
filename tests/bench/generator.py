# SPDX-License-Identifier: GPL-3.0-or-later
"""Inventories of any size: sites that each hold a pool, an Edge pool and what belongs to them."""

from __future__ import annotations

import typing as t
from pathlib import Path

import yaml

SERVERS_PER_SITE = 10
Estate = dict[str, t.Any]
Groups = dict[str, dict[str, dict[str, t.Any]]]


def generate(servers: int, sip_domains: int = 50) -> tuple[Groups, Estate]:
    """Groups with their hosts, and estate variables, names without the prefix; firewalls and balancers come on top."""
    sites = max(servers // SERVERS_PER_SITE, 1)
    estate = _estate(sip_domains, sites)
    groups: Groups = {}
    for number in range(sites):
        _site(number, groups, estate)
    estate["federation"] = {"edge_pool": "edge0.corp.example.com", "discovery": True, "av": True}
    return groups, estate


def _estate(sip_domains: int, sites: int) -> Estate:
    edges = [f"edge{number % sites}.corp.example.com" for number in range(sip_domains)]
    domains: Estate = {"example.com": {"default": True, "remote_access": edges[0]}}
    domains.update({f"d{number}.example.com": {"remote_access": edges[number]} for number in range(1, sip_domains)})
    return {
        "sip_domains": domains,
        "features": [
            "im_presence",
            "web_conferencing",
            "av_conferencing",
            "remote_access",
            "federation",
            "enterprise_voice",
        ],
        "networks": {"internet": {"cidr": "198.51.100.0/24", "zone": "internet", "kind": "partner"}},
        "ad": {"forests": {"corp": {"kind": "single", "domains": ["corp.example.com"]}}},
        "sites": {},
        "pools": {},
        "edge_pools": {},
        "mediation": {},
        "clients": {},
        "dns": {
            "zones": {
                "corp.example.com": {"view": "internal", "server": "ns.corp.example.com"},
                "inside": {"name": "example.com", "view": "internal", "server": "ns.corp.example.com"},
                "outside": {"name": "example.com", "view": "external", "server": "ns.corp.example.com"},
            }
        },
    }


def _site(number: int, groups: Groups, estate: Estate) -> None:
    name = f"site{number}"
    place = f"{number % 64 * 4}"
    lan, clients, inside = (f"10.{number // 64 + shift}.{place}" for shift in (0, 64, 128))
    outside = f"24.{number // 64}.{place}"
    pool, edge = f"pool{number}.corp.example.com", f"edge{number}.corp.example.com"
    domain = "corp.example.com"

    def add(group: str, host: str, **variables: t.Any) -> None:
        groups.setdefault(group, {})[f"{host}-{number}.{domain}"] = {"site": name, **variables}

    for index in range(4):
        add("front_end", f"fe{index}", addresses=f"{lan}.{10 + index}", pool=pool)
    add("back_end", "sql", addresses=f"{lan}.20")
    add("mediation", "med", addresses=f"{lan}.21")
    add("media_gateway", "gw", addresses=f"{lan}.22")
    add("load_balancer", "lb", balancer={"interfaces": {"lan": f"lan{number}"}, "snat": [f"{lan}.250"]})
    for index in range(2):
        sides = {
            side: f"{outside}.{10 * place + index}"
            for place, side in enumerate(("access", "web_conferencing", "av"), 1)
        }
        add("edge", f"edge{index}", addresses={"internal": f"{inside}.{10 + index}", **sides}, pool=edge)
    add("reverse_proxy", "rp", addresses={"internal": f"{inside}.30", "external": f"{outside}.50"})
    for side, near, far in (("in", f"lan{number}", f"in{number}"), ("out", "internet", f"out{number}")):
        add("firewall", f"fw{side}", interfaces={"a": near, "b": far})
        balancer = {"interfaces": {"a": f"{side}{number}"}, "snat": [f"{inside if side == 'in' else outside}.250"]}
        add("load_balancer", f"lb{side}", balancer=balancer)
    if number == 0:
        groups["dns_server"] = {"ns.corp.example.com": {"site": name, "addresses": f"{lan}.5"}}
    estate["sites"][name] = {"users": 5000, "edge_pool": edge, "reverse_proxy": f"rp-{number}.{domain}"}
    for prefix, network, zone, kind in (
        ("lan", lan, "internal", "servers"),
        ("clients", clients, "internal", "clients"),
        ("in", inside, "perimeter", "edge_inside"),
        ("out", outside, "perimeter", "edge_outside"),
    ):
        estate["networks"][f"{prefix}{number}"] = {"cidr": f"{network}.0/24", "zone": zone, "kind": kind, "site": name}
    estate["pools"][pool] = {
        "edition": "enterprise",
        "site": name,
        "users": 5000,
        "vip": f"{lan}.100",
        "balancer": f"lb-{number}.{domain}",
        "web_farm": {"external": f"web{number}.example.com"},
        "sql": {"host": f"sql-{number}.{domain}", "instance": "rtc"},
        "sign_in": number == 0,
    }
    estate["edge_pools"][edge] = {
        "site": name,
        "internal": {
            "access": {"name": f"access{number}.{domain}", "vip": f"{inside}.100"},
            "av": {"name": f"av{number}.{domain}", "vip": f"{inside}.101"},
        },
        "external": {
            "access": {
                "name": "sip.example.com" if number == 0 else f"access{number}.example.com",
                "vip": f"{outside}.100",
            },
            "web_conferencing": {"name": f"conf{number}.example.com", "vip": f"{outside}.101"},
            "av": {"name": f"av{number}.example.com", "vip": f"{outside}.102"},
        },
        "balancer": {"internal": f"lbin-{number}.{domain}", "external": f"lbout-{number}.{domain}"},
        "next_hop": pool,
    }
    estate["mediation"][f"med-{number}.{domain}"] = {"next_hop": pool, "gateways": [f"gw-{number}.{domain}"]}
    estate["clients"][f"users{number}"] = {"network": f"clients{number}", "products": ["communicator"], "count": 4000}


def write(folder: Path, groups: Groups, estate: Estate) -> None:
    """The inventory as a directory that Ansible reads; two values of every host are templates."""
    hosts = {
        group: {
            "hosts": {
                host: {f"uc_{key}": value for key, value in variables.items()} for host, variables in members.items()
            }
        }
        for group, members in groups.items()
    }
    variables = folder / "group_vars" / "all"
    variables.mkdir(parents=True, exist_ok=True)
    (folder / "hosts.yml").write_text(yaml.safe_dump({"all": {"children": hosts}}))
    shared = {f"uc_{key}": value for key, value in estate.items()}
    shared.update(
        windows_version="2008",
        dns_backend="rfc2136",
        uc_windows="{{ windows_version }}",
        uc_backend={"dns": "{{ dns_backend }}"},
    )
    (variables / "uc.yml").write_text(yaml.safe_dump(shared))
