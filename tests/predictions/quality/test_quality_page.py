"""The figures of quality, from what people said to what stands on the page."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import Role
from predictions.models import DailyAgreement, DailyCells, Report, SmearImage
from predictions.quality.agreement import Share
from predictions.selectors.quality import reviews, spans
from predictions.selectors.quality.page import QualityFigures, quality_figures
from predictions.services.imaging.jobs import request_rerun
from predictions.services.review.added_cells import add_cell
from predictions.services.review.reviews import review_cell
from tests.factories.cases import cells_of, make_case, make_ready, make_signed, sign_case
from tests.factories.images import make_image
from tests.factories.models import make_active, make_candidate
from tests.factories.people import make_user
from tests.factories.profiles import image_of, make_profile, say
from tests.factories.results import record_result

UNSURE: dict[str, object] = {"disposition": "review"}
UNNAMED: dict[str, object] = {"disposition": "unidentified"}

pytestmark = pytest.mark.django_db


def figures(viewer, **asked) -> QualityFigures:
    days = {name: asked.pop(name) for name in ("month", "first_day", "last_day") if name in asked}
    return quality_figures(viewer, spans.span_of(viewer, **days), **asked)


def classes_of(page: QualityFigures) -> dict[str, tuple[int, int, int]]:
    rows = [row.figures for row in page.agreement.classes]
    return {row.code: (row.first, row.second, row.both) for row in rows}


def text_of(answer) -> str:
    """What a person reads, on one line."""
    words = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return re.sub(r"\s+", " ", words)


def test_from_reviews_to_the_page(technician, doctor, page_as, model):
    sample = make_case(
        technician,
        {"neutrophil": 6, "lymphocyte": 2},
        to_review={"monocyte": 2},
        unidentified=1,
    )
    cells = list(cells_of(sample).order_by("position"))
    for cell in cells[:3]:
        say(technician, cell, "neutrophil")
    say(technician, cells[3], "monocyte")
    say(technician, cells[8], "monocyte")
    say(technician, cells[9], "blast")
    say(technician, cells[10], "lymphocyte")
    page = text_of(page_as(doctor).get("/quality/"))
    # 3 neutrophils and 1 monocyte alike; a neutrophil was a monocyte, a monocyte a blast.
    assert "Named alike 66.7 % 4 of 6, 95 % interval 30.0 to 90.3 %" in page
    assert "Overruled by people 33.3 % 2 of 6" in page
    assert "Looked at by people 7 of 11 cells found" in page
    assert "Accepted, seen by nobody 4 cells, in no figure here" in page
    assert "Left it unidentified 1 no name to agree with" in page
    assert "confirming is easier than overruling" in page


def test_each_class_has_sensitivity_and_precision(technician, doctor, model):
    image = record_result(
        make_image(technician), {}, {}, {"label": "monocyte", **UNSURE}, {**UNNAMED}
    )
    for position, label in enumerate(["neutrophil", "monocyte", "monocyte", "monocyte"], start=1):
        say(technician, image.cells.get(position=position), label)
    page = figures(doctor)
    assert classes_of(page) == {"monocyte": (1, 3, 1), "neutrophil": (2, 1, 1)}
    assert page.agreement.alike == Share(2, 3)
    assert page.agreement.looked.unidentified == 1
    assert (page.agreement.accepted, page.agreement.asked) == (Share(1, 2), Share(1, 1))


def test_the_matrix_has_what_people_said_in_rows(technician, doctor, model):
    image = record_result(make_image(technician), {}, {}, UNNAMED)
    for position, label in enumerate(["neutrophil", "monocyte", "monocyte"], start=1):
        say(technician, image.cells.get(position=position), label)
    told = figures(doctor).agreement
    assert [column.name for column in told.columns] == ["Neutrophil", "Unidentified"]
    assert [(row.called.name, [n for _, n in row.counts]) for row in told.matrix] == [
        ("Neutrophil", [1, 0]),
        ("Monocyte", [1, 1]),
    ]


def test_a_label_that_the_version_cannot_give_counts_as_its_wider_class(technician, doctor, model):
    assert "band" not in model.classes
    image = record_result(make_image(technician), {}, {})
    say(technician, image.cells.get(position=1), "band")
    say(technician, image.cells.get(position=2), "smudge_cell")
    page = figures(doctor)
    assert page.agreement.alike == Share(1, 2)
    assert classes_of(page)["neutrophil"] == (2, 1, 1)


def test_the_doctors_word_counts_not_the_technicians(technician, doctor, model):
    image = record_result(make_image(technician), {})
    say(technician, image.cells.get(), "neutrophil")
    say(doctor, image.cells.get(), "monocyte")
    assert figures(doctor).agreement.alike == Share(0, 1)


def test_a_cell_that_the_model_missed_is_told_apart(technician, doctor, model):
    image = record_result(make_image(technician), {})
    add_cell(
        actor=technician, image_id=image.pk, x_px=5, y_px=90, width_px=40, height_px=40,
        label="blast",
    )  # fmt: skip
    told = figures(doctor).agreement
    assert (told.looked.not_found, told.looked.spoken, told.alike.whole) == (1, 0, 0)


def test_an_image_that_was_run_again_counts_once(technician, doctor, model):
    image = record_result(make_image(technician), {})
    say(doctor, image.cells.get(), "monocyte")
    request_rerun(actor=technician, image_id=image.pk, confirmed=True)
    record_result(image, {"label": "monocyte"})
    assert figures(doctor).agreement.alike == Share(1, 1)


def test_a_version_and_a_profile_can_be_asked_for(
    technician, doctor, admin, laboratory, model, page_as, settings, tmp_path
):
    settings.REGISTRY_DIR = tmp_path / "registry"
    without = record_result(make_image(technician), {}, {})
    profile = make_profile(admin, "Microscope one")
    ours = make_candidate(laboratory)
    make_active(admin, ours)
    image = record_result(image_of(technician, profile), {})
    say(technician, image.cells.get(), "neutrophil")
    for cell in without.cells.all():
        say(technician, cell, "monocyte")
    assert figures(doctor).agreement.alike == Share(1, 3)
    assert figures(doctor, version=str(ours.pk)).agreement.alike == Share(1, 1)
    assert figures(doctor, profile=str(profile.pk)).agreement.alike == Share(1, 1)
    assert figures(doctor, profile="none").agreement.alike == Share(0, 2)
    told = figures(doctor, version=str(model.pk)).agreement
    assert told.alike == Share(0, 2)
    assert [(part.name, part.alike) for part in told.versions] == [
        (str(model), Share(0, 2)),
        (str(ours), Share(1, 1)),
    ]
    assert [(part.name, part.alike) for part in told.profiles] == [("No profile", Share(0, 2))]
    page = page_as(doctor).get(f"/quality/?version={ours.pk}").content.decode()
    assert f'<option value="{ours.pk}" selected>' in page
    assert f"version={model.pk}" in page


def test_a_month_or_a_span_can_be_asked_for(technician, doctor, model):
    image = record_result(make_image(technician), {})
    say(technician, image.cells.get(), "neutrophil")
    today = technician.laboratory.today
    assert figures(doctor, month=f"{today:%Y-%m}").agreement.alike == Share(1, 1)
    assert figures(doctor, month="2020-02").agreement.looked.found == 0
    yesterday = today - timedelta(days=1)
    assert figures(doctor, last_day=yesterday).agreement.alike == Share(0, 0)
    assert figures(doctor, first_day=today).agreement.alike == Share(1, 1)


def test_months_stand_beside_each_other(technician, doctor, model):
    today = technician.laboratory.today
    image = record_result(make_image(technician), {})
    say(technician, image.cells.get(), "neutrophil")
    earlier = today.replace(day=1) - timedelta(days=1)
    DailyAgreement.objects.update(day=earlier)
    DailyCells.objects.update(day=earlier)
    other = record_result(make_image(technician), {})
    say(technician, other.cells.get(), "monocyte")
    parts = figures(doctor).agreement.months
    assert [(part.key, part.alike) for part in parts] == [
        (f"{earlier:%Y-%m}", Share(1, 1)),
        (f"{today:%Y-%m}", Share(0, 1)),
    ]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("first_day=2026-02-01&last_day=2026-01-01", "The first day lies after the last one."),
        ("first_day=2024-01-01&last_day=2026-01-01", "Choose at most 366 days at once."),
        ("first_day=yesterday", "Enter a valid date."),
    ],
)
def test_what_is_no_span_is_said_at_its_field(page_as, doctor, query, sentence):
    answer = page_as(doctor).get(f"/quality/?{query}")
    assert answer.status_code == 400
    assert sentence in answer.content.decode()


def test_another_laboratorys_version_and_profile_are_not_there(
    page_as, doctor, other_laboratory, settings, tmp_path
):
    settings.REGISTRY_DIR = tmp_path / "registry"
    theirs = make_candidate(other_laboratory)
    profile = make_profile(make_user(other_laboratory, Role.ADMIN))
    client = page_as(doctor)
    for query in (f"version={theirs.pk}", f"profile={profile.pk}", "version=x", "profile=x"):
        assert client.get(f"/quality/?{query}").status_code == 404


def test_another_laboratorys_figures_are_not_ours(technician, other_laboratory, model):
    image = record_result(make_image(technician), {})
    say(technician, image.cells.get(), "monocyte")
    say(make_user(technician.laboratory, Role.DOCTOR), image.cells.get(), "blast")
    make_signed(technician, make_user(technician.laboratory, Role.DOCTOR))
    page = figures(make_user(other_laboratory, Role.DOCTOR))
    assert page.agreement.looked.found == 0
    assert page.agreement.alike.whole == 0
    assert (page.looks.whole, page.cases.whole, page.readers.alike.whole) == (None, None, 0)


def test_seconds_are_told_of_confirming_and_of_overruling(technician, doctor, model):
    image = record_result(make_image(technician), {}, {}, {}, {})
    for cell, label, seconds in zip(
        image.cells.order_by("position"),
        ("neutrophil", "neutrophil", "monocyte", "neutrophil"),
        (2.0, 4.0, 9.0, None),
        strict=True,
    ):
        review_cell(actor=technician, cell_id=cell.pk, label=label, seen_number=0, seconds=seconds)
    looks = figures(doctor).looks
    assert looks.whole is not None
    assert (looks.whole.median, looks.whole.n) == (4.0, 3)
    assert looks.confirmed is not None
    assert looks.confirmed.median == 3.0
    assert looks.overruled is not None
    assert looks.overruled.median == 9.0


def test_a_copied_review_takes_no_time_twice(technician, doctor, model):
    image = record_result(make_image(technician), {})
    review_cell(
        actor=technician, cell_id=image.cells.get().pk, label="blast", seen_number=0, seconds=5
    )
    request_rerun(actor=technician, image_id=image.pk, confirmed=True)
    record_result(image, {})
    looks = figures(doctor).looks.whole
    assert looks is not None
    assert looks.n == 1


def test_a_case_takes_from_its_first_upload_to_its_first_signature(
    technician, doctor, page_as, model
):
    for hours in (1, 5):
        sample = make_ready(technician)
        SmearImage.objects.filter(sample=sample).update(
            uploaded_at=timezone.now() - timedelta(hours=hours)
        )
        sign_case(doctor, sample)
    cases = figures(doctor).cases
    assert cases.whole is not None
    assert (cases.whole.median, cases.whole.n) == (pytest.approx(3.0, abs=0.01), 2)
    assert cases.whole.p90 == pytest.approx(4.6, abs=0.01)
    assert [month.hours is not None for month in cases.months] == [False] * 11 + [True]
    page = text_of(page_as(doctor).get("/quality/"))
    assert "3 h in the middle, nine of ten within 4 h 36 min , of 2 cases" in page


def test_an_amended_version_is_no_first_signature(technician, doctor, model):
    report = make_signed(technician, doctor)
    Report.objects.create(
        laboratory=report.laboratory,
        sample=report.sample,
        serial=report.serial,
        number=report.number,
        version=2,
        status=Report.Status.AMENDED,
        content=report.content,
        sha256=report.sha256,
    )
    cases = figures(doctor).cases.whole
    assert cases is not None
    assert cases.n == 1


def test_two_people_on_the_same_cells_have_a_kappa(technician, doctor, page_as, model):
    image = record_result(make_image(technician), *[{}] * 5)
    for cell, first, then in zip(
        image.cells.order_by("position"),
        ("neutrophil", "neutrophil", "monocyte", "monocyte", "blast"),
        ("neutrophil", "monocyte", "monocyte", "monocyte", None),
        strict=True,
    ):
        say(technician, cell, first)
        if then:
            say(doctor, cell, then)
    readers = figures(doctor).readers
    assert readers.alike == Share(3, 4)
    # Observed 0.75, by chance (2 · 1 + 2 · 3) / 16 = 0.5.
    assert readers.kappa.value == pytest.approx(0.5)
    [pair] = readers.pairs
    assert (pair.earlier, pair.later) == (technician.display_name, doctor.display_name)
    page = text_of(page_as(doctor).get("/quality/"))
    assert "The later person saw the earlier one's label before they spoke" in page


def test_who_corrects_oneself_is_no_second_reader(technician, doctor, model):
    image = record_result(make_image(technician), {})
    for label in ("monocyte", "blast"):
        say(technician, image.cells.get(), label)
    assert figures(doctor).readers.alike.whole == 0


def test_without_a_review_the_page_says_what_comes(technician, doctor, page_as, model):
    page = text_of(page_as(doctor).get("/quality/"))
    assert "No cell was found in images of these days" in page
    make_case(technician, {"neutrophil": 3})
    page = text_of(page_as(doctor).get("/quality/"))
    assert "Nobody has said yet what one of the 3 cells" in page
    assert "the model accepted 3 of them" in page
    assert "No case was signed for the first time in these days." in page
    assert "No two people spoke of the same cell in these days." in page


def test_a_span_begins_and_ends_with_the_laboratorys_days(doctor, laboratory):
    laboratory.time_zone = "Europe/Berlin"
    laboratory.save(update_fields=["time_zone"])
    doctor.laboratory.refresh_from_db()
    span = spans.span_of(doctor, month="2026-11")
    assert span.begin.astimezone(UTC) == datetime(2026, 10, 31, 23, tzinfo=UTC)
    assert span.end.astimezone(UTC) == datetime(2026, 11, 30, 23, tzinfo=UTC)
    assert spans.span_of(doctor).last_day == timezone.now().astimezone(laboratory.zone).date()


def test_times_and_readers_are_asked_of_a_profile_too(technician, doctor, admin, model):
    profile = make_profile(admin)
    other = make_profile(admin)
    for used, seconds in ((profile, 3.0), (other, 7.0)):
        cell = record_result(image_of(technician, used), {}).cells.get()
        review_cell(
            actor=technician, cell_id=cell.pk, label="blast", seen_number=0, seconds=seconds
        )
        say(doctor, cell, "blast" if used == profile else "monocyte")
    page = figures(doctor, profile=str(profile.pk))
    assert page.looks.whole is not None
    assert (page.looks.whole.median, page.looks.whole.n) == (3.0, 1)
    assert page.readers.alike == Share(1, 1)
    assert figures(doctor, profile="none").looks.whole is None
    assert figures(doctor).readers.alike == Share(1, 2)


def test_only_the_newest_reviews_are_timed(technician, doctor, model, monkeypatch):
    monkeypatch.setattr(reviews, "MOST_REVIEWS", 2)
    image = record_result(make_image(technician), {}, {}, {})
    for position, seconds in enumerate((1.0, 5.0, 9.0), start=1):
        cell = image.cells.get(position=position)
        review_cell(
            actor=technician, cell_id=cell.pk, label="blast", seen_number=0, seconds=seconds
        )
    looks = figures(doctor).looks.whole
    assert looks is not None
    assert (looks.median, looks.n) == (7.0, 2)
