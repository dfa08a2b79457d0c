"""Samples and cells as rows of tables that may leave the laboratory.

Who it is of stands there as a study code. There are no names, numbers, free texts, ids or dates:
of the time there is the year, and ages over 89 are one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from accounts.models import AuditAction, Laboratory, User
from accounts.policy import Action, require
from accounts.services.audit import record_read
from predictions.errors import ExportRefused
from predictions.exported.people import age_in_years, year_of
from predictions.models import Cell, Sample, StudyCode
from predictions.selectors.laboratory.diseases import codes_by_sample
from predictions.selectors.research.signed_cells import places_of_images
from predictions.selectors.review.cells import cells_of_sample
from predictions.selectors.samples.samples import sample_for_viewer
from predictions.selectors.samples.worklist import Filters, WorklistRow, worklist_page
from predictions.services.research.study_codes import Codes, draw_codes

_AT_ONCE = 500

# Who a row is of.
PERSON_COLUMNS = ("patient", "sample", "year", "sex", "age in years")
# What the patient has: only where it was asked for.
DISEASES_COLUMN = "diseases"

_SAMPLE_COLUMNS = (
    "state", "priority", "wbc", "images", "images without result", "cells",
    "cells to review", "counted", "to count",
)  # fmt: skip

_CELL_COLUMNS = (
    "image", "cell", "x", "y", "width", "height", "label", "named by",
    "model label", "confidence", "model says", "reason", "familiarity", "found by",
    "model version",
)  # fmt: skip


def research_sample_columns(*, with_diseases: bool) -> tuple[str, ...]:
    """The columns of `research_sample_table`."""
    return (*_person_columns(with_diseases), *_SAMPLE_COLUMNS)


def research_cell_columns(*, with_diseases: bool) -> tuple[str, ...]:
    """The columns of `research_cell_table` and `cell_rows`."""
    return (*_person_columns(with_diseases), *_CELL_COLUMNS)


def project_of(text: str) -> str:
    """The name of a project as it is kept.

    Raises:
        ExportRefused: it is too long, cannot be kept, or is our own.
    """
    name = " ".join(text.split()) or StudyCode.USUAL
    longest = StudyCode.LONGEST_PROJECT
    if len(name) > longest or not name.isprintable():
        raise ExportRefused("project", f"Use at most {longest} letters and digits.")
    if name.lower() == StudyCode.OF_DATASETS:
        raise ExportRefused("project", "This name is taken. Choose another one.")
    return name.lower()


def research_sample_table(
    *, actor: User, filters: Filters, project: str, with_diseases: bool
) -> Iterator[tuple[Any, ...]]:
    """The samples of a worklist in the form for research; columns `research_sample_columns`.

    Codes are drawn while it is read, some hundred samples at a time.

    Raises:
        ExportRefused: the project's name cannot be kept.
    """
    require(actor, Action.EXPORT_RESEARCH)
    project = project_of(project)
    _note(actor, project, None, with_diseases=with_diseases)
    return _samples(actor, filters, project, with_diseases=with_diseases)


def research_cell_table(
    *, actor: User, sample_id: UUID, project: str, with_diseases: bool
) -> Iterator[tuple[Any, ...]]:
    """The cells of a sample in the form for research; columns `research_cell_columns`.

    Raises:
        SampleNotFound: there is no such sample in the actor's laboratory.
        ExportRefused: the project's name cannot be kept.
    """
    require(actor, Action.EXPORT_RESEARCH)
    project = project_of(project)
    sample = sample_for_viewer(actor, sample_id)
    cells = cells_of_sample(actor, sample_id).select_related("image__sample", "job__model_version")
    _note(actor, project, sample, with_diseases=with_diseases)
    places = places_of_images([sample.pk])
    codes = draw_codes(actor.laboratory, project, [sample])
    ordered = cells.order_by("image__uploaded_at", "image_id", "position")
    diseases = codes_by_sample(actor, [sample]) if with_diseases else None
    return cell_rows(
        ordered.iterator(chunk_size=_AT_ONCE), places, codes, diseases, laboratory=actor.laboratory
    )


def cell_rows(
    cells: Iterable[Cell],
    places: Mapping[UUID, int],
    codes: Mapping[UUID, Codes],
    diseases: Mapping[UUID, Sequence[str]] | None,
    *,
    laboratory: Laboratory,
) -> Iterator[tuple[Any, ...]]:
    """A row for each cell, columns `research_cell_columns`.

    Args:
        cells: with their image, sample and model version.
        places: of each image among those of its sample, from 1.
        codes: by the key of the sample.
        diseases: codes of what the patient has, by the key of the sample; none where the table
            does not say it.
    """
    for cell in cells:
        sample, version = cell.image.sample, cell.job.model_version
        sample.laboratory = laboratory  # whose zone says on which day somebody is how old
        yield (
            *_person(sample, codes[sample.pk], diseases),
            places[cell.image_id],
            cell.position,
            cell.x_px,
            cell.y_px,
            cell.width_px,
            cell.height_px,
            cell.shown_label,
            named_by(cell),
            cell.label,
            round(cell.confidence, 4),
            cell.get_disposition_display(),
            cell.get_reason_display() or "",
            _rounded(cell.familiarity_percentile),
            cell.get_origin_display(),
            f"{version.name} {version.version}" if version else "",
        )


def named_by(cell: Cell) -> str:
    """Whose word the label is: "doctor", "technician" or "model"; empty where nobody's."""
    return cell.named_by_role or ("model" if cell.is_named else "")


