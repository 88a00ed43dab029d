# SPDX-License-Identifier: GPL-3.0-or-later
"""A real browser for the pages that people look at."""

from __future__ import annotations

import shutil
import typing as t

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

_OWN = ("file:", "data:", "blob:")


@pytest.fixture(scope="session")
def browser() -> t.Iterator[Browser]:
    path = shutil.which("chromium")
    assert path, "chromium is missing; `make browser` installs it"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser) -> t.Iterator[Page]:
    """A page on which every message of the console, every error and every request to a network fails the test."""
    context = browser.new_context(viewport={"width": 1500, "height": 950})
    opened = context.new_page()
    said: list[str] = []
    opened.on("console", lambda message: said.append(f"console: {message.text}"))
    opened.on("pageerror", lambda error: said.append(f"error: {error}"))
    opened.on("request", lambda request: said.append(request.url) if not request.url.startswith(_OWN) else None)
    yield opened
    context.close()
    assert said == []
