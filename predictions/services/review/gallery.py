"""The gallery as it is looked at: what is shown to a person is written down."""

from __future__ import annotations

from uuid import UUID

from accounts.models import AuditAction, User
from accounts.policy import Action, require
from accounts.services.audit import record_read
from predictions.selectors.review.gallery import Gallery, gallery_of


def view_gallery(
    *, actor: User, sample_id: UUID, label: str | None = None, only_alarm: bool = False
) -> Gallery:
    """The gallery of a sample; where it has cells, that they were viewed is written down.

    Args:
        label: the code of the one class to show; one that is not there shows all.
        only_alarm: show those alone that make the sample's alarm; where there is none, all.

    Raises:
        SampleNotFound: there is no such sample in the actor's laboratory.
    """
    require(actor, Action.SEE_RESULTS)
    gallery = gallery_of(actor, sample_id, label, only_alarm=only_alarm)
    if gallery.cells:
        record_read(
            action=AuditAction.RESULT_VIEWED,
            actor=actor,
            laboratory=actor.laboratory,
            obj=gallery.sample,
        )
    return gallery
