"""What is said of a week that crossed a limit: one sentence of what, one of what to do."""

from __future__ import annotations

from collections.abc import Mapping

from predictions.quality.drift import DISTRIBUTIONS, Change, Judged, Measure

NAMES: Mapping[str, str] = {
    Measure.CLASSES: "Classes",
    Measure.CONFIDENCE: "Confidence",
    Measure.FAMILIARITY: "Familiarity",
    Measure.NOT_ACCEPTED: "Not accepted",
    Measure.OVERRIDES: "Overrides",
}

ADVICE: Mapping[Change, str] = {
    Change.PICTURES: (
        "The pictures changed, not only the patients: look at stain, lamp, camera and focus. A "
        "new stain lot? A new camera? Then onboard the profile."
    ),
    Change.PATIENTS: (
        "Only the mix of classes changed: perhaps the patients did, as in a season or with a new "
        "ward. Look at some of the samples before anything else is changed."
    ),
    Change.READERS: (
        "Only what people make of the cells changed: a new reader, or a class that the model "
        "names wrongly more often. Look at the cells that were named otherwise."
    ),
}


def sentence_of(judged: Judged, class_names: Mapping[str, str]) -> str:
    """What moved, by how much, and what the limit was."""
    if judged.measure in DISTRIBUTIONS:
        return (
            f"{_WHAT[judged.measure]} (stability index {judged.value:.2f}, limit "
            f"{judged.high:.2f}, {judged.samples} samples); {_moved(judged, class_names)}."
        )
    before = judged.moved[1]
    return (
        f"{_WHAT[judged.measure].format(100 * judged.value)} (in the baseline {100 * before:.1f} "
        f"%, limits {100 * (judged.low or 0):.1f} and {100 * judged.high:.1f} %, "
        f"{judged.samples} samples)."
    )


_WHAT: Mapping[Measure, str] = {
    Measure.CLASSES: "The classes are distributed otherwise than before",
    Measure.CONFIDENCE: "The model is sure of its answers otherwise than before",
    Measure.FAMILIARITY: "Cells look otherwise to the model than before",
    Measure.NOT_ACCEPTED: "The model leaves {:.1f} % of the cells to people",
    Measure.OVERRIDES: "People name {:.1f} % of the cells they look at otherwise than the model",
}


def _moved(judged: Judged, class_names: Mapping[str, str]) -> str:
    name, before, now = judged.moved
    if judged.measure == Measure.CLASSES:
        what = class_names.get(name, name.replace("_", " ")).lower()
    elif judged.measure == Measure.CONFIDENCE:
        what = f"cells with a confidence of {name} %"
    else:
        what = f"cells further from what the model knows than {name} % of those it was tried on"
    return f"most of all {what}: {100 * before:.1f} % before, {100 * now:.1f} % now"
