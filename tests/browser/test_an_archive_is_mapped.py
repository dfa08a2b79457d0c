"""The public archive as downloaded, sent by the form, mapped on its page, and imported."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NARROW, WIDE, violations
from tests.factories.archives import zip_of
from tests.factories.layouts import pictures
from tests.factories.public_archive import public_archive

pytestmark = pytest.mark.browser

# Of a busy machine; each picture is decoded and compared.
IMPORTED_WITHIN_MS = 120_000


@pytest.fixture
def admin(sign_in) -> Page:
    return sign_in("admin")


def send(page: Page, name: str, data: bytes) -> None:
    """Send an archive by the form, and wait until its classes are asked for."""
    page.goto("/datasets/new/")
    page.get_by_label("Name").fill(name)
    page.locator("input[type=file]").set_input_files(
        {"name": "archive.zip", "mimeType": "application/zip", "buffer": data}
    )
    page.get_by_role("button", name="Upload").click()
    head = page.get_by_role("heading", name="What the archive holds")
    expect(head).to_be_visible(timeout=IMPORTED_WITHIN_MS)
    # The examples as well: whoever answers at once leaves them on their way.
    page.wait_for_load_state("networkidle")


def test_the_public_archive_is_imported_through_its_mapping(admin):
    data, true = public_archive()
    send(admin, "Public four classes", data)
    expect(admin.get_by_text("This is the public four-class archive")).to_be_visible()
    copies = admin.get_by_label("The altered copies, each with its photograph as the source")
    expect(copies).to_be_checked()
    for name in ("Eosinophil", "Lymphocyte", "Monocyte", "Neutrophil"):
        chosen = admin.get_by_label(f"What {name.upper()} means").locator("option:checked")
        expect(chosen).to_have_text(name)
    admin.get_by_role("button", name="Import").click()
    shown = admin.get_by_text(f"{len(true)} images of {len(set(true.values()))} sources")
    expect(shown).to_be_visible(timeout=IMPORTED_WITHIN_MS)


def test_unknown_classes_are_proposed_named_and_left_out(admin):
    send(
        admin,
        "Own letters",
        zip_of(pictures("NEU/1.png", "NEU/2.png", "unicorn/1.png", "ig/1.png")),
    )
    expect(admin.get_by_label("What NEU means").locator("option:checked")).to_have_text(
        "Neutrophil"
    )
    admin.get_by_label("What unicorn means").select_option("Leave out")
    admin.get_by_role("button", name="Import").click()
    expect(admin.get_by_text("3 images of 3 sources")).to_be_visible(timeout=IMPORTED_WITHIN_MS)
    expect(admin.get_by_text("1 picture of unicorn left out, as was said.")).to_be_visible()


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_mapping_is_accessible(sign_in, viewport, scheme):
    page = sign_in("admin", viewport=viewport, color_scheme=scheme)
    files = pictures("north/XX1/1.png", "south/unicorn/1.png", "south/ig/1.png", "north/ig/2.png")
    send(page, f"Accessible {scheme} {viewport['width']}", zip_of(files))
    assert violations(page) == []
    overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert overflow <= 0
