"""The onboarding page: what reviewed cells were worth, as a page of text. It measures nothing."""

from __future__ import annotations

from typing import Any

from mlmodels.ml.evaluation.metrics import wilson_interval

_FIGURES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "coverage": "accepted without a person's look",
    "accuracy_accepted": "right among accepted",
    "ece": "calibration error",
}


def onboarding_markdown(figures: dict[str, Any], command: str) -> str:
    """Write the page.

    Args:
        figures: of `demonstrate`.
        command: as somebody else would type it.

    Returns:
        Markdown, ending with a line break.
    """
    parts = [
        _head(figures, command),
        _summary(figures),
        _draws(figures),
        _acceptance(figures),
        _classes(figures),
        *_strangers(figures),
    ]
    return "\n\n".join([*parts, _SETTINGS, _LIMITS]) + "\n"


def _head(figures: dict[str, Any], command: str) -> str:
    first = figures["draws"][0]
    return (
        "# Onboarding another microscope: what fifty reviewed cells are worth\n\n"
        f"{figures['model']} was adapted to {figures['cells']} cells of the set "
        f"`{figures['set']}` and measured on others of it, {len(figures['draws'])} times with "
        f"other cells ({first['adapted_on']} adapted on and {first['measured_on']} measured in the "
        "first draw; whole sources, so that no source is on both sides). "
        f"{_asked(figures)}"
        "Nothing of the set is shipped. Written by the command below; do not edit.\n\n"
        f"`{command}`\n\n"
        f"Weights SHA-256 `{figures['weights_sha256']}` (`model.keras`), code "
        f"{figures['git_revision'] or 'without a revision'}."
    )


def _asked(figures: dict[str, Any]) -> str:
    """What was asked for beside the number of cells, in sentences."""
    told = []
    if figures["classes"]:
        told.append(
            f"The profile declares {', '.join(figures['classes'])}: before and after, cells are "
            "named among these. "
        )
    if figures["measured_split"]:
        told.append(
            f"Cells are drawn from the split `{figures['reviewed_split'] or 'all'}` and measured "
            f"on `{figures['measured_split']}`. "
        )
    if figures["at_most"]:
        told.append(f"At most {figures['at_most']} pictures of each class are measured. ")
    return "".join(told)


def _summary(figures: dict[str, Any]) -> str:
    lines = [
        "## Before and after",
        "",
        f"Mean over {len(figures['draws'])} draws, standard deviation, lowest and highest. The "
        "draws share most of their cells, so their spread is that of the choice of cells, not of "
        "another microscope.",
        "",
        "| | before | after |",
        "|---|---|---|",
    ]
    for key, words in _FIGURES.items():
        cells = [_spread(figures["summary"].get(f"{key}_{when}")) for when in ("before", "after")]
        lines.append(f"| {words} | {cells[0]} | {cells[1]} |")
    return "\n".join(lines)


def _spread(v: dict[str, float] | None) -> str:
    if v is None:
        return "none"
    return (
        f"{100 * v['mean']:.1f} % ± {100 * v['deviation']:.1f} "
        f"({100 * v['lowest']:.1f} to {100 * v['highest']:.1f})"
    )


def _draws(figures: dict[str, Any]) -> str:
    lines = [
        "## Each draw",
        "",
        "| draw | right before | right after (95 %) | accepted after | right among them | chosen |",
        "|---|---|---|---|---|---|",
    ]
    for draw in figures["draws"]:
        before, after, n = draw["before"], draw["after"], draw["measured_on"]
        hits = round(after["accuracy"] * n)
        low, high = wilson_interval(hits, n)
        accepted = round((after["coverage"] or 0) * n)
        right = round((after["accuracy_accepted"] or 0) * accepted)
        lines.append(
            f"| {draw['seed']} | {round(before['accuracy'] * n)} of {n} | {hits} of {n} "
            f"({100 * low:.1f} to {100 * high:.1f} %) | {accepted} of {n} | "
            f"{right} of {accepted} | {draw['chosen']} |"
        )
    return "\n".join(lines)


