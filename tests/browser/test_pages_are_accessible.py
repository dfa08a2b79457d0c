"""What axe finds on the pages, wide and narrow, light and dark."""

import pytest

from tests.browser.conftest import NARROW, WIDE, violations

pytestmark = pytest.mark.browser

PAGES = {
    "technician": ["/dashboard/", "/upload/", "/samples/", "/history/", "/models/", "/account/"],
    "doctor": ["/dashboard/", "/samples/?state=all", "/reports/verify/", "/history/"],
    "admin": ["/dashboard/", "/users/", "/datasets/", "/training/", "/profiles/"],
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("role", PAGES)
def test_axe_finds_nothing_on_the_pages_of_each_role(sign_in, role, viewport, scheme):
    page = sign_in(role, viewport=viewport, color_scheme=scheme)
    found = {}
    for path in PAGES[role]:
        page.goto(path)
        found[path] = violations(page)
    assert not {path: each for path, each in found.items() if each}
