"""What stands on a report, frozen: plain data of its own, and its one text with its SHA-256.

Everything is worked out before it comes here, figures, intervals and flags alike, so a report
never changes when the rules do. Times are ISO 8601 in UTC. Nothing here computes a result.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Literal

from predictions.reports.canonical import ContentInvalid, canonical_text, from_plain

SCHEMA = 2
# What contents of an earlier schema have not, by field: what it is for them.
_ADDED_SINCE: dict[int, dict[str, Any]] = {1: {"findings": [], "previous": None}}
ASSISTIVE_USE = (
    "Assistive use: a qualified person reviews every result. Not a certified medical device."
)

FINDINGS_SUPPORT = (
    "A finding with a rule is worked out from the figures and was kept by the doctor who signed; "
    "one without is in the doctor's own words. They support reading and are no diagnosis."
)

Status = Literal["preliminary", "final", "corrected", "amended"]
Flag = Literal["", "L", "H", "LL", "HH", "A"]
PageSize = Literal["A4", "Letter"]
Certainty = Literal["", "likely", "possible", "seen"]
Basis = Literal["", "absolute", "relative"]


@dataclass(frozen=True, kw_only=True)
class ReportLaboratory:
    """Whose report it is; `logo_png` is base64, or empty."""

    name: str
    address: str
    logo_png: str


@dataclass(frozen=True, kw_only=True)
class ReportSample:
    """The specimen, as it was known at the signature; what is not known is empty."""

    accession_number: str
    patient_reference: str
    sex: str
    birth_date_or_age: str
    collected_at: str
    received_at: str
    requester: str
    note: str
    priority: str


@dataclass(frozen=True, kw_only=True)
class ReportInterval:
    """A reference interval; an open side is empty."""

    low: float | None
    high: float | None
    unit: str
    source: str


@dataclass(frozen=True, kw_only=True)
class ReportRow:
    """One counted class.

    Args:
        percent, low, high: of the counted cells, with the Wilson 95 % interval, 0 to 100; None
            where nothing is counted.
        not_applied: why no interval was applied ("age unknown"), or empty.
        flag_words: the flag in words ("high", "critical low").
        absolute: 10⁹/L, where the white cell count is known.
        relative: the percentage is flagged, the absolute count is not.
    """

    label: str
    name: str
    count: int
    percent: float | None
    low: float | None
    high: float | None
    reference: ReportInterval | None
    not_applied: str
    flag: Flag
    flag_words: str
    absolute: float | None
    absolute_reference: ReportInterval | None
    absolute_flag: Flag
    absolute_flag_words: str
    relative: bool


@dataclass(frozen=True, kw_only=True)
class ReportApart:
    """What was seen and is not counted among white cells."""

    label: str
    name: str
    count: int
    per_100: float | None
    reference: ReportInterval | None
    flag: Flag
    flag_words: str
    remark: str


@dataclass(frozen=True, kw_only=True)
class ReportWhiteCellCount:
    """The analyser's white cell count in 10⁹/L, and what erythroblasts make of it."""

    value: float
    measured_at: str
    corrected: float | None
    formula: str
    reference: ReportInterval | None
    flag: Flag
    flag_words: str


@dataclass(frozen=True, kw_only=True)
class ReportDifferential:
    """The count.

    Args:
        limited_count_reason: why fewer cells than a report asks for were counted; empty where
            the count is whole.
        to_review: cells that a person has yet to look at, outside the count.
        unidentified: cells that nobody could name, outside the count.
        method: one sentence: how was counted.
        notes: sentences for the reader.
    """

    rows: tuple[ReportRow, ...]
    apart: tuple[ReportApart, ...]
    counted: int
    target: int
    limited_count_reason: str
    to_review: int
    unidentified: int
    white_cell_count: ReportWhiteCellCount | None
    method: str
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ReportFinding:
    """A standard phrase with its grade ("2+"), or without one."""

    text: str
    grade: str


@dataclass(frozen=True, kw_only=True)
class ReportFindings:
    """The findings of red cells, of platelets or of white cells."""

    name: str
    findings: tuple[ReportFinding, ...]


@dataclass(frozen=True, kw_only=True)
class ReportMorphology:
    """What the film looks like."""

    groups: tuple[ReportFindings, ...]
    text: str


@dataclass(frozen=True, kw_only=True)
class ReportKeptFinding:
    """What the figures amount to, as the signer kept it or said it.

    Args:
        code: of the rule; empty for what the signer said of their own.
        text: in the signer's words.
        offered: in the words in which it was offered; empty for the signer's own.
        certainty: how far counting alone lets it be said.
        basis: whether it rests on the absolute count or on the percentage alone.
        rule: what was compared with what, with its numbers.
        source: where the limit of the rule is published.
    """

    code: str
    text: str
    offered: str
    certainty: Certainty
    basis: Basis
    rule: str
    source: str


@dataclass(frozen=True, kw_only=True)
class ReportContact:
    """Who told whom of a critical value."""

    told_by: str
    told_to: str
    told_at: str
    read_back: bool


@dataclass(frozen=True, kw_only=True)
class ReportCriticalValue:
    """A value beyond the laboratory's limit ("0.4 × 10⁹/L", "below 0.5 × 10⁹/L")."""

    name: str
    value: str
    limit: str
    contact: ReportContact | None


