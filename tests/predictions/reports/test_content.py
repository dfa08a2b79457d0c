"""What stands on a report is frozen as one text, and read again as it was."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from predictions.reports.canonical import ContentInvalid
from predictions.reports.content import (
    SCHEMA,
    Difference,
    ReportContact,
    ReportContent,
    ReportCriticalValue,
    ReportReplaces,
)
from tests.factories.reports.contents import report_content, report_differential, report_finding

# As version 0.5.0 wrote it, which knew schema 1 alone.
OLDER = (Path(__file__).parent / "report_of_schema_1.json").read_text(encoding="utf-8")


def full_content() -> ReportContent:
    """A content that has something in every field that may be empty."""
    return report_content(
        findings=(report_finding(),),
        critical_values=(
            ReportCriticalValue(
                name="Neutrophil",
                value="0.4 × 10⁹/L",
                limit="below 0.5 × 10⁹/L",
                contact=ReportContact(
                    told_by="Mira Novak",
                    told_to="Dr. Ivo Lang",
                    told_at="2026-03-12T08:02:00+00:00",
                    read_back=True,
                ),
            ),
        ),
        replaces=ReportReplaces(
            version=1,
            signed_at="2026-03-11T08:02:00+00:00",
            reason="Recounted.",
            differences=(Difference(what="Comment", before="", after="More", corrects=False),),
        ),
    )


@pytest.mark.parametrize("content", [full_content(), report_content(signature=None)])
def test_a_content_comes_back_as_it_was_with_the_same_hash(content):
    again = ReportContent.from_json(content.to_json())
    assert again == content
    assert again.sha256 == content.sha256


def test_the_text_is_canonical():
    text = report_content().to_json()
    parsed = json.loads(text)
    assert text == json.dumps(
        parsed, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    assert "Döhle" in text
    assert report_content().sha256 == hashlib.sha256(text.encode()).hexdigest()


def test_one_number_has_one_text():
    rows = report_differential().rows
    whole = replace(rows[0], percent=76)
    told = replace(rows[0], percent=76.0)
    texts = {
        report_content(differential=report_differential(rows=(row,))).to_json()
        for row in (whole, told)
    }
    assert len(texts) == 1


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"differential": report_differential(counted=1.5)}, "report.differential.counted"),
        ({"differential": report_differential(counted=True)}, "report.differential.counted"),
        ({"comment": None}, "report.comment"),
        ({"comment": "half \ud83d"}, "report.comment holds half a character"),
        ({"status": "signed"}, "report.status is not one of"),
        ({"models": []}, "report.models"),
        ({"sample": "H26"}, "report.sample is not a ReportSample"),
        (
            {"differential": report_differential(rows=(replace(full_content().differential.rows[0],
                                                               low=float("nan")),))},
            "rows[].low is not a finite number",
        ),
    ],
)  # fmt: skip
def test_what_would_not_come_back_as_it_was_is_not_written(fields, told):
    with pytest.raises(ContentInvalid) as refused:
        report_content(**fields).to_json()
    assert told in str(refused.value)


def changed_text(**changes: object) -> str:
    """The text of a report with some of its fields written anew."""
    return json.dumps({**json.loads(report_content().to_json()), **changes})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (changed_text(schema=SCHEMA + 1), f"schema {SCHEMA + 1}"),
        ("[]", "schema None"),
        ("{", "not JSON"),
        (changed_text(more=1), "report has not the fields of a ReportContent"),
        (changed_text(version="1"), "report.version is not a whole number"),
        (changed_text(models={}), "report.models is not a list"),
        (changed_text(sample={}), "report.sample has not the fields of a ReportSample"),
        (changed_text(page_size="A3"), "report.page_size is not one of A4, Letter"),
    ],
)
def test_a_text_of_something_else_is_refused_in_words(text, told):
    with pytest.raises(ContentInvalid) as refused:
        ReportContent.from_json(text)
    assert told in str(refused.value)


def test_a_report_of_an_older_schema_keeps_its_text_and_its_hash():
    content = ReportContent.from_json(OLDER)
    assert content.schema == 1
    assert content.findings == ()
    assert content.to_json() == OLDER
    assert content.sha256 == hashlib.sha256(OLDER.encode()).hexdigest()


def test_a_report_of_an_older_schema_holds_no_findings():
    with pytest.raises(ContentInvalid, match="A report of schema 1 has no findings"):
        report_content(schema=1, findings=(report_finding(),)).to_json()
    text = json.dumps({**json.loads(OLDER), "findings": []})
    with pytest.raises(ContentInvalid, match="has not the fields of a ReportContent"):
        ReportContent.from_json(text)
