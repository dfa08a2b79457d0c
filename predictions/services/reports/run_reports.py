"""The slow work on a report: its pictures are cut, its pages set, its file stored. Workers only."""

from __future__ import annotations

import hashlib
import logging
from functools import partial
from uuid import UUID

from django.db import InterfaceError, OperationalError

from hematovision import leases
from predictions import storage
from predictions.errors import StorageUnavailable
from predictions.reports.canonical import ContentInvalid
from predictions.reports.content import ReportContent
from predictions.reports.pdf import render
from predictions.services.reports import files
from predictions.services.reports.pictures import cut_pictures

logger = logging.getLogger(__name__)

# What may pass by itself: the task is tried again, up to the attempts of the file.
PASSING = (OperationalError, InterfaceError, StorageUnavailable, OSError)


def make_report(*, report_id: UUID) -> None:
    """Make the file of a report, whole and once, however often it is asked for.

    Bytes come before the row that names them: whoever is killed between leaves a file that no
    row names, and the next attempt makes its own.

    Raises:
        OperationalError, InterfaceError, StorageUnavailable, OSError: what may pass; the file is
            given back.
    """
    held = files.claim(report_id)
    if held is None:
        return
    try:
        with leases.renewed(partial(files.renew, held), f"report {report_id}"):
            _make(held)
    except PASSING:
        files.release(held)
        raise
    except ContentInvalid as error:
        files.fail(held, str(error))
    # A file must not stay unmade for ever without a word: the row says that it failed.
    except Exception:
        logger.exception("The file of report %s could not be made.", report_id)
        files.fail(held, _UNEXPECTED)
        raise


_UNEXPECTED = (
    "Something failed while the report's file was made; the reason is in the log. Ask for it "
    "again; if it fails again, tell the operator."
)


def _make(held: files.Claim) -> None:
    content = ReportContent.from_json(held.report.content)
    data = render(content, cut_pictures(content, laboratory_id=held.report.laboratory_id))
    name = storage.keep_report(data)
    sha256 = hashlib.sha256(data).hexdigest()
    if not files.record(held, name=name, sha256=sha256, size_bytes=len(data)):
        storage.remove(name)
