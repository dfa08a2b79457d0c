"""A signed report as a FHIR R4 Bundle, read again by the models of the standard."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace

import pytest
from fhir.resources.R4B.bundle import Bundle

from predictions.exchange.fhir import bundle_of
from predictions.exchange.fhir_checks import faults_of
from predictions.reports.content import Difference, ReportReplaces
from tests.factories.reports.contents import (
    own_finding,
    report_content,
    report_differential,
    report_finding,
    report_row,
)
from tests.predictions.exchange.conftest import PDF


def of_kind(bundle, kind):
    return [e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == kind]


def observation(bundle, code):
    (found,) = [
        o
        for o in of_kind(bundle, "Observation")
        if any(c["code"] == code for c in o["code"]["coding"])
    ]
    return found


CORRECTED = report_content(
    version=2,
    status="corrected",
    replaces=ReportReplaces(
        version=1,
        signed_at="2026-03-11T10:00:00+00:00",
        reason="Two cells were named wrongly",
        differences=(
            Difference(what="Neutrophil", before="75 %", after="76 %", corrects=True),
        ),
    ),
)  # fmt: skip


@pytest.mark.parametrize("kind", ["collection", "transaction"])
@pytest.mark.parametrize("content", [report_content(), CORRECTED], ids=["first", "corrected"])
def test_nothing_is_wrong_with_it_by_the_standards_shapes_and_our_own_rules(
    issued, codes, content, kind
):
    assert faults_of(bundle_of(content, issued, codes, kind=kind)) == []


def test_it_comes_through_the_standards_models_unchanged(issued, codes):
    bundle = bundle_of(report_content(), issued, codes)
    read = json.loads(Bundle.model_validate(bundle).model_dump_json())
    again = {e["resource"]["id"]: e["resource"] for e in read["entry"]}
    for entry in bundle["entry"]:
        mine, theirs = entry["resource"], again[entry["resource"]["id"]]
        assert set(mine) == set(theirs)
        assert mine.get("code") == theirs.get("code")
        assert mine.get("presentedForm") == theirs.get("presentedForm")


def test_one_report_makes_one_bundle_to_the_byte(issued, codes):
    first, second = (bundle_of(report_content(), issued, codes) for _ in range(2))
    assert json.dumps(first) == json.dumps(second)


def test_a_class_has_loinc_and_local_code_unit_interval_flag_and_count(issued, codes):
    found = observation(bundle_of(report_content(), issued, codes), "737-7")
    assert found["valueQuantity"] == {
        "value": 9.0, "unit": "%", "system": "http://unitsofmeasure.org", "code": "%",
    }  # fmt: skip
    assert [c["code"] for c in found["code"]["coding"]] == ["737-7", "lymphocyte"]
    assert found["interpretation"][0]["coding"][0]["code"] == "L"
    assert found["referenceRange"][0]["low"]["value"] == 20
    # Wilson, 18 of 200: 5.8 to 13.8 %.
    assert "18 of 200 white cells" in found["note"][0]["text"]
    assert "5.8 to 13.8 %" in found["note"][0]["text"]


def test_a_label_without_a_code_is_sent_by_the_laboratorys_own_alone(issued, codes):
    (found,) = [
        o
        for o in of_kind(bundle_of(report_content(), issued, codes), "Observation")
        if o["code"]["text"] == "Monocyte"
    ]
    assert [c["code"] for c in found["code"]["coding"]] == ["monocyte"]


def test_no_flag_is_sent_where_no_interval_was_applied(issued, codes):
    rows = (report_row("Neutrophil", 200, not_applied="age unknown"),)
    content = report_content(differential=report_differential(rows=rows))
    found = observation(bundle_of(content, issued, codes), "23761-0")
    assert "interpretation" not in found
    assert "referenceRange" not in found
    assert "interval not applied: age unknown" in found["note"][0]["text"]


def test_what_could_not_be_worked_out_is_absent_with_a_reason_and_never_nought(issued, codes):
    row = replace(report_row("Neutrophil", 0), percent=None, low=None, high=None)
    content = report_content(differential=report_differential(rows=(row,)))
    found = observation(bundle_of(content, issued, codes), "23761-0")
    assert "valueQuantity" not in found
    assert found["dataAbsentReason"]["coding"][0]["code"] == "not-performed"


def test_erythroblasts_are_sent_to_100_white_cells(issued, codes):
    found = observation(bundle_of(report_content(), issued, codes), "18309-5")
    assert found["valueQuantity"]["value"] == 1.5
    assert found["valueQuantity"]["code"] == "/100{WBCs}"


def test_unidentified_cells_are_sent_beside_the_count(issued, codes):
    found = observation(bundle_of(report_content(), issued, codes), "44095-8")
    assert found["valueQuantity"]["value"] == 1.0


def test_the_file_stands_in_it_with_length_and_hash(issued, codes):
    (report,) = of_kind(bundle_of(report_content(), issued, codes), "DiagnosticReport")
    (form,) = report["presentedForm"]
    assert base64.b64decode(form["data"]) == PDF
    assert form["size"] == len(PDF)
    assert base64.b64decode(form["hash"]) == hashlib.sha1(PDF, usedforsecurity=False).digest()


def test_without_a_file_it_says_where_the_file_will_be(issued, codes):
    bundle = bundle_of(report_content(), replace(issued, pdf=None), codes)
    (form,) = of_kind(bundle, "DiagnosticReport")[0]["presentedForm"]
    assert "data" not in form
    assert form["url"].endswith(f"/api/v1/reports/{issued.report_id}/pdf/")


def test_the_model_is_a_device_named_by_the_hash_of_its_weights(issued, codes):
    bundle = bundle_of(report_content(), issued, codes)
    (device,) = of_kind(bundle, "Device")
    assert device["version"][0]["value"] == "1.3.0"
    assert device["identifier"][0]["value"].startswith("ni:///sha-256;")
    counted = observation(bundle, "23761-0")
    assert counted["device"]["reference"] == f"urn:uuid:{device['id']}"


def test_the_signature_stands_in_the_provenance(issued, codes):
    (found,) = of_kind(bundle_of(report_content(), issued, codes), "Provenance")
    (signature,) = found["signature"]
    assert signature["who"]["display"] == "Dr. Helena Brandt (doctor)"
    assert signature["type"][0]["code"] == "1.2.840.10065.1.12.1.5"
    assert signature["when"] == "2026-03-12T09:14:27+00:00"


def test_a_corrected_report_says_what_it_replaces_and_what_changed(issued, codes):
    bundle = bundle_of(CORRECTED, issued, codes)
    (report,) = of_kind(bundle, "DiagnosticReport")
    assert report["status"] == "corrected"
    assert "CORRECTED, replaces version 1" in report["conclusion"]
    assert "Neutrophil: was 75 %, now 76 %" in report["conclusion"]
    (provenance,) = of_kind(bundle, "Provenance")
    assert provenance["entity"][0]["what"]["identifier"]["value"] == "R-2026-000417.v1"
    assert provenance["reason"][0]["text"] == "Two cells were named wrongly"
    assert {o["status"] for o in of_kind(bundle, "Observation")} == {"corrected"}


def test_what_was_taken_back_is_entered_in_error_throughout(issued, codes):
    bundle = bundle_of(report_content(), replace(issued, is_retracted=True), codes)
    told = of_kind(bundle, "DiagnosticReport") + of_kind(bundle, "Observation")
    assert {each["status"] for each in told} == {"entered-in-error"}


def test_a_result_that_the_correction_has_no_more_is_entered_in_error(issued, codes):
    less = replace(CORRECTED, differential=report_differential(unidentified=0))
    bundle = bundle_of(less, issued, codes, kind="transaction", replaced=report_content())
    assert faults_of(bundle) == []
    found = observation(bundle, "44095-8")
    assert (found["status"], "valueQuantity" in found) == ("entered-in-error", False)
    (report,) = of_kind(bundle, "DiagnosticReport")
    assert len(report["result"]) == len(of_kind(bundle, "Observation")) - 1


def test_no_name_and_no_number_of_the_laboratory_stands_in_an_address(issued, codes):
    bundle = bundle_of(report_content(), issued, codes, kind="transaction")
    for entry in bundle["entry"]:
        assert "P-83F2-77" not in entry["request"]["url"]
        assert "H26-118204" not in entry["request"]["url"]


def test_posting_a_later_version_replaces_the_earlier_one(issued, codes):
    first = bundle_of(report_content(), issued, codes, kind="transaction")
    other = replace(issued, report_id=issued.laboratory_id)
    second = bundle_of(CORRECTED, other, codes, kind="transaction")
    addresses = [
        {e["request"]["url"] for e in bundle["entry"] if "identifier" in e["resource"]}
        for bundle in (first, second)
    ]
    assert addresses[0] == addresses[1]


def test_what_is_not_signed_makes_no_bundle(issued, codes):
    with pytest.raises(ValueError, match="signed"):
        bundle_of(report_content(signature=None), issued, codes)


WRONG = {
    "a status of no value set": lambda b: b["entry"][0]["resource"].update(status="signed"),
    "a kind of bundle": lambda b: b.update(type="batch"),
    "a result that leads to a device": lambda b: b["entry"][0]["resource"]["result"].append(
        {"reference": next(e["fullUrl"] for e in b["entry"] if "serial" in str(e) or
                           e["resource"]["resourceType"] == "Device")}
    ),
    "a code with a wrong check digit": lambda b: b["entry"][1]["resource"]["code"]["coding"][
        0
    ].update(code="6690-3"),
    "a code of an analyser": lambda b: b["entry"][1]["resource"]["code"]["coding"][0].update(
        code="770-8"
    ),
    "a unit of no table": lambda b: b["entry"][1]["resource"]["valueQuantity"].update(code="G/l"),
    "an interpretation of no table": lambda b: b["entry"][1]["resource"]["interpretation"][0][
        "coding"
    ][0].update(code="HIGH"),
    "no value and no reason": lambda b: b["entry"][1]["resource"].pop("valueQuantity"),
    "a file that is not base64": lambda b: b["entry"][0]["resource"]["presentedForm"][0].update(
        data="not base64!"
    ),
    "a name of a device of no table": lambda b: next(
        e["resource"] for e in b["entry"] if e["resource"]["resourceType"] == "Device"
    )["deviceName"][0].update(type="nickname"),
    "a time without its zone": lambda b: b["entry"][0]["resource"].update(
        issued="2026-03-12T09:14:27"
    ),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG.keys())
def test_what_no_recipient_could_read_is_found(issued, codes, wrong):
    bundle = json.loads(json.dumps(bundle_of(report_content(), issued, codes)))
    wrong(bundle)
    assert faults_of(bundle)


WITH_FINDINGS = report_content(findings=(report_finding(), own_finding("Toxic change.")))


def test_findings_are_told_in_the_conclusion_and_as_text_without_a_loinc_code(issued, codes):
    bundle = bundle_of(WITH_FINDINGS, issued, codes)
    assert faults_of(bundle) == []
    [report] = of_kind(bundle, "DiagnosticReport")
    assert report["conclusion"].startswith("Left shift. Toxic change. ")
    found = observation(bundle, "findings")
    assert [coding["system"] for coding in found["code"]["coding"]] == [issued.system("labels")]
    assert found["valueString"].startswith("Left shift. Toxic change. ")
    assert found["valueString"].endswith("They support reading and are no diagnosis.")
    assert "method" not in found


def test_findings_that_a_later_version_has_no_more_are_entered_in_error(issued, codes):
    later = replace(CORRECTED, findings=())
    bundle = bundle_of(later, issued, codes, replaced=WITH_FINDINGS)
    assert faults_of(bundle) == []
    assert observation(bundle, "findings")["status"] == "entered-in-error"
