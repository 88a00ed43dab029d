# SPDX-License-Identifier: GPL-3.0-or-later
"""The report in a real browser: it opens, filters, searches and explains, with a mouse and without."""

from __future__ import annotations

import functools
import typing as t
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from ansible_collections.openuc.ocs.plugins.plugin_utils.engine import Design, design
from ansible_collections.openuc.ocs.plugins.plugin_utils.rendering.poster.svg import svg
from ansible_collections.openuc.ocs.plugins.plugin_utils.rendering.posters import drawings
from ansible_collections.openuc.ocs.plugins.plugin_utils.rendering.report.content import Event, Verification
from ansible_collections.openuc.ocs.plugins.plugin_utils.rendering.report.page import report
from ansible_collections.openuc.ocs.plugins.plugin_utils.verification.diagnosis import Diagnostician
from ansible_collections.openuc.ocs.plugins.plugin_utils.verification.expectations import probes_of
from ansible_collections.openuc.ocs.plugins.plugin_utils.verification.marks import traces_of
from ansible_collections.openuc.ocs.plugins.plugin_utils.verification.unseen import unseen_of
from ansible_collections.openuc.ocs.plugins.plugin_utils.verification.verdicts import Verdict, verdicts_of
from tests import support
from tests.bench.generator import generate


def verified(planned: Design) -> Verification:
    """As if each vantage had seen all that it should, but one port of the Edge that is shut."""
    assert planned.plan is not None
    verdicts = []
    for host, probes in probes_of(planned.topology, planned.plan):
        results = []
        for probe in probes:
            good = {"answer": "answer", "blocked": "filtered"}.get(probe["expect"], "open")
            shut = probe["kind"] == "flow" and probe["address"] == "203.0.113.33"
            reached = {"target": probe["wanted"][0]} if probe["kind"] == "story" else {}
            outcome = "filtered" if shut else good
            shown = {"certificate": _shown(probe["names"])} if "certificate" in probe and not shut else {}
            facts = {**reached, **shown}
            results.append({"id": probe["id"], "outcome": outcome, "milliseconds": 1.5, "facts": facts})
        verdicts += verdicts_of(host, probes, results)
    verdicts += _traced(planned)
    diagnoses = Diagnostician(planned.topology, planned.plan, verdicts).diagnoses()
    unseen = unseen_of(planned.topology, planned.plan, verdicts)
    return Verification("2026-11-01 02:00 UTC", ("first_pool",), tuple(verdicts), diagnoses, unseen)


def _shown(names: list[str]) -> dict[str, t.Any]:
    """Those of the reverse proxy's names end soon."""
    end = (
        "2026-11-15T00:00:00Z" if "webext.contoso.com" in names or "im.contoso.com" in names else "2027-05-01T00:00:00Z"
    )
    return {"subject": f"CN={names[0]}", "issuer": "CN=Issuing CA", "not_after": end, "sans": names, "sha256": names[0]}


def _traced(planned: Design) -> list[Verdict]:
    """The first router clears what the client sends with the mark of audio."""
    assert planned.plan is not None
    listed = dict(traces_of(planned.topology, planned.plan)).get("client1.corp.contoso.com", ())
    traces = [trace for trace in listed if trace["dscp"] == 46]
    router = {"hop": 1, "address": "10.21.0.1"}
    results = [
        {
            "id": trace["id"],
            "outcome": "changed",
            "detail": f"{trace['dscp']} was cleared",
            "sent": trace["dscp"],
            "expected": trace["expect"],
            "arrived": 0,
            "hops": [{**router, "dscp": trace["dscp"]}, {"hop": 2, "address": trace["address"], "dscp": 0}],
            "changes": [{**router, "silent": 0, "before": trace["dscp"], "after": 0}],
        }
        for trace in traces
    ]
    return list(verdicts_of("client1.corp.contoso.com", traces, results))


@functools.cache
def lab_report() -> str:
    planned = support.example_design("lab")
    return report(planned, verified(planned), (Event("2026-11-01 02:00 UTC", "deploy of first_pool", "done"),))


@pytest.fixture
def lab(page: Page, tmp_path: Path) -> Page:
    path = tmp_path / "report.html"
    path.write_text(lab_report(), encoding="utf-8")
    page.goto(path.as_uri())
    return page


def chapter(page: Page, name: str) -> None:
    link = page.get_by_role("navigation").get_by_role("link", name=name).first
    link.click()
    # The page is made anew a moment after the click.
    expect(link).to_have_attribute("aria-current", "page")


