"""Which rows a person sees, and which state allows what."""

from django.db.models import QuerySet

from accounts.models import User
from accounts.policy import Action, allows
from predictions.models import SmearImage, Sample


def visible_samples(viewer: User) -> QuerySet[Sample]:
    """The samples of the viewer's laboratory."""
    if not allows(viewer, Action.SEE_RESULTS):
        return Sample.objects.none()
    return Sample.objects.filter(laboratory_id=viewer.laboratory_id)


def visible_images(viewer: User) -> QuerySet[SmearImage]:
    """The images of the viewer's laboratory."""
    if not allows(viewer, Action.SEE_RESULTS):
        return SmearImage.objects.none()
    return SmearImage.objects.filter(sample__laboratory_id=viewer.laboratory_id)
