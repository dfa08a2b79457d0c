"""Which signed reports a version touched, and the list to recall."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditAction, AuditEvent, Role
from predictions.models import Report, ReportModelVersion, Sample
from predictions.selectors.models import touched_reports
from predictions.services.reports.amending import begin_amendment
from tests.factories.cases import cells_of, make_ready, make_signed, sign_case
from tests.factories.models import make_paper_version
from tests.factories.people import make_user
from tests.factories.profiles import say

pytestmark = pytest.mark.django_db


def table_of(client, version) -> list[dict[str, str]]:
    answer = client.get(f"/models/{version.pk}/reports.csv")
    assert answer.status_code == 200
    text = b"".join(answer.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))


def test_a_report_names_the_versions_that_read_it_from_its_signature_on(technician, doctor, model):
    report = make_signed(technician, doctor)
    [row] = report.read_by.all()
    assert (row.model_version, row.laboratory, row.at) == (model, report.laboratory, report.at)


def test_an_admin_sees_what_a_version_touched_and_what_came_of_it(
    technician, doctor, admin, model, page_as
):
    first = make_signed(technician, doctor)
    begin_amendment(actor=doctor, sample_id=first.sample_id, reason="A cell was wrong.")
    say(doctor, cells_of(first.sample).first(), "monocyte")
    second = sign_case(doctor, first.sample)
    client = page_as(admin)
    page = client.get(f"/models/{model.pk}/reports/").content.decode()
    assert page.index(str(second)) < page.index(str(first))
    assert "replaced</span> by version 2" in " ".join(page.split())
    assert first.sample.accession_number in page
    assert "dora" in page
    assert (
        f'href="/models/{model.pk}/reports/"' in client.get(f"/models/{model.pk}/").content.decode()
    )


def test_what_another_version_read_is_not_on_its_list(
    technician, doctor, admin, laboratory, model, page_as, settings, tmp_path
):
    settings.REGISTRY_DIR = tmp_path
    make_signed(technician, doctor)
    other = make_paper_version(laboratory)
    page = page_as(admin).get(f"/models/{other.pk}/reports/").content.decode()
    assert "This version touched no signed report." in page


def test_what_is_not_signed_is_not_on_it(technician, admin, model, page_as):
    make_ready(technician)
    page = page_as(admin).get(f"/models/{model.pk}/reports/").content.decode()
    assert "This version touched no signed report." in page


def test_another_laboratory_of_the_same_shipped_version_sees_its_own(
    technician, doctor, model, other_laboratory, page_as
):
    make_signed(technician, doctor)
    client = page_as(make_user(other_laboratory, Role.ADMIN))
    assert "touched no signed report" in client.get(f"/models/{model.pk}/reports/").content.decode()
    assert table_of(client, model) == []


def test_the_list_to_recall_is_a_table_that_stands_in_the_trail(
    technician, doctor, admin, model, page_as
):
    report = make_signed(technician, doctor)
    [row] = table_of(page_as(admin), model)
    assert row["sample"] == report.sample.accession_number
    assert (row["report"], row["version"], row["signed by"]) == (report.number, "1", "dora")
    assert (row["sample is now"], row["replaced by"]) == ("signed", "")
    event = AuditEvent.objects.get(action=AuditAction.VERSION_RECALLED)
    assert (event.actor, event.object_id) == (admin, str(model.pk))


def test_a_number_that_a_spreadsheet_would_take_for_a_formula_stays_text(
    technician, doctor, admin, model, page_as
):
    sample = make_ready(technician)
    Sample.objects.filter(pk=sample.pk).update(accession_number="=1+1")
    sign_case(doctor, sample)
    [row] = table_of(page_as(admin), model)
    assert row["sample"] == "'=1+1"


def test_pages_follow_each_other_without_a_gap(
    technician, doctor, admin, model, page_as, monkeypatch
):
    reports = [str(make_signed(technician, doctor)) for _ in range(5)]
    monkeypatch.setattr(touched_reports, "PAGE_SIZE", 2)
    seen, before = [], ""
    while True:
        page = touched_reports.touched_page(admin, model.pk, before=before)
        seen += [str(row.report) for row in page.rows]
        before = page.older
        if not before:
            break
    assert seen == reports[::-1]
    assert table_of(page_as(admin), model)[0]["report"] == reports[-1].partition(".")[0]


def test_a_cursor_that_is_none_shows_the_newest(technician, doctor, admin, model):
    make_signed(technician, doctor)
    assert len(touched_reports.touched_page(admin, model.pk, before="x_y").rows) == 1


def test_a_page_is_one_walk_along_an_index(technician, doctor, admin, model):
    """However many reports there are: no sort, and no scan of all of them."""
    report = make_signed(technician, doctor)
    before = f"{(report.at + timedelta(days=1)).isoformat()}_{report.pk}"
    with CaptureQueriesContext(connection) as asked:
        touched_reports.touched_page(admin, model.pk, before=before)
    [sql] = [each["sql"] for each in asked if "reportmodelversion" in each["sql"]]
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
            plan = " ".join(str(row[-1]) for row in cursor.fetchall())
        assert "report_newest_of_version" in plan
        assert "TEMP B-TREE" not in plan


def test_the_database_keeps_the_rows(technician, doctor, model):
    report = make_signed(technician, doctor)
    with pytest.raises(DatabaseError), transaction.atomic():
        ReportModelVersion.objects.filter(report=report).update(at=report.at)


def test_reports_that_were_signed_before_are_found_by_what_their_content_names(
    technician, doctor, model
):
    """The migration's own function, over a report that has no such row."""
    signed = make_signed(technician, doctor)
    older = Report.objects.create(
        laboratory=signed.laboratory,
        sample=make_ready(technician),
        serial=signed.serial + 1,
        number="R-000002",
        version=1,
        status=signed.status,
        content=signed.content,
        sha256=signed.sha256,
    )
    import_module("predictions.migrations.0022_drift").fill(apps, None)
    assert older.read_by.get().model_version == model
    assert signed.read_by.count() == 1
