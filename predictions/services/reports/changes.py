"""Whether an amendment changes anything of the report that it would replace."""

from __future__ import annotations

from predictions.reports.content import ReportContent, Status
from predictions.reports.differences import changes_a_result, differences


def is_changed(signed: ReportContent, now: ReportContent) -> bool:
    """Whether a reader, or whoever looks at the cells, would find something else than before.

    That somebody confirmed a cell changes nothing.
    """
    return bool(differences(signed, now)) or _cells(signed) != _cells(now)


def status_of_change(signed: ReportContent, now: ReportContent) -> Status:
    """Corrected where a result differs, amended where something was only added to it."""
    return "corrected" if changes_a_result(signed, now) else "amended"


def _cells(content: ReportContent) -> tuple[object, ...]:
    """What of the cells shows that one changed although all figures stayed the same."""
    work = content.persons_work
    models = [(model.name, model.version) for model in content.models]
    return work.cells, work.reclassified, work.added_by_hand, work.dismissed, models
