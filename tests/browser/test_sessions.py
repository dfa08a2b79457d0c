"""A session that ends while a page is open, whoever ended it; and a server that stops."""

from __future__ import annotations

import os
import signal
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import NARROW, WIDE, violations
from tests.browser.steps import cells_of, drawn_fields, send_sample
from tests.journeys.installation import Installation
from tests.journeys.visitors import Program

pytestmark = pytest.mark.browser

SAID_WITHIN_MS = 10_000


@pytest.fixture
def bench(sign_in) -> Page:
    """A technician's window."""
    return sign_in("technician", may_be_refused=True)


@pytest.fixture
def other_tab(bench) -> Page:
    """A second tab of it."""
    return bench.context.new_page()


def fill_in(where: Page | Locator, installation: Installation, role: str) -> None:
    """Type name and password of a demo user and press Enter."""
    username, password = installation.password_of(role)
    where.get_by_label("User name").fill(username)
    where.get_by_label("Password").fill(password)
    where.get_by_label("Password").press("Enter")


def log_out(page: Page) -> None:
    """By the menu of the person."""
    page.goto("/account/")
    page.locator(".top-bar__person summary").click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("link", name="Sign in", exact=True).first).to_be_visible()


def sign_in_again(page: Page, installation: Installation) -> None:
    """In the dialog that lies over a page whose session has ended."""
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Your session has ended")
    fill_in(dialog, installation, "technician")
    expect(dialog).to_be_hidden()


def axe_everywhere(page: Page) -> list[str]:
    """What axe finds on the page as it stands: wide and narrow, light and dark."""
    found: list[str] = []
    for viewport in (NARROW, WIDE):
        page.set_viewport_size(viewport)
        page.emulate_media(color_scheme="light")
        found += violations(page)
        page.emulate_media(color_scheme="dark")
        found += violations(page, only="color-contrast")
    page.emulate_media(color_scheme="light")
    return found


def test_chosen_pictures_are_sent_by_who_chose_them(bench, other_tab, installation):
    number = f"S-{uuid.uuid4().hex[:8]}"
    bench.goto("/upload/")
    bench.get_by_label("Accession number").fill(number)
    bench.locator("#upload-files").set_input_files(
        [
            {"name": name, "mimeType": "image/jpeg", "buffer": content}
            for name, content in drawn_fields(2)
        ]
    )
    log_out(other_tab)
    other_tab.goto("/sign-in/")
    fill_in(other_tab, installation, "doctor")
    other_tab.wait_for_url("**/dashboard/")

    bench.get_by_role("button", name="Upload 2 files").click()
    dialog = bench.get_by_role("dialog")
    expect(dialog).to_contain_text("doctor is signed in now")
    dialog.get_by_role("button", name="Sign in as technician").click()
    expect(dialog.get_by_label("User name")).to_have_value("technician")
    assert axe_everywhere(bench) == []
    fill_in(dialog, installation, "technician")
    expect(bench.locator("[data-batch-words]")).to_contain_text("2 of 2 sent")
    newest = Program(installation).get("/samples/")["results"][0]
    sent = newest["accession_number"], newest["created_by"], newest["image_count"]
    assert sent == (number, "technician", 2)


def test_what_was_typed_outlives_the_session(bench, other_tab, installation):
    sample = send_sample(installation, drawn_fields(1))
    bench.goto(f"/samples/{sample}/details/")
    bench.get_by_label("Note").fill("Smudge cells at the edge.")
    log_out(other_tab)
    bench.get_by_role("button", name="Keep the changes").click()
    sign_in_again(bench, installation)
    bench.wait_for_load_state()
    assert Program(installation).get(f"/samples/{sample}/")["note"] == "Smudge cells at the edge."


def test_a_review_by_a_part_of_the_page_outlives_the_session(bench, other_tab, installation):
    sample = send_sample(installation, drawn_fields(1))
    bench.goto(f"/samples/{sample}/")
    bench.locator("a[href*='/images/']").first.click()
    bench.locator("select.review__label").first.select_option("lymphocyte")
    log_out(other_tab)
    bench.locator("[id^=confirm-]").first.click()
    with bench.expect_response(lambda answer: answer.url.endswith("/review/") and answer.ok):
        sign_in_again(bench, installation)
    labels = {cell["present_label"] for cell in cells_of(Program(installation), sample)}
    assert "lymphocyte" in labels


def test_a_page_that_polls_says_that_somebody_logged_out_elsewhere(bench, other_tab):
    log_out(other_tab)
    expect(bench.get_by_role("dialog")).to_contain_text("Your session has ended")


def test_a_second_tab_of_the_sign_in_page_goes_on(window, installation):
    first = window()
    second = first.context.new_page()
    for tab in (first, second):
        tab.goto("/sign-in/")
    for tab in (first, second):
        fill_in(tab, installation, "technician")
        tab.wait_for_url("**/dashboard/")


def test_nothing_is_shown_by_back_after_log_out(bench):
    bench.goto("/history/")
    log_out(bench)
    for _ in range(3):
        bench.go_back()
        bench.wait_for_url("**/sign-in/**")
        assert "technician" not in bench.locator("body").inner_text()


@contextmanager
def stopped_server(installation: Installation) -> Iterator[None]:
    """The web processes take connections and answer none."""
    servers = [
        pid
        for pid in installation.processes()
        if b"gunicorn" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]
    assert servers
    for pid in servers:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in servers:
            os.kill(pid, signal.SIGCONT)


def test_a_server_that_stops_is_said_and_unsaid(sign_in, installation):
    sample = send_sample(installation, drawn_fields(1))
    dashboard = sign_in("technician", may_be_refused=True)
    gallery = dashboard.context.new_page()
    gallery.goto(f"/samples/{sample}/gallery/")
    pages = (dashboard, gallery)
    with stopped_server(installation):
        for page in pages:
            expect(page.get_by_role("alert").filter(has_text="does not answer")).to_be_visible(
                timeout=SAID_WITHIN_MS
            )
        assert violations(dashboard) == []
    for page in pages:
        expect(page.get_by_text("The server does not answer")).to_have_count(
            0, timeout=SAID_WITHIN_MS
        )
