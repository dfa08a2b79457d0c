"""Lets an import wait for a person: what is asked, and small pictures of what it is about."""

from __future__ import annotations

from dataclasses import asdict
from itertools import count
from pathlib import Path
from typing import Any

from mlmodels import artifacts, storage
from mlmodels.ml.datasets.box_crops import cut_box
from mlmodels.ml.datasets.layouts.listing import Listed
from mlmodels.ml.datasets.questions import FoundClass, Questions
from mlmodels.ml.errors import RejectedImage
from mlmodels.ml.names import plain_name
from mlmodels.ml.pictures.apart import read_picture_apart
from mlmodels.ml.pictures.picture import ImageLimits
from mlmodels.ml.pictures.renditions import encode_rendition
from mlmodels.services.datasets import claims

_EXAMPLE_SIDE_PX = 160
_LONGEST_NAME = 120


def ask(held: claims.Claim, staging: Path, questions: Questions, limits: ImageLimits) -> None:
    """Keep what a person is to judge, with examples, and let the import wait.

    Args:
        staging: where the archive is unpacked; it goes.
        questions: what has to be judged.
        limits: of one picture.
    """
    folder = artifacts.examples_folder(held.dataset.folder)
    storage.remove_folder(folder)
    numbers = count()
    classes = []
    for found in questions.classes:
        examples = []
        for listed in found.examples:
            picture = _example(staging, listed, limits)
            if picture is not None:
                examples.append(next(numbers))
                storage.keep_example(folder, examples[-1], picture)
        classes.append(_as_json(found, examples))
    asked = {
        "words": list(questions.words),
        "classes": classes,
        "halves": dict(questions.halves) if questions.halves else None,
        "folders": asdict(questions.folders) if questions.folders else None,
    }
    claims.ask(held, asked)
    storage.remove_folder(staging)


def _as_json(found: FoundClass, examples: list[int]) -> dict[str, Any]:
    return {
        "key": found.key,
        "name": plain_name(found.name)[:_LONGEST_NAME],
        "pictures": found.pictures,
        "code": found.code,
        "is_left_out": found.is_left_out,
        "proposal": found.proposal,
        "examples": examples,
    }


def _example(staging: Path, listed: Listed, limits: ImageLimits) -> bytes | None:
    """A small JPEG of a picture, or of a box in it; none where it cannot be read."""
    try:
        rgb = read_picture_apart((staging / listed.path).read_bytes(), limits).rgb
        shown = rgb if listed.box is None else cut_box(rgb, listed.box)
    except RejectedImage:
        # The import says why; that the class is asked for does not hang on its pictures.
        return None
    return encode_rendition(shown, max_side_px=_EXAMPLE_SIDE_PX)
