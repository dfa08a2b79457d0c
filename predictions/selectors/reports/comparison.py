"""Two counts of one patient, class by class: what there was, what there is, and what changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from predictions.counts import Z95, two_counts_z, wilson
from predictions.reports.content import ReportDifferential, ReportRow


@dataclass(frozen=True)
class Comparison:
    """A class on an earlier count and on a later one.

    Args:
        earlier, later: none where that count did not tell the class apart, or counted nothing.
        change: of the later since the earlier one, in points of percent; none where one is none.
        is_clear: whether chance of counting makes so large a change in fewer than 5 of 100 cases.
    """

    label: str
    name: str
    earlier: ReportRow | None
    later: ReportRow | None
    change: float | None
    is_clear: bool

    @property
    def was_or_is_there(self) -> bool:
        """Whether either count holds a cell of it."""
        return any(row is not None and row.count for row in (self.earlier, self.later))


def compare(
    earlier: ReportDifferential, later: ReportDifferential, wider: Mapping[str, str]
) -> list[Comparison]:
    """Each class that either count names, in the order of the later one.

    Args:
        wider: the class that one belongs to, by code, e.g. "neutrophil" of a band.
    """
    names = {row.label: row.name for row in earlier.rows}
    names = {row.label: row.name for row in later.rows} | names
    return [_compared(label, name, earlier, later, wider) for label, name in names.items()]


def row_of(
    differential: ReportDifferential, label: str, name: str, wider: Mapping[str, str]
) -> ReportRow | None:
    """What a count says of a class; of one that has no row, that none of its cells was seen.

    Returns:
        None where nothing was counted, or where the count has the class with its wider one, or
        only the kinds of it.
    """
    for row in differential.rows:
        if row.label == label:
            return row if differential.counted else None
    related = {wider.get(label), *(kind for kind, of in wider.items() if of == label)}
    if not differential.counted or any(row.label in related for row in differential.rows):
        return None
    low, high = wilson(0, differential.counted)
    return ReportRow(
        label=label,
        name=name,
        count=0,
        percent=0.0,
        low=100 * low,
        high=100 * high,
        reference=None,
        not_applied="",
        flag="",
        flag_words="",
        absolute=0.0 if differential.white_cell_count else None,
        absolute_reference=None,
        absolute_flag="",
        absolute_flag_words="",
        relative=False,
    )


def _compared(
    label: str,
    name: str,
    earlier: ReportDifferential,
    later: ReportDifferential,
    wider: Mapping[str, str],
) -> Comparison:
    then, now = (row_of(count, label, name, wider) for count in (earlier, later))
    if then is None or now is None or then.percent is None or now.percent is None:
        return Comparison(label, name, then, now, None, False)
    z = two_counts_z(now.count, later.counted, then.count, earlier.counted)
    return Comparison(label, name, then, now, now.percent - then.percent, abs(z) > Z95)
