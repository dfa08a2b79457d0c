"""A reader of a later version is told what changed, and whether a result did."""

from dataclasses import replace
from typing import Any

import pytest

from predictions.reports.content import (
    Difference,
    ReportContact,
    ReportContent,
    ReportCriticalValue,
    ReportFinding,
    ReportFindings,
    ReportMorphology,
)
from predictions.reports.differences import changes_a_result, differences
from tests.factories.reports.contents import (
    own_finding,
    report_content,
    report_differential,
    report_finding,
    report_row,
)

CRITICAL = ReportCriticalValue(
    name="Neutrophil", value="0.4 × 10⁹/L", limit="below 0.5 × 10⁹/L", contact=None
)
CONTACT = ReportContact(
    told_by="Mira", told_to="Ivo", told_at="2026-03-12T08:02:00+00:00", read_back=True
)


def with_sample(**fields: Any) -> ReportContent:
    """A report whose sample is a little different."""
    content = report_content()
    return replace(content, sample=replace(content.sample, **fields))


def with_rows(*rows: tuple[str, int]) -> ReportContent:
    """A report of these classes, without intervals."""
    counted = sum(count for _, count in rows)
    return report_content(
        differential=report_differential(
            rows=tuple(report_row(name, count, counted) for name, count in rows), counted=counted
        )
    )


def with_findings(*findings: tuple[str, str]) -> ReportContent:
    """A report with these findings of red cells."""
    told = tuple(ReportFinding(text=text, grade=grade) for text, grade in findings)
    groups = (ReportFindings(name="Red cells", findings=told),) if told else ()
    return report_content(morphology=ReportMorphology(groups=groups, text=""))


def test_the_same_report_has_no_difference():
    assert differences(report_content(), report_content(number="R-2", version=2)) == []
    assert not changes_a_result(report_content(), report_content(version=2))


def test_a_count_that_changed_is_told_from_what_to_what():
    old = with_rows(("Neutrophil", 24), ("Lymphocyte", 176))
    new = with_rows(("Neutrophil", 42), ("Lymphocyte", 158))
    assert differences(old, new)[0] == Difference(
        what="Neutrophil", before="12.0 % (24 of 200)", after="21.0 % (42 of 200)", corrects=True
    )
    assert changes_a_result(old, new)


def test_a_class_that_came_or_went_counted_nothing_before_or_after():
    old = with_rows(("Neutrophil", 100), ("Blast", 2))
    new = with_rows(("Neutrophil", 100), ("Monocyte", 2))
    told = {found.what: (found.before, found.after) for found in differences(old, new)}
    assert told == {
        "Blast": ("2.0 % (2 of 102)", "0.0 % (0 of 102)"),
        "Monocyte": ("0.0 % (0 of 102)", "2.0 % (2 of 102)"),
    }


def test_a_class_without_a_cell_that_is_listed_now_is_no_difference():
    assert (
        differences(with_rows(("Neutrophil", 9)), with_rows(("Neutrophil", 9), ("Blast", 0))) == []
    )


def test_a_white_cell_count_that_came_late_adds_absolute_counts_and_corrects_nothing():
    new = report_content()
    rows = tuple(
        replace(row, absolute=None, absolute_flag="", absolute_flag_words="", reference=None)
        for row in new.differential.rows
    )
    old = report_content(differential=report_differential(rows=rows, white_cell_count=None))
    told = differences(old, new)
    assert told[0].after == "76.0 % (152 of 200), 8.66 × 10⁹/L, high"
    assert told[-1] == Difference(
        what="White cell count", before="", after="11.4 × 10⁹/L", corrects=False
    )
    assert not changes_a_result(old, new)
    assert changes_a_result(new, old)


def test_a_flag_that_changed_corrects():
    row = report_content().differential.rows[1]
    assert row.flag == "L"
    old = report_content(differential=report_differential(rows=(row,)))
    calm = replace(row, flag="", flag_words="", relative=False)
    new = report_content(differential=report_differential(rows=(calm,)))
    assert differences(old, new)[0].after.endswith("within the reference interval")
    assert changes_a_result(old, new)


@pytest.mark.parametrize(
    ("old", "new", "corrects"),
    [
        (with_sample(accession_number="A"), with_sample(accession_number="B"), True),
        (with_sample(patient_reference="A"), with_sample(patient_reference="B"), True),
        (with_sample(requester=""), with_sample(requester="Ward 3"), False),
        (with_sample(collected_at=""), with_sample(), False),
        (with_sample(note="Fever."), with_sample(note="Fever. Travelled."), False),
        (report_content(comment="One."), report_content(comment="One. Two."), False),
        (report_content(comment="One."), report_content(comment="First: One."), False),
        (report_content(comment="One."), report_content(comment="Two."), True),
        (report_content(comment="One."), report_content(comment=""), True),
        (with_findings(), with_findings(("Schistocytes", "1+")), False),
        (with_findings(("Schistocytes", "1+")), with_findings(("Schistocytes", "2+")), True),
        (with_findings(("Schistocytes", "1+")), with_findings(), True),
        (report_content(), report_content(critical_values=(CRITICAL,)), False),
        (report_content(critical_values=(CRITICAL,)), report_content(), True),
        (
            report_content(differential=report_differential(unidentified=1)),
            report_content(differential=report_differential(unidentified=3)),
            True,
        ),
        (report_content(), report_content(differential=report_differential(apart=())), True),
    ],
)
def test_what_was_said_and_no_longer_holds_corrects_and_what_is_added_does_not(old, new, corrects):
    assert differences(old, new)
    assert changes_a_result(old, new) is corrects


def test_of_a_text_that_grew_the_reader_is_told_what_was_added():
    old, new = report_content(comment="One."), report_content(comment="One. Two.")
    assert differences(old, new) == [
        Difference(what="Comment", before="", after="“Two.”", corrects=False)
    ]


def test_what_nobody_reads_on_the_page_is_no_difference():
    row = report_content().differential.rows[0]
    nearly = replace(row, percent=(row.percent or 0) + 0.001)
    old = report_content(differential=report_differential(rows=(row,)))
    new = report_content(differential=report_differential(rows=(nearly,)))
    assert differences(old, new) == []
    told = replace(CRITICAL, contact=CONTACT)
    assert (
        differences(
            report_content(critical_values=(CRITICAL,)), report_content(critical_values=(told,))
        )
        == []
    )


def test_a_finding_that_was_added_corrects_nothing_one_that_went_or_was_reworded_does():
    without, kept = report_content(), report_content(findings=(report_finding(),))
    reworded = report_content(findings=(report_finding(), own_finding("Toxic change")))
    assert differences(without, kept) == [
        Difference(what="Finding", before="", after="Left shift", corrects=False)
    ]
    assert differences(kept, reworded) == [
        Difference(what="Finding", before="", after="Toxic change", corrects=False)
    ]
    assert differences(kept, without) == [
        Difference(what="Finding", before="Left shift", after="", corrects=True)
    ]
    marked = report_content(findings=(report_finding("Marked left shift"),))
    assert differences(kept, marked) == [
        Difference(what="Finding", before="Left shift", after="Marked left shift", corrects=True)
    ]
