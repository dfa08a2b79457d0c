"""What messages to other systems say that no report keeps: the codes of a laboratory's labels."""

from __future__ import annotations

from accounts.models import Laboratory
from mlmodels.selectors.labels import labels_for
from predictions.exchange.terms import LabelCodes
from predictions.models import Report
from predictions.reports.content import ReportContent


def replaced_content(report: Report) -> ReportContent | None:
    """What the version before a report said; none for the first."""
    before = report.replaces
    return None if before is None else ReportContent.from_json(before.content)


def label_codes(laboratory: Laboratory) -> dict[str, LabelCodes]:
    """By label: the LOINC codes that the laboratory sends it under."""
    return {
        code: LabelCodes(percent=label.loinc_percent, count=label.loinc_count)
        for code, label in labels_for(laboratory).items()
    }
