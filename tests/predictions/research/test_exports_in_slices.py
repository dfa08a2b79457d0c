"""An export is written slice by slice, and whoever is killed leaves nothing that counts."""

from __future__ import annotations

import errno
import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from accounts.models import AuditAction, AuditEvent
from hematovision import leases
from predictions.errors import ExportExpired, ExportNotReady
from predictions.exported import zip_part
from predictions.models import CellExport, JobStatus, Sample, StudyCode
from predictions.services.imaging.sweep import remove_orphaned_files, sweep
from predictions.services.reports.amending import begin_amendment, retract
from predictions.services.research import claims, exports
from predictions.services.research.run_exports import export_cells
from predictions.services.review.reviews import review_cell
from tests.factories.cases import cells_of, sign_case
from tests.factories.exports import make_export, make_patients, table_in, write, zip_of
from tests.factories.people import PASSWORD

pytestmark = pytest.mark.django_db
PATIENTS = 3


@pytest.fixture
def asked(technician, doctor) -> CellExport:
    """An export of three fields that waits for its worker."""
    make_patients(technician, doctor, PATIENTS, {"neutrophil": 60, "lymphocyte": 42})
    return make_export(doctor)


@pytest.fixture
def one_a_slice(settings):
    settings.EXPORT_SLICE_S = 0


def parts(settings) -> list[str]:
    folder = Path(settings.REGISTRY_DIR) / "exports"
    return sorted(path.name for path in folder.glob("*")) if folder.is_dir() else []


def kill(export: CellExport) -> None:
    """Leave an export as a worker leaves it that is killed in the middle of a slice."""
    held = claims.claim(export.pk)
    assert held is not None
    file = Path(exports.storage.part_file(held.part or exports.storage.new_part(export.pk, 99)))
    with file.open("ab") as stream:
        stream.write(b"half a crop")
    CellExport.objects.filter(pk=export.pk).update(
        lease_until=timezone.now() - timedelta(seconds=1)
    )


def test_between_two_slices_it_waits_like_any_other_work(asked, one_a_slice, settings):
    export_cells(export_id=asked.pk)
    asked.refresh_from_db()
    assert (asked.status, asked.images_done, asked.lease_until) == (JobStatus.QUEUED, 1, None)
    assert asked.attempts == 0
    assert parts(settings) == [asked.part]


def test_slices_come_to_one_whole_file(asked, one_a_slice, doctor, settings):
    export = write(asked)
    opened = zip_of(export, doctor)
    assert opened.testzip() is None
    assert len(opened.namelist()) == len(set(opened.namelist()))
    assert len(table_in(opened, "cells.csv")) == PATIENTS * 102
    assert parts(settings) == []


def test_a_sample_that_is_taken_back_meanwhile_does_not_leave(asked, one_a_slice, doctor):
    for _ in range(2):
        export_cells(export_id=asked.pk)
    gone = chosen_first(asked)
    retract(actor=doctor, sample_id=gone.pk, password=PASSWORD, reason="Another patient.")
    export = write(asked)
    opened = zip_of(export, doctor)
    code = StudyCode.objects.get(kind="sample", sample=gone).code
    assert [name for name in opened.namelist() if code in name] == []
    assert code not in opened.read("annotations.json").decode()
    assert {row["sample"] for row in table_in(opened, "cells.csv")}.isdisjoint({code})
    assert "Left out: 1 sample(s) whose report" in opened.read("README.txt").decode()
    assert (export.images_found, export.cells_found) == (PATIENTS - 1, (PATIENTS - 1) * 102)
    event = AuditEvent.objects.get(action=AuditAction.RESEARCH_EXPORTED)
    assert event.changes["samples left out"] == [None, 1]


@pytest.mark.parametrize("is_signed_again", [False, True])
def test_a_word_that_was_not_signed_when_it_was_chosen_does_not_leave(
    asked, one_a_slice, technician, doctor, is_signed_again
):
    export_cells(export_id=asked.pk)
    amended = chosen_first(asked)
    begin_amendment(actor=doctor, sample_id=amended.pk, reason="A second look.")
    cell = cells_of(amended).filter(label="neutrophil").last()
    assert cell is not None
    review_cell(
        actor=doctor, cell_id=cell.pk, label="monocyte", seen_number=cell.last_review_number
    )
    if is_signed_again:
        sign_case(doctor, amended)
    opened = zip_of(write(asked), doctor)
    assert {row["label"] for row in table_in(opened, "cells.csv")} == {"neutrophil", "lymphocyte"}
    assert len({row["sample"] for row in table_in(opened, "cells.csv")}) == PATIENTS - 1


