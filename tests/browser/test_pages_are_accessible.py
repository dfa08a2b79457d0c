"""What axe finds on the pages, wide and narrow, light and dark."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.browser.conftest import NARROW, WIDE, violations
from tests.browser.steps import drawn_fields, review_everything, send_sample
from tests.journeys.visitors import Program

pytestmark = pytest.mark.browser

PAGES = {
    "technician": ["/dashboard/", "/upload/", "/samples/", "/history/", "/models/", "/account/"],
    "doctor": ["/dashboard/", "/samples/?state=all", "/reports/verify/", "/history/", "/research/"],
    "admin": ["/dashboard/", "/users/", "/datasets/", "/training/", "/profiles/", "/audit/"],
}
SAMPLE = ["{}", "{}gallery/", "{}differential/", "{}history/", "{}details/"]
SETTINGS = [
    "/settings/",
    "/settings/rules/",
    "/settings/intervals/",
    "/settings/intervals/neutrophil/",
    "/settings/findings/",
    "/settings/diseases/",
    "/settings/diseases/anaemia/",
    "/labels/",
    "/labels/new/",
    "/labels/blast/",
]


@dataclass(frozen=True)
class Cases:
    """Addresses of samples on their way: one in review, one to be signed, one with its report."""

    in_review: str
    ready: str
    signed: str
    report: str


@pytest.fixture(scope="module")
def cases(installation) -> Cases:
    technician, doctor = Program(installation), Program(installation, "doctor")
    fields = drawn_fields(1, cells=4) + drawn_fields(1, cells=4, lobed=True)
    in_review, ready, signed = (
        send_sample(installation, fields, patient_reference="P-1") for _ in range(3)
    )
    review_everything(installation, ready, ["blast", "neutrophil", "lymphocyte"])
    review_everything(installation, signed, ["neutrophil", "lymphocyte", "neutrophil"])
    for sample in (ready, signed):
        technician.post(f"/samples/{sample}/state/", {"to": "ready"}, status=200)
    words = {
        "password": doctor.password,
        "meaning": "responsibility",
        "limited_count_reason": "The film is short.",
    }
    report = doctor.post(f"/samples/{signed}/sign/", words, status=201)["report"]["id"]
    return Cases(
        in_review=f"/samples/{in_review}/",
        ready=f"/samples/{ready}/",
        signed=f"/samples/{signed}/",
        report=f"/reports/{report}/",
    )


def pages_of(role: str, cases: Cases) -> list[str]:
    """Every page of this role that has something on it."""
    report = [f"{cases.signed}reports/", cases.report, f"{cases.report}verify/"]
    own = {
        "technician": [
            "/samples/?state=in_review",
            f"{cases.in_review}upload/",
            "/quality/mine/",
            "/quality/again/",
            *report,
        ],
        "doctor": [
            "/samples/?state=ready",
            f"{cases.ready}sign/",
            "/settings/intervals/",
            "/quality/",
            f"{cases.signed}patient/",
            f"{cases.signed}patient/{cases.ready.split('/')[2]}/",
            *report,
        ],
        "admin": [
            f"{cases.report}verify/",
            "/quality/second-reads/",
            "/quality/control/",
            "/quality/drift/",
            "/datasets/from-reviews/",
            "/delivery/",
            *SETTINGS,
        ],
    }
    samples = {
        "technician": [cases.in_review],
        "doctor": [cases.ready],
        "admin": [cases.signed],
    }
    tabs = [page.format(sample) for sample in samples[role] for page in SAMPLE]
    return [*PAGES[role], *tabs, *own[role]]


@pytest.mark.parametrize("role", PAGES)
def test_axe_finds_nothing_on_the_pages_of_each_role(sign_in, cases, role):
    page = sign_in(role)
    found = {}
    for path in pages_of(role, cases):
        answer = page.goto(path)
        assert answer.status == 200, path
        for viewport in (WIDE, NARROW):
            page.set_viewport_size(viewport)
            width = viewport["width"]
            page.emulate_media(color_scheme="light")
            found[path, width, "light"] = violations(page)
            # In the dark nothing but colours is different.
            page.emulate_media(color_scheme="dark")
            found[path, width, "dark"] = violations(page, only="color-contrast")
    assert [(where, each) for where, each in found.items() if each] == []
