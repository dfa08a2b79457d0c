"""Exports of signed cells, asked for and written as a worker writes them."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Mapping

from accounts.models import User
from predictions import storage
from predictions.models import CellExport, JobStatus, Report, Sample, SmearImage
from predictions.selectors.research.signed_cells import Wanted
from predictions.services.research.exports import ask_for_export, download_export
from predictions.services.research.run_exports import export_cells
from tests.factories.cases import make_signed

MIXED: Mapping[str, int] = {"neutrophil": 60, "lymphocyte": 30, "monocyte": 12}


def make_patients(
    technician: User,
    doctor: User,
    number: int,
    cells: Mapping[str, int] = MIXED,
    **sample: object,
) -> list[Report]:
    """Signed reports of so many samples, each of another patient."""
    return [
        make_signed(
            technician,
            doctor,
            cells=cells,
            patient_reference=f"PAT-{place}",
            patient_key=f"pat-{place}",
            **sample,
        )
        for place in range(number)
    ]


def make_export(actor: User, *, project: str = "", **wanted: object) -> CellExport:
    """An export for research that waits for its worker."""
    return ask_for_export(actor=actor, project=project, wanted=Wanted(**wanted))  # type: ignore[arg-type]


def write(export: CellExport, *, most_slices: int = 50) -> CellExport:
    """Let workers write it, slice after slice, until it has ended."""
    for _ in range(most_slices):
        export_cells(export_id=export.pk)
        export.refresh_from_db()
        if export.status != JobStatus.QUEUED:
            return export
    raise AssertionError("it does not come to an end")


def zip_of(export: CellExport, actor: User) -> zipfile.ZipFile:
    """The file as it is handed out, opened."""
    with download_export(actor=actor, export_id=export.pk).stream as stream:
        return zipfile.ZipFile(io.BytesIO(stream.read()))


def table_in(opened: zipfile.ZipFile, name: str) -> list[dict[str, str]]:
    """The rows of a CSV in a ZIP."""
    return list(csv.DictReader(io.StringIO(opened.read(name).decode(), newline="")))


def lose_pictures(sample: Sample) -> None:
    """Let the stored bytes of a sample's images be gone."""
    storage.remove(*SmearImage.objects.filter(sample=sample).values_list("original", flat=True))
