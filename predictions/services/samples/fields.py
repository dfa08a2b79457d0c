"""What is said of a sample, judged field by field: for its creation and for every correction.

Doorways have read the types; whether it can be so is judged here, once for pages and API.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.models import TextChoices
from django.utils import timezone

from accounts.models import Laboratory
from predictions.ages import age_in_days
from predictions.errors import AgeInvalid, IdentifierInvalid, SampleInvalid
from predictions.identifiers import canonical
from predictions.models import Sample
from predictions.selectors.samples.rules import key_in

# As the columns have it.
LONGEST_NOTE = 2000
LONGEST_REQUESTER = 120
LONGEST_REASON = 500
MOST_WBC = 1000
FIRST_DAY = date(1900, 1, 1)
_FIRST_MOMENT = datetime(1900, 1, 1, tzinfo=UTC)

_TITLES = {"accession_number": "Accession number", "patient_reference": "Patient reference"}

Columns = dict[str, Any]


def judged(laboratory: Laboratory, said: Mapping[str, Any]) -> Columns:
    """The columns that are filled by what is said of a sample, each as it is kept.

    Args:
        said: by field, as the API names them; `age` as `predictions/ages.py` reads it. A birth
            date takes the place of an age, and the other way round.

    Raises:
        SampleInvalid: a field cannot be so.
    """
    if said.get("birth_date") and said.get("age") not in (None, ""):
        raise SampleInvalid("age", "Give a birth date or an age, not both.")
    columns: Columns = {}
    for field in sorted(said, key=list(_JUDGES).index):
        columns |= _JUDGES[field](laboratory, said[field])
    return columns


def refuse_contradictions(sample: Sample) -> None:
    """Let only a sample pass whose fields can be true together.

    Raises:
        SampleInvalid: one of them contradicts another.
    """
    if sample.wbc is None:
        for field in ("wbc_at", "wbc_is_corrected"):
            if getattr(sample, field) is not None:
                raise SampleInvalid(field, "Give the white-cell count that this is said of.")
    if sample.birth_date and sample.collected_at:
        collected_on = sample.collected_at.astimezone(sample.laboratory.zone).date()
        if collected_on < sample.birth_date:
            raise SampleInvalid("birth_date", "Birth date: it is after the collection. Check both.")


def identifier(field: str, value: str) -> str:
    """An accession number or patient reference in its one form, or a sentence why it has none."""
    try:
        return canonical(value, title=_TITLES[field])
    except IdentifierInvalid as error:
        raise SampleInvalid(field, error.message) from error


def needed_reason(value: str, *, why: str) -> str:
    """A reason as it is kept.

    Args:
        why: the sentence that asks for one.

    Raises:
        SampleInvalid: it is empty, too long, or cannot be kept.
    """
    reason = _text("reason", "Reason", value, LONGEST_REASON)
    if not reason:
        raise SampleInvalid("reason", why)
    return reason


def text_of(field: str, value: str) -> str:
    """A note in the form in which it is kept."""
    return _text(field, field.capitalize(), value, LONGEST_NOTE)


def as_told(value: Any) -> Any:
    """A column's value in the history and in the trail: plain JSON."""
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _number(laboratory: Laboratory, value: str) -> Columns:
    number = identifier("accession_number", value)
    if not number:
        raise SampleInvalid("accession_number", "Give the sample an accession number.")
    return {"accession_number": number, "accession_key": key_in(laboratory, number)}


def _reference(laboratory: Laboratory, value: str) -> Columns:
    reference = identifier("patient_reference", value)
    return {"patient_reference": reference, "patient_key": key_in(laboratory, reference)}


def _birth_date(laboratory: Laboratory, value: date | None) -> Columns:
    if value is None:
        return {"birth_date": None}
    if value > laboratory.today:
        raise SampleInvalid("birth_date", "Birth date: it lies in the future.")
    if value < FIRST_DAY:
        raise SampleInvalid("birth_date", "Birth date: it can be from 1900 on. Check the year.")
    return {"birth_date": value, "age_days_given": None}


def _age(laboratory: Laboratory, value: str | int | None) -> Columns:
    if value is None or value == "":
        return {"age_days_given": None}
    try:
        return {"age_days_given": age_in_days(value), "birth_date": None}
    except AgeInvalid as error:
        raise SampleInvalid("age", error.message) from error


def _wbc(laboratory: Laboratory, value: Decimal | float | str | None) -> Columns:
    if value is None or value == "":
        return {"wbc": None, "wbc_at": None, "wbc_is_corrected": None}
    try:
        wbc = Decimal(str(value))
        is_possible = 0 <= wbc <= MOST_WBC
    except InvalidOperation as error:
        raise SampleInvalid("wbc", "WBC: write a number, e.g. 7.25.") from error
    if not is_possible:
        raise SampleInvalid("wbc", f"WBC: it can be 0 to {MOST_WBC} · 10⁹/L. Check the unit.")
    if wbc != round(wbc, 2):
        raise SampleInvalid("wbc", "WBC: use at most two decimals.")
    return {"wbc": round(wbc, 2)}


def _moment(field: str, title: str) -> Callable[[Laboratory, datetime | None], Columns]:
    def judge(laboratory: Laboratory, value: datetime | None) -> Columns:
        if value is not None and value > timezone.now():
            raise SampleInvalid(field, f"{title}: it lies in the future. Check date and time.")
        if value is not None and value < _FIRST_MOMENT:
            raise SampleInvalid(field, f"{title}: it can be from 1900 on. Check the year.")
        return {field: value}

    return judge


def _choice(field: str, choices: type[TextChoices]) -> Callable[[Laboratory, str], Columns]:
    def judge(laboratory: Laboratory, value: str) -> Columns:
        if value not in choices.values:
            raise SampleInvalid(field, f"{field.capitalize()}: choose one from the list.")
        return {field: value}

    return judge


def _requester(laboratory: Laboratory, value: str) -> Columns:
    requester = " ".join(_text("requester", "Requester", value, LONGEST_REQUESTER).split())
    return {"requester": requester}


def _text(field: str, title: str, value: str, longest: int) -> str:
    value = value.strip().replace("\r\n", "\n").replace("\r", "\n")
    if len(value) > longest:
        raise SampleInvalid(field, f"{title}: use at most {longest} characters.")
    if any(unicodedata.category(each) == "Cc" and each not in "\n\t" for each in value):
        raise SampleInvalid(field, f"{title}: it holds a character that cannot be kept.")
    return value


# In the order in which they are judged: a WBC that is taken away takes its time with it.
_JUDGES: Mapping[str, Callable[[Laboratory, Any], Columns]] = {
    "accession_number": _number,
    "patient_reference": _reference,
    "sex": _choice("sex", Sample.Sex),
    "birth_date": _birth_date,
    "age": _age,
    "collected_at": _moment("collected_at", "Collected"),
    "requester": _requester,
    "note": lambda laboratory, value: {"note": text_of("note", value)},
    "priority": _choice("priority", Sample.Priority),
    "wbc": _wbc,
    "wbc_at": _moment("wbc_at", "Time of the WBC"),
    "wbc_is_corrected": lambda laboratory, value: {"wbc_is_corrected": value},
}
