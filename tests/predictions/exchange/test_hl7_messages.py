"""A signed report as ORU^R01, read again by a parser that did not write it."""

from __future__ import annotations

import base64
from dataclasses import replace

import hl7
import pytest
from hl7apy.parser import parse_message

from predictions.exchange.hl7_results import Envelope, message_of
from predictions.exchange.hl7_text import escaped, read
from predictions.reports.content import (
    ReportContact,
    ReportCriticalValue,
    ReportLaboratory,
    ReportMorphology,
)
from tests.factories.reports.contents import (
    report_content,
    report_differential,
    report_finding,
    report_row,
)
from tests.predictions.exchange.conftest import PDF
from tests.predictions.exchange.test_fhir_bundles import CORRECTED

ENVELOPE = Envelope(control_id="M417", sent_at="2026-03-12T09:15:00+00:00", placer_number="ORD-9")


def parsed(content, codes, envelope=ENVELOPE):
    return hl7.parse(message_of(content, envelope, codes))


def result(message, code):
    (found,) = [obx for obx in message.segments("OBX") if str(obx[3]).split("^")[0] == code]
    return found


def lines(field):
    return "\n".join(read(line) for line in str(field).split("~"))


def notes(message):
    return [lines(nte[3]) for nte in message.segments("NTE")]


def test_it_has_the_structure_of_the_standard(codes):
    text = message_of(report_content(), ENVELOPE, codes)
    message = parse_message(text, find_groups=True)
    assert message.msh.msh_12.to_er7() == "2.5.1"
    assert f"{message.to_er7()}\r" == text
    groups = message.oru_r01_patient_result.oru_r01_order_observation.oru_r01_observation
    assert len(groups) == len(hl7.parse(text).segments("OBX"))


def test_head_patient_and_order_say_whose_it_is(codes):
    message = parsed(report_content(), codes)
    msh, pid, obr = (message.segment(name) for name in ("MSH", "PID", "OBR"))
    assert str(msh[9]) == "ORU^R01^ORU_R01"
    assert str(msh[10]) == "M417"
    assert str(msh[7]) == "20260312091500+0000"
    assert str(pid[3]).split("^")[0] == "P-83F2-77"
    assert str(pid[8]) == "F"
    assert (str(obr[2]), str(obr[3])) == ("ORD-9", "H26-118204")
    assert str(obr[4]).split("^")[0] == "69738-3"
    assert str(obr[25]) == "F"


def test_a_class_has_both_codes_unit_interval_flag_and_status(codes):
    obx = result(parsed(report_content(), codes), "737-7")
    assert str(obx[2]) == "NM"
    assert str(obx[3]) == "737-7^Lymphocyte^LN^lymphocyte^Lymphocyte^L"
    assert str(obx[5]) == "9"
    assert str(obx[6]).startswith("%^%^UCUM")
    assert (str(obx[7]), str(obx[8]), str(obx[11])) == ("20-40", "L", "F")


def test_an_own_code_of_the_laboratory_stands_for_the_report(codes):
    message = parsed(report_content(), codes, replace(ENVELOPE, report_code="DIFF"))
    assert str(message.segment("OBR")[4]) == "DIFF^Differential^L"


def test_an_open_interval_ends_where_it_ends(codes):
    assert str(result(parsed(report_content(), codes), "18309-5")[7]) == "0-0"


def test_what_could_not_be_worked_out_cannot_be_obtained(codes):
    row = replace(report_row("Neutrophil", 0), percent=None, low=None, high=None)
    content = report_content(differential=report_differential(rows=(row,)))
    obx = result(parsed(content, codes), "23761-0")
    assert (str(obx[5]), str(obx[11])) == ("", "X")


def test_the_file_stands_in_it_where_it_is_asked_for(codes):
    message = parsed(report_content(), codes, replace(ENVELOPE, pdf=PDF))
    (obx,) = [each for each in message.segments("OBX") if str(each[2]) == "ED"]
    kind = str(obx[5]).split("^")
    assert kind[1:4] == ["application", "pdf", "Base64"]
    assert base64.b64decode(kind[4]) == PDF
    assert not [o for o in parsed(report_content(), codes).segments("OBX") if str(o[2]) == "ED"]


def test_a_corrected_report_says_c_and_what_changed(codes):
    message = parsed(CORRECTED, codes)
    assert str(message.segment("OBR")[25]) == "C"
    assert {str(obx[11]) for obx in message.segments("OBX")} == {"C"}
    assert any(n.startswith("CORRECTED, replaces version 1") for n in notes(message))
    assert "Neutrophil: was 75 %, now 76 %" in notes(message)


def test_a_result_that_the_correction_has_no_more_is_deleted(codes):
    less = replace(CORRECTED, differential=report_differential(unidentified=0))
    message = hl7.parse(message_of(less, ENVELOPE, codes, replaced=report_content()))
    obx = result(message, "44095-8")
    assert (str(obx[5]), str(obx[11])) == ("", "D")


def test_what_was_taken_back_was_posted_wrongly(codes):
    message = parsed(report_content(), codes, replace(ENVELOPE, is_retracted=True))
    assert {str(obx[11]) for obx in message.segments("OBX")} == {"W"}
    assert notes(message)[0].startswith("RETRACTED")


def test_a_critical_value_says_who_was_told(codes):
    told = ReportContact(
        told_by="Dr. Brandt", told_to="Ward 7B", told_at="2026-03-12T09:00:00+00:00", read_back=True
    )
    critical = ReportCriticalValue(
        name="Neutrophils", value="0.4 × 10⁹/L", limit="below 0.5 × 10⁹/L", contact=told
    )
    message = parsed(report_content(critical_values=(critical,)), codes)
    assert (
        "Critical: Neutrophils 0.4 × 10⁹/L, below 0.5 × 10⁹/L; Ward 7B was told by Dr. Brandt and "
        "read it back" in notes(message)
    )


HARD = "A|B^C~D&E\\F\r\nnext line, Döhle 血 \u0007bell"


def test_text_that_looks_like_the_grammar_comes_through_as_it_was(codes):
    content = report_content(
        comment=HARD,
        laboratory=ReportLaboratory(name="Lab & Sons | West^1", address="", logo_png=""),
        morphology=ReportMorphology(groups=(), text=HARD),
    )
    message = parsed(content, codes)
    expected = HARD.replace("\r\n", "\n").replace("\u0007", "")
    assert expected in notes(message)
    assert read(str(message.segment("MSH")[4])) == "Lab & Sons | West^1"
    assert lines(result(message, "18314-5")[5]) == expected
    # A line end within a field would begin a segment that is none.
    assert all(str(segment[0]) in {"MSH", "PID", "ORC", "OBR", "OBX", "NTE"} for segment in message)


@pytest.mark.parametrize(
    "text",
    ["a\\", "\\F\\", "a\\.br\\b", "|^~\\&", "\\X0D\\", "\\E", "E\\", "\\\\", "C:\\new\\F", "\\E\\"],
)
def test_what_is_escaped_is_read_as_it_was(codes, text):
    assert read(escaped(text)) == text
    assert text in notes(parsed(report_content(comment=text), codes))


def test_findings_are_text_under_a_code_of_the_laboratory(codes):
    message = parsed(report_content(findings=(report_finding("Left shift & more"),)), codes)
    found = result(message, "findings")
    assert str(found[2]) == "TX"
    assert str(found[3]) == "findings^Findings^L"
    assert lines(found[5]).startswith("Left shift & more. ")
    assert lines(found[5]).endswith("They support reading and are no diagnosis.")
