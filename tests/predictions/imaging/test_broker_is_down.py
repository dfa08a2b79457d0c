"""An upload needs no broker: the row is there, and the sweeper sends it once there is one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]
# In a process of its own, whose broker is a port where nobody listens.
SCRIPT = """
import json, time
from datetime import timedelta
import django
django.setup()
from django.core.management import call_command
from django.utils import timezone
call_command("migrate", verbosity=0)
from accounts.models import Role
from predictions.models import ClassificationJob
from predictions.services.imaging.sweep import sweep
from tests.factories.images import make_job
from tests.factories.people import make_laboratory, make_user
technician = make_user(make_laboratory(), Role.TECHNICIAN)
began = time.monotonic()
job = make_job(technician)
seconds = time.monotonic() - began
late = timezone.now() - timedelta(seconds=31)
ClassificationJob.objects.update(last_sent_at=late)
swept = sweep()
job.refresh_from_db()
print(json.dumps([job.status, swept.sent, job.sends, job.last_sent_at == late, seconds]))
"""


def test_an_upload_succeeds_and_no_delay_grows_while_the_broker_is_down(tmp_path):
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "VAR_DIR": str(tmp_path),
        "MEDIA_ROOT": str(tmp_path / "media"),
        "DATABASE_URL": f"sqlite:///{tmp_path / 'db.sqlite3'}",
        "BROKER_URL": "redis://127.0.0.1:1/0",
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    *outcome, seconds = json.loads(done.stdout.splitlines()[-1])
    assert outcome == ["queued", 0, 1, True]
    assert seconds < 5
