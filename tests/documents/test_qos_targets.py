# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that is planned about QoS of OCS 2007 R2, on whom it is planned, and in which order.

The estate has media servers of both kinds, clients of each kind alone, and clients confined to a range of ports.
"""

from __future__ import annotations

import typing as t

from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue import loader
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.qos_facts import QosFact
from tests.documents import printed

ROWS = [{"line": 0, **row} for row in printed.rows("ocs2007r2/qos")]
PORTS = {row["line"]: printed.ports(row["port"])[0] for row in printed.rows("ocs2007r2/ports") if "port" in row}
POOL, MEDIATION, STANDARD = "pool1.corp.contoso.com", "med1.corp.contoso.com", "ocs1.corp.contoso.com"
FRONT_ENDS = ("fe1.corp.contoso.com", "fe2.corp.contoso.com")
CONFERENCING = "av1.corp.contoso.com"  # a computer of its own for the role
SERVERS = {*FRONT_ENDS, CONFERENCING, MEDIATION}
COMMUNICATORS = {"hq", "desks", "reception"}  # of several clients, of Communicator alone, and of the Attendant alone
CLIENTS = COMMUNICATORS | {"meeters"}  # and Live Meeting alone
CONFINED = "5000-5039"
ESTATE: dict[str, t.Any] = {
    f"@{CONFERENCING}/groups": ["av_conferencing"],
    f"@{CONFERENCING}/uc_pool": POOL,
    f"@{CONFERENCING}/uc_addresses": "10.20.0.77",
    f"@{CONFERENCING}/uc_windows": "Windows Server 2003 R2 Standard x64 SP2",
    "uc_clients/desks": {"network": "clients", "products": ["communicator"], "windows": "vista"},
    "uc_clients/reception": {"network": "clients", "products": ["attendant"], "windows": "xp"},
    "uc_clients/meeters": {"network": "clients", "products": ["live_meeting"], "windows": "xp"},
    **{f"uc_clients/{name}/media_ports": CONFINED for name in ("desks", "reception", "meeters")},
}
PLAN = printed.planned("lab", ESTATE).qos


def value_of(subject: str) -> t.Any:
    (found,) = [row["value"] for row in ROWS if row.get("subject") == subject and row["printed_table"] == "windows"]
    return found


def test_numbers_of_the_classes() -> None:
    assert {(item.medium, item.target, item.dscp_class, item.dscp) for item in PLAN.markings} == {
        ("audio", "estate", "EF", value_of("EF")),
        ("video", "estate", "AF41", value_of("AF41")),
    }


def test_what_windows_marks_with_by_itself() -> None:
    facts = [fact for fact in loader.load("ocs2007r2").facts(QosFact) if fact.windows_dscp]
    assert {fact.service_type: fact.windows_dscp for fact in facts} == {
        service: value_of(service) for service in ("SERVICETYPE_GUARANTEED", "SERVICETYPE_CONTROLLEDLOAD")
    }


def test_registry_values() -> None:
    on: dict[str, set[str]] = {
        "policy of SERVICETYPE_GUARANTEED": SERVERS | CLIENTS,
        "policy of SERVICETYPE_CONTROLLEDLOAD": SERVERS | CLIENTS,
        **{
            subject: {"desks", "reception"}
            for subject in ("media ports are confined", "first media port", "last media port")
        },
        "high-definition video": COMMUNICATORS,
    }
    expected = {
        (target, row["setting"].removeprefix("HKEY_LOCAL_MACHINE\\"), row["value"])
        for row in ROWS
        for target in on.get(str(row.get("subject")), ())
    }
    # The guide prints the key without a value (erratum.qos-transport-value-missing).
    (transport,) = [row["setting"].removeprefix("HKEY_LOCAL_MACHINE\\") for row in ROWS if row["line"] == 5130]
    expected |= {(target, f"{transport}\\QoSEnabled", 1) for target in COMMUNICATORS}
    assert {(item.target, f"{item.key}\\{item.name}", item.data) for item in PLAN.registry} == expected
    assert {(item.hive, item.type, item.state) for item in PLAN.registry} == {("HKLM", "REG_DWORD", "present")}
    assert len(PLAN.registry) == len(expected)


def test_service_types_of_the_policies() -> None:
    """The value of a service type belongs to the medium that the guide names with it."""
    media = {item.service_type: item.medium for item in PLAN.markings}
    assert media == {"SERVICETYPE_GUARANTEED": "audio", "SERVICETYPE_CONTROLLEDLOAD": "video"}
    facts = [fact for fact in loader.load("ocs2007r2").facts(QosFact) if fact.registry and fact.service_type]
    assert len(facts) == 4
    for fact in facts:
        assert fact.registry
        assert fact.medium == media[fact.service_type]
        assert fact.registry.name.lower() == fact.service_type.lower().replace("servicetype_", "servicetype")


def test_wmi_and_in_band_settings() -> None:
    assert {(item.target, item.hosts) for item in PLAN.wmi} == {(POOL, FRONT_ENDS), (MEDIATION, (MEDIATION,))}
    assert {(item.target, item.setting) for item in PLAN.in_band} == {(POOL, "IP QoS"), (POOL, "802.1p Voice")}
    printed_wmi = {row["mechanism"]: row for row in ROWS if row["line"] in (5050, 5100)}
    for item in PLAN.wmi:
        assert item.namespace == "root\\cimv2"  # lines 5032 and 5082
        assert item.query.startswith(f"select * from {item.wmi_class}")
        assert (item.property, item.value) == tuple(printed_wmi[item.wmi_class][key] for key in ("setting", "value"))
    (mediation,) = [item for item in PLAN.wmi if item.target == MEDIATION]
    assert mediation.query == f"select * from {mediation.wmi_class}"  # line 5097: the only instance
    for setting in PLAN.in_band:  # lines 5162 and 5011
        assert setting.location == "Front End properties, Voice, Advanced options"
        assert setting.travels == "In band: the pool hands it to the phone when it signs in"
    standard = printed.planned("standard").qos
    assert [(item.target, item.hosts) for item in standard.wmi] == [
        ("ocs1.corp.contoso.com",) * 1 + (("ocs1.corp.contoso.com",),)
    ]
    assert not standard.in_band  # no phones there


def test_media_ranges() -> None:
    confined = {(name, CONFINED) for name in ("desks", "reception", "meeters")}
    front_end, mediation, client = "49152-65535", PORTS[2507], PORTS[3555]
    assert PORTS[3318] == "49152-65335"  # the erratum's misprint
    assert printed.explains("ocs2007r2", "erratum.dynamic-range-end", "guide-r2", 3318)
    assert PORTS[3586] == client  # Live Meeting
    expected = {(server, front_end) for server in (*FRONT_ENDS, CONFERENCING)} | {(MEDIATION, mediation)} | confined
    expected.add(("hq", client))
    assert {(item.target, f"{item.first}-{item.last}") for item in PLAN.ranges} == expected
    assert {(item.medium, item.protocol, item.target in CLIENTS) for item in PLAN.ranges} == {
        ("media", "udp", False),
        ("media", "both", True),
    }
    # Line 2507 wants the whole range kept; of clients later documentation asks for twenty ports for each medium.
    whole = dict.fromkeys((*FRONT_ENDS, CONFERENCING), 65535 - 49152 + 1) | {MEDIATION: 64000 - 60000 + 1}
    assert {item.target: item.least for item in PLAN.ranges} == {**whole, **dict.fromkeys(CLIENTS, 2 * 20)}


def test_an_inventory_may_give_other_ranges() -> None:
    changes = {
        "uc_qos/server_media_ports": "50000-50999",
        f"uc_mediation/{MEDIATION}/media_ports": "61000-61999",
        "uc_clients/meeters/media_ports": "6000-6039",
    }
    given = {item.target: (item.first, item.last) for item in printed.planned("lab", {**ESTATE, **changes}).qos.ranges}
    assert {given[server] for server in (*FRONT_ENDS, CONFERENCING)} == {(50000, 50999)}
    assert (given[MEDIATION], given["meeters"]) == ((61000, 61999), (6000, 6039))


def test_packet_schedulers_of_servers_and_clients() -> None:
    """Line 5178: only Windows Server 2003 comes without it."""
    installed = dict.fromkeys((*FRONT_ENDS, *CLIENTS), "yes") | dict.fromkeys((CONFERENCING, MEDIATION), "no")
    assert {item.target: item.installed for item in PLAN.schedulers} == installed
    assert len(PLAN.schedulers) == len(installed)
    known = {(fact.per, fact.installed): fact.windows for fact in facts_about_windows()}
    (present, missing) = [row["subject"] for row in ROWS if row["printed_table"] == "packet_scheduler"]
    assert [_short(name) for name in present] == [*known["population", True], "2008"] == [*known["server", True]]
    assert [_short(name) for name in missing] == [*known["server", False]]


def test_an_expanded_pool_spreads_roles_over_computers() -> None:
    """Front Ends have no media ports of conferences then, but mark and need the scheduler as well."""
    old, new = "Windows Server 2003 R2 Standard x64 SP2", "Windows Server 2008 Standard x64"
    changes = {
        f"uc_pools/{POOL}/configuration": "expanded",
        f"@{FRONT_ENDS[0]}/uc_windows": old,
        **{f"@{server}/uc_windows": new for server in (FRONT_ENDS[1], CONFERENCING, MEDIATION)},
    }
    plan = printed.planned("lab", {**ESTATE, **changes}).qos
    assert {item.target for item in plan.ranges} == {CONFERENCING, MEDIATION} | CLIENTS
    for name in ("ServiceTypeGuaranteed", "ServiceTypeControlledLoad"):
        assert {item.target for item in plan.registry if item.name == name} == SERVERS | CLIENTS
    installed = {target: "no" if target == FRONT_ENDS[0] else "yes" for target in SERVERS | CLIENTS}
    assert {item.target: item.installed for item in plan.schedulers} == installed


def facts_about_windows() -> list[QosFact]:
    return [fact for fact in loader.load("ocs2007r2").facts(QosFact) if fact.windows]


def _short(name: str) -> str:
    return name.rsplit(maxsplit=1)[-1].lower()


def test_checkpoints_in_their_order() -> None:
    where = {
        "media-server-propagation": {POOL},
        "mediation-propagation": {MEDIATION},
        "mediation-worth": {MEDIATION},
        "client-propagation": COMMUNICATORS,
    }
    steps = [row["row"] for row in ROWS if row["printed_table"] == "sequence"]
    found = [item.why[0].rpartition(".")[2] for item in PLAN.checkpoints]
    assert list(dict.fromkeys(found)) == steps
    targets = {step: {item.target for item in PLAN.checkpoints if item.why[0].endswith(f".{step}")} for step in steps}
    assert targets == {step: where.get(step, {"estate"}) for step in steps}
    assert sorted(PLAN.checkpoints, key=lambda item: item.order) == list(PLAN.checkpoints)


def test_nothing_is_planned_but_ranges_where_qos_is_off() -> None:
    plan = printed.planned("lab", {**ESTATE, "uc_qos": {"enabled": False}}).qos
    assert len(plan.ranges) == len(PLAN.ranges)
    assert {item.name for item in plan.registry} == {"Enabled", "MinMediaPort", "MaxMediaPort"}
    for items in (plan.markings, plan.wmi, plan.in_band, plan.schedulers, plan.checkpoints):
        assert not items
    standard = printed.planned("standard", {"uc_qos": {"enabled": False}}).qos
    assert not standard.wmi
