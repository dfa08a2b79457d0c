"""The page on attributes, and their part of the model card. It measures nothing."""

from __future__ import annotations

from typing import Any

from mlmodels.ml.inference.attributes import WANTED
from mlmodels.ml.inference.morphology_words import attribute_in_words

COMMAND = (
    "manage.py evaluate_model --manifest DIR/cells/pbc/manifest.csv --root DIR --split test "
    "--attributes DIR/cells/pbc/attributes.csv --model VERSION --runtime RUNTIME --markdown FILE"
)


def attributes_markdown(figures: dict[str, Any]) -> str:
    """Write the page.

    Args:
        figures: of `report_attributes`, with `model`, `runtime`, `weights_sha256`,
            `attributes_sha256` and `trained_on`.

    Returns:
        Markdown, ending with a line break.
    """
    parts = [
        "# Morphology, in words",
        "A small head on the network's own features reads eleven attributes of a white cell, so "
        "that a result can say why in a haematologist's words. It is fitted beside the network "
        "and changes no class, no confidence and no disposition: it costs the classes nothing. "
        f"Written by the command below; do not edit.\n\n`{COMMAND}`",
        f"Version `{figures['model']}`, {figures['runtime']}; SHA-256 of the weights "
        f"`{figures['weights_sha256']}`, of the head `{figures['attributes_sha256']}`.",
        "## Measured",
        attribute_tables(figures),
        _words(figures),
        _HOW,
    ]
    return "\n\n".join(parts) + "\n"


def attribute_tables(figures: dict[str, Any]) -> str:
    """One row an attribute, with a sentence before and after."""
    lines = [
        f"{figures['n']} pictures that the version was not trained on "
        f"({figures['trained_on']} others left out); in {figures['no_cell_found']} of them no cell "
        "was found, which counts as wrong. *Class alone* is the macro-F1 of saying what most "
        "training cells of the named class look like: what the head adds is the difference. "
        "*Told* are the cells for which a person is shown a word.",
        "",
        "| attribute | macro-F1 | class alone | right | told | right among told |",
        "|---|---|---|---|---|---|",
    ]
    for name, f in figures["per_attribute"].items():
        lines.append(
            f"| {name.replace('_', ' ')} | {f['macro_f1']:.3f} | {f['usual_macro_f1']:.3f} | "
            f"{f['right']} of {f['n']} | {_share(f['told'], f['n'])} | "
            f"{_share(f['told_right'], f['told'], f['told_interval'])} |"
        )
    lines += [
        "",
        f"Mean macro-F1 {figures['mean_macro_f1']:.3f}. Right among all words told: "
        f"{_share(figures['told_right'], figures['told'], figures['told_interval'])}. "
        f"{figures['cells_with_words']} of {figures['n']} cells have at least one word.",
    ]
    return "\n".join(lines)


def _words(figures: dict[str, Any]) -> str:
    lines = [
        "## Word by word",
        "",
        "| attribute | word | in the truth | most probable | right | told | right among told |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, f in figures["per_attribute"].items():
        for value in sorted({*f["per_value"], *f["per_word"]}):
            of_value = f["per_value"].get(value)
            counts = [of_value[key] for key in ("n", "said", "right")] if of_value else ["", "", ""]
            told = f["per_word"].get(value, {"told": 0, "right": 0})
            shown = ["0", ""] if not told["told"] else [str(told["told"]), str(told["right"])]
            cells = [name.replace("_", " "), attribute_in_words(name, value)[1], *counts, *shown]
            lines.append(f"| {' | '.join(map(str, cells))} |")
    short = [
        f"{attribute_in_words(name, word)[1]} ({name.replace('_', ' ')}, "
        f"{told['right']} of {told['told']})"
        for name, f in figures["per_attribute"].items()
        for word, told in f["per_word"].items()
        if told["right"] < WANTED * told["told"]
    ]
    lines += ["", f"Right less often than {WANTED:.0%} here: {', '.join(short) or 'no word'}."]
    return "\n".join(lines)


def _share(part: int, whole: int, interval: tuple[float, float] | None = None) -> str:
    if not whole:
        return "none"
    words = f"{part} of {whole}, {part / whole:.1%}"
    return f"{words} ({interval[0]:.1%} to {interval[1]:.1%})" if interval else words


_HOW = """## How it is made

- Features are those that the engine computes anyway, of pictures located, cut and averaged over \
views as in use. For each attribute a multinomial logistic regression on their 64 first principal \
components is fitted on training pictures alone; the strength of its penalty and its temperature \
have the least log loss on the calibration split. No test chooses anything.
- A word is told from the probability on at which nine in ten of the calibration cells given it \
are right, with one wrong cell added so that a handful of lucky ones does not count; a word that \
never gets there is never told. Where no single shape of the nucleus is sure, "segmented" or \
"unsegmented" may be.
- Nothing is told of a cell that is unidentified, of a class that has no attributes \
(immature granulocytes, erythroblasts, platelets), and no word that fewer than one in a hundred \
training cells of the named class show.
- Of these a page shows what the measure bears out: a size only with red cells to compare with, a \
blue cytoplasm only in lymphocytes and monocytes (`mlmodels/ml/inference/measured_words.py`; \
[Words and measures](experiments.md#words-and-measures), `manage.py measure_words --data DIR`).
- The phrase is put together by `mlmodels/ml/inference/morphology_words.py`; words that contradict \
each other are dropped.

`manage.py fit_attributes VERSION_FOLDER --data DIR` gives the head to a version that is finished; \
a training whose pictures carry attributes ends with it.

## What it does not show

- The words do not decide the class, and the class does not decide them: both are read from the \
same features. Where an attribute goes with the class (granules, cytoplasm of granulocytes), a \
right word says little more than the class does; see *class alone*.
- All pictures are of one analyser and one stain, and the truth is what annotators of one set \
saw (WBCAtt, Tsutsui et al. 2023, MIT). Colours on another stain are another matter: nothing here \
was measured there.
- No patient is known in the set, so cells of one person may stand on both sides."""
