"""What the worker writes of a week, what the dashboard tells, and what an admin answers."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings

from accounts.models import AuditAction, AuditEvent, Role
from accounts.selectors.audit import chain_reports
from predictions.models import Cell, DriftFinding, DriftWatch, DriftWeek, SmearImage
from predictions.quality.drift import BASELINE_WEEKS, LEAST_SAMPLES
from predictions.selectors.quality.weekly_cells import WeekReading, week_of, weekly_readings
from predictions.services.quality.drift import LEARN_ANEW, answer_findings
from predictions.services.quality.run_drift import (
    WEEKS_KEPT,
    record_week,
    send_profiles,
    watch_profile,
)
from tests.factories.cases import cells_of, make_case
from tests.factories.images import make_sample
from tests.factories.models import make_paper_version
from tests.factories.people import make_user
from tests.factories.profiles import image_of, make_profile, say
from tests.factories.quality.drift import (
    SAMPLES,
    learn_baseline,
    make_drift,
    monday,
    reading_of,
    record,
)
from tests.factories.results import record_result

pytestmark = pytest.mark.django_db


@pytest.fixture
def profile(admin, model):
    return make_profile(admin, "Olympus")


def read_image(technician, profile, *cells: dict[str, object], weeks_ago: int = 0) -> SmearImage:
    """An image of a sample of its own, uploaded on the Tuesday of a week."""
    image = image_of(technician, profile, make_sample(technician))
    day = monday(weeks_ago, technician.laboratory) + timedelta(days=1)
    at = datetime.combine(day, datetime.min.time(), tzinfo=technician.laboratory.zone)
    SmearImage.objects.filter(pk=image.pk).update(uploaded_at=at, uploaded_on=day)
    return record_result(SmearImage.objects.get(pk=image.pk), *cells)


def test_the_cells_of_a_week_are_counted_sample_by_sample(technician, doctor, profile, model):
    image = read_image(
        technician,
        profile,
        {"label": "lymphocyte", "confidence": 0.97, "familiarity_percentile": 99.5},
        {"confidence": 0.4, "familiarity_percentile": 5.0, "disposition": "review"},
        {"objectness": 0.01, "disposition": "unidentified"},
    )
    say(doctor, image.cells.get(position=2), "monocyte")
    read_image(technician, profile, {}, weeks_ago=1)

    week = week_of(technician.laboratory.today)
    [(version, reading)] = weekly_readings(technician.laboratory, profile.pk, week).items()

    assert version == model
    [counts] = reading.counts
    assert counts.classes == {"lymphocyte": 1, "neutrophil": 1}
    assert (counts.cells, counts.accepted, counts.reviewed, counts.overridden) == (2, 1, 1, 1)
    assert (counts.confidence[5], counts.confidence[0]) == (1, 1)
    assert (counts.familiarity[-1], counts.familiarity[0]) == (1, 1)
    assert counts.day == (week + timedelta(days=1)).isoformat()
    assert reading.strangest == [str(image.cells.get(position=1).pk)]
    assert reading.overridden == [str(image.cells.get(position=2).pk)]


def test_a_cell_that_a_person_added_was_not_found_by_the_version(technician, profile):
    image = read_image(technician, profile, {}, {})
    image.cells.filter(position=2).update(origin=Cell.Origin.PERSON)
    week = week_of(technician.laboratory.today)
    [reading] = weekly_readings(technician.laboratory, profile.pk, week).values()
    assert reading.counts[0].cells == 1


def test_a_night_done_twice_comes_to_the_same_rows(technician, profile):
    for weeks_ago in range(7):
        for _ in range(2):
            read_image(technician, profile, {}, {"label": "lymphocyte"}, weeks_ago=weeks_ago)

    def night():
        for _ in range(3):
            watch_profile(laboratory_id=profile.laboratory_id, profile_id=profile.pk)
        return list(DriftWeek.objects.values_list("week", "samples", "cells", "counts"))

    rows = night()
    assert [(samples, cells) for _, samples, cells, _ in rows] == [(2, 4)] * 7
    assert night() == rows
    assert DriftWatch.objects.count() == 1


def test_one_message_reads_a_few_weeks_and_asks_for_the_rest(technician, profile):
    for weeks_ago in range(9):
        read_image(technician, profile, {}, weeks_ago=weeks_ago)
    for turns in range(1, 9):
        watch_profile(laboratory_id=profile.laboratory_id, profile_id=profile.pk)
        if messages_about(profile) < turns:
            break
    assert turns == 3
    assert DriftWeek.objects.count() == 9


def test_a_message_goes_out_for_each_profile_that_was_used(technician, admin, profile):
    unused = make_profile(admin, "Never used")
    read_image(technician, profile, {})
    assert send_profiles() == 1
    assert (messages_about(profile), messages_about(unused)) == (1, 0)


def messages_about(profile) -> int:
    """How many messages to watch a profile have gone out."""
    folder = Path(str(settings.CELERY_BROKER_TRANSPORT_OPTIONS["data_folder_in"]))
    headers = [json.loads(path.read_text())["headers"] for path in folder.glob("*.msg")]
    return sum(
        header["task"] == "predictions.watch_profile" and str(profile.pk) in header["kwargsrepr"]
        for header in headers
    )


def test_images_without_a_profile_are_watched_too(technician, model):
    read_image(technician, None, {})
    watch_profile(laboratory_id=technician.laboratory_id, profile_id=None)
    assert DriftWatch.objects.get().profile is None


def test_the_baseline_is_learned_from_whole_weeks_and_then_stays(laboratory, profile, model):
    watch = learn_baseline(laboratory, profile, model)
    assert watch.is_learned
    assert (watch.baseline_weeks, watch.baseline_samples) == (6, 6 * SAMPLES)
    assert watch.baseline_until == monday(2, laboratory)
    kept = watch.baseline
    record(laboratory, profile, model, reading_of(accepted=10))
    watch.refresh_from_db()
    assert watch.baseline == kept


def test_until_it_is_learned_nothing_is_told_and_the_page_says_how_far_it_is(
    laboratory, profile, model, admin, page_as
):
    for weeks_ago in (2, 1):
        record(laboratory, profile, model, reading_of(), weeks_ago=weeks_ago)
    assert record(laboratory, profile, model, reading_of(accepted=5)) == []
    page = page_as(admin).get("/quality/drift/").content.decode()
    assert "The baseline is being learned: 30 of 80 samples, 2 of 6 weeks." in page


def test_a_change_is_told_once_with_its_figures_and_stands_in_the_trail(laboratory, profile, model):
    finding = make_drift(laboratory, profile, model)
    assert finding.measure == "not_accepted"
    assert finding.week == week_of(laboratory.today)
    assert finding.value > finding.limit > 0.2
    assert record(laboratory, profile, model, reading_of(accepted=41)) == []
    assert DriftFinding.objects.count() == 1
    event = AuditEvent.objects.get(action=AuditAction.DRIFT_FOUND)
    assert event.object_id == str(finding.pk)
    assert event.actor is None
    assert event.changes["profile"] == [None, "Olympus"]
    assert all(report.broken_at is None for report in chain_reports())


def test_a_change_that_goes_on_is_the_same_finding(laboratory, profile, model):
    learn_baseline(laboratory, profile, model)
    for weeks_ago in (1, 0):
        record(laboratory, profile, model, reading_of(accepted=40), weeks_ago=weeks_ago)
    finding = DriftFinding.objects.get()
    assert (finding.week, finding.last_week) == (monday(1, laboratory), monday(0, laboratory))


def test_a_week_with_few_samples_is_not_judged(laboratory, profile, model, admin, page_as):
    learn_baseline(laboratory, profile, model)
    few = reading_of(LEAST_SAMPLES - 1, accepted=5)
    assert record(laboratory, profile, model, few) == []
    page = page_as(admin).get("/quality/drift/").content.decode()
    assert "too few samples: 9 of 10" in page


def test_weeks_long_past_are_judged_and_drawn_but_not_told(laboratory, profile, model):
    """Where watching begins on an installation that has a history."""
    for weeks_ago in range(WEEKS_KEPT - 1, -1, -1):
        accepted = 40 if weeks_ago == 10 else 80
        record_week(
            laboratory=laboratory,
            profile=profile,
            version=model,
            week=monday(weeks_ago, laboratory),
            reading=reading_of(accepted=accepted),
            today=laboratory.today,
        )
    past = DriftWeek.objects.get(week=monday(10, laboratory))
    assert past.figures["not_accepted"]["crossed"]
    assert not DriftFinding.objects.exists()


def test_another_version_has_a_baseline_of_its_own(laboratory, profile, model, settings, tmp_path):
    settings.REGISTRY_DIR = tmp_path
    learn_baseline(laboratory, profile, model)
    other = make_paper_version(laboratory)
    assert record(laboratory, profile, other, reading_of(accepted=5)) == []
    assert not DriftWatch.objects.get(version=other).is_learned


# --- What people see and say ------------------------------------------------------------------


def test_the_dashboard_tells_what_changed_and_what_to_do(
    laboratory, profile, model, admin, doctor, page_as
):
    make_drift(laboratory, profile, model)
    page = page_as(admin).get("/dashboard/").content.decode()
    assert "Olympus: readings have changed since the week of" in page
    assert "of the cells to people (in the baseline 2" in page
    assert "A new stain lot? A new camera? Then onboard the profile." in page
    assert "readings have changed" not in page_as(doctor).get("/dashboard/").content.decode()


def test_the_page_shows_the_cells_behind_it_beside_usual_ones(
    technician, laboratory, profile, model, admin, page_as
):
    usual, odd = (read_image(technician, profile, {}).cells.get() for _ in range(2))
    learn_baseline(laboratory, profile, model)
    DriftWatch.objects.update(typical_cells=[str(usual.pk)])
    reading = reading_of(accepted=40)
    record(
        laboratory,
        profile,
        model,
        WeekReading(reading.samples, reading.counts, strangest=[str(odd.pk)]),
    )
    page = page_as(admin).get("/quality/drift/").content.decode()
    for cell in (usual, odd):
        assert f"/cells/{cell.pk}/crop/" in page
        assert f"/images/{cell.image_id}/" in page
    assert f'<a href="/profiles/{profile.pk}/">Onboard Olympus</a>' in page
    assert "drift__mark--crossed" in page
    assert "Not accepted" in page


def test_an_answer_takes_it_off_the_dashboard_and_stands_in_the_trail(
    laboratory, profile, model, admin, page_as
):
    finding = make_drift(laboratory, profile, model)
    client = page_as(admin)
    answer = client.post(
        f"/quality/drift/{finding.watch_id}/answer/",
        {"finding": str(finding.pk), "cause": "stain", "reason": "Lot 4411, opened on Monday."},
    )
    assert answer.status_code == 302
    assert "readings have changed" not in client.get("/dashboard/").content.decode()
    page = client.get("/quality/drift/").content.decode()
    assert "a new lot of stain" in page
    assert "Lot 4411" in page
    event = AuditEvent.objects.get(action=AuditAction.DRIFT_ANSWERED)
    assert (event.actor, event.reason) == (admin, "Lot 4411, opened on Monday.")


def test_an_answered_change_is_not_told_again_that_week_but_in_the_next_one(
    laboratory, profile, model, admin
):
    learn_baseline(laboratory, profile, model)
    [finding] = record(laboratory, profile, model, reading_of(accepted=40), weeks_ago=1)
    answer(admin, finding)
    assert record(laboratory, profile, model, reading_of(accepted=40), weeks_ago=1) == []
    assert len(record(laboratory, profile, model, reading_of(accepted=40))) == 1


def test_a_new_usual_is_learned_from_the_next_week_on(laboratory, profile, model, admin):
    learn_baseline(laboratory, profile, model)
    [finding] = record(laboratory, profile, model, reading_of(accepted=40), weeks_ago=1)
    answer(admin, finding, usual=LEARN_ANEW)
    watch = DriftWatch.objects.get()
    assert not watch.is_learned
    assert watch.begins_on == monday(0, laboratory)
    assert record(laboratory, profile, model, reading_of(accepted=40)) == []
    # Weeks before it are not held against what is learned now.
    assert record(laboratory, profile, model, reading_of(accepted=10), weeks_ago=1) == []


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"cause": "stain", "reason": "short"}, "ten"),
        ({"cause": "weather", "reason": "It was raining all week."}, "Choose what is behind"),
        ({"reason": "It was raining all week."}, "Choose what is behind"),
    ],
)
def test_an_answer_without_a_cause_or_a_reason_is_refused(
    laboratory, profile, model, admin, page_as, sent, sentence
):
    finding = make_drift(laboratory, profile, model)
    answer = page_as(admin).post(
        f"/quality/drift/{finding.watch_id}/answer/", {"finding": str(finding.pk), **sent}
    )
    assert answer.status_code == 400
    assert sentence.replace("ten", "10 characters") in answer.content.decode()
    finding.refresh_from_db()
    assert finding.answered_at is None


def test_who_answers_second_is_told(laboratory, profile, model, admin, page_as):
    finding = make_drift(laboratory, profile, model)
    answer(admin, finding)
    second = page_as(admin).post(
        f"/quality/drift/{finding.watch_id}/answer/",
        {"finding": str(finding.pk), "cause": "stain", "reason": "Lot 4411, opened on Monday."},
    )
    assert second.status_code == 400
    assert "Somebody has answered this meanwhile" in second.content.decode()


def test_another_laboratory_sees_and_answers_nothing_of_it(
    laboratory, other_laboratory, profile, model, page_as
):
    finding = make_drift(laboratory, profile, model)
    client = page_as(make_user(other_laboratory, Role.ADMIN))
    assert "Olympus" not in client.get("/quality/drift/").content.decode()
    assert "Nothing is watched yet" in client.get("/quality/drift/").content.decode()
    answer = client.post(
        f"/quality/drift/{finding.watch_id}/answer/",
        {"finding": str(finding.pk), "cause": "stain", "reason": "Lot 4411, opened on Monday."},
    )
    assert answer.status_code == 404


def answer(admin, finding: DriftFinding, usual: str = "") -> None:
    answer_findings(
        actor=admin,
        watch_id=finding.watch_id,
        finding_ids=[str(finding.pk)],
        cause="stain",
        reason="Lot 4411, opened on Monday.",
        usual=usual,
    )


def test_the_baseline_takes_as_many_weeks_as_the_rule_says():
    assert BASELINE_WEEKS == 6


def test_a_finer_word_than_the_version_has_overrules_nothing(technician, laboratory, model):
    """A band is a neutrophil to a version that knows no bands, here as in the other figures."""
    sample = make_case(technician, {"neutrophil": 4}, unidentified=1)
    neutrophils = cells_of(sample).filter(label="neutrophil").order_by("position")
    for cell, said in zip(neutrophils, ("band", "band", "monocyte"), strict=False):
        say(technician, cell, said)
    [reading] = weekly_readings(laboratory, None, week_of(laboratory.today)).values()
    [counts] = reading.counts
    assert (counts.reviewed, counts.overridden) == (3, 1)
