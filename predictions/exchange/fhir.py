"""A signed report as a FHIR R4 Bundle: from its frozen content alone, the same each time.

Which status it has, and who may have it, is decided by whoever calls. What is made here is held
against `fhir_checks.py` before anybody sees it.

Source: HL7 FHIR R4 (hl7.org/fhir/R4), DiagnosticReport, Observation, Device, Provenance.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote
from uuid import UUID, uuid5

from predictions.exchange import terms
from predictions.exchange.results import (
    Result,
    findings_in_words,
    gone_results,
    morphology_in_words,
    results_of,
    signature_of,
)
from predictions.exchange.terms import LabelCodes, Unit
from predictions.reports.content import (
    ReportContent,
    ReportInterval,
    ReportModel,
    ReportReplaces,
)

Kind = Literal["collection", "transaction"]
Plain = dict[str, Any]
# A report that was taken back: what recipients have of it is wrong.
ENTERED_IN_ERROR = "entered-in-error"
_OBSERVATION_STATUS = {
    "final": "final",
    "corrected": "corrected",
    "amended": "amended",
    ENTERED_IN_ERROR: ENTERED_IN_ERROR,
}


@dataclass(frozen=True)
class Issued:
    """What of a report is not in its content.

    Args:
        report_id: of its version.
        laboratory_id: whose it is; the laboratory's own codes and numbers are told apart by it.
        address: of this installation, without a slash at its end.
        is_retracted: whether the report was taken back.
        at: when it was taken back, ISO 8601; empty for the time of the signature.
        pdf: its file; none while it is not made.
    """

    report_id: UUID
    laboratory_id: UUID
    address: str
    is_retracted: bool = False
    at: str = ""
    pdf: bytes | None = None

    def system(self, what: str) -> str:
        """The address that stands for one kind of number or code of the laboratory."""
        return f"{self.address}/ids/{self.laboratory_id}/{what}"

    def key(self, part: str) -> str:
        """The one id of a part of the report."""
        return str(uuid5(self.report_id, part))


def bundle_of(
    content: ReportContent,
    issued: Issued,
    codes: Mapping[str, LabelCodes],
    *,
    kind: Kind = "collection",
    replaced: ReportContent | None = None,
) -> Plain:
    """The Bundle of a signed report.

    Args:
        content: with a signature.
        issued: what else is to be said.
        codes: of the laboratory's labels.
        kind: "collection" to keep, "transaction" to post: what is there already is replaced by
            its identifier, so that posting twice does the same as posting once.
        replaced: what the version before said; what of it is gone is entered in error.
    """
    signature = signature_of(content)
    status = ENTERED_IN_ERROR if issued.is_retracted else content.status
    results = [each for each in results_of(content, codes) if not each.text]
    texts = [each for each in results_of(content, codes) if each.text]
    devices = [_device(model, issued) for model in content.models]
    observations = [
        _observation(each, content, issued, status, devices[0] if devices else None)
        for each in [*results, *texts]
    ]
    gone = [_gone(each, content, issued) for each in gone_results(content, replaced, codes)]
    report = _report(content, issued, status, observations)
    provenance = _provenance(content, issued, report)
    resources = [report, *observations, *gone, *devices, provenance]
    return {
        "resourceType": "Bundle",
        "type": kind,
        "identifier": {
            "system": issued.system("report"),
            "value": f"{content.number}.v{content.version}",
        },
        "timestamp": signature.signed_at,
        "entry": [_entry(each, kind) for each in resources],
    }


def _entry(resource: Plain, kind: Kind) -> Plain:
    entry: Plain = {"fullUrl": f"urn:uuid:{resource['id']}", "resource": resource}
    if kind == "transaction":
        identifier = resource.get("identifier")
        name = resource["resourceType"]
        address = f"{name}/{resource['id']}"
        if identifier:
            wanted = f"{identifier[0]['system']}|{identifier[0]['value']}"
            address = f"{name}?identifier={quote(wanted, safe='')}"
        # By an identifier the server gives the id itself, and must not be told another.
        sent = {k: v for k, v in resource.items() if k != "id"} if identifier else resource
        entry |= {"resource": sent, "request": {"method": "PUT", "url": address}}
    return entry


def _report(
    content: ReportContent, issued: Issued, status: str, observations: list[Plain]
) -> Plain:
    signature, sample = signature_of(content), content.sample
    parts = (findings_in_words(content), content.comment, morphology_in_words(content))
    said = " ".join(part for part in parts if part)
    if content.replaces is not None:
        said = f"{_replaces_in_words(content.status, content.replaces)} {said}".strip()
    report = {
        "resourceType": "DiagnosticReport",
        "id": issued.key("report"),
        # The number stays through all versions, so that a corrected one takes its place.
        "identifier": [{"system": issued.system("report"), "value": content.number}],
        "status": status,
        "category": [{"coding": [{"system": terms.DIAGNOSTIC_SERVICE, "code": "HM"}]}],
        "code": {"coding": [_loinc(terms.PANEL.code, terms.PANEL.display)]},
        "subject": _subject(content, issued),
        "specimen": [_specimen(content, issued)],
        "effectiveDateTime": sample.collected_at or sample.received_at,
        "issued": issued.at or signature.signed_at,
        "performer": [{"display": content.laboratory.name}],
        "resultsInterpreter": [{"display": signature.name}],
        "result": [_reference(each) for each in observations],
        "presentedForm": [_presented(content, issued)],
    }
    if said:
        report["conclusion"] = said
    return report


def _replaces_in_words(status: str, replaced: ReportReplaces) -> str:
    word = "CORRECTED" if status == "corrected" else "AMENDED"
    changes = "; ".join(
        f"{each.what}: was {each.before or 'not given'}, now {each.after or 'not given'}"
        for each in replaced.differences
    )
    told = f"{word}, replaces version {replaced.version} of {replaced.signed_at}."
    return f"{told} Reason: {replaced.reason}. {changes + '.' if changes else ''}".strip()


def _presented(content: ReportContent, issued: Issued) -> Plain:
    title = f"{content.number}.v{content.version}"
    form: Plain = {
        "contentType": "application/pdf",
        "url": f"{issued.address}/api/v1/reports/{issued.report_id}/pdf/",
        "title": title,
    }
    if issued.pdf is not None:
        # R4 asks for SHA-1 here; it guards a transfer, and nothing rests on it.
        digest = hashlib.sha1(issued.pdf, usedforsecurity=False).digest()
        form |= {
            "data": base64.b64encode(issued.pdf).decode(),
            "size": len(issued.pdf),
            "hash": base64.b64encode(digest).decode(),
        }
    return form


def _observation(
    result: Result, content: ReportContent, issued: Issued, status: str, device: Plain | None
) -> Plain:
    signature, sample = signature_of(content), content.sample
    own = {"system": issued.system("labels"), "code": result.local, "display": result.name}
    coding = [_loinc(result.loinc), own] if result.loinc else [own]
    found: Plain = {
        "resourceType": "Observation",
        "id": issued.key(result.key),
        "identifier": [
            {"system": issued.system("result"), "value": f"{content.number}.{result.key}"}
        ],
        "status": _OBSERVATION_STATUS[status],
        "category": [{"coding": [{"system": terms.OBSERVATION_CATEGORY, "code": "laboratory"}]}],
        "code": {"coding": coding, "text": result.name},
        "subject": _subject(content, issued),
        "specimen": _specimen(content, issued),
        "effectiveDateTime": sample.collected_at or sample.received_at,
        "issued": issued.at or signature.signed_at,
        "performer": [{"display": signature.name}],
        **_value(result),
    }
    if result.flag:
        found["interpretation"] = [
            {
                "coding": [
                    {
                        "system": terms.INTERPRETATION,
                        "code": result.flag,
                        "display": terms.INTERPRETATIONS[result.flag],
                    }
                ]
            }
        ]
    if result.reference is not None:
        found["referenceRange"] = [_range(result.reference)]
    if result.note:
        found["note"] = [{"text": result.note}]
    if result.key.endswith((".percent", ".per_100")):
        found["method"] = {"text": content.differential.method}
        if device is not None:
            found["device"] = _reference(device)
    return found


def _gone(result: Result, content: ReportContent, issued: Issued) -> Plain:
    """A result that the version before had, and this one has not."""
    found = _observation(result, content, issued, ENTERED_IN_ERROR, None)
    kept = ("resourceType", "id", "identifier", "status", "category", "code", "subject", "specimen")
    reason = {"system": terms.ABSENT_REASON, "code": "not-applicable"}
    return {
        **{name: found[name] for name in kept},
        "dataAbsentReason": {"coding": [reason]},
        "note": [{"text": f"No result of version {content.version} any more."}],
    }


def _value(result: Result) -> Plain:
    if result.text:
        return {"valueString": result.text}
    if result.value is None or result.unit is None:
        reason = {"system": terms.ABSENT_REASON, "code": "not-performed"}
        return {"dataAbsentReason": {"coding": [reason]}}
    return {"valueQuantity": _quantity(result.value, result.unit)}


def _quantity(value: float, unit: Unit) -> Plain:
    return {"value": value, "unit": unit.shown, "system": terms.UCUM, "code": unit.code}


def _range(interval: ReportInterval) -> Plain:
    unit = terms.UNITS[interval.unit]
    found: Plain = {"text": interval.source} if interval.source else {}
    for side in ("low", "high"):
        value = getattr(interval, side)
        if value is not None:
            found[side] = _quantity(value, unit)
    return found


def _device(model: ReportModel, issued: Issued) -> Plain:
    device: Plain = {
        "resourceType": "Device",
        "id": issued.key(f"model {model.name} {model.version} {model.weights_sha256}"),
        "identifier": [{"system": "urn:ietf:rfc:6920", "value": _named_by_hash(model)}],
        "status": "active",
        "deviceName": [{"name": f"HematoVision {model.name}", "type": "model-name"}],
        "modelNumber": model.name,
        "version": [{"type": {"text": "model version"}, "value": model.version}],
    }
    return device | ({"note": [{"text": model.limits}]} if model.limits else {})


def _named_by_hash(model: ReportModel) -> str:
    """The weights by their SHA-256, as RFC 6920 names things by their hash."""
    digest = base64.urlsafe_b64encode(bytes.fromhex(model.weights_sha256)).decode().rstrip("=")
    return f"ni:///sha-256;{digest}"


def _provenance(content: ReportContent, issued: Issued, report: Plain) -> Plain:
    signature = signature_of(content)
    signer = {"display": f"{signature.name} ({signature.role})"}
    found: Plain = {
        "resourceType": "Provenance",
        "id": issued.key("provenance"),
        "target": [_reference(report)],
        "recorded": signature.signed_at,
        "activity": {"text": signature.meaning},
        "agent": [
            {
                "type": {"coding": [{"system": terms.PARTICIPANT, "code": "legal"}]},
                "who": signer,
                "onBehalfOf": {"display": content.laboratory.name},
            }
        ],
        "signature": [
            {
                "type": [
                    {
                        "system": terms.SIGNATURE_TYPE,
                        "code": terms.VERIFICATION_SIGNATURE,
                        "display": "Verification Signature",
                    }
                ],
                "when": signature.signed_at,
                "who": signer,
            }
        ],
    }
    if content.replaces is not None:
        replaced = f"{content.number}.v{content.replaces.version}"
        found["reason"] = [{"text": content.replaces.reason}]
        found["entity"] = [
            {
                "role": "revision",
                "what": {"identifier": {"system": issued.system("report"), "value": replaced}},
            }
        ]
    return found


def _subject(content: ReportContent, issued: Issued) -> Plain:
    reference = content.sample.patient_reference
    if not reference:
        return {"display": "Not given"}
    return {"identifier": {"system": issued.system("patient"), "value": reference}}


def _specimen(content: ReportContent, issued: Issued) -> Plain:
    number = content.sample.accession_number
    return {"identifier": {"system": issued.system("accession"), "value": number}}


def _loinc(code: str, display: str = "") -> Plain:
    coding = {"system": terms.LOINC, "code": code}
    return coding | ({"display": display} if display else {})


def _reference(resource: Plain) -> Plain:
    return {"reference": f"urn:uuid:{resource['id']}"}
