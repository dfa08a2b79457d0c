"""Whoever makes the file of a report may be killed at any moment: it ends as one whole file."""

import hashlib
import os
import random
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts.models import AuditAction, AuditEvent
from predictions.models import ReportFile
from predictions.services.reports.reading import download_report
from predictions.services.reports.run_reports import make_report
from tests.factories.cases import make_signed

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

KILLS = 20
# Beyond it the file is made on a machine that has nothing else to do.
LATEST_S = 0.6
WORKER = """
import sys, uuid, django
django.setup()
from predictions.services.reports.run_reports import make_report
print("begins", flush=True)
make_report(report_id=uuid.UUID(sys.argv[1]))
"""


def kill_while_making(report_id, after_s: float) -> None:
    """Let a process make the file, and kill it after a while."""
    name = connection.settings_dict["NAME"]
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": f"sqlite:///{name}",
        "MEDIA_ROOT": str(settings.MEDIA_ROOT),
    }
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(report_id)],
        cwd=settings.BASE_DIR,
        env=environment,
        stdout=subprocess.PIPE,
    )
    assert worker.stdout is not None
    with worker.stdout:
        assert worker.stdout.readline() == b"begins\n"
        time.sleep(after_s)
        worker.kill()
        worker.wait()


def whole_file(report, doctor) -> bytes:
    """The file as it is handed out."""
    pdf = download_report(actor=doctor, report_id=report.pk)
    assert pdf is not None
    return pdf.data


@pytest.mark.skipif(
    settings.DATABASES["default"]["ENGINE"] != "django.db.backends.sqlite3",
    reason="the worker opens the test's own file",
)
def test_after_twenty_kills_there_is_one_whole_file(technician, doctor, tell):
    report = make_signed(technician, doctor)
    rng = random.Random(5)
    made = 0
    for number in range(KILLS):
        # The first ones die early; a file that is made all the same is asked for once more.
        kill_while_making(report.pk, rng.uniform(0, LATEST_S) * (number + 1) / KILLS)
        row = ReportFile.objects.get(pk=report.pk)
        if row.status == "succeeded":
            made += 1
            data = whole_file(report, doctor)
            assert hashlib.sha256(data).hexdigest() == row.sha256
        ReportFile.objects.filter(pk=report.pk).update(
            status="queued", attempts=0, lease_until=timezone.now() - timedelta(seconds=1)
        )
    assert made < KILLS
    make_report(report_id=report.pk)
    data = whole_file(report, doctor)
    row = ReportFile.objects.get(pk=report.pk)
    assert (hashlib.sha256(data).hexdigest(), row.status) == (row.sha256, "succeeded")
    assert data.rstrip().endswith(b"%%EOF")
    assert AuditEvent.objects.filter(action=AuditAction.REPORT_MADE).count() == made + 1
    tell(f"{KILLS} kills, {made} of them after the file was made; one whole file each time")
