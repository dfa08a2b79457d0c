"""The README of an export, in plain words. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Told:
    """What an export says of itself.

    Args:
        project: the name of the study, as it was asked for.
        year: in which it was made.
        cells, images, samples, patients: how many there are.
        images_missing: how many could not be read from the store any more.
        samples_left_out: how many were amended or taken back while it was written.
        labels: which ones were asked for; empty for all that are cells.
        profiles: how many imaging profiles were chosen; 0 for all.
        has_span: whether only reports of some days were chosen. Which days is not told.
        is_by_disease: whether only samples with chosen disease labels are in it.
        with_diseases: whether the table says what each patient has.
    """

    project: str
    year: int
    cells: int
    images: int
    samples: int
    patients: int
    images_missing: int
    samples_left_out: int
    labels: tuple[str, ...]
    profiles: int
    has_span: bool
    is_by_disease: bool
    with_diseases: bool


def readme(told: Told) -> str:
    """The text of `README.txt`."""
    only = _only(told)
    diseases = (
        'The column "diseases" holds codes of what doctors of the laboratory say that the patient\n'
        "has. Of a rare disease, place and year may tell who it is: share it with care."
        if told.with_diseases
        else "What the patients are known to have is not in it."
    )
    missing = (
        f"\nLeft out: {told.images_missing} field(s) whose picture is gone from the store.\n"
        if told.images_missing
        else ""
    )
    if told.samples_left_out:
        missing += (
            f"\nLeft out: {told.samples_left_out} sample(s) whose report was amended or taken back "
            "while this was\nwritten.\n"
        )
    return f"""\
Blood cells for research: {told.project}, {told.year}

{told.cells} cells in {told.images} fields of {told.samples} samples of {told.patients} patients.
{only}
{missing}
WHAT IS IN IT
annotations.json  the boxes in the form of COCO; bbox is [x, y, width, height] in pixels of the
                  field, from its upper left corner. Category ids are the same in every export.
images/           the fields, decoded, turned upright and written anew as JPEG without metadata.
                  They are not the original bytes.
crops/LABEL/      a PNG of each cell: a square of twice its box's longer side about the middle of
                  the box, as far as the field reaches.
cells.csv         a row for each cell: who it is of by study code, box, label, who named it, and
                  what the model said.

WHAT THE LABELS ARE
All cells are of samples whose report a doctor has signed. "named by" says whether a doctor or a
technician named the cell, or whether the model did and the report was signed with it. Cells that
nobody named are not in it.

WHO IT IS OF
Study codes (P-... a patient, S-... a sample) are drawn at random for this project and follow from
nothing. The laboratory keeps the key. There are no names, numbers, free texts or dates; of the
time of collection there is the year (of registration where the time of collection was not told),
and ages over 89 are "90+". A sample without a patient reference has a patient code of its own, so
two codes may be one person.
{diseases}
Marks that were found drawn on a field (rings, arrows, scale bars, text) are painted over. Look
through the fields all the same before you hand them on. Pseudonymised data stays personal data.

WHAT IT IS NOT
Cells of a film are no random sample of a population, and labels are people's readings, not the
truth. Split by patient, never by cell or field, when you train or measure.
"""


def _only(told: Told) -> str:
    """Which cells of signed reports there are, and which not."""
    chosen = [
        *(["reports signed on chosen days"] if told.has_span else []),
        *([f"fields of {told.profiles} chosen imaging profile(s)"] if told.profiles else []),
        *(["samples with chosen disease labels"] if told.is_by_disease else []),
    ]
    narrowed = f"Only {', '.join(chosen)} are in it.\n" if chosen else ""
    if told.labels:
        return (
            f"{narrowed}Only cells of these labels are in it: {', '.join(told.labels)}. Other "
            "cells can be\nseen in the fields and have no box."
        )
    return (
        f"{narrowed}Every cell of {'these' if chosen else 'the'} signed reports that somebody "
        "named, a person or the model, is\nin it. Boxes that were called an artefact, no cell or a "
        "duplicate are not."
    )
