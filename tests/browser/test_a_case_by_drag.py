"""Cells dragged to another column, with the mouse and with a finger; and two people at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import NARROW
from tests.browser.steps import count_of, drawn_fields, send_sample, wait_until_stored
from tests.journeys.installation import Installation

pytestmark = pytest.mark.browser

# Longer than a finger has to rest on a cell before it takes the cell along.
HOLD_MS = 500
CHANGES_WITHIN_MS = 15_000


@pytest.fixture
def gallery(sign_in: Callable[..., Page], installation: Installation) -> Callable[..., Page]:
    """Open the gallery of one new sample: of accepted neutrophils and of cells that ask."""
    fields = drawn_fields(2, cells=3) + drawn_fields(1, cells=4, lobed=True)
    sample = send_sample(installation, fields)

    def gallery(role: str = "technician", **context: Any) -> Page:
        page = sign_in(role, **context)
        page.goto(f"/samples/{sample}/gallery/")
        return page

    return gallery


def test_a_cell_and_a_selection_are_dragged_to_another_column(gallery):
    page = gallery()
    before = count_of(page, "erythroblast"), count_of(page, "neutrophil")
    assert before[0] >= 4
    drag(page, cells_of(page, "erythroblast").first, column(page, "neutrophil"))
    wait_until_stored(page)
    now = count_of(page, "erythroblast"), count_of(page, "neutrophil")
    assert now == (before[0] - 1, before[1] + 1)

    cells_of(page, "erythroblast").nth(0).click(modifiers=["Control"])
    cells_of(page, "erythroblast").nth(1).click(modifiers=["Shift"])
    expect(page.locator('[data-cell][aria-selected="true"]')).to_have_count(2)
    drag(page, cells_of(page, "erythroblast").nth(1), column(page, "neutrophil"))
    wait_until_stored(page)
    now = count_of(page, "erythroblast"), count_of(page, "neutrophil")
    assert now == (before[0] - 3, before[1] + 3)
    page.reload()
    assert count_of(page, "neutrophil") == before[1] + 3


def test_a_finger_drags_a_cell_to_a_name(gallery):
    page = gallery(viewport=NARROW, has_touch=True, is_mobile=True)
    before = count_of(page, "erythroblast"), count_of(page, "neutrophil")
    cell = cells_of(page, "erythroblast").first
    cell.scroll_into_view_if_needed()
    drag_by_finger(page, cell, page.locator('[data-name="neutrophil"]'))
    wait_until_stored(page)
    now = count_of(page, "erythroblast"), count_of(page, "neutrophil")
    assert now == (before[0] - 1, before[1] + 1)


def test_what_another_person_says_meanwhile_appears_and_asks(gallery):
    first, second = gallery(), gallery("doctor")
    chosen = first.locator(".cell--current")
    cell = first.locator(f"#{chosen.get_attribute('id')}")
    second.locator(f"#{chosen.get_attribute('id')}").hover()
    second.keyboard.press(key_of(second, "lymphocyte"))
    wait_until_stored(second)

    expect(column(first, "lymphocyte").locator(".cell--changed")).to_have_count(
        1, timeout=CHANGES_WITHIN_MS
    )
    first.keyboard.press(key_of(first, "monocyte"))
    question = first.get_by_role("dialog", name="Somebody else was there first")
    expect(question).to_contain_text("called this cell Lymphocyte a moment ago")
    first.keyboard.press("Enter")
    expect(question).to_be_hidden()
    assert cell.get_attribute("data-label") == "lymphocyte"


def column(page: Page, label: str) -> Locator:
    """The column of a class."""
    return page.locator(f'[data-column="{label}"]')


def cells_of(page: Page, label: str) -> Locator:
    """The cells of a column."""
    return column(page, label).locator("[data-cell]")


def key_of(page: Page, label: str) -> str:
    """The key that names a cell so."""
    return page.locator(f'[data-name="{label}"]').get_attribute("data-key") or ""


def middle_of(target: Locator) -> tuple[float, float]:
    """A point on it that is in sight."""
    box = target.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + min(box["height"] / 2, 60)


def drag(page: Page, cell: Locator, target: Locator) -> None:
    """Press on a cell with the mouse, move, and let go."""
    page.mouse.move(*middle_of(cell))
    page.mouse.down()
    page.mouse.move(*middle_of(target), steps=8)
    page.mouse.up()


def drag_by_finger(page: Page, cell: Locator, target: Locator) -> None:
    """Rest a finger on a cell until it comes along, move, and let go."""
    (from_x, from_y), (to_x, to_y) = middle_of(cell), middle_of(target)
    # Playwright's own finger only taps.
    finger = page.context.new_cdp_session(page)

    def touch(kind: str, *points: dict[str, float]) -> None:
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": list(points)})

    touch("touchStart", {"x": from_x, "y": from_y})
    page.wait_for_timeout(HOLD_MS)
    for step in range(1, 9):
        share = step / 8
        touch(
            "touchMove",
            {"x": from_x + share * (to_x - from_x), "y": from_y + share * (to_y - from_y)},
        )
    touch("touchEnd")
