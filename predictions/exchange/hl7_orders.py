"""Orders of other systems, ORM^O01 and OML^O21: what of them a sample needs, and the answer.

Names and addresses of patients are not read: nothing here keeps them. It decides nothing about
samples.

Source: HL7 v2.5.1, chapters 2 (ACK), 3 (PID), 4 (ORM, OML, ORC; tables 0119 and 0001).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal

from predictions.exchange.hl7_results import APPLICATION, VERSION
from predictions.exchange.hl7_text import escaped, read

ORDERS = {("ORM", "O01"), ("OML", "O21")}
# 0119: new, changed, cancelled, discontinued.
_ACTS = {"NW": "new", "SN": "new", "XO": "change", "CA": "cancel", "DC": "cancel", "OC": "cancel"}
# 0485 and, before it, the second component of the quantity: at once, as soon as possible.
_URGENT = {"S", "A", "STAT", "ASAP"}
# As samples keep it.
LONGEST_NUMBER = 64
_SEX = {"F": "female", "M": "male", "O": "other", "A": "other"}

Act = Literal["new", "change", "cancel"]
Verdict = Literal["AA", "AE", "AR"]


class OrderUnreadable(ValueError):
    """A message that makes no sample, and why, for whoever sent it.

    Args:
        rejected: no message of this kind is taken at all; else this one has a fault.
    """

    def __init__(self, sentence: str, *, rejected: bool = False) -> None:
        super().__init__(sentence)
        self.rejected = rejected


@dataclass(frozen=True)
class Head:
    """Who sent a message, and how it is called."""

    sender: str = ""
    sender_facility: str = ""
    kind: str = ""
    event: str = ""
    control_id: str = ""
    processing: str = "P"


@dataclass(frozen=True)
class Order:
    """One specimen of an order.

    Args:
        act: what is to be done.
        accession_number: of the specimen.
        placer_number: of the order, as the other system calls it; goes back with the results.
        patient: the other system's number of the patient; empty where none was sent.
        sex: as samples have it; empty for not known.
        patient_authority: who gave that number, as PID-3.4 says; two hospitals may give the same.
        requester: the ward or the doctor who asked.
        is_urgent: None where the order says nothing of it.
    """

    act: Act
    accession_number: str
    placer_number: str
    patient: str
    patient_authority: str
    sex: str
    birth_date: date | None
    collected_at: datetime | None
    requester: str
    is_urgent: bool | None


_Segment = list[str]


def head_of(message: str) -> Head:
    """What the first segment of a message says.

    Raises:
        OrderUnreadable: it does not begin with MSH, or separates its parts in a way of its own.
    """
    first = _segments(message)[0]
    if first[0] != "MSH" or len(first) < 2:
        raise OrderUnreadable("A message begins with MSH.", rejected=True)
    if first[1] != "^~\\&":
        raise OrderUnreadable("Separate the parts of a message by ^~\\&.", rejected=True)
    # The separator is itself the first field, so all others stand one place earlier.
    kind, event = _component(first, 8, 1), _component(first, 8, 2)
    return Head(
        sender=_field(first, 2),
        sender_facility=_field(first, 3),
        kind=kind,
        event=event,
        control_id=_field(first, 9),
        processing=_field(first, 10) or "P",
    )


def orders_of(message: str, zone: object) -> tuple[Order, ...]:
    """The specimens that a message orders.

    Args:
        message: with its segments ended by carriage returns.
        zone: of the laboratory, for times that name none: a `ZoneInfo`.

    Raises:
        OrderUnreadable: no order, or one that lacks what a sample needs.
    """
    head = head_of(message)
    if (head.kind, head.event) not in ORDERS:
        raise OrderUnreadable(
            f"Orders are taken as ORM^O01 or OML^O21, and this is {head.kind}^{head.event}.",
            rejected=True,
        )
    segments = _segments(message)
    patient = next((s for s in segments if s[0] == "PID"), ["PID"])
    visit = next((s for s in segments if s[0] == "PV1"), ["PV1"])
    found = tuple(_order(group, patient, visit, zone) for group in _groups(segments))
    if not found:
        raise OrderUnreadable("The message holds no ORC segment, so it orders nothing.")
    return found


def acknowledgement(head: Head, verdict: Verdict, text: str, sent_at: datetime) -> str:
    """The answer to a message.

    Args:
        head: of that message; an empty one where it could not be read.
        verdict: AA taken, AE its fault, AR not taken at all or not now.
        text: a sentence for whoever looks after the other system.
    """
    at = sent_at.astimezone(UTC).strftime("%Y%m%d%H%M%S+0000")
    sender = "|".join(
        ["", "", escaped(APPLICATION), "", escaped(head.sender), escaped(head.sender_facility), at]
    )
    event = f"ACK^{escaped(head.event)}^ACK" if head.event else "ACK"
    control = escaped(f"A{head.control_id}"[:20])
    return (
        f"MSH|^~\\&{sender[1:]}||{event}|{control}|{escaped(head.processing)}|{VERSION}||||||"
        f"UNICODE UTF-8\rMSA|{verdict}|{escaped(head.control_id)}|{escaped(text)}\r"
    )


def _segments(message: str) -> list[_Segment]:
    lines = message.replace("\r\n", "\r").replace("\n", "\r").split("\r")
    return [line.split("|") for line in lines if line.strip()] or [[""]]


def _groups(segments: list[_Segment]) -> Iterator[dict[str, _Segment]]:
    """ORC with what follows it, by the segments' names; of each the first."""
    group: dict[str, _Segment] | None = None
    for segment in segments:
        if segment[0] == "ORC":
            if group is not None:
                yield group
            group = {}
        if group is not None:
            group.setdefault(segment[0], segment)
    if group is not None:
        yield group


