"""Whoever writes an export may be killed at any moment: it ends as one whole file."""

import os
import random
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts.models import AuditAction, AuditEvent
from predictions.models import CellExport
from tests.factories.exports import make_export, make_patients, table_in, write, zip_of

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

KILLS = 6
LATEST_S = 1.5
WORKER = """
import sys, uuid, django
django.setup()
from predictions.services.research.run_exports import export_cells
print("begins", flush=True)
export_cells(export_id=uuid.UUID(sys.argv[1]))
"""


def kill_while_writing(export_id, after_s: float) -> None:
    """Let a process write the export, and kill it after a while."""
    name = connection.settings_dict["NAME"]
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(export_id)],
        cwd=settings.BASE_DIR,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "DATABASE_URL": f"sqlite:///{name}",
            "MEDIA_ROOT": str(settings.MEDIA_ROOT),
            "REGISTRY_DIR": str(settings.REGISTRY_DIR),
        },
        stdout=subprocess.PIPE,
    )
    assert worker.stdout is not None
    with worker.stdout:
        assert worker.stdout.readline() == b"begins\n"
        time.sleep(after_s)
        worker.kill()
        worker.wait()


@pytest.mark.skipif(
    settings.DATABASES["default"]["ENGINE"] != "django.db.backends.sqlite3",
    reason="the worker opens the test's own file",
)
def test_after_several_kills_there_is_one_whole_file(technician, doctor, tell):
    make_patients(technician, doctor, 4)
    export = make_export(doctor)
    rng = random.Random(5)
    made = 0
    for number in range(KILLS):
        kill_while_writing(export.pk, rng.uniform(0, LATEST_S) * (number + 1) / KILLS)
        made += CellExport.objects.filter(pk=export.pk, status="succeeded").count()
        CellExport.objects.filter(pk=export.pk).update(
            status="queued", attempts=0, lease_until=timezone.now() - timedelta(seconds=1)
        )
    assert made < KILLS
    opened = zip_of(write(export), doctor)
    assert opened.testzip() is None
    assert len(opened.namelist()) == len(set(opened.namelist()))
    assert len(table_in(opened, "cells.csv")) == 4 * 102
    assert list((Path(settings.REGISTRY_DIR) / "exports").glob("*")) == []
    told = AuditEvent.objects.filter(action=AuditAction.RESEARCH_EXPORTED)
    assert told.count() == made + 1
    tell(f"{KILLS} kills, {made} of them after the file was made; one whole file in the end")
