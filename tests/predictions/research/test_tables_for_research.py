"""The worklist and the cells of a sample as CSV that may leave the laboratory."""

from __future__ import annotations

import csv
import io

import pytest
from django.urls import reverse

from accounts.models import AuditAction, AuditEvent
from predictions.models import Sample
from predictions.services.research import tables
from predictions.services.samples.diseases import add_disease
from tests.factories.cases import make_case, make_signed
from tests.factories.images import make_image, make_sample
from tests.factories.results import record_result

pytestmark = pytest.mark.django_db

FORBIDDEN = ("accession", "reference", "birth", "collected", "created", "note", "requester", "at")


def rows_of(answer) -> list[dict[str, str]]:
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))


def samples_csv(client, **query) -> list[dict[str, str]]:
    return rows_of(client.get(reverse("predictions:worklist_research"), {"state": "all", **query}))


def cells_csv(client, sample, **query) -> list[dict[str, str]]:
    return rows_of(client.get(reverse("predictions:cells_research", args=[sample.pk]), query))


def test_samples_stand_there_under_study_codes(page_as, technician, doctor):
    for number, reference in enumerate(("PAT-1", "PAT-1", "PAT-2")):
        make_sample(technician, accession_number=f"S-{number}", patient_reference=reference)
    rows = samples_csv(page_as(doctor))
    assert len({row["sample"] for row in rows}) == 3
    assert len({row["patient"] for row in rows}) == 2
    everything = " ".join(" ".join(row.values()) for row in rows)
    assert "PAT" not in everything
    assert "S-0" not in everything


def test_the_same_patient_has_the_same_code_in_both_tables(page_as, technician, admin):
    sample = make_case(technician)
    client = page_as(admin)
    [row] = samples_csv(client)
    cells = cells_csv(client, sample)
    assert {(cell["patient"], cell["sample"]) for cell in cells} == {
        (row["patient"], row["sample"])
    }
    assert len(cells) == 120


@pytest.mark.parametrize("columns", [tables.research_sample_columns, tables.research_cell_columns])
def test_no_column_is_of_a_name_a_number_a_text_or_a_date(columns):
    words = {word for column in columns(with_diseases=True) for word in column.split()}
    assert words.isdisjoint(FORBIDDEN)
    assert "id" not in words


@pytest.mark.parametrize(
    ("age_days", "shown"),
    [(None, ""), (0, "0"), (364, "0"), (366, "1"), (12784, "35"), (32800, "89"), (32872, "90+"),
     (40000, "90+")],
)  # fmt: skip
def test_ages_are_in_years_and_above_89_they_are_one(page_as, technician, doctor, age_days, shown):
    sample = make_sample(technician)
    Sample.objects.filter(pk=sample.pk).update(age_days_given=age_days)
    assert [row["age in years"] for row in samples_csv(page_as(doctor))] == [shown]


def test_of_the_time_there_is_the_year(page_as, technician, doctor):
    sample = make_sample(technician)
    [row] = samples_csv(page_as(doctor))
    assert row["year"] == str(sample.created_at.year)
    assert sample.created_at.strftime("%Y-%m") not in " ".join(row.values())


def test_who_named_a_cell_is_told_by_the_role_alone(page_as, technician, doctor):
    sample = make_case(technician, {"neutrophil": 1}, unidentified=1)
    rows = cells_csv(page_as(doctor), sample)
    assert [row["named by"] for row in rows] == ["model", ""]


def test_another_project_has_other_codes(page_as, technician, doctor):
    sample = make_case(technician, {"neutrophil": 1})
    client = page_as(doctor)
    [one], [other] = cells_csv(client, sample), cells_csv(client, sample, project="Study 7")
    assert one["patient"] != other["patient"]


@pytest.mark.parametrize("project", ["x" * 41, "a\u202eb", "Datasets of this laboratory"])
def test_a_project_that_cannot_be_called_so_is_refused(page_as, technician, doctor, project):
    answer = page_as(doctor).get(reverse("predictions:worklist_research"), {"project": project})
    assert answer.status_code == 400


def test_what_a_spreadsheet_would_take_for_a_formula_stays_text(page_as, technician, doctor):
    sample = make_case(technician, {"=cmd": 1})
    assert [row["label"] for row in cells_csv(page_as(doctor), sample)] == ["'=cmd"]


def test_each_table_stands_in_the_trail_with_its_form(page_as, technician, doctor):
    sample = make_case(technician, {"neutrophil": 1})
    client = page_as(doctor)
    cells_csv(client, sample)
    samples_csv(client)
    events = AuditEvent.objects.filter(action=AuditAction.TABLE_EXPORTED).order_by("position")
    assert [event.changes["form"] for event in events] == [[None, "research"]] * 2
    assert events[0].object_id == str(sample.pk)


def test_the_lists_offer_it_to_those_who_may(page_as, technician, doctor):
    sample = make_case(technician)
    address = reverse("predictions:cells_research", args=[sample.pk])
    page = reverse("predictions:differential", args=[sample.pk])
    assert address in page_as(doctor).get(page).content.decode()
    assert address not in page_as(technician).get(page).content.decode()
    worklist = page_as(doctor).get(reverse("predictions:worklist"), {"state": "all"})
    assert "/samples/research.csv?state=all" in worklist.content.decode()


@pytest.mark.parametrize("images", [2, 9])
def test_it_takes_as_many_queries_for_few_cells_as_for_many(
    page_as, technician, doctor, django_assert_max_num_queries, images
):
    sample = make_sample(technician)
    for _ in range(images):
        record_result(make_image(technician, sample), {"label": "neutrophil"})
    client = page_as(doctor)
    with django_assert_max_num_queries(25):
        assert len(cells_csv(client, sample)) == images


def test_what_a_patient_has_is_a_column_only_where_it_is_asked_for(page_as, technician, doctor):
    sample = make_signed(technician, doctor).sample
    make_signed(technician, doctor)
    add_disease(actor=doctor, sample_id=sample.pk, code="anaemia")
    client = page_as(doctor)
    for rows in (samples_csv(client), cells_csv(client, sample)):
        assert all("diseases" not in row for row in rows)
    asked = samples_csv(client, diseases="on")
    assert sorted(row["diseases"] for row in asked) == ["", "anaemia"]
    assert {row["diseases"] for row in cells_csv(client, sample, diseases="on")} == {"anaemia"}
    events = AuditEvent.objects.filter(action=AuditAction.TABLE_EXPORTED).order_by("position")
    assert [event.changes.get("diseases") for event in events] == [None, None] + 2 * [[None, True]]
