"""Results of images with cells of our choosing, recorded by the service that workers use."""

from __future__ import annotations

from predictions.models import Cell, SmearImage
from predictions.services.imaging import jobs

CLASSES = ("neutrophil", "lymphocyte", "monocyte", "eosinophil")


def make_cell(image: SmearImage, position: int = 1, **fields: object) -> Cell:
    """An unsaved cell: an accepted neutrophil, unless said otherwise."""
    label = str(fields.setdefault("label", "neutrophil"))
    confidence = float(fields.setdefault("confidence", 0.982))  # type: ignore[arg-type]
    rest = (1 - confidence) / len(CLASSES)
    fields.setdefault("probabilities", {**dict.fromkeys(CLASSES, rest), label: confidence})
    fields.setdefault("objectness", 0.99)
    fields.setdefault("present_label", label)
    fields.setdefault("x_px", 10 * position)
    fields.setdefault("y_px", 20)
    fields.setdefault("disposition", Cell.Disposition.ACCEPTED)
    return Cell(
        image=image,
        position=position,
        width_px=60,
        height_px=50,
        nucleus_area_px=900.0,
        **fields,
    )


def record_result(image: SmearImage, *cells: dict[str, object]) -> SmearImage:
    """Finish the image's newest job with these cells, the first the principal one."""
    job = image.jobs.first()
    assert job is not None
    held = jobs.claim(job.pk)
    assert held is not None
    found = [make_cell(image, n, job_id=job.pk, **fields) for n, fields in enumerate(cells, 1)]
    assert jobs.record([jobs.Result(held, cells=found)])
    return image


def fail_image(
    image: SmearImage, sentence: str = "The engine stopped. Run it again."
) -> SmearImage:
    """Finish the image's newest job without a result."""
    job = image.jobs.first()
    assert job is not None
    held = jobs.claim(job.pk)
    assert held is not None
    assert jobs.fail(held, code="engine", sentence=sentence)
    return image
