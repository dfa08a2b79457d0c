"""The model card for people: the card of a version as a page of text.

Only words and numbers that stand in the card; it measures nothing.
"""

from __future__ import annotations

from typing import Any

from mlmodels.ml.classes import always_reviewed
from mlmodels.ml.inference.calibration import Thresholds
from mlmodels.ml.training.reports.attribute_text import attribute_tables

PLOT_WIDTH = 50
TOLD = " accepted | of these right |"


def card_markdown(card: dict[str, Any]) -> str:
    """Write a version's card as Markdown.

    Args:
        card: of a shipped version.

    Returns:
        The page, ending with a line break.
    """
    parts = [_head(card), _intended(card), _made(card), _decides(card), _measured(card)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(card: dict[str, Any]) -> str:
    sums = "\n".join(f"- `{n}`: `{s}`" for n, s in card.get("weights_sha256", {}).items())
    return (
        f"# Model card: {card['name']} {card['version']}\n\n"
        "Written by `manage.py train_model --ship` from the version's `card.json`; do not edit.\n\n"
        f"SHA-256 of the weights:\n\n{sums}"
    )


def _intended(card: dict[str, Any]) -> str:
    titles = {
        "intended_use": "Intended use",
        "not_for": "Not for",
        "known_failures": "Known failures",
    }
    parts = []
    for key, title in titles.items():
        lines = "\n".join(f"- {line}" for line in card.get(key, []))
        parts.append(f"## {title}\n\n{lines}")
    return "\n\n".join(parts)


def _made(card: dict[str, Any]) -> str:
    recipe = card["recipe"]
    sources = "\n".join(
        f"- {s['name']}: {s['what']} {s['licence']}." for s in card.get("attributions", [])
    )
    packages = ", ".join(f"{name} {number}" for name, number in card["packages"].items())
    return (
        "## How it was made\n\n"
        f"Recipe `{recipe['name']}` {recipe['version']} (SHA-256 `{recipe['sha256']}`), seed "
        f"{card['seed']}, epochs {card['epochs']}, code `{card['git_revision']}`, {packages}. "
        f"Dataset hash `{card['dataset_sha256']}`; `trained_on.csv` beside the weights lists hash "
        "and source of every picture.\n\n"
        f"{card.get('provenance', '')}{_recalibrated(card)}\n\n"
        f"Trained on:\n\n{sources}"
    )


def _recalibrated(card: dict[str, Any]) -> str:
    """Which version's network this is; nothing where it was trained for this version."""
    about = card.get("recalibrated")
    if not about:
        return ""
    old = about["recipe"]
    return (
        f" Its network is that of {about['from']}, trained by recipe `{old['name']}` "
        f"{old['version']} (SHA-256 `{old['sha256']}`, code `{about['git_revision']}`); "
        "temperature, thresholds and size limits were chosen anew."
    )


def _decides(card: dict[str, Any]) -> str:
    e, t, c = card["engine"], card["engine"]["thresholds"], card["calibration"]
    least = Thresholds.of_card(t).least_shown
    return (
        "## How it decides\n\n"
        f"Classes: {', '.join(e['classes'])}. A crop of {e['crop_scale']} times the nucleus at "
        f"{e['input_px']} px, {e['views']} mirrored views averaged, temperature "
        f"{e['temperature']:.3f}. Accepted from a confidence of {t['accept_probability']:.3f}; "
        f"unidentified below {t['identify_probability']:.3f}, beyond the "
        f"{t['unfamiliar_percentile']} percentile of out-of-distribution scores, with an "
        f"objectness below {t['cell_score']:.3f}, or cut off by the picture's edge; "
        f"between these a person looks. {_by_class(t)}{_always(e)}"
        f"A find with an objectness below {least:.3g} is not shown, nor one below "
        f"{t['cell_score']:.3f} in a picture that may be no film. "
        f"Chosen on {c['n']} training pictures whose sources did not train "
        f"({c['right']} of them right). Keras and LiteRT agree on {card['agreement']['n']} of "
        f"these: same class {card['agreement']['same_class']:.2%}, probabilities differ by at most "
        f"{card['agreement']['largest_difference']:.1e}.{_eight_bits(card)}{_sizes(e)}"
        f"{_words(card)}"
    )


def _eight_bits(card: dict[str, Any]) -> str:
    """Whether its network of eight bits is used, and why; nothing where none was tried."""
    tried = card.get("eight_bits")
    return f" Eight bits: {tried['why']}" if tried else ""


def _by_class(thresholds: dict[str, Any]) -> str:
    """From where on the classes are accepted that have thresholds of their own."""
    chosen = thresholds.get("by_class")
    if not chosen:
        return ""
    known = Thresholds.of_card(thresholds)
    limits = "; ".join(f"{label}: {known.acceptance(label).in_words()}" for label in chosen)
    return (
        f"Where a blast could be meant, acceptance is stricter, chosen so on cells of leukaemia: "
        f"{limits}. "
    )


def _always(settings: dict[str, Any]) -> str:
    """Which of its classes a person always looks at; nothing where it has none of them."""
    asked = always_reviewed(settings.get("always_reviewed", ()))
    names = [name.replace("_", " ") for name in settings["classes"] if name in asked]
    if not names:
        return ""
    return (
        f"Whatever the confidence, a person looks at what is named {', '.join(names)}; figures "
        "measured before that rule count these as any other class. "
    )


def _sizes(settings: dict[str, Any]) -> str:
    """From which size on a nucleus speaks against a small class; nothing where none does."""
    return "".join(
        f" A nucleus more than {limit:.2f} times as wide as the field's red cells speaks against "
        f"{name}."
        for name, limit in settings.get("size_limits", {}).items()
    )


def _words(card: dict[str, Any]) -> str:
    """How it names what a cell looks like; nothing where it does not."""
    about = card.get("attributes")
    if not about:
        return ""
    return (
        f" A linear head on the same features, fitted on {about['n']} training cells, says what a "
        f"white cell looks like, each word from the probability on at which {about['wanted']:.0%} "
        f"of {about['n_inner']} calibration cells were right; it has no part in the class."
    )


def _measured(card: dict[str, Any]) -> str:
    parts = [f"## Measured\n\nWith 95 % Wilson intervals. {card.get('chosen_by', '')}".rstrip()]
    parts += _leukaemia(card["calibration"].get("safety"))
    for name, figures in card["metrics"].items():
        title = name.replace("_", " ")
        line = card.get("commands", {}).get(name)
        command = f"\n\n`{line}`" if line else ""
        parts.append(f"### {title}{command}\n\n{_body(figures)}")
    return "\n\n".join(parts)


def _leukaemia(safety: dict[str, Any] | None) -> list[str]:
    """What is accepted of cells of leukaemia; nothing where it was not measured."""
    if not safety:
        return []
    lines = [
        f"### {safety['set']}, films of leukaemia",
        "",
        f"Cells of {safety['patients']} patients, which trained nothing. What is accepted was "
        f"chosen on the patients of all but one of {safety['folds']} folds and counted on those of "
        "that one, in turn; the thresholds above are chosen in the same way on all of them.",
        "",
        "| called by people | n | accepted | of these right | named as what a person always looks "
        "at, or as none |",
        "|---|---|---|---|---|",
    ]
    for name, row in safety["by_class"].items():
        low, high = row["interval"]
        lines.append(
            f"| {name.replace('_', ' ')} | {row['n']} | {row['accepted']} "
            f"({low:.1%} to {high:.1%}) | {row['right']} | {_shown(row)} |"
        )
    return ["\n".join(lines)]


def _shown(row: dict[str, Any]) -> str:
    """How many are shown; cards from before it was counted do not say."""
    if "shown" not in row:
        return "not counted"
    low, high = row["shown_interval"]
    return f"{row['shown']} ({low:.1%} to {high:.1%})"


def _body(figures: dict[str, Any]) -> str:
    if "per_attribute" in figures:
        return attribute_tables(figures)
    return _classes(figures) if "per_class" in figures else _boxes(figures)


def _classes(figures: dict[str, Any]) -> str:
    rows = [("all", figures)]
    rows += [(kind, table) for kind, table in figures.get("by_kind", {}).items()]
    lines = [
        "| | n | right | accuracy | balanced | accepted | right among accepted | ECE |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, t in rows:
        low, high = t["intervals"]["accuracy"]
        lines.append(
            f"| {name} | {t['n']} | {round(t['accuracy'] * t['n'])} | {t['accuracy']:.1%} "
            f"({low:.1%} to {high:.1%}) | {t['balanced_accuracy']:.1%} | {t['coverage']:.1%} | "
            f"{_percent(t['accuracy_accepted'])} | {t['ece']:.3f} |"
        )
    by_source = figures.get("accuracy_interval_by_source")
    if by_source and figures["sources"] < figures["n"]:
        lines += [
            "",
            f"The {figures['n']} pictures come from {figures['sources']} photographs, and the "
            "intervals in the tables treat them as independent, which is too narrow. Drawing "
            f"whole photographs anew: {by_source[0]:.1%} to {by_source[1]:.1%}.",
        ]
    # Cards from before 1.4.0 do not say it by class.
    told = any("accepted" in f for f in figures["per_class"].values())
    lines += ["", f"| class | n | recall | precision | specificity |{TOLD * told}"]
    lines += ["|---" * (5 + 2 * told) + "|"]
    for name, f in figures["per_class"].items():
        if f["n"]:
            low, high = f["recall_interval"]
            taken = f" {f['accepted']} | {f['accepted_right']} |" if told else ""
            lines.append(
                f"| {name} | {f['n']} | {f['recall']:.1%} ({low:.1%} to {high:.1%}) | "
                f"{_precision(f)} | {_percent(f['specificity'])} |{taken}"
            )
    lines += [
        "",
        *_confusion(figures["confusion_matrix"]),
        "",
        *_calibration_plot(figures["reliability"]),
        "",
        f"{figures['ms_per_image']:.0f} ms a picture, {figures['runtime']}, "
        "two cores shared with other work.",
    ]
    return "\n".join(lines)


def _confusion(table: dict[str, Any]) -> list[str]:
    """What the pictures of each class were named; classes that nothing is or was named stay out."""
    names, rows = table["classes"], table["rows"]
    named = [k for k in range(len(names)) if any(row[k] for row in rows)]
    lines = [
        "Rows are what a picture shows, columns what it was named:",
        "",
        f"| | {' | '.join(names[k].replace('_', ' ') for k in named)} |",
        "|---" * (len(named) + 1) + "|",
    ]
    for name, row in zip(names, rows, strict=False):
        if any(row):
            lines.append(f"| {name.replace('_', ' ')} | {' | '.join(str(row[k]) for k in named)} |")
    return lines


def _calibration_plot(bins: list[dict[str, float]]) -> list[str]:
    """A bar for each range of confidence: how many of its answers are right."""
    lines = [
        "Calibration: the bar is the share right of the answers of like confidence, `|` stands at "
        "their mean confidence. Honest is a bar that ends there.",
        "",
        "```text",
        "confidence  pictures   right",
    ]
    for b in bins:
        bar = list(f"{'=' * round(b['right'] * PLOT_WIDTH):{PLOT_WIDTH + 1}}")
        bar[round(b["confidence"] * PLOT_WIDTH)] = "|"
        lines.append(
            f"{b['confidence']:10.3f}  {b['n']:8}  {b['right']:6.1%}  {''.join(bar).rstrip()}"
        )
    return [*lines, "```"]


def _precision(figures: dict[str, Any]) -> str:
    """With its interval, on cards that have one."""
    low, high = figures.get("precision_interval") or (None, None)
    known = low is not None and figures["precision"] is not None
    interval = f" ({low:.1%} to {high:.1%})" if known else ""
    return f"{_percent(figures['precision'])}{interval}"


def _boxes(figures: dict[str, Any]) -> str:
    found = [
        f"{t['found']} of {figures['boxes']} boxes found at an overlap of {least}"
        for least, t in figures["found_at_overlap"].items()
        if figures["boxes"]
    ]
    low, high = figures["interval_of_such_fields"]
    false = (
        f"{figures['false_cells']} false cells ({figures['false_cells_accepted']} accepted) in "
        f"{figures['fields_with_false_cells']} of {figures['fields']} fields "
        f"({low:.1%} to {high:.1%})"
    )
    return "; ".join([*found, false]) + "."


def _percent(share: float | None) -> str:
    return "none" if share is None else f"{share:.1%}"
