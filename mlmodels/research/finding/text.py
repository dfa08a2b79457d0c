"""The page on finding cells in wide fields: measured figures as a page of text."""

from __future__ import annotations

from collections import Counter
from typing import Any


def finding_markdown(figures: dict[str, Any]) -> str:
    """Write the page.

    Args:
        figures: of `measure_finding`, with `command`.

    Returns:
        Markdown, ending with a line break.
    """
    parts = [_head(figures), _rows(figures["rows"]), _classes(figures["rows"]), _method()]
    return "\n\n".join(parts) + "\n"


def _head(figures: dict[str, Any]) -> str:
    return (
        "# Finding cells in wide fields\n\n"
        "Fields of BCCD with drawn boxes, laid together n × n and reduced so that the longer side "
        "of the middle drawn cell gets so many pixels. The tables of the first two sections are "
        "written by the command below."
        f"\n\n`{figures['command']}`\n\n"
        f"{figures['model']}, weights SHA-256 `{figures['weights_sha256']}`, seed "
        f"{figures['seed']}."
    )


def _rows(rows: list[dict[str, Any]]) -> str:
    lines = [
        "## Found",
        "",
        "A drawn cell is found where a cell of any disposition overlaps it by 0.3, one to one; "
        "named where it is not unidentified. False are named cells that no drawn one matches. "
        "With 95 % Wilson intervals; cells of one photograph are not independent.",
        "",
        "| n × n | cell, px | megapixels | fields | found | of | interval | named | false | s |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        low, high = row["interval"]
        lines.append(
            f"| {row['across']} × {row['across']} | {row['cell_px']} | {row['megapixels']} | "
            f"{row['fields']} | {row['found']} | {row['cells']} | "
            f"{100 * low:.1f} to {100 * high:.1f} % | {row['named']} | {row['false']} | "
            f"{row['seconds_a_field']:.2f} |"
        )
    return "\n".join(lines)


def _classes(rows: list[dict[str, Any]]) -> str:
    lines = ["## By class", "", "| cell, px | class | found | of |", "|---|---|---|---|"]
    for cell_px in sorted({row["cell_px"] for row in rows}, reverse=True):
        cells: Counter[str] = Counter()
        found: Counter[str] = Counter()
        for row in rows:
            if row["cell_px"] == cell_px:
                for label, count in row["by_class"].items():
                    cells[label] += count["cells"]
                    found[label] += count["found"]
        lines += [
            f"| {cell_px} | {label} | {found[label]} ({100 * found[label] / n:.1f} %) | {n} |"
            for label, n in sorted(cells.items())
        ]
    return "\n".join(lines)


def _method() -> str:
    return (
        "## What it does not say\n\n"
        "The tiles have seams, at which cells that their photograph cuts off lie beside another "
        "field; no film has them. The shipped version was trained on these photographs, so names "
        "are better than on others; what is found depends on the network only through the "
        "objectness below which a find is not shown."
    )
