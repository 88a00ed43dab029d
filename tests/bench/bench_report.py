# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of an estate of 1,000 servers, with 10,000 checks, in a real browser: how long a person waits.

Beside it the report of the example lab. A pause is felt from about 100 ms on. Times are Chromium's own: from the key
that is pressed to the next picture, and for opening from the navigation to the picture after the last script. How long
the main thread was busy is told too, which says more on a busy machine. A search waits 120 ms for the next key.
It needs `make browser` to have been run once.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import time
import typing as t
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from ansible_collections.openuc.ocs.plugins.plugin_utils.engine import Design, design
from ansible_collections.openuc.ocs.plugins.plugin_utils.rendering.report.content import Verification
from ansible_collections.openuc.ocs.plugins.plugin_utils.rendering.report.page import report
from tests import support
from tests.bench.generator import generate
from tests.browser.test_report import verified

SERVERS, CHECKS, RUNS = 1000, 10_000, 9
NEXT_PICTURE = "await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));"
TYPED = f"""async ([selector, text]) => {{
  const box = document.querySelector(selector), main = document.getElementById('main');
  const changed = new Promise((done) => new MutationObserver((_seen, watching) => {{ watching.disconnect(); done(); }})
    .observe(main, {{childList: true, subtree: true, characterData: true}}));
  const start = performance.now();
  box.value = text;
  box.dispatchEvent(new Event('input', {{bubbles: true}}));
  await changed;
  {NEXT_PICTURE}
  return performance.now() - start;
}}"""
SORTED = f"""async (name) => {{
  const heads = [...document.querySelectorAll('[role=columnheader]')].filter((one) => one.textContent === name);
  const start = performance.now();
  heads.at(-1).click();
  {NEXT_PICTURE}
  return performance.now() - start;
}}"""
OPENED = """() => new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(performance.now()))))"""


def written(planned: Design, checks: int, folder: Path) -> Path:
    """The file, with so many checks at least."""
    small = verified(support.example_design("lab"))
    times = -(-checks // len(small.verdicts))
    many = Verification(small.at, small.stages, small.verdicts * times, small.diagnoses, small.unseen)
    path = folder / f"{len(planned.topology.servers)}.html"
    start = time.process_time()
    path.write_text(report(planned, many), encoding="utf-8")
    seconds = time.process_time() - start
    print(
        f"{path.stem} servers, {len(many.verdicts)} checks: {path.stat().st_size / 1e6:.1f} MB, made in {seconds:.1f} s"
    )
    return path


def measured(browser: Browser, path: Path) -> dict[str, list[float]]:
    """What was waited for, in milliseconds, by what was done."""
    found: dict[str, list[float]] = {}

    def note(what: str, milliseconds: float) -> None:
        found.setdefault(what, []).append(milliseconds)

    for _run in range(RUNS):
        page = browser.new_page(viewport={"width": 1500, "height": 950})
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable")
        page.goto(f"{path.as_uri()}#verification")
        note("open", page.evaluate(OPENED))
        metrics = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
        note("open, busy", metrics["TaskDuration"] * 1000)
        _use(page, note)
        page.close()
    return found


def _use(page: Page, note: t.Callable[[str, float], None]) -> None:
    """The first word asked for makes the words of all rows; after that they are there."""
    for text in ("s", "st", "stun", "stun udp", ""):
        what = "filter the checks, first letter" if text == "s" else "filter the checks"
        note(what, page.evaluate(TYPED, ['[aria-label="Filter Checks"]', text]))
    note("sort the checks", page.evaluate(SORTED, "detail"))
    for text in ("fe", "fe1", "fe1.corp"):
        what = "search everything, first word" if text == "fe" else "search everything"
        note(what, page.evaluate(TYPED, ["#search", text]))


def main() -> None:
    chromium = shutil.which("chromium")
    if not chromium:
        sys.exit("bench_report: chromium is missing; `make browser` installs it")
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        large = design(support.inventory_of(*generate(SERVERS)), support.TODAY)
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for planned, checks in ((large, CHECKS), (support.example_design("lab"), 1)):
            for what, each in measured(browser, written(planned, checks, Path(name))).items():
                print(f"  {what}: {statistics.median(each):.0f} ms ({min(each):.0f} to {max(each):.0f})")
        browser.close()


if __name__ == "__main__":
    main()
