# SPDX-License-Identifier: GPL-3.0-or-later
"""What functions need, against the printed tables of servers and clients."""

from __future__ import annotations

import functools
import typing as t

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue import loader
from ansible_collections.openuc.ocs.plugins.plugin_utils.topology.rules import RequiredFact
from tests.documents import printed

DOCUMENTS = {"ocs2007": "ocs2007-dns", "ocs2007r2": "guide-r2"}
# Printed functions, and the rows about them.
FUNCTIONS: dict[str, dict[str, tuple[str, ...]]] = {
    "ocs2007": {
        "IM and presence inside": ("im-presence",),
        "Web conferencing on the premises": ("web-conferencing",),
        "Address book": ("address-book",),
        "Archiving and CDR": ("archiving", "call-detail-records"),
        "Access from outside": ("remote-access",),
        "Federation": ("federation",),
        "Public IM": ("public-im",),
        "Web conferencing outside": ("web-conferencing-outside",),
        "A/V conferencing outside": ("av-conferencing-outside",),
        "IM and presence in a browser": ("web-access",),
        "Enterprise Voice": ("enterprise-voice",),
    },
    "ocs2007r2": {
        "IM and presence inside": ("im-presence",),
        "Web conferencing on the premises": ("web-conferencing",),
        "A/V conferencing": ("av-conferencing",),
        "Dial-in conferencing": ("dial-in",),
        "Address book download": ("address-book",),
        "Address book query": ("address-book-query",),
        "Persistent chat rooms": ("group-chat",),
        "Archiving": ("archiving",),
        "QoE and CDR": ("call-detail-records", "quality-monitoring"),
        "Access from outside": ("remote-access",),
        "Federation": ("federation",),
        "Public IM": ("public-im",),
        "Web conferencing outside": ("web-conferencing-outside", "anonymous-join"),
        "A/V conferencing outside": ("av-conferencing-outside",),
        "IM and presence in a browser": ("web-access",),
        "Mobile access": ("mobile",),
        "Outside Voice Control": ("outside-voice-control",),
        "Enterprise Voice": ("enterprise-voice",),
        "Call delegation": (),  # of Communicator alone, so that nothing has to be there
        "Call routing and queuing": ("response-group",),
        "Updates of phones and RoundTable": ("device-updates",),
        "Group Chat compliance": ("group-chat-compliance",),
        "Desktop sharing of web access": ("web-access-desktop-sharing",),
        "Desktop sharing of web access outside": ("web-access-desktop-sharing-outside",),
        "Desktop sharing": ("application-sharing",),
        "Remote call control": ("remote-call-control",),
        "Voice mail": ("voice-mail",),
        "XMPP": ("xmpp-federation",),
    },
}
# Rows about another part of a printed line: what it needs for users outside.
PARTS = {"ocs2007r2.feature.web-access-outside": "IM and presence in a browser"}
SERVERS = {
    "A/V Conferencing Server": "av_conferencing",
    "A/V Edge Server": "av_edge",
    "A/V Edge service": "av_edge",
    "Access Edge Server": "access_edge",
    "Application Server": "application_server",
    "Application Sharing Server": "application_sharing",
    "Archiving Server": "archiving",
    "Communicator Web Access": "web_access",
    "Compliance Server": "compliance",
    "Exchange Unified Messaging": "exchange_um",
    "file server": "file_server",
    "gateway for remote call control": "rcc_gateway",
    "Group Chat Server": "group_chat",
    "Mediation Server": "mediation",
    "Monitoring Server": "monitoring",
    "reverse proxy": "reverse_proxy",
    "Web Components": "web_components",
    "Web Conferencing Edge Server": "web_conferencing_edge",
    "XMPP gateway": "xmpp_gateway",
}
# An Edge Server is there for the services that the function is about.
SERVICES = {
    "anonymous-join": {"access_edge", "web_conferencing_edge"},
    "av-conferencing-outside": {"av_edge"},
    "enterprise-voice": {"av_edge"},
    "web-conferencing-outside": {"web_conferencing_edge"},
}
# What every pool carries itself; a row asks for it by name, where the function is that of a server.
OF_A_POOL = {
    "address-book": {"front_end"},
    "av-conferencing": {"av_conferencing"},
    "im-presence": {"front_end"},
    "web-conferencing": {"web_conferencing"},
}
CHOICES = {
    "Mediation Server and basic gateway": "mediation+media_gateway",
    "Mediation Server and SIP trunk": "mediation+sip_trunk",
}
CLIENTS = {
    "Attendant": "attendant",
    "Communicator": "communicator",
    "Communicator Web Access": "web_access",
    "Group Chat": "group_chat",
    "Live Meeting": "live_meeting",
    "Mobile for Java": "communicator_mobile_java",
    "Mobile for Windows": "communicator_mobile",
    "Outlook add-in": "outlook_add_in",
    "Phone Edition": "phone_edition",
}
# IM and presence are what browsers and mobile telephones have too, which are printed in lines of their own.
ALSO_IM = ("IM and presence in a browser", "Mobile access")
# Asked for by the line about the same function inside.
AS_INSIDE = {
    "A/V conferencing outside": "A/V conferencing",
    "Web conferencing outside": "Web conferencing on the premises",
}
# Conditions and figures that a row has besides: the table says them in the name of the function or in its remark.
CONDITIONS: dict[str, tuple[str, ...]] = {
    "address-book-query": ("feature.mobile",),
    "av-conferencing-outside": ("feature.remote_access",),
    "web-access-desktop-sharing": ("web.desktop_sharing",),
    "web-access-desktop-sharing-outside": ("web.external", "web.desktop_sharing"),
    "web-access-outside": ("feature.remote_access",),
    "web-conferencing-outside": ("feature.remote_access",),
}
OF_SITE = {"web-access-desktop-sharing", "web-access-desktop-sharing-outside"}
FEATURES = {
    "address-book-query": "address_book",
    "av-conferencing-outside": "av_conferencing",
    "dial-in": "dial_in_conferencing",
    "web-access-desktop-sharing": "web_access",
    "web-access-desktop-sharing-outside": "web_access",
    "web-access-outside": "web_access",
    "web-conferencing-outside": "web_conferencing",
}
APPLICATIONS = {"response-group": ("response_group",)}


