"""What a reader of a report's earlier version must know of the later one.

A difference *corrects* where something that was said no longer holds; what was only added, a
sentence or a white cell count that came late, does not. It compares what is printed: figures
that print alike are alike.
"""

from __future__ import annotations

from collections.abc import Iterator

from predictions.reports.content import Difference, ReportApart, ReportContent, ReportRow
from predictions.reports.words import concentration, counted, local_time, share

_SAMPLE_FIELDS = {
    "accession_number": "Accession number",
    "patient_reference": "Patient reference",
    "sex": "Sex",
    "birth_date_or_age": "Birth date or age",
    "collected_at": "Collected",
    "received_at": "Received",
    "requester": "Requester",
    "note": "Clinical note",
    "priority": "Priority",
}


def differences(old: ReportContent, new: ReportContent) -> list[Difference]:
    """What changed from `old` to `new`, in the order of the page."""
    return [
        *_of_the_sample(old, new),
        *_of_rows(old, new),
        *_of_the_count(old, new),
        *_of_apart(old, new),
        *_of_critical_values(old, new),
        *_of_findings(old, new),
        *_of_morphology(old, new),
        *_of_text("Morphology, text", old.morphology.text, new.morphology.text),
        *_of_text("Comment", old.comment, new.comment),
        *_changed("Previous result", _previous(old), _previous(new)),
    ]


def changes_a_result(old: ReportContent, new: ReportContent) -> bool:
    """Whether `new` corrects `old`; else it only adds to it, and is called amended."""
    return any(difference.corrects for difference in differences(old, new))


def _changed(what: str, before: str, after: str) -> Iterator[Difference]:
    if before != after:
        yield Difference(what=what, before=before, after=after, corrects=bool(before))


def _of_text(what: str, before: str, after: str) -> Iterator[Difference]:
    """A text; of one that only grew at its end, what was added."""
    if before == after:
        return
    if after.startswith(before):
        added = after.removeprefix(before).strip()
        yield Difference(what=what, before="", after=_quoted(added), corrects=False)
        return
    yield Difference(
        what=what,
        before=_quoted(before),
        after=_quoted(after),
        corrects=before not in after,
    )


def _quoted(text: str) -> str:
    return f"“{text}”" if text else ""


def _of_the_sample(old: ReportContent, new: ReportContent) -> Iterator[Difference]:
    for field, what in _SAMPLE_FIELDS.items():
        before, after = getattr(old.sample, field), getattr(new.sample, field)
        if field.endswith("_at"):
            before = local_time(before, old.time_zone)
            after = local_time(after, new.time_zone)
        yield from (_of_text if field == "note" else _changed)(what, before, after)


def _of_rows(old: ReportContent, new: ReportContent) -> Iterator[Difference]:
    earlier = {row.label: row for row in old.differential.rows}
    later = {row.label: row for row in new.differential.rows}
    for label in {**earlier, **later}:
        before, after = earlier.get(label), later.get(label)
        name = after.name if after else earlier[label].name
        said = _row_facts(before, old.differential.counted)
        says = _row_facts(after, new.differential.counted)
        if said != says:
            yield Difference(
                what=name,
                before=", ".join(filter(None, said)),
                after=", ".join(filter(None, says)),
                # A fact that was not there before, an absolute count or a flag, was only added.
                corrects=any(fact and fact != now for fact, now in zip(said, says, strict=True)),
            )


def _row_facts(row: ReportRow | None, of: int) -> tuple[str, str, str]:
    """What is said of a class; empty what is not known."""
    return counted(row, of), _absolute(row), _flag(row)


def _of_the_count(old: ReportContent, new: ReportContent) -> Iterator[Difference]:
    before, after = old.differential, new.differential
    yield from _changed("Cells counted", str(before.counted), str(after.counted))
    yield from _changed("Unidentified", str(before.unidentified), str(after.unidentified))
    yield from _changed(
        "Limited count, reason", before.limited_count_reason, after.limited_count_reason
    )
    yield from _changed("White cell count", _white_cells(old), _white_cells(new))


def _of_apart(old: ReportContent, new: ReportContent) -> Iterator[Difference]:
    earlier = {row.label: row for row in old.differential.apart}
    later = {row.label: row for row in new.differential.apart}
    for label in {**earlier, **later}:
        before, after = earlier.get(label), later.get(label)
        name = after.name if after else earlier[label].name
        yield from _changed(name, _apart(before), _apart(after))


def _of_critical_values(old: ReportContent, new: ReportContent) -> Iterator[Difference]:
    earlier = {value.name: value for value in old.critical_values}
    later = {value.name: value for value in new.critical_values}
    for name in {**earlier, **later}:
        before, after = earlier.get(name), later.get(name)
        yield from _changed(
            f"Critical value, {name}", before.value if before else "", after.value if after else ""
        )


def _of_findings(old: ReportContent, new: ReportContent) -> Iterator[Difference]:
    """What was kept by another rule's code is another finding; the signer's own by its words."""
    earlier, later = _kept(old), _kept(new)
    for key in {**earlier, **later}:
        yield from _changed("Finding", earlier.get(key, ""), later.get(key, ""))


def _kept(content: ReportContent) -> dict[str, str]:
    return {finding.code or finding.text: finding.text for finding in content.findings}


def _of_morphology(old: ReportContent, new: ReportContent) -> Iterator[Difference]:
    earlier, later = _findings(old), _findings(new)
    for what in {**earlier, **later}:
        yield from _changed(what, earlier.get(what, ""), later.get(what, ""))


def _findings(content: ReportContent) -> dict[str, str]:
    return {
        f"{group.name}: {finding.text}": finding.grade or "present"
        for group in content.morphology.groups
        for finding in group.findings
    }


def _previous(content: ReportContent) -> str:
    of = content.previous
    return f"{of.accession_number}, report {of.report}" if of else ""


def _absolute(row: ReportRow | None) -> str:
    if row is None or row.absolute is None:
        return ""
    return f"{concentration(row.absolute)} × 10⁹/L"


def _flag(row: ReportRow | None) -> str:
    """The words of a row's flags; empty where no interval was applied."""
    if row is None or row.reference is None or row.not_applied:
        return ""
    return row.absolute_flag_words or row.flag_words or "within the reference interval"


def _apart(row: ReportApart | None) -> str:
    if row is None:
        return "0"
    if row.per_100 is None:
        return str(row.count)
    return f"{row.count} ({share(row.per_100)} per 100 white cells)"


def _white_cells(content: ReportContent) -> str:
    count = content.differential.white_cell_count
    if count is None:
        return ""
    corrected = "" if count.corrected is None else f", corrected {count.corrected:g} × 10⁹/L"
    return f"{count.value:g} × 10⁹/L{corrected}"