def test_it_opens_with_what_matters_first(lab: Page) -> None:
    expect(lab.get_by_role("heading", name="Contoso lab")).to_be_visible()
    expect(lab.locator(".card-box", has_text="flows")).to_contain_text("155")
    expect(lab.locator(".causes li").first).to_contain_text("rp1.contoso.com")
    expect(lab.locator(".poster-frame svg").first).to_be_visible()


def test_marks_are_shown_hop_by_hop_and_what_was_not_looked_at_has_a_reason(lab: Page) -> None:
    chapter(lab, "Marks on the way")
    expect(lab.locator("main")).to_contain_text("10.21.0.1: 46 → 10.20.0.11: 0")
    chapter(lab, "Verification")
    expect(lab.get_by_role("heading", name="Not looked at")).to_be_visible()
    expect(lab.locator("main")).to_contain_text("8 lines of hosts files")
    expect(lab.locator("main")).to_contain_text("10.21.0.1 clears it, planned is 46")


def test_certificates_are_shown_with_the_days_that_are_left(lab: Page) -> None:
    chapter(lab, "Certificates on the wire")
    first = lab.locator(".row").first
    expect(first).to_contain_text("CN=")
    days = [int(lab.locator(".row").nth(number).inner_text().split("\n")[0]) for number in range(5)]
    assert days == sorted(days)
    assert days[-1] == 180


def test_every_chapter_opens(lab: Page) -> None:
    links = lab.get_by_role("navigation").get_by_role("link")
    titles = []
    for number in range(links.count()):
        links.nth(number).click()
        expect(links.nth(number)).to_have_attribute("aria-current", "page")
        titles.append(lab.locator("main h2").first.inner_text())
    assert len(set(titles)) == links.count() >= 14
    shown = {"Verification", "Findings", "Flows", "Certificates", "Names", "Quality of service", "History"}
    assert shown <= set(titles)


def test_filters_and_choices_narrow_a_table(lab: Page) -> None:
    chapter(lab, "Flows")
    expect(lab.locator(".shown")).to_have_text("155 rows")
    lab.get_by_label("Filter Flows").fill("stun udp")
    expect(lab.locator(".shown")).to_have_text("11 of 155 rows")
    lab.get_by_label("firewalls").select_option("fw-ext.contoso.com")
    rows = lab.locator(".row")
    assert 0 < rows.count() < 11
    assert all("fw-ext" in rows.nth(number).inner_text() for number in range(rows.count()))


def test_a_column_sorts_both_ways(lab: Page) -> None:
    chapter(lab, "Names")
    head = lab.locator(".head").nth(1).get_by_role("columnheader", name="ttl")
    head.click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    head.click()
    expect(head).to_have_attribute("aria-sort", "descending")


def test_a_row_tells_why_down_to_the_line_of_the_document(lab: Page) -> None:
    chapter(lab, "Flows")
    lab.get_by_label("Filter Flows").fill("user-to-av")
    lab.get_by_label("Filter Flows").fill("Media of users outside")
    lab.locator(".row").first.click()
    expect(lab.locator("#details .why")).to_contain_text("guide-r2:")
    lab.keyboard.press("Escape")
    expect(lab.locator("#details")).to_be_hidden()


def test_it_can_be_used_without_a_mouse(lab: Page) -> None:
    lab.keyboard.press("/")
    expect(lab.get_by_role("searchbox", name="Search everything")).to_be_focused()
    lab.keyboard.type("rp1.contoso.com")
    expect(lab.locator("main h2")).to_contain_text("Found for")
    lab.keyboard.press("Escape")
    chapter(lab, "Verification")
    grid = lab.get_by_role("grid").nth(1)
    grid.focus()
    lab.keyboard.press("ArrowDown")
    lab.keyboard.press("ArrowDown")
    expect(grid.locator(".row[aria-selected=true]")).to_have_attribute("aria-rowindex", "2")
    expect(lab.locator("#details")).to_be_visible()


def test_failed_checks_stand_first_with_their_cause(lab: Page) -> None:
    chapter(lab, "Verification")
    checks = lab.get_by_role("grid").nth(1)
    expect(checks.locator(".row").first).to_contain_text("failed")
    causes = lab.get_by_role("grid").first
    expect(causes.locator(".row").first).to_contain_text("fw-ext.contoso.com")