@functools.cache
def lines(product: str) -> dict[str, printed.Row]:
    return {row["function"]: row for row in printed.rows(f"{product}/features")}


def facts(product: str) -> dict[str, RequiredFact]:
    return {fact.id.partition(".feature.")[2]: fact for fact in loader.load(product).facts(RequiredFact)}


def roles(product: str, name: str, words: t.Iterable[str]) -> set[str]:
    found = set()
    for word in words:
        if word == "Edge Server":
            found |= SERVICES.get(name, {"access_edge"})
        elif word in CHOICES:
            found |= set(CHOICES[word].split("+"))
        else:
            found.add(SERVERS[word])
    return found | (OF_A_POOL.get(name, set()) if not found else set())


def clients(product: str, function: str) -> set[str]:
    line = lines(product)[function]
    words = set(line["clients"]) or {line["schedules"]} if line.get("schedules") else set(line["clients"])
    if function == "IM and presence inside":
        words |= {word for other in ALSO_IM if other in lines(product) for word in lines(product)[other]["clients"]}
    inside = lines(product).get(AS_INSIDE.get(function, ""))
    if inside and product == "ocs2007r2":
        words -= set(inside["clients"])
    return {CLIENTS[word] for word in words}


CASES = [
    (product, function, name)
    for product, functions in FUNCTIONS.items()
    for function, names in functions.items()
    for name in names
]


@pytest.mark.parametrize(("product", "function", "name"), CASES)
def test_a_row_asks_for_what_is_printed(product: str, function: str, name: str) -> None:
    line, fact = lines(product)[function], facts(product)[name]
    when = CONDITIONS.get(name, ())
    if line.get("enterprise_only") and not when and "file server" in line["servers"]:
        when = ("type.front_end",)
    assert {
        "feature": fact.feature,
        "servers": set(fact.roles),
        "choices": set(fact.any_of),
        "clients": set(fact.clients),
        "when": fact.when,
        "of a site": fact.of_site,
        "applications": fact.applications,
        "site": fact.web_access,
    } == {
        "feature": FEATURES.get(name, name.replace("-", "_")),
        "servers": roles(product, name, line["servers"]),
        "choices": {CHOICES[word] for word in line.get("any_of", ())},
        "clients": set() if name == "anonymous-join" else clients(product, function),
        "when": when,
        "of a site": name in OF_SITE,
        "applications": APPLICATIONS.get(name, ()),
        "site": "internal" if name == "dial-in" else "",
    }
    assert fact.source.document == line.get("document", DOCUMENTS[product])
    assert fact.source.lines[0] <= line["line"] <= fact.source.lines[-1]


def test_web_access_outside_takes_a_proxy() -> None:
    """The printed line says it in brackets."""
    line, fact = lines("ocs2007r2")["IM and presence in a browser"], facts("ocs2007r2")["web-access-outside"]
    assert set(fact.roles) == roles("ocs2007r2", "", [*line["servers"], *line["outside"]])
    assert (fact.feature, fact.when, fact.of_site) == ("web_access", CONDITIONS["web-access-outside"], False)
    assert (fact.clients, fact.any_of, fact.applications, fact.web_access) == ((), (), (), "")


@pytest.mark.parametrize("product", FUNCTIONS)
def test_every_row_is_printed_and_every_line_has_a_row(product: str) -> None:
    named = {name for names in FUNCTIONS[product].values() for name in names}
    parts = {row.partition(".feature.")[2] for row in PARTS if row.startswith(f"{product}.")}
    assert set(facts(product)) == named | parts
    assert set(lines(product)) == set(FUNCTIONS[product])
