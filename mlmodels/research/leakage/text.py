"""The page on group leakage: measured figures as a page of text. It measures nothing."""

from __future__ import annotations

from typing import Any

from mlmodels.research.leakage.rounds import FOLDS, WAYS


def leakage_markdown(figures: dict[str, Any]) -> str:
    """Write the page.

    Args:
        figures: of `measure_leakage`: `command`, `set` (pictures, photographs, by class),
            `shared_photographs` by way, and `networks`, each with `what`, `minutes` and, by
            way, the figures of `way_figures`.

    Returns:
        Markdown, ending with a line break.
    """
    parts = [_head(figures), _set(figures["set"]), _table(figures)]
    parts += [_network(network) for network in figures["networks"].values()]
    parts.append(_meaning(figures))
    return "\n\n".join(parts) + "\n"


def _head(figures: dict[str, Any]) -> str:
    return (
        "# Group leakage: what a split by file is worth\n\n"
        "The public four-class set holds rotated, sheared and mirrored copies of a few hundred "
        "photographs. Here the same network is scored on it four times; only the split "
        "differs. Written by the command below; do not edit. No recipe and no threshold of the "
        f"product is chosen by anything on this page.\n\n`{figures['command']}`"
    )


def _set(table: dict[str, Any]) -> str:
    lines = ["## The set", "", "| class | copies | photographs |", "|---|---|---|"]
    for name, counts in table["classes"].items():
        lines.append(f"| {name} | {counts['copies']} | {counts['photographs']} |")
    lines.append(f"| all | {table['copies']} | {table['photographs']} |")
    lines += ["", f"{table['train']} copies lie in TRAIN, {table['test']} in TEST."]
    return "\n".join(lines)


def _table(figures: dict[str, Any]) -> str:
    networks = figures["networks"]
    head = "| split | measured copies with a sister copy in training | "
    lines = [
        "## Accuracy",
        "",
        f"Pooled over {FOLDS} folds (one round for the last row), with 95 % Wilson intervals over "
        "pictures. Copies of one photograph are not independent, so the true intervals are "
        f"wider. {_largest_class(figures['set'])}",
        "",
        head + " | ".join(n["title"] for n in networks.values()) + " |",
        "|---|---|" + "---|" * len(networks),
    ]
    for way, words in WAYS.items():
        cells = [_cell(n["ways"][way]) for n in networks.values()]
        share = f"{figures['shared_photographs'][way]:.1%}"
        lines.append(f"| {words} | {share} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _largest_class(table: dict[str, Any]) -> str:
    counts = {name: c["copies"] for name, c in table["classes"].items()}
    name = max(counts, key=lambda n: counts[n])
    return f"Answering {name} every time is right in {counts[name] / table['copies']:.1%}."


def _cell(f: dict[str, Any]) -> str:
    low, high = f["interval"]
    return f"{f['accuracy']:.1%} ({low:.1%} to {high:.1%}), {f['right']} of {f['n']}"


def _network(network: dict[str, Any]) -> str:
    names = list(network["ways"]["file"]["per_class"])
    lines = [
        f"## {network['title'][0].upper()}{network['title'][1:]}",
        "",
        f"{network['what']} {network['minutes']:.1f} minutes on {network['machine']}. "
        "Right by class, and their mean:",
        "",
        "| split | " + " | ".join(names) + " | balanced |",
        "|---|" + "---|" * (len(names) + 1),
    ]
    for way, words in WAYS.items():
        f = network["ways"][way]
        cells = [_of(f["per_class"].get(name)) for name in names]
        lines.append(f"| {words} | " + " | ".join(cells) + f" | {f['balanced_accuracy']:.1%} |")
    return "\n".join(lines)


def _of(counts: dict[str, int] | None) -> str:
    return f"{counts['right']} of {counts['n']}" if counts else "none"


def _meaning(figures: dict[str, Any]) -> str:
    lines = ["## What it means", ""]
    for network in figures["networks"].values():
        file, photograph = (network["ways"][w] for w in ("file", "photograph"))
        gap = 100 * (file["accuracy"] - photograph["accuracy"])
        lines.append(
            f"- {network['title'][0].upper()}{network['title'][1:]}: {file['accuracy']:.1%} split "
            f"by file, {photograph['accuracy']:.1%} split by photograph (balanced "
            f"{file['balanced_accuracy']:.1%} and {photograph['balanced_accuracy']:.1%}): "
            f"{gap:.0f} points come from having seen the same cell before."
        )
    lines += [
        "",
        "Split by file, nearly every measured picture has a copy of itself, turned or "
        "mirrored, among the training pictures; to recognise the photograph is to know the "
        "answer, whatever is known about white cells. The number in a file's name looks like "
        "the photograph's and is not: splitting by it keeps almost nothing apart. Only the "
        "two last rows say what the network does with a photograph it has not seen, which is "
        "all that a laboratory will ever show it. A figure for this set that does not name "
        "its split, or names a random one, is a figure for the first row. In the whole set "
        "the gap is larger: measured once on 5,000 pictures of the whole set's TRAIN, with "
        "about 36 copies of each photograph instead of five and classes of about equal size, "
        "the frozen features scored 88.1 % by file and 59.0 % by photograph (not measured by "
        "this command).",
    ]
    return "\n".join(lines)
