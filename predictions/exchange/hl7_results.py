"""A signed report as an HL7 v2.5.1 message, ORU^R01: from its frozen content alone.

Built with hl7apy, which knows which segment of version 2.5.1 may stand where and holds the message
against that; the other library that is kept, hl7, only joins what it is given.

Source: HL7 v2.5.1, chapter 7 (ORU^R01; tables 0085 and 0123 of result statuses, 0078 of flags).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID, uuid5

from predictions.exchange import terms
from predictions.exchange.hl7_text import composed, escaped, escaped_lines, moment
from predictions.exchange.results import Result, gone_results, results_of, signature_of
from predictions.exchange.terms import LabelCodes
from predictions.reports.content import ReportContent, ReportInterval

# By number; several repetitions where there are several.
Fields = Mapping[int, str | tuple[str, ...]]
APPLICATION = "HematoVision"
VERSION = "2.5.1"
# 0085: of a result; 0123: of the whole report. A report that was taken back was wrong from the
# beginning, and a result that is not there cannot be had.
_RESULT_STATUS = {"final": "F", "corrected": "C", "amended": "C"}
_REPORT_STATUS = {"final": "F", "corrected": "C", "amended": "C"}
WRONG, DELETED, CANCELLED, NOT_OBTAINED = "W", "D", "X", "X"
_SEX = {"female": "F", "male": "M", "other": "O"}
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
# Of MSH-10, in 2.5.1.
LONGEST_CONTROL_ID = 20


@dataclass(frozen=True)
class Envelope:
    """Who sends to whom.

    Args:
        control_id: of the message, at most 20 characters; the same as long as it says the same.
        sent_at: ISO 8601.
        receiver, receiver_facility: as the recipient calls itself, or empty.
        placer_number: of the order that asked for the report, or empty.
        report_code: of the whole report, where the laboratory has one of its own; else LOINC's.
        is_retracted: whether the report was taken back.
        pdf: its file; none leaves it out.
    """

    control_id: str
    sent_at: str
    receiver: str = ""
    receiver_facility: str = ""
    placer_number: str = ""
    report_code: str = ""
    is_retracted: bool = False
    pdf: bytes | None = None


def control_id_of(report_id: UUID, said: str) -> str:
    """The id of a message of a report.

    Args:
        report_id: of its version.
        said: a word for what it says: another one gives another id.
    """
    return uuid5(report_id, said).hex[:LONGEST_CONTROL_ID]


def message_of(
    content: ReportContent,
    envelope: Envelope,
    codes: Mapping[str, LabelCodes],
    *,
    replaced: ReportContent | None = None,
) -> str:
    """The message of a signed report, its segments ended by carriage returns.

    Args:
        content: with a signature.
        envelope: what else is to be said.
        codes: of the laboratory's labels.
        replaced: what the version before said; what of it is gone is deleted.
    """
    # Half a second to import, and only those who send need it.
    from hl7apy.core import Message

    signature_of(content)
    message = Message("ORU_R01", version=VERSION)
    _fill(message.msh, _head(content, envelope))
    result = message.add_group("ORU_R01_PATIENT_RESULT")
    patient = result.add_group("ORU_R01_PATIENT")
    _fill(patient.add_segment("PID"), _patient(content))
    order = result.add_group("ORU_R01_ORDER_OBSERVATION")
    _fill(order.add_segment("ORC"), _order(content, envelope))
    _fill(order.add_segment("OBR"), _request(content, envelope))
    for number, text in enumerate(_remarks(content, envelope), 1):
        _fill(order.add_segment("NTE"), {1: str(number), 2: "L", 3: escaped_lines(text)})
    for number, found in enumerate(results_of(content, codes), 1):
        group = order.add_group("ORU_R01_OBSERVATION")
        _fill(group.add_segment("OBX"), _observation(number, found, content, envelope))
        if found.note:
            _fill(group.add_segment("NTE"), {1: "1", 2: "L", 3: escaped(found.note)})
    number = len(results_of(content, codes))
    for found in gone_results(content, replaced, codes):
        number += 1
        gone = replace(found, value=None, text="", flag="", reference=None)
        group = order.add_group("ORU_R01_OBSERVATION")
        fields = {**_observation(number, gone, content, envelope), 11: DELETED}
        _fill(group.add_segment("OBX"), fields)
    if envelope.pdf is not None:
        group = order.add_group("ORU_R01_OBSERVATION")
        number += 1
        _fill(group.add_segment("OBX"), _document(number, envelope.pdf, content, envelope))
    return f"{message.to_er7()}\r"


def _fill(segment: Any, fields: Fields) -> None:
    """Put fields, escaped already, by their numbers; empty ones stay out."""
    for number, value in fields.items():
        name = f"{segment.name}_{number}".lower()
        if isinstance(value, tuple):
            for repetition in value:
                segment.add_field(name).value = repetition
        elif value:
            setattr(segment, name, value)


def _head(content: ReportContent, envelope: Envelope) -> Fields:
    return {
        3: escaped(APPLICATION),
        4: escaped(content.laboratory.name),
        5: escaped(envelope.receiver),
        6: escaped(envelope.receiver_facility),
        7: moment(envelope.sent_at),
        9: "ORU^R01^ORU_R01",
        10: escaped(envelope.control_id[:LONGEST_CONTROL_ID]),
        11: "P",
        12: VERSION,
        18: "UNICODE UTF-8",
    }


def _patient(content: ReportContent) -> Fields:
    sample = content.sample
    born = sample.birth_date_or_age
    return {
        1: "1",
        3: composed(sample.patient_reference, "", "", content.laboratory.name, "PI"),
        # No name is known here; S says that what stands for it is no name.
        5: composed("", "", "", "", "", "", "S"),
        7: date.fromisoformat(born).strftime("%Y%m%d") if _DATE.fullmatch(born) else "",
        8: _SEX.get(sample.sex, "U"),
    }


def _order(content: ReportContent, envelope: Envelope) -> Fields:
    return {
        1: "RE",
        2: escaped(envelope.placer_number),
        3: escaped(content.sample.accession_number),
    }


def _request(content: ReportContent, envelope: Envelope) -> Fields:
    signature, sample = signature_of(content), content.sample
    code = composed(terms.PANEL.code, terms.PANEL.display, "LN")
    if envelope.report_code:
        code = composed(envelope.report_code, "Differential", "L")
    return {
        1: "1",
        2: escaped(envelope.placer_number),
        3: escaped(sample.accession_number),
        4: code,
        7: moment(sample.collected_at or sample.received_at),
        14: moment(sample.received_at),
        16: composed("", sample.requester) if sample.requester else "",
        22: moment(envelope.sent_at if envelope.is_retracted else signature.signed_at),
        24: "HM",
        25: CANCELLED if envelope.is_retracted else _REPORT_STATUS[content.status],
        32: f"&{escaped(signature.name)}",
    }


def _remarks(content: ReportContent, envelope: Envelope) -> list[str]:
    """Sentences about the whole report, the most important first."""
    said = []
    if envelope.is_retracted:
        said.append("RETRACTED: this report was taken back. Do not use its results.")
    if content.replaces is not None:
        replaced = content.replaces
        word = "CORRECTED" if content.status == "corrected" else "AMENDED"
        said.append(
            f"{word}, replaces version {replaced.version} of {replaced.signed_at}. "
            f"Reason: {replaced.reason}"
        )
        said += [
            f"{each.what}: was {each.before or 'not given'}, now {each.after or 'not given'}"
            for each in replaced.differences
        ]
    for critical in content.critical_values:
        told = critical.contact
        read_back = " and read it back" if told and told.read_back else ""
        who = f"; {told.told_to} was told by {told.told_by}{read_back}" if told else ""
        said.append(f"Critical: {critical.name} {critical.value}, {critical.limit}{who}")
    if content.comment:
        said.append(content.comment)
    return [*said, *content.differential.notes, content.assistive_use]


def _observation(number: int, found: Result, content: ReportContent, envelope: Envelope) -> Fields:
    signature = signature_of(content)
    status = NOT_OBTAINED if found.is_absent else _RESULT_STATUS[content.status]
    is_text = bool(found.text)
    value = escaped_lines(found.text) if is_text else _plain(found.value)
    own = (found.local, found.name, "L")
    code = composed(found.loinc, found.name, "LN", *own) if found.loinc else composed(*own)
    models = ", ".join(f"{model.name} {model.version}" for model in content.models)
    unit = found.unit
    return {
        1: str(number),
        2: "TX" if is_text else "NM",
        3: code,
        5: value,
        6: composed(unit.code, unit.shown, "UCUM") if unit and not found.is_absent else "",
        7: escaped(_range(found.reference)),
        8: found.flag,
        11: WRONG if envelope.is_retracted else status,
        14: moment(content.sample.collected_at or content.sample.received_at),
        16: composed("", signature.name),
        17: composed("", content.differential.method) if unit else "",
        18: composed(models) if unit else "",
        19: moment(signature.signed_at),
        23: composed(content.laboratory.name),
    }


def _document(number: int, pdf: bytes, content: ReportContent, envelope: Envelope) -> Fields:
    data = base64.b64encode(pdf).decode()
    code = terms.REPORT_DOCUMENT
    status = WRONG if envelope.is_retracted else _RESULT_STATUS[content.status]
    return {
        1: str(number),
        2: "ED",
        3: composed(code.code, code.display, "LN"),
        5: composed(APPLICATION, "application", "pdf", "Base64", data),
        11: status,
    }


def _plain(value: float | None) -> str:
    """Without a nought at its end: 82, 7.5, 0.34; nothing for no value."""
    return "" if value is None else f"{value:.2f}".rstrip("0").rstrip(".")


def _range(interval: ReportInterval | None) -> str:
    """As OBX-7 has it: 40-80, or >40; nothing that is counted lies below nought."""
    if interval is None or (interval.low is None and interval.high is None):
        return ""
    if interval.high is None:
        return f">{_plain(interval.low or 0)}"
    return f"{_plain(interval.low or 0)}-{_plain(interval.high)}"
