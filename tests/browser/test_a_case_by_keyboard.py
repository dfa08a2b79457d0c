"""A case from its fields to the PDF of its report, by people who touch no mouse."""

from __future__ import annotations

import re
import uuid
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.steps import (
    HAS_FOCUS,
    READ_WITHIN_S,
    asking,
    drawn_fields,
    press_on,
    sign_in_by_keys,
    tab_to,
    wait_until_stored,
)

pytestmark = pytest.mark.browser

STROKES_A_CELL = 1.7
# What the drawn cells are called in turn: a film in which nothing is critical, but for more than
# two of a hundred cells that a doctor has to look at.
NAMES = ("neutrophil", "neutrophil", "lymphocyte", "neutrophil", "monocyte")
SUSPICIOUS, SUSPICIOUS_CELLS = "immature_granulocyte", 4


def test_a_case_is_finished_with_the_keyboard_alone(window, installation, tmp_path):
    number = f"K-{uuid.uuid4().hex[:8]}"
    technician = window()
    sign_in_by_keys(technician, installation, "technician")
    send_fields(technician, number, tmp_path)
    flagged, strokes = review_by_keys(technician)
    print(f"{strokes} strokes for {flagged} flagged cells: {strokes / flagged:.2f} each")
    assert flagged >= 35
    assert strokes / flagged <= STROKES_A_CELL
    press_on(technician, technician.get_by_role("link", name="Images", exact=True))
    press_on(technician, technician.get_by_role("button", name="Send to the doctor"))
    expect(technician.locator(".case-head")).to_contain_text("ready")

    doctor = window()
    sign_in_by_keys(doctor, installation, "doctor")
    open_from_the_worklist(doctor, number)
    sign(doctor, installation.password_of("doctor")[1])
    assert pdf_of(doctor).startswith(b"%PDF")


def send_fields(page: Page, number: str, folder: Path) -> None:
    """Make a sample and send its fields, wait until they are read and open the gallery."""
    press_on(page, page.get_by_role("link", name="Upload", exact=True))
    page.wait_for_url("**/upload/")
    if not page.get_by_label("Accession number").evaluate(HAS_FOCUS):
        tab_to(page, page.get_by_label("Accession number"))
    page.keyboard.type(number)
    for name, content in drawn_fields(20) + drawn_fields(2, cells=4, lobed=True):
        (folder / name).write_bytes(content)
    # What files there are, the system's own dialog asks: it is no part of the page.
    page.locator("#upload-files").set_input_files(sorted(folder.iterdir()))
    press_on(page, page.get_by_role("button", name="Upload 22 files"))
    words = page.locator("[data-batch-words]")
    expect(words).to_have_text("22 of 22 sent, 22 read", timeout=1000 * READ_WITHIN_S)
    press_on(page, page.get_by_role("link", name="Open the sample"))
    press_on(page, page.get_by_role("link", name=re.compile("^Review")))
    page.wait_for_url("**/gallery/")


def review_by_keys(page: Page) -> tuple[int, int]:
    """Name every cell that asks for a person; how many there were, and all keys pressed."""
    keys = {
        button.get_attribute("data-name"): button.get_attribute("data-key")
        for button in page.locator("[data-name][data-key]").all()
    }
    flagged = asking(page)
    pressed = 0

    def press(key: str | None) -> None:
        nonlocal pressed
        assert key
        page.keyboard.press(key)
        pressed += 1

    press("?")
    press("Escape")
    for _ in range(SUSPICIOUS_CELLS):
        press(keys[SUSPICIOUS])
    # A slip, taken back and put right.
    press(keys["eosinophil"])
    press("u")
    press(keys["neutrophil"])
    # Two at once, chosen with the arrows.
    press("Shift+ArrowRight")
    press(keys["lymphocyte"])
    while left := asking(page):
        press(keys[NAMES[left % len(NAMES)]])
    wait_until_stored(page)
    expect(page.locator("[data-summary]")).to_contain_text("nothing left to review")
    return flagged, pressed


def open_from_the_worklist(page: Page, number: str) -> None:
    """Open the sample from the list of all."""
    press_on(page, page.get_by_role("link", name="Worklist", exact=True))
    page.wait_for_url(re.compile("/samples/"))
    press_on(page, page.get_by_role("link", name=number))
    expect(page.locator("h1")).to_have_text(number)


def sign(page: Page, password: str) -> None:
    """Acknowledge what is asked, give the reason and the password, and sign."""
    press_on(page, page.get_by_role("link", name="Sign out", exact=True))
    press_on(page, page.get_by_role("button", name="I have looked at them"))
    expect(page.get_by_text("Nothing blocks the signature")).to_be_visible()
    tab_to(page, page.locator("#id_limited_count_reason"))
    page.keyboard.type("The film is short.")
    tab_to(page, page.get_by_label("Password"))
    page.keyboard.type(password)
    page.keyboard.press("Enter")
    page.wait_for_url("**/reports/**")


def pdf_of(page: Page) -> bytes:
    """The file of the report that is shown, as soon as it is made."""
    link = page.get_by_role("link", name="Download the PDF")
    expect(link).to_be_visible(timeout=30_000)
    tab_to(page, link)
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    return Path(download.value.path()).read_bytes()