def _person_columns(with_diseases: bool) -> tuple[str, ...]:
    return (*PERSON_COLUMNS, DISEASES_COLUMN) if with_diseases else PERSON_COLUMNS


def _samples(
    actor: User, filters: Filters, project: str, *, with_diseases: bool
) -> Iterator[tuple[Any, ...]]:
    after = ""
    while True:
        page = worklist_page(actor, filters, after=after, size=_AT_ONCE)
        samples = [row.sample for row in page.rows]
        codes = draw_codes(actor.laboratory, project, samples)
        diseases = codes_by_sample(actor, samples) if with_diseases else None
        for row in page.rows:
            row.sample.laboratory = actor.laboratory
            yield _of_sample(row, codes[row.sample.pk], diseases)
        after = page.after
        if not after:
            return


def _of_sample(
    row: WorklistRow, codes: Codes, diseases: Mapping[UUID, Sequence[str]] | None
) -> tuple[Any, ...]:
    sample = row.sample
    return (
        *_person(sample, codes, diseases),
        sample.get_state_display(),
        sample.get_priority_display(),
        sample.wbc,
        sample.images_count,
        sample.images_unfinished + sample.images_failed,
        sample.cells_found,
        sample.cells_to_review,
        row.counted,
        row.target,
    )


def _person(
    sample: Sample, codes: Codes, diseases: Mapping[UUID, Sequence[str]] | None
) -> tuple[str, ...]:
    person = (
        codes.patient,
        codes.sample,
        year_of((sample.collected_at or sample.created_at).astimezone(sample.laboratory.zone)),
        sample.sex,
        age_in_years(sample.age_days),
    )
    return person if diseases is None else (*person, " ".join(diseases.get(sample.pk, ())))


def _note(actor: User, project: str, sample: Sample | None, *, with_diseases: bool) -> None:
    record_read(
        action=AuditAction.TABLE_EXPORTED,
        actor=actor,
        laboratory=actor.laboratory,
        obj=sample,
        changes={
            "form": [None, "research"],
            "project": [None, project],
            **({"diseases": [None, True]} if with_diseases else {}),
        },
    )


def _rounded(percentile: float | None) -> float | None:
    return None if percentile is None else round(percentile, 1)
