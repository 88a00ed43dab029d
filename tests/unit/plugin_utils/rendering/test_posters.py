# SPDX-License-Identifier: GPL-3.0-or-later
"""Posters: what they show is what is planned, and nothing of it covers anything else."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import typing as t
import xml.etree.ElementTree as ET

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue import loader
from ansible_collections.openuc.ocs.plugins.plugin_utils.engine import Design, design
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.flows import FlowFact
from ansible_collections.openuc.ocs.plugins.plugin_utils.rendering.poster.layout import drawn
from ansible_collections.openuc.ocs.plugins.plugin_utils.rendering.poster.posters import MOST_COLUMNS, posters_of
from ansible_collections.openuc.ocs.plugins.plugin_utils.rendering.poster.scene import Lane, Scene, spoken
from ansible_collections.openuc.ocs.plugins.plugin_utils.rendering.poster.shapes import Area, Box, Drawing, Text
from ansible_collections.openuc.ocs.plugins.plugin_utils.rendering.poster.svg import svg
from ansible_collections.openuc.ocs.plugins.plugin_utils.rendering.poster.workloads import WorkloadFact
from ansible_collections.openuc.ocs.plugins.plugin_utils.rendering.posters import drawings
from tests import support
from tests.bench.generator import generate

EXAMPLES = ("departments", "lab", "lync2010", "multisite", "ocs2007", "standard")
PRODUCTS = [name for name in loader.products() if name != "common"]


@functools.cache
def large() -> Design:
    return design(support.inventory_of(*generate(120)), support.TODAY)


@functools.cache
def pictures(name: str) -> dict[str, Drawing]:
    planned = large() if name == "large" else support.example_design(name)
    assert planned.plan is not None
    return dict(drawings(planned.topology, planned.plan))


@functools.cache
def scenes(name: str) -> dict[str, Scene]:
    planned = support.example_design(name)
    assert planned.plan is not None
    return {scene.slug: scene for scene in posters_of(planned.topology, planned.plan)}


def lanes(name: str, slug: str, source: str, target: str) -> list[Lane]:
    """Lanes from a column whose title or names hold the one, to one that hold the other."""
    scene = scenes(name)[slug]

    def keys(words: str) -> set[str]:
        return {column.key for column in scene.columns if words in (column.title, *column.names)}

    return [lane for lane in scene.lanes if keys(source) & set(lane.sources) and keys(target) & set(lane.targets)]


def overlaps(texts: t.Iterable[Text]) -> list[tuple[str, str]]:
    ordered = sorted(texts, key=lambda text: text.box.y)
    found = []
    for index, text in enumerate(ordered):
        below = itertools.takewhile(lambda other, box=text.box: other.box.y < box.bottom, ordered[index + 1 :])
        found += [(text.words, other.words) for other in below if text.box.meets(other.box)]
    return found


@pytest.mark.parametrize("name", [*EXAMPLES, "large"])
def test_no_text_covers_another(name: str) -> None:
    assert {slug: overlaps(drawing.texts()) for slug, drawing in pictures(name).items()} == {
        slug: [] for slug in pictures(name)
    }


@pytest.mark.parametrize("name", [*EXAMPLES, "large"])
def test_all_text_is_within_the_picture_and_within_its_card(name: str) -> None:
    for slug, drawing in pictures(name).items():
        for group in drawing.groups:
            card = next(
                (shape.box for shape in group.shapes if isinstance(shape, Area) and "card" in shape.style), None
            )
            inside = card or Box(0, 0, drawing.width, drawing.height)
            for text in (shape for shape in group.shapes if isinstance(shape, Text)):
                box = text.box
                assert inside.x <= box.x, f"{slug}: {text}"
                assert box.right <= inside.right, f"{slug}: {text}"
                assert inside.y <= box.y, f"{slug}: {text}"
                assert box.bottom <= inside.bottom, f"{slug}: {text}"


@pytest.mark.parametrize("name", [*EXAMPLES, "large"])
def test_no_words_of_traffic_stand_on_bricks(name: str) -> None:
    for slug, drawing in pictures(name).items():
        bricks = [shape.box for group in drawing.groups for shape in group.shapes
                  if isinstance(shape, Area) and shape.style == "bricks"]  # fmt: skip
        labels = [text for text in drawing.texts() if text.style == "label"]
        assert [(slug, text.words) for text in labels for box in bricks if text.box.meets(box)] == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_pictures_are_whole_files(name: str) -> None:
    for drawing in pictures(name).values():
        root = ET.fromstring(svg(drawing))
        assert root.attrib["viewBox"].split()[2:] == [
            f"{size:.1f}".removesuffix(".0") for size in (drawing.width, drawing.height)
        ]
        assert root.attrib["aria-label"] == drawing.title


@pytest.mark.parametrize("product", PRODUCTS)
def test_every_documented_flow_is_on_some_poster(product: str) -> None:
    catalogue = loader.load(product)
    drawn_rows = {row for fact in catalogue.facts(WorkloadFact) for row in fact.flows}
    assert drawn_rows == {fact.id for fact in catalogue.facts(FlowFact)}


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_poster_shows_all_traffic_of_its_workload(name: str) -> None:
    planned = support.example_design(name)
    assert planned.plan is not None
    facts = {fact.id.rpartition(".")[2]: fact.flows for catalogue in planned.topology.catalogues.values()
             for fact in catalogue.facts(WorkloadFact)}  # fmt: skip
    there = {row for flow in planned.plan.flows if flow.leg in ("direct", "to_vip") for row in flow.why}
    for slug, scene in scenes(name).items():
        shown = {row for lane in scene.lanes for row in lane.why}
        assert shown >= there & set(facts[slug])


def test_remote_users_sign_in_through_the_edge() -> None:
    (lane,) = lanes("lab", "im-presence", "Internet", "edge.corp.contoso.com")
    assert (lane.label, lane.family) == ("SIP/TLS:443", "sip")


def test_behind_a_virtual_address_the_servers_are_shown() -> None:
    labels = {lane.label for lane in lanes("lab", "im-presence", "Clients", "pool1.corp.contoso.com")}
    assert "SIP/TLS:5061" in labels
    assert not [column for column in scenes("lab")["im-presence"].columns if "lb1.corp.contoso.com" in column.names]


def test_where_addresses_are_translated_is_said() -> None:
    translated = {
        lane.label: lane.translated
        for lane in lanes("lync2010", "external-access", "Internet", "edge.corp.contoso.com")
    }
    assert translated["SIP/TLS:443"] == (("internet", "perimeter"),)


def test_beside_the_picture_stand_the_records_that_lead_to_those_who_listen() -> None:
    panels = {panel.title: dict(panel.lines) for panel in scenes("lab")["external-access"].panels}
    assert panels["DNS"]["_sip._tls.contoso.com"] == "SRV 0 0 443 sip.contoso.com. (external)"
    assert panels["DNS"]["sip.contoso.com"] == "A 203.0.113.100 (external)"
    assert "sip.contoso.com" in panels["Certificates"]


def test_what_a_later_stage_replaces_is_not_shown() -> None:
    """Clients of the lab sign in at the first pool until there is a Director."""
    (dns,) = [panel for panel in scenes("lab")["im-presence"].panels if panel.title == "DNS"]
    shown = [words for name, words in dns.lines if name == "_sipinternaltls._tcp.contoso.com"]
    assert shown == ["SRV 0 0 5061 dirpool.corp.contoso.com. (internal)"]


def test_columns_stand_from_the_internet_inwards_with_what_edges_hand_on_to_first() -> None:
    scene = scenes("lab")["im-presence"]
    zones = [column.zone for column in scene.columns]
    assert zones == sorted(zones, key=["internet", "perimeter", "internal"].index)
    inside = [column.title for column in scene.columns if column.zone == "internal"]
    assert (inside[0], inside[-1]) == ("Director", "Clients")


def test_those_outside_stand_before_the_walls_of_the_estate_and_clients_at_their_sites() -> None:
    shapes = [shape for group in pictures("multisite")["estate"].groups for shape in group.shapes]
    texts = {shape.words: shape for shape in shapes if isinstance(shape, Text)}
    walls = [shape.box.x for shape in shapes if isinstance(shape, Area) and shape.style == "bricks"]
    assert max(texts["Internet"].x, texts["fabrikam.com"].x) < min(walls)
    assert texts["seattle"].y < texts["seattle: 18500"].y < texts["dublin"].y < texts["dublin: 1500"].y


def test_firewalls_stand_between_the_zones_they_join() -> None:
    walls = {wall.between: wall.names for wall in scenes("lab")["im-presence"].walls}
    assert walls == {
        ("internet", "perimeter"): ("fw-ext.contoso.com",),
        ("perimeter", "internal"): ("fw-int.contoso.com",),
    }


def test_servers_of_a_type_stand_together_where_there_are_too_many() -> None:
    planned = large()
    assert planned.plan is not None
    for scene in posters_of(planned.topology, planned.plan):
        assert len(scene.columns) <= MOST_COLUMNS
    voice = next(scene for scene in posters_of(planned.topology, planned.plan) if scene.slug == "enterprise-voice")
    (column,) = [column for column in voice.columns if column.title == "Mediation Server"]
    sites = len({server.site for server in planned.topology.of_type("mediation")})
    assert column.names == (f"{len(planned.topology.of_type('mediation'))} in {sites} sites",)


LONG = "a-very-long-name-of-a-front-end-server-that-nobody-would-give.corp.contoso.com"


def test_names_of_any_length_and_script_fit() -> None:
    scene = scenes("lab")["im-presence"]
    columns = [dataclasses.replace(column, names=(LONG, "бюро", "<&>")) for column in scene.columns]
    drawing = drawn(dataclasses.replace(scene, columns=tuple(columns)))
    assert overlaps(drawing.texts()) == []
    assert "&lt;&amp;&gt;" in svg(drawing)


def test_an_estate_of_nothing_but_a_firewall_has_a_picture() -> None:
    networks = {"lan": {"cidr": "10.0.0.0/24", "zone": "internal", "kind": "servers"}}
    estate = {"product": "ocs2007r2", "sip_domains": {"contoso.com": {"default": True}}, "networks": networks}
    firewall = {"fw1.contoso.com": {"interfaces": {"a": "lan"}}}
    planned = design(
        support.inventory_of({"firewall": firewall}, {**estate, "sites": {"hq": {"users": 1}}}), support.TODAY
    )
    assert planned.plan is not None
    assert "1 server and appliances in 0 sites" in svg(dict(drawings(planned.topology, planned.plan))["estate"])


def test_an_estate_without_firewalls_has_no_walls() -> None:
    scene = scenes("lab")["im-presence"]
    inside = {column.key for column in scene.columns if column.zone == "internal"}
    kept = tuple(lane for lane in scene.lanes if lane.ends <= inside)
    columns = tuple(column for column in scene.columns if column.zone == "internal")
    drawing = drawn(dataclasses.replace(scene, columns=columns, lanes=kept, walls=()))
    assert overlaps(drawing.texts()) == []
    assert "bricks" not in {
        shape.style for group in drawing.groups for shape in group.shapes if isinstance(shape, Area)
    }


@pytest.mark.parametrize(
    ("application", "protocol", "tls", "ports", "words"),
    [
        ("sip", "tcp", "mtls", ("5061",), "SIP/MTLS:5061"),
        ("https", "tcp", "tls", ("443",), "HTTPS:443"),
        ("rtp", "udp", "", ("50000-59999",), "RTP/UDP:50000-59999"),
        ("", "udp", "", (), "UDP"),
        ("file_transfer", "tcp", "", ("6891-6901",), "File transfer/TCP:6891-6901"),
    ],
)
def test_traffic_is_written_as_administrators_write_it(
    application: str, protocol: str, tls: str, ports: tuple[str, ...], words: str
) -> None:
    assert spoken(application, protocol, tls, ports) == words
