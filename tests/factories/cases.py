"""Samples with results, on their way to a signature, made by the services that make them."""

from __future__ import annotations

from collections.abc import Mapping

from accounts.models import User
from predictions.models import Cell, Report, Sample, Signature
from predictions.services.reports.signing import sign
from predictions.services.review.reviews import review_cell
from predictions.services.samples.states import send_to_doctor
from tests.factories.images import make_image, make_sample
from tests.factories.people import PASSWORD
from tests.factories.results import record_result

# An ordinary film: 120 cells, all accepted by the model.
ORDINARY: Mapping[str, int] = {
    "neutrophil": 72, "lymphocyte": 36, "monocyte": 8, "eosinophil": 4,
}  # fmt: skip


def make_case(
    technician: User,
    cells: Mapping[str, int] = ORDINARY,
    *,
    to_review: Mapping[str, int] | None = None,
    unidentified: int = 0,
    **sample: object,
) -> Sample:
    """A sample in review with one image and these cells, by label; nothing waits.

    Args:
        cells: that the model accepted.
        to_review: for which it asks a person.
        unidentified: of which it says nothing.
        sample: columns of the sample, e.g. `wbc`.
    """
    row = make_sample(technician)
    if sample:
        Sample.objects.filter(pk=row.pk).update(**sample)
    found: list[dict[str, object]] = [
        {"label": label} for label, count in cells.items() for _ in range(count)
    ]
    found += [
        {"label": label, "disposition": Cell.Disposition.REVIEW}
        for label, count in (to_review or {}).items()
        for _ in range(count)
    ]
    found += [{"disposition": Cell.Disposition.UNIDENTIFIED}] * unidentified
    # All of them within the picture.
    placed = [{"x_px": 10 * (place % 40), **cell} for place, cell in enumerate(found)]
    record_result(make_image(technician, row), *placed)
    return Sample.objects.get(pk=row.pk)


def make_ready(technician: User, cells: Mapping[str, int] = ORDINARY, **more: object) -> Sample:
    """A sample that waits for the doctor: one cell confirmed by the technician, then sent."""
    sample = make_case(technician, cells, **more)  # type: ignore[arg-type]
    confirm(technician, cells_of(sample).order_by("position")[0])
    return send_to_doctor(actor=technician, sample_id=sample.pk)


def cells_of(sample: Sample):
    """Its cells, those of older results among them."""
    return Cell.objects.filter(image__sample=sample)


def confirm(actor: User, cell: Cell) -> None:
    """Say of a cell what it is taken for already."""
    cell.refresh_from_db()
    review_cell(
        actor=actor,
        cell_id=cell.pk,
        label=cell.present_label,
        seen_number=cell.last_review_number,
    )


def sign_case(doctor: User, sample: Sample, **said: object) -> Report:
    """Sign what nothing is missing of."""
    said.setdefault("meaning", Signature.Meaning.RESPONSIBILITY)
    return sign(actor=doctor, sample_id=sample.pk, password=PASSWORD, **said)  # type: ignore[arg-type]


def make_signed(technician: User, doctor: User, **case: object) -> Report:
    """The signed report of a new sample; its file waits to be made."""
    return sign_case(doctor, make_ready(technician, **case))  # type: ignore[arg-type]
