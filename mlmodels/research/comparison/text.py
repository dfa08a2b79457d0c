"""The comparison page: figures of compared recipes side by side. It measures nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlmodels.research.comparison.scales import Scale

_TITLES = {
    "mobilenet_v2": "ours: MobileNetV2, every layer trained, PBC first",
    "variant_a": "A: MobileNetV2 frozen, dense 128",
    "variant_b": "B: own network of 15.7 M, SGD, early stopping",
    "variant_c": "C: as A, pixels divided by 255",
    "variant_d": "D: MobileNetV2 frozen, 150 px, dense 64, dropout 0.3",
    "vgg16": "VGG16 without dense layers, random weights",
}


def comparison_markdown(
    found: Sequence[dict[str, Any]],
    *,
    name: str,
    scale: Scale,
    command: str,
    missing: Sequence[str],
) -> str:
    """Write the page.

    Args:
        found: figures of `compare_recipes`, in the order of the table.
        name, scale: of the scale.
        command: that makes the page.
        missing: recipes that are not measured yet.

    Returns:
        Markdown, ending with a line break.
    """
    parts = [_head(name, scale, command), _accuracy(found), _cost(found), _notes(found)]
    if missing:
        parts.insert(1, f"Not measured yet: {', '.join(f'`{m}`' for m in missing)}.")
    return "\n\n".join(parts) + "\n"


def _head(name: str, scale: Scale, command: str) -> str:
    budget = (
        f"every recipe sees {scale.epochs} epochs of {scale.crops_per_epoch} crops, drawn from at "
        f"most {scale.sources_a_class} sources of each class and set; networks from random weights "
        f"see crops of at most {scale.scratch_px} px"
        if scale.epochs
        else "every recipe as its file says"
    )
    return (
        "# Comparison of recipes\n\n"
        "Our recipe beside the networks that others have used for this task, trained on the same "
        "data, split alike by source, and measured by the same function. Written by the command "
        f"below; do not edit.\n\n`{command}`\n\n"
        f"Scale `{name}`: {budget}; `{scale.hold_out}` of the four-class set is left out of "
        f"training and measured, and {_tests(scale)}. **Figures at this scale are "
        "far lower than at full scale** and say nothing about the shipped model, whose figures are "
        "on its [card](card.md). Little training favours a frozen base over networks that must "
        "learn everything. One seed: differences within the intervals mean nothing."
    )


def _tests(scale: Scale) -> str:
    of = f"{scale.tests_a_class} pictures of each class of " if scale.tests_a_class else ""
    return f"{of}pbc `test`"


def _accuracy(found: Sequence[dict[str, Any]]) -> str:
    lines = [
        "## Right answers",
        "",
        "Eight classes compete and nothing is masked; no answer is dropped or doubted. 95 % Wilson "
        "intervals over pictures (copies of one photograph are not independent).",
        "",
        "| recipe | photographs of the held-out fold | their copies | balanced | macro F1 | "
        "pbc `test` | macro F1 |",
        "|---|---|---|---|---|---|---|",
    ]
    for f in found:
        photographs, copies = f["sets"]["photographs"], f["sets"]["copies"]
        fold, pbc = f["sets"]["fold"], f["sets"]["pbc"]
        lines.append(
            f"| {_title(f)} | {_share(photographs)} | {_share(copies)} | "
            f"{fold['balanced_accuracy']:.1%} | {fold['macro_f1']:.3f} | {_share(pbc)} | "
            f"{pbc['macro_f1']:.3f} |"
        )
    lines += ["", *(_one_answer(found[0]["sets"]) if found else [])]
    return "\n".join(lines)


def _one_answer(sets: dict[str, Any]) -> list[str]:
    """What a network scores that learned nothing but the commonest class."""
    said = []
    for name, title in (("fold", "the held-out fold"), ("pbc", "pbc `test`")):
        counts = {label: n for label, (_, n) in sets[name]["recall"].items()}
        said.append(f"{max(counts.values()) / sets[name]['n']:.1%} of {title}")
    return [f"One answer for everything is right in at most {' and '.join(said)}."]


def _cost(found: Sequence[dict[str, Any]]) -> str:
    lines = [
        "## Cost",
        "",
        "One crop at the recipe's own input size: LiteRT on one thread, one crop a call; Keras "
        "traced, batches of eight; medians. Training time at this scale, without cutting crops.",
        "",
        "| recipe | input | trained at | parameters | of them learn | `.keras` | `.tflite` | "
        "LiteRT | Keras | training | epochs | timed on |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for f in found:
        lines.append(
            f"| {_title(f)} | {f['input_px']} px | {f['trained_px']} px | "
            f"{f['parameters'] / 1e6:.2f} M | {f['learning'] / 1e6:.2f} M | "
            f"{f['keras_bytes'] / 1e6:.1f} MB | {f['litert_bytes'] / 1e6:.1f} MB | "
            f"{f['litert_ms']:.1f} ms | {f['keras_ms']:.1f} ms | {f['training_seconds']:.0f} s | "
            f"{f['epochs']} | {f['machine']} |"
        )
    return "\n".join(lines)


def _notes(found: Sequence[dict[str, Any]]) -> str:
    hashes = "\n".join(
        f"- `{f['recipe']}`: recipe `{f['recipe_sha256'][:16]}`, weights `{f['weights_sha256']}`"
        for f in found
    )
    return (
        "## How to read it\n\n"
        '- All recipes get our located crops and our heads for eight classes and for "is a '
        'cell"; the descriptions they follow feed whole pictures to four classes and split by '
        "file, which [leakage](leakage.md) measures.\n"
        "- Every training crop is turned and mirrored, also where a description names no "
        "augmentation. Ours averages four mirrored views of a cell, so a cell costs it four "
        "times the milliseconds of the table.\n"
        "- Parameters and sizes include the heads. A file of a frozen base and one that was "
        "trained are equally large.\n"
        "- VGG16 starts from random weights, as its ImageNet weights are not at hand: this is no "
        "verdict on VGG16 with transfer.\n"
        "- The moving statistics of batch normalisation need more steps than a small scale has; "
        "ours, whose base is not frozen, is measured with statistics near those of ImageNet.\n"
        "- Milliseconds and seconds are of a machine as it was; a load above its cores means that "
        "other work held it up, and that rows compare roughly.\n\n"
        f"Weights that were measured:\n\n{hashes}"
    )


def _title(f: dict[str, Any]) -> str:
    return f"{_TITLES.get(f['recipe'], f['recipe'])}"


def _share(f: dict[str, Any]) -> str:
    low, high = f["interval"]
    return f"{f['accuracy']:.1%} ({low:.1%} to {high:.1%}), {f['right']} of {f['n']}"
