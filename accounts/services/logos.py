"""The picture at the head of a laboratory's reports: made anew from what was uploaded."""

from __future__ import annotations

import io
import struct
import zlib

from django.db import transaction
from PIL import Image, ImageOps

from accounts.errors import LaboratoryRefused
from accounts.models import AuditAction, Laboratory, User
from accounts.policy import Action, require
from accounts.services.audit import record_event

MOST_BYTES = 1024 * 1024
# What stands on paper 10 cm wide at 150 dots per inch.
LARGEST_PX = (600, 200)
MOST_MEGAPIXELS = 20
# Pillow's decoders raise many kinds for broken bytes; all of them mean the same here.
_BROKEN = (
    OSError, ValueError, SyntaxError, EOFError, LookupError, OverflowError, TypeError,
    struct.error, zlib.error, Image.DecompressionBombError,
)  # fmt: skip


def change_logo(*, actor: User, picture: bytes) -> Laboratory:
    """Put a picture at the head of the laboratory's reports.

    Args:
        picture: a PNG or JPEG as it was uploaded; only its pixels are kept.

    Raises:
        LaboratoryRefused: it is too large, or no such picture.
    """
    require(actor, Action.MANAGE_LABORATORY)
    return _set(actor, _made_anew(picture))


def remove_logo(*, actor: User) -> Laboratory:
    """Let the laboratory's reports begin without a picture."""
    require(actor, Action.MANAGE_LABORATORY)
    return _set(actor, None)


@transaction.atomic
def _set(actor: User, logo: bytes | None) -> Laboratory:
    laboratory = Laboratory.objects.select_for_update(no_key=True).get(pk=actor.laboratory_id)
    before = bytes(laboratory.logo) if laboratory.logo else None
    if before == logo:
        return laboratory
    laboratory.logo = logo
    laboratory.save(update_fields=["logo"])
    record_event(
        action=AuditAction.LABORATORY_CHANGED,
        actor=actor,
        laboratory=laboratory,
        obj=laboratory,
        changes={"logo": [_in_words(before), _in_words(logo)]},
    )
    return laboratory


def _made_anew(picture: bytes) -> bytes:
    """The pixels alone, as a PNG: no place, camera or comment of the file comes with them."""
    if len(picture) > MOST_BYTES:
        raise LaboratoryRefused("logo", "The file is larger than 1 MB. Save it smaller.")
    try:
        with Image.open(io.BytesIO(picture), formats=("PNG", "JPEG")) as opened:
            if opened.width * opened.height > MOST_MEGAPIXELS * 1_000_000:
                raise LaboratoryRefused(
                    "logo", f"The picture has over {MOST_MEGAPIXELS} megapixels. Save it smaller."
                )
            upright = ImageOps.exif_transpose(opened)
            pixels = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    except _BROKEN as error:
        raise LaboratoryRefused(
            "logo", "This file is no whole PNG or JPEG picture. Choose another one."
        ) from error
    pixels.thumbnail(LARGEST_PX)
    pixels.info.clear()
    made = io.BytesIO()
    pixels.save(made, format="PNG")
    return made.getvalue()


def _in_words(logo: bytes | None) -> str | None:
    """A logo as the audit trail names it: it never holds bytes of pictures."""
    if logo is None:
        return None
    with Image.open(io.BytesIO(logo)) as picture:
        return f"{picture.width} × {picture.height} px"
