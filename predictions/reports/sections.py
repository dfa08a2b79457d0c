"""The parts of a report below its top, each as what reportlab sets on pages."""

from __future__ import annotations

from typing import Any

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, KeepTogether, Spacer

from predictions.reports import styles
from predictions.reports.chart import ScanCode
from predictions.reports.content import (
    FINDINGS_SUPPORT,
    ReportContent,
    ReportDifferential,
    ReportSignature,
    ReportWhiteCellCount,
)
from predictions.reports.opening import NOT_SIGNED
from predictions.reports.styles import labelled, words
from predictions.reports.tables import (
    apart_table,
    differential_table,
    plain_table,
    previous_table,
    source_marks,
)
from predictions.reports.words import NOTHING, interval, local_time, reason_of, universal_time

PREVIOUS_READING = (
    "Changes are in points of percent. One in bold is so large that chance of counting makes it in "
    "fewer than 5 of 100 cases (test of two proportions)."
)


def sample(content: ReportContent, width: float) -> list[Flowable]:
    """The specimen, in two rows of four, and its note."""
    of = content.sample
    zone = content.time_zone
    facts = [
        ("Accession number", of.accession_number),
        ("Patient reference", of.patient_reference),
        ("Sex", of.sex),
        ("Birth date or age", of.birth_date_or_age),
        ("Collected", local_time(of.collected_at, zone)),
        ("Received", local_time(of.received_at, zone)),
        ("Requester", of.requester),
        ("Priority", of.priority),
    ]
    cells = [
        [words(label, styles.HEAD), words(text or NOTHING, styles.STRONG_TEXT)]
        for label, text in facts
    ]
    rules = [
        ("LINEABOVE", (0, 0), (-1, 0), styles.THIN, styles.HAIRLINE),
        ("LINEBELOW", (0, -1), (-1, -1), styles.THIN, styles.HAIRLINE),
        ("TOPPADDING", (0, 0), (-1, -1), 3),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
    ]
    table = plain_table([cells[:4], cells[4:]], [width / 4] * 4, *rules)
    note = [Spacer(0, 3), labelled("Clinical note:", of.note)] if of.note else []
    return [table, *note]


def differential(content: ReportContent, width: float) -> list[Flowable]:
    """The count, what stands apart from it, and how to read it."""
    of = content.differential
    parts: list[Flowable] = [words("Differential", styles.SECTION), differential_table(of, width)]
    parts += [Spacer(0, 3), *(words(line, styles.SMALL) for line in _reading(of))]
    if of.white_cell_count:
        parts += [Spacer(0, 4), *_white_cells(of.white_cell_count, content.time_zone)]
    if of.apart:
        parts += [Spacer(0, 6), apart_table(of.apart, width)]
    return parts


def previous(content: ReportContent) -> list[Flowable]:
    """The patient's result before this one."""
    of = content.previous
    if of is None or not of.rows:
        return []
    came = "collected" if of.collected_at else "received"
    at = local_time(of.collected_at or of.received_at, content.time_zone)
    return [
        KeepTogether(
            [
                words("Previous result", styles.SECTION),
                words(f"{of.accession_number}, {came} {at}, report {of.report}."),
                Spacer(0, 2),
                previous_table(of),
                words(PREVIOUS_READING, styles.SMALL),
            ]
        )
    ]


def findings(content: ReportContent) -> list[Flowable]:
    """What the signer kept of what the figures amount to, each with its rule."""
    if not content.findings:
        return []
    parts: list[Flowable] = [words("Findings", styles.SECTION)]
    for finding in content.findings:
        parts.append(words(finding.text, styles.STRONG_TEXT))
        reason = reason_of(finding)
        if reason:
            parts.append(words(reason, styles.SMALL))
    return [*parts, Spacer(0, 2), words(FINDINGS_SUPPORT, styles.SMALL)]


def morphology(content: ReportContent, width: float) -> list[Flowable]:
    """Findings by kind of cell, free text, and the doctor's comment."""
    rows = [
        [
            words(group.name, styles.STRONG_TEXT),
            words(
                "; ".join(f"{finding.text} {finding.grade}".strip() for finding in group.findings)
                or NOTHING
            ),
        ]
        for group in content.morphology.groups
    ]
    parts: list[Flowable] = []
    if rows:
        parts.append(plain_table(rows, [32 * mm, width - 32 * mm]))
    if content.morphology.text:
        parts += [Spacer(0, 2), words(content.morphology.text)]
    if parts:
        parts.insert(0, words("Morphology", styles.SECTION))
    if content.comment:
        parts += [words("Comment", styles.SECTION), words(content.comment)]
    return parts


