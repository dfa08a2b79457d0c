"""Archives of pictures, as the person who sent one and programs see them."""

from __future__ import annotations

from uuid import UUID

from accounts.models import User
from predictions import policy
from predictions.errors import ArchiveNotFound
from predictions.models import ImageArchive


def archive_for_viewer(viewer: User, archive_id: UUID) -> ImageArchive:
    """One archive: how far its unpacking is, and what was not taken.

    Raises:
        ArchiveNotFound: there is no such archive in the viewer's laboratory.
    """
    archive = policy.visible_archives(viewer).filter(pk=archive_id).first()
    if archive is None:
        raise ArchiveNotFound()
    return archive
