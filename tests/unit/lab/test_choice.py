# SPDX-License-Identifier: GPL-3.0-or-later
"""Which servers a lab starts, and what they are told: little where the inventory asks for little."""

from __future__ import annotations

import json

import pytest

from tests.lab.errors import LabError
from tests.lab.layout import CORE, WORLD
from tests.lab.services import wine
from tests.lab.services.base import Ready
from tests.lab.services.choice import Chooser, tsig_names
from tests.lab.services.dns import ZONES
from tests.unit.lab.drawing import EXAMPLES, chooser, estate_of, example_estate, host, services

DC = "dc1.corp.contoso.com"


@pytest.fixture(scope="module")
def lab() -> Chooser:
    return chooser(example_estate("lab"))


def names(chosen: Chooser, label: str) -> list[str]:
    return list(services(chosen, label))


def listeners(chosen: Chooser, label: str) -> set[tuple[str, str]]:
    config = json.loads(services(chosen, label)["responder"].files["/etc/openuc-lab/responder.json"].text)
    return {(each["address"], each["port"]) for each in config["listeners"]}


def with_domain_controller(**options: object) -> Chooser:
    changes: dict[str, object] = {
        f"@{DC}/groups": ["domain_controller"],
        f"@{DC}/uc_addresses": "10.20.0.2",
    }
    return chooser(estate_of({**changes, **options}))


# --- who gets what ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("fw-ext", ["nftables"]),
        ("lb1", ["nftables", "haproxy"]),
        ("ns1", ["named"]),
        ("dc1", ["directory"]),
        ("ca1", ["crl"]),
        ("dir1", ["responder"]),
        ("gw1", ["responder"]),
        ("client1", []),
        ("edge", []),
        (CORE, []),
        (WORLD, ["named", "pebble", "crl"]),
    ],
)
def test_servers_follow_from_the_types_of_a_host(lab: Chooser, label: str, expected: list[str]) -> None:
    assert names(lab, label) == expected


def test_a_small_inventory_starts_little() -> None:
    chosen = chooser(estate_of({}))
    started = {each.name.partition(".")[0]: names(chosen, each.name.partition(".")[0]) for each in chosen.layout.hosts}
    assert started == {
        "ocs1": ["responder"],
        "ns1": ["named"],
        "fw-ext": ["nftables"],
        "fw-int": ["nftables"],
        "client1": [],
        CORE: [],
        WORLD: ["named", "pebble", "crl"],
    }


def test_the_domain_controller_that_serves_names_is_no_bind() -> None:
    assert names(chooser(example_estate("standard")), "dc1") == ["directory", "crl"]


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_server_of_every_example_can_be_chosen_and_told_when_it_is_ready(example: str) -> None:
    chosen = chooser(example_estate(example))
    for each in chosen.layout.hosts:
        found = chosen.services(each)
        assert len({service.name for service in found}) == len(found), each.name
        own = {str(address) for address in each.addresses}
        for service in found:
            assert service.start or service.prepare, (each.name, service.name)
            for sign in service.ready:
                assert sign.protocol in ("unix", "file") or sign.where in own, (each.name, sign)


# --- names ------------------------------------------------------------------------------------------------------------


def test_a_zone_is_changed_with_the_key_that_the_inventory_names(lab: Chooser) -> None:
    named = services(lab, "ns1")["named"]
    config = named.files["/etc/bind/named.conf"]
    assert config.mode == 0o640, "keys stand in it"
    assert 'key "openuc" { algorithm hmac-sha256; secret "key of openuc"; };' in config.text
    assert 'zone "corp.contoso.com"' in config.text
    assert 'allow-update { key "openuc"; }; allow-transfer { key "openuc"; };' in config.text


def test_a_zone_without_a_key_is_not_changed() -> None:
    changes = {"uc_dns/zones/corp.contoso.com": {"view": "internal", "server": "ns1.corp.contoso.com"}}
    config = services(chooser(estate_of(changes)), "ns1")["named"].files["/etc/bind/named.conf"].text
    assert "allow-update { none; };" in config
    assert "key" not in config


def zone(chosen: Chooser, label: str, name: str) -> list[str]:
    return services(chosen, label)["named"].files[f"{ZONES}/{name}.zone"].text.splitlines()


def test_the_internal_zone_leads_to_the_directory_and_leaves_planned_names_to_the_plan(lab: Chooser) -> None:
    rows = zone(lab, "ns1", "corp.contoso.com")
    assert f"_msdcs.corp.contoso.com. IN NS {DC}." in rows
    assert f"_tcp.corp.contoso.com. IN NS {DC}." in rows
    assert f"{DC}. IN A 10.20.0.2" in rows
    assert not [row for row in rows if row.startswith("fe1.")], "the plan has this record; a role will write it"


def test_the_external_zone_knows_nothing_of_the_inside(lab: Chooser) -> None:
    assert [row for row in zone(lab, "ns-ext", "contoso.com") if "10." in row] == []


