"""Who looked at a sample and what was taken of it, on its history tab."""

from __future__ import annotations

import pytest
from django.urls import reverse

from predictions.selectors.samples import reads
from predictions.selectors.samples.reads import reads_of_sample
from tests.factories.cases import cells_of, make_case, make_signed

pytestmark = pytest.mark.django_db


def said(viewer, sample) -> list[tuple[str, str, int]]:
    return [(line.by, line.did, line.times) for line in reads_of_sample(viewer, sample).lines]


def opened(client, name, key) -> None:
    assert client.get(reverse(name, args=[key])).status_code == 200


def history(client, sample) -> str:
    answer = client.get(reverse("predictions:sample_history", args=[sample.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_same_done_several_times_is_one_line(technician, doctor, page_as):
    sample = make_case(technician)
    image = cells_of(sample).first().image
    for _ in range(3):
        opened(page_as(technician), "predictions:image", image.pk)
    opened(page_as(doctor), "predictions:gallery", sample.pk)
    assert said(technician, sample) == [
        (doctor.display_name, "viewed a result", 1),
        (technician.display_name, "viewed a result", 3),
    ]


def test_what_was_taken_of_a_report_stands_there(technician, doctor, api_as):
    report = make_signed(technician, doctor)
    assert api_as(doctor).get(f"/api/v1/reports/{report.pk}/fhir/").status_code == 200
    assert (doctor.display_name, "exported a report to another program", 1) in said(
        doctor, report.sample
    )


def test_of_other_samples_nothing_is_told(technician, page_as):
    sample, other = make_case(technician), make_case(technician)
    opened(page_as(technician), "predictions:gallery", other.pk)
    assert said(technician, sample) == []


def test_every_role_reads_it(technician, doctor, admin, page_as):
    sample = make_case(technician)
    opened(page_as(doctor), "predictions:gallery", sample.pk)
    for viewer in (technician, doctor, admin):
        assert "viewed a result" in history(page_as(viewer), sample)


def test_before_anybody_looked_a_sentence_says_so(technician, page_as):
    assert "no entry of that kind yet" in history(page_as(technician), make_case(technician))


def test_of_very_many_reads_the_newest_are_told(technician, doctor, page_as, monkeypatch):
    monkeypatch.setattr(reads, "MOST", 1)
    sample = make_case(technician)
    opened(page_as(technician), "predictions:gallery", sample.pk)
    opened(page_as(doctor), "predictions:gallery", sample.pk)
    assert said(technician, sample) == [(doctor.display_name, "viewed a result", 1)]
    assert "Older entries stand in the audit trail" in history(page_as(technician), sample)