def test_where_all_are_taken_back_meanwhile_it_fails_with_a_sentence(asked, one_a_slice, doctor):
    export_cells(export_id=asked.pk)
    for sample in Sample.objects.filter(state="signed"):
        retract(actor=doctor, sample_id=sample.pk, password=PASSWORD, reason="Mixed up.")
    assert write(asked).status == JobStatus.FAILED
    assert asked.error == "No signed cell is so any more."


def chosen_first(export: CellExport) -> Sample:
    """The sample whose fields are in the file already."""
    export.refresh_from_db()
    assert export.plan is not None
    return Sample.objects.get(pk=export.plan["images"][0]["sample"])


def test_after_a_kill_all_of_it_is_written_anew(asked, one_a_slice, doctor, settings):
    export_cells(export_id=asked.pk)
    asked.refresh_from_db()
    kill(asked)
    export = write(asked)
    opened = zip_of(export, doctor)
    assert opened.testzip() is None
    assert len(opened.namelist()) == len(set(opened.namelist())) == PATIENTS * 103 + 3
    assert parts(settings) == []


def test_a_part_that_somebody_changed_is_not_gone_on_with(asked, one_a_slice, doctor, settings):
    export_cells(export_id=asked.pk)
    asked.refresh_from_db()
    with (Path(settings.REGISTRY_DIR) / "exports" / asked.part).open("ab") as stream:
        stream.write(b"more")
    assert zip_of(write(asked), doctor).testzip() is None


def test_whoever_lost_the_export_writes_nothing_more(asked, one_a_slice):
    late = claims.claim(asked.pk)
    assert late is not None
    CellExport.objects.filter(pk=asked.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    write(asked)
    assert not claims.end_with_file(late, file="exports/other", size_bytes=1, sha256="")
    assert not claims.pause(late, part="x", part_bytes=1)
    asked.refresh_from_db()
    assert asked.file != "exports/other"


def test_after_the_last_attempt_it_fails_with_a_sentence(asked, settings):
    for _ in range(settings.JOB_MAX_ATTEMPTS):
        kill(asked)
    assert sweep().failed == 1
    asked.refresh_from_db()
    assert "interrupted 5 times" in asked.error
    assert parts(settings) == []


def test_a_message_that_was_lost_is_sent_again(asked):
    CellExport.objects.filter(pk=asked.pk).update(
        last_sent_at=timezone.now() - timedelta(minutes=5)
    )
    assert leases.unheld()
    assert sweep().sent == 1


def test_a_full_disk_is_a_sentence_and_leaves_nothing(asked, settings, monkeypatch):
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(zip_part.os, "fsync", full)
    export_cells(export_id=asked.pk)
    asked.refresh_from_db()
    assert asked.status == JobStatus.FAILED
    assert asked.error.startswith("The disk of the installation is full")
    assert parts(settings) == []


def test_after_seven_days_its_file_is_gone(asked, doctor, settings):
    export = write(asked)
    assert exports.expire_exports() == 0
    assert export.expires_at is not None
    assert abs(export.expires_at - timezone.now() - timedelta(days=7)) < timedelta(minutes=1)
    CellExport.objects.filter(pk=export.pk).update(expires_at=timezone.now())
    assert exports.expire_exports() == 1
    assert not default_storage.exists(export.file)
    export.refresh_from_db()
    assert export.has_expired
    with pytest.raises(ExportExpired):
        zip_of(export, doctor)


def test_before_it_is_ready_nothing_is_handed_out(asked, doctor):
    with pytest.raises(ExportNotReady, match="still being written"):
        zip_of(asked, doctor)


def test_what_killed_workers_left_goes_after_a_day_and_what_waits_stays(
    asked, one_a_slice, settings
):
    export_cells(export_id=asked.pk)
    asked.refresh_from_db()
    folder = Path(settings.REGISTRY_DIR) / "exports"
    left = folder / "00000000-0000-4000-8000-000000000000-3.zip.part"
    left.write_bytes(b"half")
    for file in (left, folder / asked.part):
        os.utime(file, (0, 0))
    assert exports.remove_left_parts() == 1
    assert parts(settings) == [asked.part]


def test_a_file_that_no_row_names_is_swept(asked):
    export = write(asked)
    name = f"exports/{timezone.now() - timedelta(days=3):%Y/%m/%d}/left.zip"
    default_storage.save(name, default_storage.open(export.file))
    remove_orphaned_files()
    assert not default_storage.exists(name)
    assert default_storage.exists(export.file)
