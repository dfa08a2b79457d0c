"""Imaging profiles, and images taken with them, made by the services that make them for real."""

from __future__ import annotations

from itertools import count

from accounts.models import User
from mlmodels.models import ImagingProfile
from mlmodels.services.profiles import ProfileFields, create_profile
from predictions.models import Cell, SmearImage
from predictions.services.imaging.intake import receive_images
from predictions.services.review.reviews import review_cell
from tests.drawn_cells import draw_smear_png
from tests.factories.images import file_of, make_sample

_numbers = count(1)


def make_profile(admin: User, name: str = "", **fields: object) -> ImagingProfile:
    """A profile of a name that no other has; the first of a laboratory is its default."""
    said = ProfileFields(name or f"Microscope {next(_numbers)}", **fields)  # type: ignore[arg-type]
    return create_profile(actor=admin, fields=said)


def image_of(
    technician: User, profile: ImagingProfile | None, sample=None, **drawn: object
) -> SmearImage:
    """An image of a drawn smear, taken with a profile, that waits for its classification."""
    sample = sample or make_sample(technician)
    drawn.setdefault("seed", 1000 + next(_numbers))
    [received] = receive_images(
        actor=technician,
        sample_id=sample.pk,
        files=[file_of(draw_smear_png(**drawn))],
        imaging_profile=str(profile.pk) if profile else "",
    )
    assert received.image is not None, received.error
    return received.image


def say(actor: User, cell: Cell, label: str) -> Cell:
    """Review a cell as somebody who saw its last review."""
    last = cell.reviews.last()
    review_cell(actor=actor, cell_id=cell.pk, label=label, seen_number=last.number if last else 0)
    return Cell.objects.get(pk=cell.pk)