def _order(group: dict[str, _Segment], patient: _Segment, visit: _Segment, zone: object) -> Order:
    orc, obr = group["ORC"], group.get("OBR", ["OBR"])
    spm = group.get("SPM", ["SPM"])
    placer = _component(orc, 2, 1) or _component(obr, 2, 1)
    # The label on the tube: of the specimen, else the laboratory's number, else the order's.
    number = _subcomponent(spm, 2, 1, 1) or _component(obr, 3, 1) or _component(orc, 3, 1) or placer
    if not number:
        raise OrderUnreadable(
            "The order names no specimen: give its number in SPM-2, OBR-3, ORC-3 or ORC-2."
        )
    if len(placer) > LONGEST_NUMBER or not placer.isprintable():
        raise OrderUnreadable(
            f"The order's number in ORC-2 may have {LONGEST_NUMBER} characters that can be printed."
        )
    act = _ACTS.get(_field(orc, 1))
    if act is None:
        raise OrderUnreadable(
            f"ORC-1 is {_field(orc, 1) or 'empty'}. Orders are new (NW), changed (XO) or cancelled "
            "(CA)."
        )
    urgency = {_component(obr, 5, 1), _component(obr, 27, 6), _component(orc, 7, 6)}
    urgency.add(_component(group.get("TQ1", ["TQ1"]), 9, 1))
    born = _field(patient, 7)
    return Order(
        act=act,  # type: ignore[arg-type]
        accession_number=number,
        placer_number=placer,
        patient=_component(patient, 3, 1),
        patient_authority=_subcomponent(patient, 3, 4, 1),
        sex=_SEX.get(_field(patient, 8).upper(), ""),
        birth_date=_date(born, "PID-7"),
        collected_at=_moment(_field(obr, 7) or _component(spm, 17, 1), zone),
        requester=_requester(orc, obr, visit),
        is_urgent=_is_urgent(urgency),
    )


def _is_urgent(codes: set[str]) -> bool | None:
    said = {code.upper() for code in codes if code}
    return bool(said & _URGENT) if said else None


def _requester(orc: _Segment, obr: _Segment, visit: _Segment) -> str:
    """The ward, else the name of the doctor who asked."""
    ward = _component(visit, 3, 1)
    doctors = (obr, 16), (orc, 12)
    names = [
        " ".join(filter(None, (_component(s, n, 6), _component(s, n, 3), _component(s, n, 2))))
        for s, n in doctors
    ]
    return ward or next(filter(None, names), "")


def _field(segment: _Segment, number: int) -> str:
    """A field's first repetition, as people wrote it."""
    raw = segment[number] if len(segment) > number else ""
    # An explicit nothing.
    return "" if raw == '""' else read(raw.split("~")[0]).strip()


def _component(segment: _Segment, number: int, place: int) -> str:
    raw = segment[number] if len(segment) > number else ""
    parts = raw.split("~")[0].split("^")
    return read(parts[place - 1]).strip() if len(parts) >= place and raw != '""' else ""


def _subcomponent(segment: _Segment, number: int, place: int, part: int) -> str:
    raw = segment[number] if len(segment) > number else ""
    parts = raw.split("~")[0].split("^")
    inner = parts[place - 1].split("&") if len(parts) >= place else []
    return read(inner[part - 1]).strip() if len(inner) >= part else ""


def _date(text: str, where: str) -> date | None:
    """A day; none where only a month or a year is known, which is no birth date."""
    if not text or (text.isdigit() and len(text) in (4, 6)):
        return None
    digits = re.match(r"\d*", text)
    if digits is None or len(digits[0]) not in (8, 10, 12, 14):
        raise OrderUnreadable(f"{where} is {text}. Write a date as YYYYMMDD.")
    try:
        return datetime.strptime(text[:8], "%Y%m%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError as error:
        raise OrderUnreadable(f"{where} is {text}. Write a date as YYYYMMDD.") from error


def _moment(text: str, zone: object) -> datetime | None:
    """A time with its zone, or in the laboratory's; to the day where no hour is given."""
    if not text:
        return None
    bare, sign, offset = text, "", ""
    for each in "+-":
        if each in text:
            bare, sign, offset = *text.partition(each)[:1], each, text.partition(each)[2]
    digits = bare.partition(".")[0]
    formats = {14: "%Y%m%d%H%M%S", 12: "%Y%m%d%H%M", 10: "%Y%m%d%H", 8: "%Y%m%d"}
    try:
        found = datetime.strptime(digits, formats[len(digits)])  # noqa: DTZ007 - set below
        if sign:
            return datetime.strptime(f"{digits}{sign}{offset}", f"{formats[len(digits)]}%z")
    except (KeyError, ValueError) as error:
        raise OrderUnreadable(
            f"A time is {text}. Write it as YYYYMMDDHHMM, with +0100 where it is of another zone."
        ) from error
    return found.replace(tzinfo=zone)  # type: ignore[arg-type]
