"""The page on labels that a model doubts. It measures nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from mlmodels.research.label_audit.audit import CONTRADICTED, Doubt


@dataclass(frozen=True)
class SetAudit:
    """What was found in one set.

    Args:
        name: of the set.
        how: which models told, in words.
        pictures, sources: how many were looked at.
        no_cell: pictures in which no cell was found.
        doubts: the most doubtful first.
    """

    name: str
    how: str
    pictures: int
    sources: int
    no_cell: int
    doubts: tuple[Doubt, ...]


def audit_markdown(audits: list[SetAudit], *, command: str, model: str, weights_sha256: str) -> str:
    """Write the page.

    Args:
        audits: one a set.
        command: what wrote it.
        model: name and version of the model whose features told.
        weights_sha256: of its weights.

    Returns:
        Markdown, ending with a line break.
    """
    parts = [
        "# Labels that a model doubts",
        f"Pictures whose label another class contradicts with a probability of {CONTRADICTED:.0%} "
        "or more, by a model that was not fitted on their source. Written by the command below; do "
        f"not edit.\n\n`{command}`",
        f"Features of `{model}`, SHA-256 of the weights `{weights_sha256}`.",
        "A doubt is no verdict. Some of these labels are wrong, some pictures hold two cells, and "
        "some are cells that the model gets wrong: a person has to look. Nothing is dropped or "
        "relabelled because of this page, in training or in measuring.",
    ]
    parts += [_set(audit) for audit in audits]
    return "\n\n".join(parts) + "\n"


def _set(audit: SetAudit) -> str:
    count = len(audit.doubts)
    lines = [
        f"## {audit.name}",
        "",
        f"{audit.how} {audit.pictures} pictures of {audit.sources} sources"
        f"{f', {audit.no_cell} of them without a cell that was found' if audit.no_cell else ''}; "
        f"doubted sources: {count} ({count / audit.sources:.2%}).",
    ]
    if not audit.doubts:
        return "\n".join(lines)
    pairs = Counter((doubt.label, doubt.instead) for doubt in audit.doubts)
    lines += ["", "| label | the model says | sources |", "|---|---|---|"]
    lines += [f"| {label} | {instead} | {n} |" for (label, instead), n in pairs.most_common()]
    lines += [
        "",
        "| | first picture | label | the model says | probability | of the label | pictures |",
        "|---|---|---|---|---|---|---|",
    ]
    for number, d in enumerate(audit.doubts, start=1):
        lines.append(
            f"| {number} | `{d.paths[0]}` | {d.label} | {d.instead} | {d.probability:.4f} | "
            f"{d.label_probability:.4f} | {d.agreeing} of {len(d.paths)} |"
        )
    return "\n".join(lines)
