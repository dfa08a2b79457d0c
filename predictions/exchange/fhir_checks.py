"""What is wrong with a Bundle: by the library of the standard's shapes, and by rules beside it.

The library knows which fields there are and which kind each is. It lets pass statuses, codes and
references that no recipient could read: these are asked here.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Any

from mlmodels.loinc import fault_of
from predictions.errors import BundleInvalid
from predictions.exchange import terms

Plain = dict[str, Any]

# Value sets of FHIR R4; of each, what this program says.
_STATUSES = {
    "DiagnosticReport": {
        "registered", "partial", "preliminary", "final", "amended", "corrected", "appended",
        "cancelled", "entered-in-error", "unknown",
    },
    "Observation": {
        "registered", "preliminary", "final", "amended", "corrected", "cancelled",
        "entered-in-error", "unknown",
    },
    "Device": {"active", "inactive", "entered-in-error", "unknown"},
}  # fmt: skip
_BUNDLE_TYPES = {"collection", "transaction"}
_DEVICE_NAMES = {
    "udi-label-name", "user-friendly-name", "patient-reported-name", "manufacturer-name",
    "model-name", "other",
}  # fmt: skip
_ABSENT = {"unknown", "not-performed", "not-applicable", "error", "masked"}
# Where a reference within the bundle may lead.
_TARGETS = {
    ("DiagnosticReport", "result"): {"Observation"},
    ("Observation", "device"): {"Device"},
    ("Provenance", "target"): {"DiagnosticReport"},
}


def refuse_faults(bundle: Plain) -> None:
    """Let only a Bundle pass with which nothing is wrong.

    Raises:
        BundleInvalid: something is.
    """
    if faults := faults_of(bundle):
        raise BundleInvalid(
            f"This report cannot be told in FHIR: {' '.join(faults)} Mend the codes of the labels "
            "in the settings, or tell the operator."
        )


def faults_of(bundle: Plain) -> list[str]:
    """What is wrong with a Bundle, a sentence each; nothing for one that may be sent."""
    return [*_of_shape(bundle), *_of_meaning(bundle)]


def _of_shape(bundle: Plain) -> Iterator[str]:
    # Half a second to import, and only those who export need it.
    from fhir.resources.R4B.bundle import Bundle
    from pydantic import ValidationError

    try:
        Bundle.model_validate(bundle)
    except ValidationError as problem:
        for each in problem.errors():
            yield f"{'.'.join(map(str, each['loc']))}: {each['msg']}"


def _of_meaning(bundle: Plain) -> Iterator[str]:
    if bundle.get("type") not in _BUNDLE_TYPES:
        yield f"The bundle is of the type {bundle.get('type')}."
    kinds = {
        entry.get("fullUrl"): entry["resource"]["resourceType"] for entry in bundle.get("entry", [])
    }
    for entry in bundle.get("entry", []):
        resource = entry["resource"]
        yield from _of_resource(resource)
        for (kind, field), targets in _TARGETS.items():
            if resource["resourceType"] == kind:
                yield from _of_references(resource, field, targets, kinds)


def _of_resource(resource: Plain) -> Iterator[str]:
    kind = resource["resourceType"]
    allowed = _STATUSES.get(kind)
    if allowed is not None and resource.get("status") not in allowed:
        yield f"{kind} has the status {resource.get('status')}."
    yield from _of_codings(kind, resource)
    if kind == "Observation":
        yield from _of_value(resource)
    if kind == "Device":
        names = {name.get("type") for name in resource.get("deviceName") or []}
        if names - _DEVICE_NAMES:
            yield f"A device has a name of the type {min(map(str, names - _DEVICE_NAMES))}."
    for form in resource.get("presentedForm") or []:
        yield from _of_attachment(form)


def _of_references(
    resource: Plain, field: str, targets: set[str], kinds: dict[str | None, str]
) -> Iterator[str]:
    found = resource.get(field) or []
    for each in found if isinstance(found, list) else [found]:
        kind = kinds.get(each.get("reference"))
        if kind not in targets:
            where = f"{resource['resourceType']}.{field}"
            yield f"{where} leads to {kind or 'nothing in the bundle'}."


def _of_codings(kind: str, part: Any) -> Iterator[str]:
    """Every code of a resource, however deep."""
    if isinstance(part, list):
        for each in part:
            yield from _of_codings(kind, each)
    elif isinstance(part, dict):
        system, code = part.get("system"), part.get("code")
        if system == terms.LOINC and (fault := fault_of(str(code))):
            yield f"{kind}: {fault}"
        if system == terms.UCUM and code not in terms.UNITS:
            yield f"{kind}: {code} is none of the units that results have here."
        if system == terms.INTERPRETATION and code not in terms.INTERPRETATIONS:
            yield f"{kind}: {code} is no interpretation."
        if system == terms.ABSENT_REASON and code not in _ABSENT:
            yield f"{kind}: {code} is no reason why a result is absent."
        for value in part.values():
            yield from _of_codings(kind, value)


def _of_value(resource: Plain) -> Iterator[str]:
    values = [name for name in resource if name.startswith("value")]
    has_reason = "dataAbsentReason" in resource
    if len(values) != (0 if has_reason else 1):
        yield "An observation has a value or a reason why there is none, and only one of them."
    code = (resource.get("valueQuantity") or {}).get("code")
    for interval in resource.get("referenceRange") or []:
        sides = [interval[side] for side in ("low", "high") if side in interval]
        if any(side.get("code") != code for side in sides):
            yield "A reference range has another unit than its value."
        if len(sides) == 2 and sides[0]["value"] > sides[1]["value"]:
            yield "A reference range ends before it begins."


def _of_attachment(form: Plain) -> Iterator[str]:
    try:
        data = base64.b64decode(form.get("data", ""), validate=True)
    except binascii.Error:
        yield "A file in the report is not base64."
        return
    if "data" in form and form.get("size") != len(data):
        yield "A file in the report is not as long as is said."