def test_a_lane_of_a_poster_tells_what_it_is(lab: Page) -> None:
    chapter(lab, "Posters")
    lab.get_by_role("button", name="External access").click()
    lab.locator(".poster-frame [data-why*='partner-to-edge-sip']").first.click(force=True)
    expect(lab.locator("#details")).to_contain_text("SIP/MTLS:5061")


def test_a_poster_can_be_saved_as_a_picture(lab: Page) -> None:
    chapter(lab, "Posters")
    with lab.expect_download() as saved:
        lab.get_by_role("button", name="Save as SVG").click()
    text = Path(saved.value.path()).read_text(encoding="utf-8")
    assert text.startswith("<svg")
    assert "<style" in text


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_light_and_in_dark(lab: Page, scheme: t.Literal["light", "dark"]) -> None:
    lab.emulate_media(color_scheme=scheme)
    for name, selectors in (("Overview", ["h2", ".card-box", "nav a", ".soft"]), ("Findings", [".intro", ".row"])):
        chapter(lab, name)
        for selector in selectors:
            assert lab.locator(f"main {selector}, {selector}").first.evaluate(CONTRAST) >= 4.5, selector


CONTRAST = """(element) => {
  const channels = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  let behind = element;
  while (behind && (channels(getComputedStyle(behind).backgroundColor)[3] ?? 1) === 0) behind = behind.parentElement;
  const pair = [getComputedStyle(element).color, getComputedStyle(behind ?? document.body).backgroundColor]
    .map((text) => light(channels(text))).sort((a, b) => b - a);
  return (pair[0] + 0.05) / (pair[1] + 0.05);
}"""


def test_printing_shows_whole_rows(lab: Page, tmp_path: Path) -> None:
    chapter(lab, "Findings")
    pdf = lab.pdf(path=str(tmp_path / "findings.pdf"))
    assert pdf.startswith(b"%PDF")
    lab.emulate_media(media="print")
    expect(lab.get_by_role("navigation")).to_be_hidden()


@pytest.mark.parametrize("name", ["Findings", "Verification", "Flows"])
def test_paper_is_light_and_no_column_goes_beyond_it(lab: Page, name: str) -> None:
    """On paper nobody scrolls, and a dark screen does not make dark paper."""
    lab.set_viewport_size({"width": 1040, "height": 720})
    lab.emulate_media(color_scheme="dark")
    chapter(lab, name)
    lab.emulate_media(media="print", color_scheme="dark")
    widest = lab.evaluate("Math.max(...[...document.querySelectorAll('.row, .head')].map((e) => e.scrollWidth))")
    assert widest <= 1040
    assert lab.evaluate("getComputedStyle(document.body).color") == "rgb(27, 35, 48)"


def test_a_thousand_servers_and_ten_thousand_checks(page: Page, tmp_path: Path) -> None:
    planned = design(support.inventory_of(*generate(1000)), support.TODAY)
    small = verified(support.example_design("lab"))
    many = Verification(small.at, (), small.verdicts * (1 + 10_000 // len(small.verdicts)), small.diagnoses)
    path = tmp_path / "large.html"
    path.write_text(report(planned, many), encoding="utf-8")
    page.goto(f"{path.as_uri()}#verification")
    checks = page.get_by_role("grid").nth(1)
    expect(checks.locator(".row").first).to_be_visible()
    assert checks.locator(".row").count() < 100
    page.get_by_label("Filter Checks").fill("stun world1")
    expect(page.locator(".shown").nth(1)).to_contain_text(" of ")


@pytest.mark.parametrize("name", ["lab", "multisite", "lync2010", "ocs2007"])
def test_letters_are_no_wider_than_the_layout_takes_them_for(page: Page, tmp_path: Path, name: str) -> None:
    """So that what does not overlap by our figures does not overlap on a screen."""
    planned = support.example_design(name)
    assert planned.plan is not None
    for slug, drawing in drawings(planned.topology, planned.plan):
        path = tmp_path / f"{slug}.svg"
        path.write_text(svg(drawing), encoding="utf-8")
        page.goto(path.as_uri())
        shown = page.evaluate("[...document.querySelectorAll('text')].map((e) => [e.textContent, e.getBBox().width])")
        planned_widths = [(text.words, text.box.width) for text in drawing.texts()]
        assert [words for words, _width in shown] == [words for words, _width in planned_widths]
        wider = [
            words for (words, width), (_same, most) in zip(shown, planned_widths, strict=True) if width > most + 0.5
        ]
        assert wider == [], slug
