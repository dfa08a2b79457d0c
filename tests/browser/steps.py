"""What the browser tests do on their way: keys, waiting, and samples sent by a program."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.drawn_cells import draw_smear_jpeg
from tests.journeys.installation import Installation
from tests.journeys.visitors import Program

READ_WITHIN_S = 120
HAS_FOCUS = "element => element === document.activeElement"


def drawn_fields(number: int, *, cells: int = 2, lobed: bool = False) -> list[tuple[str, bytes]]:
    """Name and bytes of drawn fields. A lobed cell is accepted, any other asks for a person."""
    kind = "lobed" if lobed else "round"
    return [
        (f"{kind}-{n:02}.jpg", draw_smear_jpeg(seed=n, cells=cells, lobed=lobed))
        for n in range(number)
    ]


def send_sample(
    installation: Installation, fields: Sequence[tuple[str, bytes]], **said: str
) -> str:
    """A technician's program sends a sample and waits until it is read; its id."""
    technician = Program(installation, "technician")
    sample = technician.create_sample(f"B-{uuid.uuid4().hex[:8]}", **said)
    sent = technician.upload(sample, *fields)
    for outcome in sent:
        assert technician.result(outcome["id"], within_s=READ_WITHIN_S)["status"] == "succeeded"
    return sample


def cells_of(reader: Program, sample: str) -> list[dict[str, Any]]:
    """Every cell of a sample, page by page."""
    found: list[dict[str, Any]] = []
    path = f"/samples/{sample}/cells/"
    while path:
        page = reader.get(path)
        found += page["results"]
        path = (page["next"] or "").removeprefix(reader.url)
    return found


def review_everything(installation: Installation, sample: str, labels: Sequence[str]) -> None:
    """A technician's program calls the cells of a sample by these names, in turn."""
    technician = Program(installation, "technician")
    cells = cells_of(technician, sample)
    reviews = [
        {
            "cell": cell["id"],
            "label": labels[at % len(labels)],
            "seen_number": cell["last_review_number"],
        }
        for at, cell in enumerate(cells)
    ]
    technician.post(f"/samples/{sample}/reviews/", {"reviews": reviews}, status=200)


def tab_to(page: Page, target: Locator, *, at_most: int = 60) -> None:
    """Press Tab until the target has the focus, as somebody without a mouse does."""
    for _ in range(at_most):
        page.keyboard.press("Tab")
        if target.evaluate(HAS_FOCUS):
            return
    raise AssertionError(f"{target} is not reached within {at_most} Tabs")


def press_on(page: Page, target: Locator, key: str = "Enter", *, at_most: int = 60) -> None:
    """Go to a link or button with Tab and press it."""
    tab_to(page, target, at_most=at_most)
    page.keyboard.press(key)


def sign_in_by_keys(page: Page, installation: Installation, role: str) -> None:
    """Sign a demo user in with the keyboard alone."""
    username, password = installation.password_of(role)
    page.goto("/sign-in/")
    if not page.get_by_label("User name").evaluate(HAS_FOCUS):
        tab_to(page, page.get_by_label("User name"))
    page.keyboard.type(username)
    tab_to(page, page.get_by_label("Password"))
    page.keyboard.type(password)
    page.keyboard.press("Enter")
    page.wait_for_url("**/dashboard/")


def asking(page: Page) -> int:
    """How many cells of the gallery ask for a person."""
    return page.locator("[data-board] [data-cell][data-asks]").count()


def count_of(page: Page, label: str) -> int:
    """The number on the head of a column of the gallery; 0 where it is out of sight."""
    column = page.locator(f'[data-column="{label}"]')
    if not column.is_visible():
        return 0
    return int(column.locator("[data-count]").inner_text())


def wait_until_stored(page: Page) -> None:
    """Wait until the server has everything that was said in the gallery."""
    expect(page.locator(".cell--saving")).to_have_count(0, timeout=15_000)
