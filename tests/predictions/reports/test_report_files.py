"""The file of a report is made by a worker: once, whole, whatever happens on the way."""

import hashlib
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from accounts.models import AuditAction, AuditEvent
from predictions import storage
from predictions.errors import ReportFileDamaged, ReportFileFailed, ReportNotFound
from predictions.models import ReportFile, SmearImage
from predictions.reports.content import ReportContent
from predictions.selectors.reports.reports import SignedReport, report_for_viewer, reports_of_sample
from predictions.services.imaging.sweep import remove_orphaned_files, sweep
from predictions.services.reports import files
from predictions.services.reports.amending import begin_amendment, retract
from predictions.services.reports.reading import (
    ReportPdf,
    download_report,
    verify_file,
    verify_report,
)
from predictions.services.reports.run_reports import make_report
from tests.at_once import at_once
from tests.factories.cases import make_signed, sign_case
from tests.factories.people import PASSWORD

pytestmark = pytest.mark.django_db


@pytest.fixture
def report(technician, doctor):
    return make_signed(technician, doctor)


def stored() -> list[str]:
    return storage.names_of_day(storage.REPORTS, timezone.now().date())


def download(report, doctor) -> ReportPdf:
    pdf = download_report(actor=doctor, report_id=report.pk)
    assert pdf is not None
    return pdf


def pdf_of(report, doctor) -> bytes:
    make_report(report_id=report.pk)
    return download(report, doctor).data


def verified(doctor, data: bytes) -> SignedReport:
    found = verify_file(actor=doctor, data=data)
    assert found is not None
    return found


def test_a_worker_makes_the_file_and_notes_its_hash(report, doctor):
    before = len(stored())
    make_report(report_id=report.pk)
    row = ReportFile.objects.get(pk=report.pk)
    assert (row.status, row.lease_until) == ("succeeded", None)
    pdf = download(report, doctor)
    assert pdf.name == "R-000001.v1.pdf"
    assert pdf.data.startswith(b"%PDF")
    assert (hashlib.sha256(pdf.data).hexdigest(), len(pdf.data)) == (row.sha256, row.size_bytes)
    assert len(stored()) == before + 1
    assert AuditEvent.objects.filter(action=AuditAction.REPORT_MADE).count() == 1
    assert AuditEvent.objects.filter(action=AuditAction.REPORT_DOWNLOADED).count() == 1


def test_made_twice_it_counts_once(report, doctor):
    first = pdf_of(report, doctor)
    before = stored()
    assert pdf_of(report, doctor) == first
    assert stored() == before


def test_the_same_content_gives_the_same_bytes(report, doctor):
    first = pdf_of(report, doctor)
    ReportFile.objects.update(status="queued", name="", sha256="")
    assert pdf_of(report, doctor) == first


@pytest.mark.django_db(transaction=True)
def test_of_several_workers_at_once_one_makes_it(report):
    before = len(stored())
    assert at_once(4, lambda n: make_report(report_id=report.pk)) == [None] * 4
    assert len(stored()) == before + 1


def test_a_worker_that_lost_its_claim_leaves_nothing(report):
    late = files.claim(report.pk)
    assert late is not None
    ReportFile.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    make_report(report_id=report.pk)
    row = ReportFile.objects.get(pk=report.pk)
    assert not files.record(late, name="reports/late", sha256="0" * 64, size_bytes=1)
    assert not files.fail(late, "Too late.")
    assert ReportFile.objects.get(pk=report.pk).sha256 == row.sha256


def test_a_file_that_no_worker_took_is_sent_again(report):
    ReportFile.objects.update(last_sent_at=timezone.now() - timedelta(minutes=5))
    assert sweep().sent >= 1
    assert ReportFile.objects.get(pk=report.pk).sends == 2


def test_without_attempts_left_it_fails_with_a_sentence_and_can_be_asked_for_again(
    report, doctor, settings
):
    ReportFile.objects.update(attempts=settings.JOB_MAX_ATTEMPTS)
    assert sweep().failed == 1
    with pytest.raises(ReportFileFailed, match="Ask for it again"):
        download_report(actor=doctor, report_id=report.pk)
    assert files.ask_again(actor=doctor, report_id=report.pk).status == "queued"
    assert pdf_of(report, doctor).startswith(b"%PDF")


def test_a_picture_that_is_gone_leaves_a_line_in_its_place(report, doctor):
    storage.remove(*SmearImage.objects.values_list("original", flat=True))
    assert pdf_of(report, doctor).startswith(b"%PDF")


def test_until_it_is_made_there_is_nothing_to_download(report, doctor):
    assert download_report(actor=doctor, report_id=report.pk) is None


def test_a_damaged_file_is_not_handed_out(report, doctor):
    make_report(report_id=report.pk)
    name = ReportFile.objects.get(pk=report.pk).name
    with open(default_storage.path(name), "ab") as stream:
        stream.write(b"\n% one byte more")
    with pytest.raises(ReportFileDamaged):
        download_report(actor=doctor, report_id=report.pk)


def test_a_file_that_no_row_names_is_swept_away_later(report, doctor):
    make_report(report_id=report.pk)
    name = ReportFile.objects.get(pk=report.pk).name
    day = timezone.now() - timedelta(days=3)
    kept = default_storage.save(f"reports/{day:%Y/%m/%d}/kept.pdf", default_storage.open(name))
    lost = default_storage.save(f"reports/{day:%Y/%m/%d}/lost.pdf", default_storage.open(name))
    ReportFile.objects.update(name=kept)
    assert remove_orphaned_files() == 1
    assert default_storage.exists(kept)
    assert not default_storage.exists(lost)


def test_old_and_new_both_verify_and_say_which_is_valid(report, doctor):
    first = pdf_of(report, doctor)
    assert verified(doctor, first).is_valid
    begin_amendment(actor=doctor, sample_id=report.sample_id, reason="A word was missing")
    newer = sign_case(doctor, report.sample, comment="One word more.")
    second = pdf_of(newer, doctor)
    old, new = (verified(doctor, data) for data in (first, second))
    assert (old.report, old.replaced_by, old.is_valid) == (report, newer, False)
    assert (new.report, new.replaced_by, new.is_valid) == (newer, None, True)
    retract(actor=doctor, sample_id=report.sample_id, password=PASSWORD, reason="Other patient")
    gone = verify_report(actor=doctor, report_id=newer.pk)
    assert (gone.is_retracted, gone.is_valid) == (True, False)


def test_other_bytes_are_none_of_ours(report, doctor):
    assert verify_file(actor=doctor, data=pdf_of(report, doctor) + b" ") is None


def test_another_laboratory_sees_nothing_of_it(report, doctor, other_technician):
    pdf = pdf_of(report, doctor)
    assert verify_file(actor=other_technician, data=pdf) is None
    for read in (verify_report, download_report, files.ask_again):
        with pytest.raises(ReportNotFound):
            read(actor=other_technician, report_id=report.pk)


def test_the_versions_of_a_sample_stand_newest_first(report, doctor, technician):
    begin_amendment(actor=doctor, sample_id=report.sample_id, reason="A word was missing")
    newer = sign_case(doctor, report.sample, comment="One word more.")
    assert reports_of_sample(technician, report.sample_id) == [newer, report]
    read = report_for_viewer(technician, report.pk)
    assert read.content == ReportContent.from_json(report.content)
    assert read.replaced_by == newer
