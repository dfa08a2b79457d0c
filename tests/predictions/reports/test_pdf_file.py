"""The file of a report: the same bytes each time, its own letters, made for the archive."""

import hashlib
import os
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from predictions.reports.content import (
    Difference,
    ReportFinding,
    ReportFindings,
    ReportInterval,
    ReportLaboratory,
    ReportMorphology,
    ReportReplaces,
    ReportSample,
)
from predictions.reports.fonts import printable
from predictions.reports.pdf import render
from tests.factories.reports.contents import (
    logo,
    pictures,
    report_content,
    report_crops,
    report_differential,
    report_row,
)

ROOT = Path(__file__).resolve().parents[3]
RENDER_ELSEWHERE = """
import hashlib, sys
from predictions.reports.content import ReportContent
from predictions.reports.pdf import render
from tests.factories.reports.contents import pictures
content = ReportContent.from_json(sys.stdin.read())
print(hashlib.sha256(render(content, pictures(content))).hexdigest())
"""
EIGHT = ["Neutrophil", "Lymphocyte", "Monocyte", "Eosinophil", "Basophil", "Blast", "Band", "Other"]
UNRULY = '<b>&amp; "it\'s" </para> Ωλ Жёґ ő 漢 \u0007'


def test_the_same_content_gives_the_same_bytes():
    content = report_content()
    assert render(content, pictures(content)) == render(content, pictures(content))


def test_another_content_gives_other_bytes():
    content, other = report_content(), report_content(comment="Another comment.")
    assert render(content, pictures(content)) != render(other, pictures(other))