def _acceptance(figures: dict[str, Any]) -> str:
    """What the reviewed cells had said of acceptance, beside what came true."""
    lines = [
        "## What the reviewed cells promised",
        "",
        "Each reviewed cell is told by a last layer that was fitted without it; what came true is "
        "on the measured cells.",
        "",
        "| draw | limit of confidence | accepted of the reviewed | right among them (95 %) | "
        "right among accepted, measured (95 %) |",
        "|---|---|---|---|---|",
    ]
    for draw in figures["draws"]:
        shown, taken = draw["acceptance"], draw["after"]["accepted_by_class"].values()
        accepted, right = sum(r["accepted"] for r in taken), sum(r["right"] for r in taken)
        lines.append(
            f"| {draw['seed']} | {shown['confidence']:.3f} | {shown['accepted']} of "
            f"{shown['cells']} | {_share(shown['right'], shown['accepted'])} | "
            f"{_share(right, accepted)} |"
        )
    return "\n".join(lines)


def _classes(figures: dict[str, Any]) -> str:
    """Recall and acceptance by class in every draw, with intervals of the cells in it."""
    lines = [
        "## Each class",
        "",
        "Found as such, each draw for itself, with its Wilson interval (95 %); the last columns "
        "are of the answers that were accepted after.",
        "",
        "| class | draw | reviewed | before | after | accepted after | right among them |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in figures["draws"][0]["before"]["per_class"]:
        for draw in figures["draws"]:
            rows = [draw[when]["per_class"].get(name, {"n": 0}) for when in ("before", "after")]
            if not rows[0]["n"]:
                continue
            found = [_share(round((row["recall"] or 0) * row["n"]), row["n"]) for row in rows]
            taken = draw["after"]["accepted_by_class"][name]
            lines.append(
                f"| {name} | {draw['seed']} | {draw['reviewed_by_class'].get(name, 0)} | "
                f"{found[0]} | {found[1]} | {taken['accepted']} of {taken['n']} | "
                f"{_share(taken['right'], taken['accepted'])} |"
            )
    return "\n".join(lines)


def _strangers(figures: dict[str, Any]) -> list[str]:
    """Of pictures of other classes, how many were accepted as something else."""
    if not figures["draws"][0]["before"]["strangers"]:
        return []
    lines = [
        "## Of other classes",
        "",
        "Pictures of classes that the version does not name, or that are said not to occur: "
        "accepted as something else. All of these are errors.",
        "",
        "| class | draw | before (95 %) | after (95 %) |",
        "|---|---|---|---|",
    ]
    for draw in figures["draws"]:
        for name, before in sorted(draw["before"]["strangers"].items()):
            after = draw["after"]["strangers"][name]
            shares = [_share(row["accepted"], row["n"]) for row in (before, after)]
            lines.append(f"| {name} | {draw['seed']} | {shares[0]} | {shares[1]} |")
    return ["\n".join(lines)]


def _share(hits: int, n: int) -> str:
    """A count with its share and interval."""
    if not n:
        return "none"
    low, high = wilson_interval(hits, n)
    return f"{hits} of {n}, {100 * hits / n:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


_SETTINGS = """## What is done, and where its settings come from

An adaptation (`mlmodels/ml/adaptation/`) tries 30 settings: the shift of the mean colours towards
those of training (none or whole), the cells' own batch-normalisation statistics (a share of 0,
0.5 or 1), and the last layer fitted again (not at all, or with the strength 0.03, 0.1, 0.3 or 1,
held to the old one). The one with the least log loss on cells whose sources its last layer was
not fitted on is taken; no change is one of them. Every crop is cut by the version's own rule. The
colours of training are read from the version itself: the first convolution is linear in the
colours, and the batch normalisation behind it keeps the means of what it saw.

**Classes without reviewed cells.** The last layer is moved only along the 32 directions in which
the version's classes differ in training (`familiarity.npz`); for each class of which fewer than
three cells were reviewed, every reviewed cell is carried over to it, from the centre of its own
class to that of the other, and rehearsed as one of it. Where such a class may occur, strengths
above 0.1 are not tried. Blasts may occur anywhere, so a version that knows them is fitted more
strongly only where some were reviewed.

**Acceptance.** The temperature is never lowered, so no answer becomes surer by it; what the base
asks of each class stays asked, at the temperature of the adaptation; and the limit of confidence
is the least from which on, by the calibrated confidence, 97 % of what is accepted is expected
right, and counted on the reviewed cells, each told by a layer fitted without it, 97 % are. Fifty
cells cannot prove that: 125
accepted ones, all of them right, would. The card, the page and the table above say what they do
show.

**Classes that do not occur** are left out before the softmax, in the choice of the setting, too.
What of the probability a left-out class that a person must see would have had counts against
accepting, and a cell whose most probable class was left out is never accepted (decision 0024).

How the directions, the stand-ins and the strengths were chosen is in
[experiments.md](experiments.md), "Onboarding".

The settings of colours, statistics and strengths, in the form they had before, were fixed before
jtsc was looked at, on the 278 photographs of the four-class set with two small networks that had
never seen them: MobileNetV2 of width 0.35, three epochs of 6,400 crops of PBC alone, one with the
recipe's augmentation (on which the figures below are) and one with a stronger one (on which only
the colours were compared). Fifty photographs were drawn, 228 measured; the draw with seed 0 was
looked at:

| | accuracy | balanced | log loss |
|---|---|---|---|
| as it was | 33.8 % | 46.2 % | 1.71 |
| statistics alone, 0.5 | 28.5 % | 47.5 % | 1.85 |
| statistics alone, 1 | 43.4 % | 55.5 % | 1.69 |
| colours alone | 45.2 % | 52.8 % | 1.55 |
| last layer alone, 0.01 | 71.5 % | 76.8 % | 1.08 |
| last layer alone, 0.1 | 80.7 % | 83.2 % | 0.90 |
| last layer alone, 1 | 81.1 % | 83.6 % | 0.84 |
| colours, last layer 0.3 | 82.5 % | 84.6 % | 0.82 |
| colours, last layer 1 | 82.0 % | 84.2 % | 0.80 |

The log loss that was cross-validated within the fifty ordered the settings as the 228 did, down to
differences of 0.02. Strengths below 0.03 were left out as too weak. Also moving the
deviations of the colours was tried and left out: it took softer pictures for paler ones (gains of
2.0 and 0.5, shifts of over 200 levels). One draw of one
network is a thin ground; the choice within each adaptation does not rest on it.

The rule of the expected confidence was chosen on the same photographs, then for 95 %, five draws,
with a network of width 1.0 trained without that set (before: 28 % accepted, 96.3 % of these
right). Counting the right ones among the fifty, as was done at first, accepted 12 to 65 % of the
others, mean 38 %, of which 92.5 % were right, and 86.1 % in the worst draw; the rule above 1 to
46 %, mean 25 %, of which 94.3 % were right, and 89.5 % in the worst. Counting one more of the
fifty as wrong left next to nothing accepted."""

_LIMITS = """## What it does not show

- Classes without reviewed cells are not measured. Carried-over cells stand in for them, and are
  easier than real ones: they show nothing of how many real ones are still found. An adapted version
  says on its card which classes they are.
- What the reviewed cells promise of acceptance has wide intervals; the gate compares what comes
  true with the active version's.
- Statistics of another microscope also move the score that says whether a find is a cell at all,
  which is not fitted again; its threshold is set so that 2 % of the reviewed cells fall below it
  and are unidentified.
- The set's labels were not checked by experts.
- The figures after are of cells from the same pictures' source as those adapted to: of this
  microscope and stain, not of every microscope.
- In use, a profile's page measures an adaptation on its own reviewed cells, each by a version that
  was adapted without its sample, the choice of setting included."""