@dataclass(frozen=True, kw_only=True)
class ReportBox:
    """Where a cell lies in its image, in pixels."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, kw_only=True)
class ReportCrop:
    """A cell to be shown: where its picture is found, not the picture."""

    cell_id: str
    image_id: str
    image_sha256: str
    box: ReportBox


@dataclass(frozen=True, kw_only=True)
class ReportCrops:
    """The cells of one class to be shown."""

    label: str
    name: str
    crops: tuple[ReportCrop, ...]


@dataclass(frozen=True, kw_only=True)
class ReportModel:
    """A model version that read images of the sample, and what it cannot do."""

    name: str
    version: str
    weights_sha256: str
    limits: str


@dataclass(frozen=True, kw_only=True)
class ReportReclassified:
    """How many cells people moved from one class to another."""

    before: str
    after: str
    count: int


@dataclass(frozen=True, kw_only=True)
class ReportDismissed:
    """An image that was left out, and why."""

    image: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class ReportPersonsWork:
    """What people did to what the model found."""

    cells: int
    reviewed: int
    reclassified: tuple[ReportReclassified, ...]
    added_by_hand: int
    dismissed: tuple[ReportDismissed, ...]


@dataclass(frozen=True, kw_only=True)
class ReportPerson:
    """A name and the role it had then."""

    name: str
    role: str


@dataclass(frozen=True, kw_only=True)
class ReportSignature:
    """Who signed, when, with which meaning, and how they showed once more who they are."""

    name: str
    role: str
    meaning: str
    signed_at: str
    authenticated_by: str


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What a reader of the version before must know.

    Args:
        corrects: what was said before no longer holds; else something was only added.
    """

    what: str
    before: str
    after: str
    corrects: bool


@dataclass(frozen=True, kw_only=True)
class ReportReplaces:
    """The version that this one takes the place of."""

    version: int
    signed_at: str
    reason: str
    differences: tuple[Difference, ...]


@dataclass(frozen=True, kw_only=True)
class ReportPreviousRow:
    """What the result before said of a class.

    Args:
        percent: then, 0 to 100.
        change: since then, in points of percent; None where nothing is counted now.
        is_clear: whether chance of counting makes so large a change in fewer than 5 of 100 cases.
        absolute: then, in 10⁹/L, where the white cell count was known.
    """

    label: str
    name: str
    percent: float
    change: float | None
    is_clear: bool
    absolute: float | None


@dataclass(frozen=True, kw_only=True)
class ReportPrevious:
    """What was signed last of the patient's samples that came before this one.

    Args:
        collected_at: empty where it is not known.
    """

    accession_number: str
    report: str
    collected_at: str
    received_at: str
    rows: tuple[ReportPreviousRow, ...]


@dataclass(frozen=True, kw_only=True)
class ReportContent:
    """Everything that stands on one report.

    Args:
        number: the report's number; empty on a preliminary print.
        version: 1, 2, …; 0 on a preliminary print.
        verify_address: what the QR code leads to; empty where there is nothing to verify.
        time_zone: the laboratory's, as "Europe/Vienna".
        findings: what the signer kept of those offered, and their own; none before schema 2.
        previous: the patient's result before, as it stood at the signature; none where no other
            sample of the patient was signed, and before schema 2.
        schema: by which its text is written. An old content keeps its own, and so its hash.
    """

    laboratory: ReportLaboratory
    number: str
    version: int
    status: Status
    sample: ReportSample
    differential: ReportDifferential
    morphology: ReportMorphology
    comment: str
    critical_values: tuple[ReportCriticalValue, ...]
    crops: tuple[ReportCrops, ...]
    models: tuple[ReportModel, ...]
    persons_work: ReportPersonsWork
    reviewers: tuple[ReportPerson, ...]
    signature: ReportSignature | None
    replaces: ReportReplaces | None
    verify_address: str
    time_zone: str
    page_size: PageSize
    assistive_use: str = ASSISTIVE_USE
    findings: tuple[ReportKeptFinding, ...] = ()
    previous: ReportPrevious | None = None
    schema: int = SCHEMA

    def to_json(self) -> str:
        """The canonical text: what is stored, hashed and read again."""
        return canonical_text(self, without=self._added_since())

    def _added_since(self) -> tuple[str, ...]:
        """Fields that its schema does not have.

        Raises:
            ContentInvalid: one of them says something.
        """
        added = _ADDED_SINCE.get(self.schema, {})
        for name in added:
            if getattr(self, name):
                raise ContentInvalid(f"A report of schema {self.schema} has no {name}.")
        return tuple(added)

    @property
    def sha256(self) -> str:
        """The SHA-256 of the canonical text in UTF-8."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    @staticmethod
    def from_json(text: str) -> ReportContent:
        """The content that a stored text tells of.

        Raises:
            ContentInvalid: the text is none of a report, or of a schema that is not known here.
        """
        try:
            plain = json.loads(text)
        except json.JSONDecodeError as problem:
            raise ContentInvalid("The text of the report is not JSON.") from problem
        schema = plain.get("schema") if isinstance(plain, dict) else None
        if not isinstance(schema, int) or (schema != SCHEMA and schema not in _ADDED_SINCE):
            raise ContentInvalid(
                f"This report is written in schema {schema}, and this program reads schemas 1 to "
                f"{SCHEMA}. Open it with the version of HematoVision that wrote it, or a later one."
            )
        added = _ADDED_SINCE.get(schema, {})
        if added.keys() & plain.keys():
            raise ContentInvalid("report has not the fields of a ReportContent.")
        return from_plain(ReportContent, {**plain, **added})
