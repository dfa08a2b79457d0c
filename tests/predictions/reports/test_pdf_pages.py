"""What is read on the pages of a report."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader

from predictions.reports.content import (
    SCHEMA,
    ReportContact,
    ReportContent,
    ReportCriticalValue,
    ReportDismissed,
    ReportInterval,
    ReportLaboratory,
    ReportPrevious,
    ReportPreviousRow,
    ReportReplaces,
    ReportWhiteCellCount,
)
from predictions.reports.differences import differences
from predictions.reports.pdf import render
from tests.factories.reports.contents import (
    own_finding,
    pictures,
    report_content,
    report_crops,
    report_differential,
    report_finding,
    report_row,
)

OLDER = Path(__file__).parent / "report_of_schema_1.json"


def pages(content: ReportContent) -> list[str]:
    """The words of each page, blanks made one."""
    file = render(content, pictures(content))
    return [" ".join(page.extract_text().split()) for page in PdfReader(BytesIO(file)).pages]


def text(content: ReportContent) -> str:
    """The words of all pages."""
    return " ".join(pages(content))


def test_a_signed_report_tells_all_that_was_frozen():
    content = report_content()
    told = text(content)
    for said in (
        "Institute of Haematology, St Anna Hospital Pasteurgasse 4, 1090 Vienna",
        "FINAL Report R-2026-000417, version 1",
        "Accession number H26-118204",
        "Patient reference P-83F2-77",
        "Collected 2026-03-12 07:40 CET",
        "Clinical note: Fever for three days, on prednisolone.",
        "Neutrophil a 152 76.0 69.6 – 81.4 40 – 80",
        "Counted 200",
        "200 white cells counted, target 200; 2 unidentified, outside the count.",
        "not of naming a cell",
        "Reference intervals b: UC Davis, adults",
        "White cells, analyser: 11.4 × 10⁹/L, 2026-03-12 08:31 CET (reference 4 – 11), high",
        "Erythroblast 3 1.5 ≤ 0 high",
        "Platelet 9 – – seen, not counted",
        "Red cells Anisocytosis 2+; Schistocytes 1+",
        "coarse granules and Döhle bodies",
        "Left shift with toxic change",
        "It has no class for blasts",
        f"Weights SHA-256 {content.models[0].weights_sha256}",
        "57 of 214 cells reviewed by a person; 6 reclassified; 1 added by hand.",
        "Reclassified: Neutrophil to Immature granulocyte: 5; Monocyte to Lymphocyte: 1",
        "Reviewed by: Mira Novak (technician)",
        "Verify this report: https://hematovision.example/reports/verify/",
    ):
        assert said in told


def test_the_signature_shows_name_meaning_time_and_how_it_was_given():
    assert (
        "Dr. Helena Brandt doctor Meaning: Reviewed and released Signed: 2026-03-12 10:14 CET "
        "(2026-03-12 09:14:27 UTC) Signed in again by: password"
    ) in text(report_content())


def test_each_page_says_which_it_is_whose_it_is_and_what_it_is_not():
    content = report_content(crops=report_crops(["Neutrophil", "Monocyte", "Blast"]))
    told = pages(content)
    assert len(told) == 2
    for number, page in enumerate(told, start=1):
        assert f"Report R-2026-000417 · version 1 page {number} of 2" in page
        assert f"Content SHA-256 {content.sha256}" in page
        assert content.assistive_use in page
        assert "H26-118204" in page
        assert "PRELIMINARY" not in page


def test_flags_are_words_and_a_relative_one_says_so():
    told = text(report_content())
    assert "20 – 40 low, relative" in told
    assert "8.66 2 – 7 high" in told


def test_a_preliminary_print_says_on_every_page_that_nobody_signed_it():
    content = report_content(
        status="preliminary",
        number="",
        version=0,
        signature=None,
        verify_address="",
        differential=report_differential(to_review=4),
        crops=report_crops(["Neutrophil", "Monocyte", "Blast"]),
    )
    told = pages(content)
    assert len(told) == 2
    for page in told:
        assert "PRELIMINARY — not signed" in page
        assert "Preliminary print of H26-118204" in page
    assert "4 not reviewed yet" in told[0]
    assert "Verify this report" not in " ".join(told)
    assert "FINAL" not in " ".join(told)


def test_a_limited_count_stands_on_top_with_its_reason():
    content = report_content(
        differential=report_differential(
            counted=57, limited_count_reason="Leucopenia.", notes=("Manual review advised.",)
        )
    )
    told = pages(content)[0]
    assert "LIMITED COUNT, n = 57 Reason: Leucopenia." in told
    assert told.index("LIMITED COUNT") < told.index("Accession number")
    assert "Manual review advised." in told


def test_a_later_version_says_on_top_what_it_replaces_and_what_changed():
    old = report_content()
    rows = (report_row("Neutrophil", 134), *old.differential.rows[1:])
    new = report_content(
        version=2,
        status="corrected",
        differential=report_differential(rows=rows),
        comment=f"{old.comment} Film repeated.",
    )
    replaces = ReportReplaces(
        version=1,
        signed_at="2026-03-12T23:30:00+00:00",
        reason="Images of another film.",
        differences=tuple(differences(old, new)),
    )
    told = pages(replace(new, replaces=replaces))[0]
    assert "CORRECTED, replaces version 1 of 2026-03-13 Reason: Images of another film." in told
    assert (
        "Neutrophil: was 76.0 % (152 of 200), 8.66 × 10⁹/L, high; now 67.0 % (134 of 200)"
    ) in told
    assert "Comment: added: “Film repeated.”" in told
    assert told.index("CORRECTED, replaces") < told.index("Accession number")


def test_what_was_taken_out_is_told():
    old, new = report_content(), report_content(comment="", status="corrected", version=2)
    replaces = ReportReplaces(
        version=1,
        signed_at="2026-03-12T09:30:00+00:00",
        reason="Wrong patient.",
        differences=tuple(differences(old, new)),
    )
    assert "bacterial infection.”; now taken out" in text(replace(new, replaces=replaces))


@pytest.mark.parametrize(
    ("contact", "said"),
    [
        (None, "No contact is recorded."),
        (
            ReportContact(
                told_by="Mira Novak",
                told_to="Dr. Lang",
                told_at="2026-07-12T08:02:00+00:00",
                read_back=True,
            ),
            "Mira Novak told Dr. Lang, 2026-07-12 10:02 CEST, read back.",
        ),
    ],
)
def test_a_critical_value_stands_on_top_with_who_was_told(contact, said):
    value = ReportCriticalValue(
        name="Neutrophil", value="0.4 × 10⁹/L", limit="below 0.5 × 10⁹/L", contact=contact
    )
    told = pages(report_content(critical_values=(value,)))[0]
    assert f"Neutrophil 0.4 × 10⁹/L (below 0.5 × 10⁹/L). {said}" in told


def test_where_no_interval_was_applied_the_reader_is_told_why():
    rows = tuple(
        replace(row, not_applied="age unknown", flag="", flag_words="", relative=False)
        for row in report_content().differential.rows
    )
    told = text(report_content(differential=report_differential(rows=rows)))
    assert "Neutrophil a 152 76.0 69.6 – 81.4 not applied" in told
    assert "Reference interval not applied: age unknown" in told


def test_without_a_white_cell_count_there_are_no_absolute_columns():
    rows = (report_row("Neutrophil", 200),)
    told = text(
        report_content(differential=report_differential(rows=rows, white_cell_count=None, apart=()))
    )
    assert "10⁹/L" not in told


def test_a_corrected_white_cell_count_is_shown_with_its_formula():
    count = ReportWhiteCellCount(
        value=17.4,
        measured_at="",
        corrected=16.1,
        formula="17.4 × 100 / (100 + 8) = 16.1",
        reference=ReportInterval(low=4.0, high=None, unit="10*9/L", source=""),
        flag="",
        flag_words="",
    )
    told = text(report_content(differential=report_differential(white_cell_count=count)))
    assert "White cells, analyser: 17.4 × 10⁹/L (reference ≥ 4)" in told
    assert "Corrected for erythroblasts: 16.1 × 10⁹/L; 17.4 × 100 / (100 + 8) = 16.1" in told


def test_an_image_that_was_left_out_is_told_with_its_reason():
    content = report_content()
    dismissed = (ReportDismissed(image="Image 4", reason="Out of focus."),)
    work = replace(content.persons_work, dismissed=dismissed)
    assert "Image left out: Image 4. Out of focus." in text(replace(content, persons_work=work))


def test_a_cell_whose_picture_is_gone_is_not_passed_over_in_silence():
    file = render(report_content(crops=report_crops(["Basophil"], each=2)), {})
    told = " ".join(PdfReader(BytesIO(file)).pages[0].extract_text().split())
    assert "Basophil Picture not kept Picture not kept" in told


def test_no_more_than_eight_cells_of_a_class_are_shown():
    content = report_content(
        crops=report_crops(["Neutrophil"], each=11),
        laboratory=ReportLaboratory(name="Laboratory", address="", logo_png=""),
    )
    reader = PdfReader(BytesIO(render(content, pictures(content))))
    assert sum(len(page.images) for page in reader.pages) == 8


def test_findings_stand_before_the_morphology_each_with_its_rule_and_that_they_are_support():
    kept = (report_finding("Left shift, marked"), own_finding("Toxic change."))
    told = text(report_content(findings=kept))
    part = told.partition("Findings ")[2].partition("Morphology")[0]
    assert part.startswith(
        "Left shift, marked Immature granulocyte 0.57 × 10⁹/L, above the reference interval 0 to "
        "0.09. Limit: UC Davis, adults. Toxic change."
    )
    assert "They support reading and are no diagnosis." in part


def test_a_report_without_findings_says_nothing_of_them():
    assert "Findings" not in text(report_content())


def test_a_report_of_an_older_schema_prints_as_one_of_today_but_for_its_hash():
    older = ReportContent.from_json(OLDER.read_text(encoding="utf-8"))
    newer = replace(older, schema=SCHEMA)
    assert [page.replace(older.sha256, "") for page in pages(older)] == [
        page.replace(newer.sha256, "") for page in pages(newer)
    ]


def test_the_previous_result_stands_below_the_count_with_the_change():
    previous = ReportPrevious(
        accession_number="H26-117001",
        report="R-2026-000398.v1",
        collected_at="2026-03-05T06:30:00+00:00",
        received_at="2026-03-05T07:00:00+00:00",
        rows=(
            ReportPreviousRow(
                label="neutrophil",
                name="Neutrophil",
                percent=60.0,
                change=16.0,
                is_clear=True,
                absolute=4.8,
            ),
            ReportPreviousRow(
                label="blast",
                name="Blast",
                percent=0.5,
                change=None,
                is_clear=False,
                absolute=None,
            ),
        ),
    )
    told = text(report_content(previous=previous))
    assert (
        "Previous result H26-117001, collected 2026-03-05 07:30 CET, report R-2026-000398.v1."
        in told
    )
    assert "Neutrophil 60.0 +16.0 4.80" in told
    assert "Blast 0.5 –" in told
    assert told.index("Counted 200") < told.index("Previous result") < told.index("Morphology")


def test_without_a_previous_result_there_is_no_heading_for_one():
    assert "Previous result" not in text(report_content())
