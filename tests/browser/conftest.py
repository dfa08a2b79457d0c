"""A browser as people have it: Chromium on this machine, on an installation of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    ViewportSize,
    sync_playwright,
)

from tests.journeys.installation import ROOT, Installation, running

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
WIDE: ViewportSize = {"width": 1440, "height": 900}
NARROW: ViewportSize = {"width": 375, "height": 812}
# What the browser itself says of an answer that is none, or of a question that was given up.
REFUSED = ("Failed to load resource", "htmx:timeout", "htmx:sendError")
# A page of a busy machine is there by then.
PATIENCE_MS = 15_000
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
SETTLE = """async () => {
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  document.getAnimations().filter((each) => each instanceof CSSTransition)
    .forEach((each) => each.finish());
}"""
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="session")
def installation(tmp_path_factory) -> Iterator[Installation]:
    """`make run` for all tests of the browser."""
    with running(tmp_path_factory.mktemp("browser"), INFERENCE_RUNTIME="litert") as it:
        yield it


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all; each person has a context of their own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture
def window(chromium: Browser, installation: Installation) -> Iterator[Callable[..., Page]]:
    """Open a window of somebody's own; what its console says fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def window(
        *, viewport: ViewportSize = WIDE, may_be_refused: bool = False, **context: Any
    ) -> Page:
        contexts.append(
            chromium.new_context(base_url=installation.url, viewport=viewport, **context)
        )
        contexts[-1].set_default_timeout(PATIENCE_MS)
        page = contexts[-1].new_page()

        def listen(said: ConsoleMessage) -> None:
            is_refusal = said.text.startswith(REFUSED)
            if said.type == "error" and not (may_be_refused and is_refusal):
                complaints.append(said.text)

        page.on("console", listen)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield window
    for each in contexts:
        each.close()
    assert complaints == []


@pytest.fixture
def sign_in(window: Callable[..., Page], installation: Installation) -> Callable[..., Page]:
    """Sign a demo user in, in a window of their own."""

    def sign_in(role: str, **context: Any) -> Page:
        page = window(**context)
        username, password = installation.password_of(role)
        page.goto("/sign-in/")
        page.get_by_label("User name").fill(username)
        page.get_by_label("Password").fill(password)
        page.keyboard.press("Enter")
        page.wait_for_url("**/dashboard/")
        return page

    return sign_in


def violations(page: Page, *, only: str = "") -> list[str]:
    """What axe finds against WCAG 2.2 A and AA on the page as it stands, or by one rule only."""
    # By the browser's own door: the page's policy lets no script in that is not its own.
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text())
    # A colour on its way from light to dark is none that anybody reads.
    page.evaluate(SETTLE)
    found = page.evaluate(
        "async (runOnly) => (await axe.run({runOnly, preload: false, resultTypes: ['violations']}))"
        ".violations.map(v => v.id + ': ' + v.nodes.map(n => n.target).join(' | '))",
        [only] if only else LEVELS,
    )
    return list(found)
