"""Accession numbers that several samples came to carry: one has it, the others are marked."""

from __future__ import annotations

from predictions.models import Sample


def pass_number_on(sample: Sample, key: str) -> None:
    """Let the oldest sample that collided under a key have its number, if nobody else has it.

    Args:
        sample: which has just given it up; before the trail is written.
        key: of the number, as numbers are compared.
    """
    of_key = Sample.objects.filter(laboratory_id=sample.laboratory_id, accession_key=key)
    of_key = of_key.exclude(state__in=Sample.GONE)
    if of_key.filter(number_collides=False).exists():
        return
    # What is signed stays as it is, so it stays marked.
    waiting = of_key.exclude(state__in=Sample.FROZEN).order_by("created_at", "pk").first()
    if waiting is not None:
        Sample.objects.filter(pk=waiting.pk).update(number_collides=False)