@pytest.mark.parametrize("seed", ["1", "2"])
def test_another_process_gives_the_same_bytes(seed):
    content = report_content()
    done = subprocess.run(
        [sys.executable, "-c", RENDER_ELSEWHERE],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": seed, "TZ": "Asia/Tokyo"},
        input=content.to_json(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    here = hashlib.sha256(render(content, pictures(content))).hexdigest()
    assert done.stdout.strip() == here


def reader(**fields: Any) -> PdfReader:
    """The file of a report, opened."""
    content = report_content(**fields)
    return PdfReader(BytesIO(render(content, pictures(content))))


def test_the_file_says_its_title_its_language_and_whose_it_is():
    file = reader()
    root: Any = file.root_object
    assert root["/Lang"] == "en"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"].value is True
    assert file.metadata is not None
    assert file.metadata.title == (
        "Report R-2026-000417 · version 1: Blood film: white cell differential"
    )
    assert file.metadata.author == "Institute of Haematology, St Anna Hospital"


def test_the_file_is_written_for_the_archive():
    file = reader(number="R <&> 7")
    root: Any = file.root_object
    (intent,) = root["/OutputIntents"]
    assert intent["/S"] == "/GTS_PDFA1"
    profile = intent["/DestOutputProfile"].get_object()
    assert profile["/N"] == 3
    assert profile.get_data()[36:40] == b"acsp"
    described = file.xmp_metadata
    assert described is not None
    assert described.dc_title == {"x-default": file.metadata.title if file.metadata else ""}
    packet = root["/Metadata"].get_data()
    assert b"<pdfaid:part>2</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>" in packet
    assert "/Encrypt" not in file.trailer
    assert "/ID" in file.trailer


@pytest.mark.parametrize("status", ["final", "preliminary"])
def test_every_letter_is_in_the_file(status):
    for page in reader(status=status, crops=report_crops(["Basophil"], 3)).pages:
        resources: Any = page["/Resources"]
        fonts = resources["/Font"].values()
        assert fonts
        for font in fonts:
            descriptor = font.get_object()["/FontDescriptor"]
            assert "/FontFile2" in descriptor
            assert "Roboto" in font.get_object()["/BaseFont"]


@pytest.mark.parametrize(("page_size", "points"), [("A4", (595, 842)), ("Letter", (612, 792))])
def test_the_paper_is_that_of_the_laboratory(page_size, points):
    for page in reader(page_size=page_size).pages:
        assert (round(page.mediabox.width), round(page.mediabox.height)) == points


def test_latin_greek_and_cyrillic_are_printed_and_others_as_their_code_points():
    said = "Łukasz Őry, Ελένη Ώρα, Юлія Ґудзь, ≥ 5 µm, İsa"
    assert printable(said) == said
    assert printable("e\u0301") == "é"
    assert printable("漢\u0007\u200d→") == "U+6F22U+0007U+200DU+2192"
    told = " ".join(page.extract_text() for page in reader(comment=f"{said} 漢").pages)
    assert said in told
    assert "U+6F22" in told


def test_text_that_looks_like_markup_stands_as_it_is_in_every_field():
    finding = ReportFinding(text=UNRULY, grade=UNRULY)
    row = report_row(
        UNRULY,
        5,
        reference=ReportInterval(low=1.0, high=2.0, unit=UNRULY, source=UNRULY),
        flag="HH",
        flag_words=UNRULY,
    )
    file = reader(
        number=UNRULY,
        laboratory=ReportLaboratory(name=UNRULY, address=UNRULY, logo_png=""),
        sample=ReportSample(
            accession_number=UNRULY,
            patient_reference=UNRULY,
            sex=UNRULY,
            birth_date_or_age=UNRULY,
            collected_at="",
            received_at="",
            requester=UNRULY,
            note=UNRULY,
            priority=UNRULY,
        ),
        differential=report_differential(rows=(row,), method=UNRULY, notes=(UNRULY,)),
        morphology=ReportMorphology(
            groups=(ReportFindings(name=UNRULY, findings=(finding,)),), text=UNRULY
        ),
        comment=UNRULY,
        crops=report_crops([UNRULY], 2),
        replaces=ReportReplaces(
            version=1,
            signed_at="2026-03-12T09:30:00+00:00",
            reason=UNRULY,
            differences=(Difference(what=UNRULY, before=UNRULY, after=UNRULY, corrects=True),),
        ),
    )
    told = "".join("".join(page.extract_text().split()) for page in file.pages)
    shown = "".join(printable(UNRULY).split())
    assert told.count(shown) >= 20


def test_long_names_forty_labels_and_long_texts_fill_as_many_pages_as_they_need():
    long_text = "A sentence that goes on. " * 250
    rows = tuple(
        report_row(f"{number}. class with a name that is long for a class", 5)
        for number in range(40)
    )
    file = reader(
        laboratory=ReportLaboratory(name="L" * 300, address="One\nTwo", logo_png=logo()),
        differential=report_differential(rows=rows),
        comment="x" * 2000,
        morphology=ReportMorphology(groups=(), text=long_text),
        crops=report_crops([f"Class {number}" for number in range(15)]),
        replaces=ReportReplaces(
            version=1,
            signed_at="2026-03-12T09:30:00+00:00",
            reason=long_text,
            differences=(
                Difference(what="Comment", before=long_text, after=long_text, corrects=True),
            ),
        ),
    )
    told = "".join("".join(page.extract_text().split()) for page in file.pages)
    assert "39.classwithaname" in told
    assert told.count("goes") == 4 * 250
    assert told.count("x" * 20) >= 10


def test_a_report_may_have_next_to_nothing():
    file = reader(
        differential=report_differential(rows=(), apart=(), counted=0, white_cell_count=None),
        morphology=ReportMorphology(groups=(), text=""),
        comment="",
        crops=(),
        models=(),
        reviewers=(),
        signature=None,
        verify_address="",
    )
    assert len(file.pages) == 1


def test_sixty_four_cells_take_two_pages():
    content = report_content(crops=report_crops(EIGHT))
    shown = pictures(content)
    assert len(shown) == 64
    file = render(content, shown)
    assert len(PdfReader(BytesIO(file)).pages) == 2