def test_the_internet_knows_partners_and_delegates_the_estate_s_zone(lab: Chooser) -> None:
    root = services(lab, WORLD)["named"].files[f"{ZONES}/root"].text
    assert "contoso.com. IN NS ns-ext.contoso.com." in root
    assert "ns-ext.contoso.com. IN A 203.0.113.5" in root
    assert "edge.fabrikam.com. IN A 198.51.100.53" in zone(lab, WORLD, "fabrikam.com")
    assert "acme IN A 198.51.100.1" in zone(lab, WORLD, "public-ca.example")


def test_a_name_server_of_the_perimeter_resolves_from_the_root_of_the_internet(lab: Chooser) -> None:
    outside, inside = (services(lab, label)["named"] for label in ("ns-ext", "ns1"))
    assert 'zone "." { type hint;' in outside.files["/etc/bind/named.conf"].text
    assert "198.51.100.1" in outside.files[f"{ZONES}/root"].text
    assert 'zone "." { type primary;' in inside.files["/etc/bind/named.conf"].text


def test_keys_are_those_of_zones_and_of_single_names() -> None:
    changes = {"uc_dns/zones/contoso.com": {"view": "external", "server": "ns1.corp.contoso.com", "key": "other"}}
    assert tsig_names(estate_of(changes)) == ["openuc", "other"]
    assert tsig_names(estate_of({"uc_dns": "~delete"})) == []


# --- directory --------------------------------------------------------------------------------------------------------


def test_the_directory_s_domain_is_the_nearest_around_its_controller() -> None:
    forests = {"corp": {"domains": ["contoso.com", "corp.contoso.com"]}}
    chosen = with_domain_controller(**{"uc_ad/forests": forests})
    config = services(chosen, "dc1")["directory"].files["/etc/samba/smb.conf"].text
    assert "realm = CORP.CONTOSO.COM" in config
    assert "interfaces = lo 10.20.0.2" in config


def test_a_domain_controller_of_no_domain_is_named() -> None:
    chosen = with_domain_controller(**{"uc_ad/forests": {"corp": {"domains": ["example.org"]}}})
    with pytest.raises(LabError, match=rf"{DC}: a domain controller of none .*\(example\.org\)"):
        chosen.services(host(chosen.layout, "dc1"))


def test_passwords_stand_only_where_root_alone_reads(lab: Chooser) -> None:
    for service in services(lab, "dc1").values():
        for path, file in service.files.items():
            assert ".A9z" not in file.text or file.mode == 0o600, path
        assert ".A9z" not in service.prepare + service.start


# --- registries -------------------------------------------------------------------------------------------------------

BACKEND = "@ocs1.corp.contoso.com/uc_backend"


def test_a_registry_is_there_when_the_inventory_asks() -> None:
    plain = chooser(estate_of({}), has_wine=True)
    assert names(plain, "ocs1") == ["responder"]
    remote = chooser(estate_of({BACKEND: {"qos": "registry_rpc"}}))
    assert names(remote, "ocs1") == ["registry", "responder"]
    assert services(remote, "ocs1")["registry"].ready == (Ready("tcp", "10.20.0.11", 445),)


def test_wine_is_there_when_it_is_installed_as_well() -> None:
    estate = estate_of({BACKEND: {"qos": "reg_file"}})
    assert names(chooser(estate), "ocs1") == ["responder"]
    assert names(chooser(estate, has_wine=True), "ocs1") == ["wine", "responder"]
    assert [each.name for each in chooser(estate).layout.hosts if chooser(estate).wants_wine(each)] == [
        "ocs1.corp.contoso.com"
    ]
    assert services(chooser(estate, has_wine=True), "ocs1")["wine"].packages == wine.PACKAGES


def test_a_reverse_proxy_is_the_real_thing_where_the_inventory_says_so(lab: Chooser) -> None:
    assert names(lab, "rp1") == ["responder"]
    real = chooser(example_estate("lab", {"@rp1.contoso.com/uc_backend": {"reverse_proxy": "haproxy"}}))
    assert names(real, "rp1") == ["haproxy"]


def test_a_domain_controller_has_its_registry_anyway() -> None:
    chosen = with_domain_controller(**{f"@{DC}/uc_backend": {"qos": "registry_rpc"}})
    assert names(chosen, "dc1") == ["directory"]


def test_nothing_stands_in_where_a_real_server_listens(lab: Chooser) -> None:
    backend = {"@fs1.corp.contoso.com/uc_backend": {"qos": "registry_rpc"}}
    served = chooser(example_estate("lab", backend))
    assert ("10.20.0.4", "445") in listeners(lab, "fs1")
    assert "registry" in names(served, "fs1")
    left = listeners(served, "fs1") if "responder" in names(served, "fs1") else set()
    assert left == listeners(lab, "fs1") - {("10.20.0.4", "445")}