def models(content: ReportContent) -> list[Flowable]:
    """Which model versions read the images, and what they cannot do."""
    if not content.models:
        return []
    parts: list[Flowable] = [words("Model and its limits", styles.SECTION)]
    for model in content.models:
        parts.append(labelled(f"{model.name} {model.version}", model.limits))
        parts.append(words(f"Weights SHA-256 {model.weights_sha256}", styles.SMALL))
    return parts


def persons_work(content: ReportContent) -> list[Flowable]:
    """What people changed of what the model found."""
    work = content.persons_work
    lines = [
        words(
            f"{work.reviewed} of {work.cells} cells reviewed by a person; "
            f"{sum(change.count for change in work.reclassified)} reclassified; "
            f"{work.added_by_hand} added by hand."
        )
    ]
    if work.reclassified:
        moved = "; ".join(
            f"{change.before} to {change.after}: {change.count}" for change in work.reclassified
        )
        lines.append(labelled("Reclassified:", moved))
    lines += [
        labelled("Image left out:", f"{dismissed.image}. {dismissed.reason}")
        for dismissed in work.dismissed
    ]
    if content.reviewers:
        people = "; ".join(f"{person.name} ({person.role})" for person in content.reviewers)
        lines.append(labelled("Reviewed by:", people))
    return [words("What people changed", styles.SECTION), *lines]


def signature(content: ReportContent, width: float) -> list[Flowable]:
    """Name, time and meaning of the signature, and the way to verify it."""
    if content.signature:
        lines = _signed(content.signature, content.time_zone)
    else:
        lines = [words(NOT_SIGNED, styles.DANGER_TEXT)]
    code: list[Any] = []
    if content.verify_address:
        lines += [
            Spacer(0, 4),
            words(f"Verify this report: {content.verify_address}", styles.SMALL),
        ]
        code = [ScanCode(content.verify_address, 24 * mm)]
    table = plain_table(
        [[lines, code]],
        [width - 28 * mm, 28 * mm],
        ("ALIGN", (1, 0), (1, 0), "RIGHT"),
        ("RIGHTPADDING", (1, 0), (1, 0), 0),
    )
    return [KeepTogether([words("Signature", styles.SECTION), table])]


def _reading(of: ReportDifferential) -> list[str]:
    """The lines under the table, in small."""
    lines = [
        f"{of.counted} white cells counted, target {of.target}; {of.unidentified} unidentified"
        + (f"; {of.to_review} not reviewed yet" if of.to_review else "")
        + ", outside the count.",
        "95 % interval after Wilson: the error of counting alone, not of naming a cell. "
        "Bars: per cent with this interval; pale: reference interval.",
    ]
    for source, mark in source_marks(of).items():
        lines.append(f"Reference intervals{' ' + mark if mark else ''}: {source}")
    reasons = dict.fromkeys(row.not_applied for row in of.rows if row.not_applied)
    lines += [f"Reference interval not applied: {reason}" for reason in reasons]
    return [*lines, *of.notes, *([of.method] if of.method else [])]


def _white_cells(count: ReportWhiteCellCount, zone: str) -> list[Flowable]:
    text = f"{count.value:g} × 10⁹/L"
    if count.measured_at:
        text += f", {local_time(count.measured_at, zone)}"
    if count.reference:
        text += f" (reference {interval(count.reference)})"
    if count.flag_words:
        text += f", {count.flag_words}"
    lines: list[Flowable] = [labelled("White cells, analyser:", text)]
    if count.corrected is not None:
        corrected = f"{count.corrected:g} × 10⁹/L; {count.formula}"
        lines.append(labelled("Corrected for erythroblasts:", corrected))
    return lines


def _signed(signature: ReportSignature, zone: str) -> list[Any]:
    local, universal = local_time(signature.signed_at, zone), universal_time(signature.signed_at)
    return [
        words(signature.name, styles.NAME),
        words(signature.role),
        labelled("Meaning:", signature.meaning),
        labelled("Signed:", f"{local} ({universal})"),
        labelled("Signed in again by:", signature.authenticated_by),
    ]
