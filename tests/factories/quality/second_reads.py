"""Second reads and control slides, made by the services that make them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from accounts.models import User
from predictions.models import Cell, ControlAnswer, ControlReading, ControlSlide, Report, SecondRead
from predictions.services.laboratory.rules import change_rules
from predictions.services.quality.control_readings import (
    answer_control_cell,
    begin_control_reading,
)
from predictions.services.quality.control_slides import (
    choose_control_cells,
    new_control_slide,
    start_control_slide,
)
from predictions.services.quality.second_reads import answer_second_read, next_second_read
from tests.factories.cases import make_signed

# Of a control slide, as a test may want it: mostly ordinary, one class rare.
SLIDE: Mapping[str, int] = {
    "neutrophil": 120, "lymphocyte": 50, "monocyte": 20, "eosinophil": 10,
}  # fmt: skip


def read_rates(admin: User, accepted: int, rare: int = 0) -> None:
    """Let so many percent of the cells be read a second time."""
    change_rules(
        actor=admin,
        changes={"second_read_percent": accepted, "second_read_rare_percent": rare},
    )


def make_drawn(
    technician: User, doctor: User, admin: User, percent: int = 100, **case: object
) -> Report:
    """A signed report of a small case, of whose accepted cells so many percent were drawn."""
    read_rates(admin, percent, percent)
    return make_signed(technician, doctor, **case)


def handed_to(reader: User) -> SecondRead:
    """The cell that somebody reads now; there is one."""
    read = next_second_read(actor=reader)
    assert read is not None
    return read


def read_next(reader: User, label: str) -> SecondRead:
    """Take the next cell and name it."""
    read = next_second_read(actor=reader)
    assert read is not None, "nothing waits"
    answer_second_read(actor=reader, read_id=read.pk, label=label)
    return SecondRead.objects.select_related("answer").get(pk=read.pk)


def make_differing(report: Report, reader: User) -> SecondRead:
    """A cell of a signed report that somebody read as a blast."""
    cells = Cell.objects.filter(image__sample=report.sample, last_review_number=0)
    cell = cells.filter(second_read=None)[0]
    read = SecondRead.objects.create(
        laboratory_id=report.laboratory_id,
        sample=report.sample,
        draw=report.second_read_draw,
        cell=cell,
        kind=SecondRead.Kind.ACCEPTED,
        first_label=cell.present_label,
        turn=0,
        reader=reader,
    )
    answer_second_read(actor=reader, read_id=read.pk, label="blast")
    return SecondRead.objects.get(pk=read.pk)


def make_control_slide(
    technician: User, doctor: User, admin: User, cells: Mapping[str, int] = SLIDE
) -> ControlSlide:
    """A started slide of exactly these signed cells."""
    report = make_signed(technician, doctor, cells=cells)
    slide = new_control_slide(actor=admin, name="Slide 1")
    choose_control_cells(
        actor=admin,
        slide_id=slide.pk,
        sample_id=report.sample_id,
        cell_ids=list(
            Cell.objects.filter(image__sample=report.sample_id).values_list("pk", flat=True)
        ),
    )
    return start_control_slide(actor=admin, slide_id=slide.pk)


def read_slide(
    reader: User, instead: Mapping[str, tuple[str, int]] | None = None
) -> ControlReading:
    """Read the control slide to its end, rightly but for some cells.

    Args:
        instead: by true label, what so many of its cells are called instead.
    """
    reading = begin_control_reading(actor=reader)
    left = {true: [other] * cells for true, (other, cells) in (instead or {}).items()}
    labels = dict(reading.slide.cells.values_list("pk", "label"))
    true = {str(key): label for key, label in labels.items()}
    for number, key in enumerate(reading.order):
        wrong = left.get(true[key])
        label = wrong.pop() if wrong else true[key]
        answer_control_cell(actor=reader, reading_id=reading.pk, number=number, label=label)
    reading.refresh_from_db()
    return reading


def make_reading(
    slide: ControlSlide,
    reader: User,
    month: date | None = None,
    instead: Mapping[str, tuple[str, int]] | None = None,
    *,
    passed: bool = True,
) -> ControlReading:
    """The rows of a finished reading as `read_slide` leaves them, of any month, in no time.

    Args:
        instead: as for `read_slide`.
        passed: what came of it.
    """
    cells = list(slide.cells.all())
    reading = ControlReading.objects.create(
        slide=slide,
        reader=reader,
        reader_role=reader.role,
        month=month or reader.laboratory.today.replace(day=1),
        order=[str(cell.pk) for cell in cells],
    )
    left = {true: [other] * count for true, (other, count) in (instead or {}).items()}
    ControlAnswer.objects.bulk_create(
        ControlAnswer(
            reading=reading,
            cell=cell,
            label=left[cell.label].pop() if left.get(cell.label) else cell.label,
        )
        for cell in cells
    )
    reading.finished_at, reading.passed = reading.begun_at, passed
    reading.save(update_fields=["finished_at", "passed"])
    return reading
