"""The forms of a case: what is said of a sample, what narrows the worklist, what a signer says.

They read types and nothing else: whether something can be so, the services judge.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone

from accounts.forms import LONGEST_PASSWORD, ServiceForm
from accounts.models import User
from predictions.ages import age_in_days
from predictions.findings import Finding
from predictions.models import Sample, Signature
from predictions.reports.content import ReportContent
from predictions.reports.phrases import GRADES, GROUPS, Phrases
from predictions.selectors.quality.control_drafts import SlidePage
from predictions.selectors.reports.findings import Choice, FindingsToKeep
from predictions.selectors.samples.worklist import Filters, Order
from predictions.services.reports.findings import LONGEST_FINDING

_ORDERS = [
    (Order.URGENT, "urgent first"),
    (Order.NEWEST, "newest first"),
    (Order.OLDEST, "oldest first"),
    (Order.MOST_TO_REVIEW, "most to review first"),
]
_CORRECTED = [
    ("", "not said"),
    ("true", "yes, erythroblasts are taken out"),
    ("false", "no, correct it here"),
]
PRESENT = "present"
_AS_SET_BY_PICKER = "%Y-%m-%dT%H:%M"


def _day(label: str) -> forms.DateField:
    return forms.DateField(
        label=label, required=False, widget=forms.DateInput(attrs={"type": "date"})
    )


def _moment(label: str, **more: Any) -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=_AS_SET_BY_PICKER)
    return forms.DateTimeField(
        label=label,
        # The last is how a form keeps what it showed.
        input_formats=[_AS_SET_BY_PICKER, "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"],
        widget=widget,
        **more,
    )


def _reason(label: str, *, required: bool = True, help_text: str = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        required=required,
        help_text=help_text,
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": 500}),
    )


class WorklistForm(forms.Form):
    """The filters and the order of the worklist, as they stand in its address."""

    label = forms.ChoiceField(label="Class found", required=False)
    priority = forms.ChoiceField(
        label="Priority", required=False, choices=[("", "Every priority"), *Sample.Priority.choices]
    )
    uploader = forms.ModelChoiceField(
        label="Uploaded by", required=False, empty_label="Everyone", queryset=User.objects.none()
    )
    profile = forms.ChoiceField(label="Imaging profile", required=False)
    disease = forms.ChoiceField(label="Disease", required=False)
    first_day = _day("From")
    last_day = _day("To")
    order = forms.ChoiceField(label="Order", required=False, choices=_ORDERS)
    awaits_me = forms.BooleanField(label="Awaits my review", required=False)

    def __init__(
        self,
        *args: Any,
        labels: list[tuple[str, str]],
        uploaders: QuerySet[User],
        profiles: list[tuple[str, str]],
        diseases: list[tuple[str, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["label"].choices = [("", "Every class"), *labels]  # type: ignore[attr-defined]
        self.fields["uploader"].queryset = uploaders  # type: ignore[attr-defined]
        if profiles:
            every = [("", "Every profile"), *profiles]
            self.fields["profile"].choices = every  # type: ignore[attr-defined]
        else:
            del self.fields["profile"]
        if diseases:
            every = [("", "Every disease"), *diseases]
            self.fields["disease"].choices = every  # type: ignore[attr-defined]
        else:
            del self.fields["disease"]

    def filters(self, state: str) -> Filters:
        """What the worklist is narrowed by; what cannot be read narrows nothing."""
        self.full_clean()
        said = self.cleaned_data
        uploader = said.get("uploader")
        return Filters(
            state=state,
            priority=said.get("priority", ""),
            label=said.get("label", ""),
            first_day=said.get("first_day"),
            last_day=said.get("last_day"),
            uploader=uploader.pk if uploader else None,
            profile=_key(said.get("profile", "")),
            awaits_me=said.get("awaits_me", False),
            disease=said.get("disease", ""),
            order=Order(said.get("order") or Order.URGENT),
        )


class SampleForm(ServiceForm):
    """What is said of a sample; only what was changed is handed on."""

    accession_number = forms.CharField(label="Accession number", max_length=64)
    patient_reference = forms.CharField(
        label="Patient reference", max_length=64, required=False, help_text="A pseudonym."
    )
    priority = forms.ChoiceField(label="Priority", choices=Sample.Priority.choices)
    sex = forms.ChoiceField(label="Sex", required=False, choices=Sample.Sex.choices)
    birth_date = _day("Birth date")
    age = forms.CharField(
        label="or age", max_length=8, required=False, help_text="As 3 d, 4 m or 35 y."
    )
    collected_at = _moment("Collected", required=False)
    requester = forms.CharField(label="Requester", max_length=120, required=False)
    wbc = forms.DecimalField(
        label="WBC of the analyser, 10⁹/L",
        required=False,
        widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}),
    )
    wbc_at = _moment("Time of the WBC", required=False)
    wbc_is_corrected = forms.TypedChoiceField(
        label="Corrected for erythroblasts by the analyser",
        required=False,
        choices=_CORRECTED,
        coerce=lambda word: {"true": True, "false": False}.get(word),
        empty_value=None,
    )
    note = forms.CharField(
        label="Note",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": 2000}),
    )
    reason = _reason(
        "Reason",
        required=False,
        help_text="Needed where the number or the patient reference changes.",
    )

    def __init__(self, data: Mapping[str, Any] | None, *, sample: Sample) -> None:
        super().__init__(data, initial=_said_of(sample))
        # What was shown goes with the form: what somebody else said meanwhile is not taken back.
        for field in self.fields.values():
            field.show_hidden_initial = True

    def changes(self) -> dict[str, Any]:
        """What differs from what was said before, as the service takes it."""
        return {name: self.cleaned_data[name] for name in self.changed_data if name != "reason"}


class ContactForm(ServiceForm):
    """Who was told a critical value."""

    told_to = forms.CharField(label="Told to", max_length=120)
    told_at = _moment("At")
    read_back = forms.BooleanField(label="They read it back", required=False)
    note = forms.CharField(label="Note", max_length=500, required=False)

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, initial={"told_at": timezone.now})


class SignForm(ServiceForm):
    """What a signer says beside the figures, and that it is they who sign."""

    morphology = forms.CharField(
        label="Morphology, in your words",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": 4000}),
    )
    comment = forms.CharField(
        label="Comment",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": 4000}),
    )
    limited_count_reason = forms.CharField(
        label="Why fewer than 100 cells are enough", max_length=120, required=False
    )
    meaning = forms.ChoiceField(
        label="Meaning of your signature", choices=Signature.Meaning.choices
    )
    # Blanks at the ends belong to a password.
    password = forms.CharField(
        label="Your password",
        max_length=LONGEST_PASSWORD,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    own_findings = forms.CharField(
        label="Findings of your own, one a line",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": 4000}),
    )
    # The digest of the figures that the signer was shown.
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        *,
        phrases: Phrases,
        is_limited: bool,
        signed_before: ReportContent | None,
        findings: FindingsToKeep,
        typed: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial=_said_before(signed_before, phrases))
        self.phrases, self.findings = phrases, findings
        self.initial["own_findings"] = "\n".join(findings.own)
        for choice in findings.choices:
            self._offer(choice)
        for code in GROUPS:
            for number, phrase in enumerate(phrases[code]):
                self.fields[f"{code}-{number}"] = forms.ChoiceField(
                    label=phrase, required=False, choices=_GRADED
                )
        if not is_limited:
            del self.fields["limited_count_reason"]
        if typed is not None:
            self._begin_from(typed)

    def _offer(self, choice: Choice) -> None:
        """The two fields of a finding: whether it is kept, and in which words."""
        code = choice.finding.code
        self.fields[f"keep-{code}"] = forms.BooleanField(
            label=f"Keep: {choice.finding.words}", required=False, initial=choice.is_kept
        )
        self.fields[f"words-{code}"] = forms.CharField(
            label=f"Words for {choice.finding.words}",
            required=False,
            initial=choice.text,
            widget=forms.TextInput(attrs={"maxlength": LONGEST_FINDING}),
        )

    def _begin_from(self, typed: Mapping[str, Any]) -> None:
        """Show what was typed again, without judging it; a password is never shown again."""
        for name, field in self.fields.items():
            if name != "password":
                is_box = isinstance(field, forms.BooleanField)
                self.initial[name] = name in typed if is_box else typed.get(name, "")

    def offered(self) -> Iterator[tuple[Finding, forms.BoundField, forms.BoundField]]:
        """Each finding that is offered, with its two fields."""
        for choice in self.findings.choices:
            code = choice.finding.code
            yield choice.finding, self[f"keep-{code}"], self[f"words-{code}"]

    def groups(self) -> Iterator[tuple[str, list[forms.BoundField]]]:
        """The phrases to pick from, by what they are said of."""
        for code, name in GROUPS.items():
            yield name, [self[f"{code}-{number}"] for number, _ in enumerate(self.phrases[code])]

    def said(self) -> dict[str, Any]:
        """What is signed, as the service takes it."""
        data = self.cleaned_data
        phrases = {
            code: [
                (phrase, "" if grade == PRESENT else grade)
                for number, phrase in enumerate(self.phrases[code])
                if (grade := data.get(f"{code}-{number}"))
            ]
            for code in GROUPS
        }
        words = ("morphology", "comment", "limited_count_reason", "meaning", "password", "seen")
        return {
            "phrases": phrases,
            "findings": self.kept_findings(),
            **{name: data[name] for name in words if name in data},
        }

    def kept_findings(self) -> list[tuple[str, str]]:
        """What is kept of those offered, then the doctor's own, a line each."""
        data = self.cleaned_data
        kept = [
            (choice.finding.code, data.get(f"words-{choice.finding.code}", ""))
            for choice in self.findings.choices
            if data.get(f"keep-{choice.finding.code}")
        ]
        # What was offered on the page and is no more: the service says so.
        gone = [
            name.removeprefix("keep-")
            for name in self.data
            if name.startswith("keep-") and name not in self.fields
        ]
        kept += [(code, "") for code in gone]
        own = data.get("own_findings", "").splitlines()
        return kept + [("", line.strip()) for line in own if line.strip()]


class RetractForm(ServiceForm):
    """Why a report is taken back, and that it is a signer who does it."""

    reason = _reason("Reason", help_text="It stands in the history of the sample.")
    password = forms.CharField(
        label="Your password",
        max_length=LONGEST_PASSWORD,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


# Without a grade a finding is there or is not.
_GRADED = [("", "no"), (PRESENT, PRESENT), *((grade, grade) for grade in GRADES)]


def _as_typed(days: int) -> str:
    """An age as it was typed, most likely: in years or months where that says the same."""
    years, months = f"{days * 4 // 1461} y", f"{days * 48 // 1461} m"
    return next((age for age in (years, months) if age_in_days(age) == days), f"{days} d")


def _key(text: str) -> UUID | None:
    return UUID(text) if text else None


def _said_of(sample: Sample) -> dict[str, Any]:
    """What is said of a sample, as the form shows it: to the minute, as a picker sets it."""
    corrected = {True: "true", False: "false", None: ""}[sample.wbc_is_corrected]
    return {
        "accession_number": sample.accession_number,
        "patient_reference": sample.patient_reference,
        "priority": sample.priority,
        "sex": sample.sex,
        "birth_date": sample.birth_date,
        "age": "" if sample.age_days_given is None else _as_typed(sample.age_days_given),
        "collected_at": _to_the_minute(sample.collected_at),
        "requester": sample.requester,
        "wbc": sample.wbc,
        "wbc_at": _to_the_minute(sample.wbc_at),
        "wbc_is_corrected": corrected,
        "note": sample.note,
    }


def _said_before(signed: ReportContent | None, phrases: Phrases) -> dict[str, str]:
    """What stood on the version that an amendment replaces, to begin from."""
    if signed is None:
        return {}
    said = {
        "comment": signed.comment,
        "morphology": signed.morphology.text,
        "limited_count_reason": signed.differential.limited_count_reason,
    }
    named = {name: code for code, name in GROUPS.items()}
    for group in signed.morphology.groups:
        code = named.get(group.name, "")
        for finding in group.findings:
            if finding.text in phrases.get(code, []):
                number = phrases[code].index(finding.text)
                said[f"{code}-{number}"] = finding.grade or PRESENT
    return said


def _to_the_minute(moment: datetime | None) -> datetime | None:
    return moment and moment.replace(second=0, microsecond=0)


CANNOT_TELL = "cannot_tell"
# What a control slide may be asked for at first: ordinary classes as on an ordinary film, and
# enough of the rare ones to be judged by.
SUGGESTED_QUOTAS = {
    "neutrophil": 100, "lymphocyte": 50, "monocyte": 16, "eosinophil": 8, "basophil": 4,
    "immature_granulocyte": 8, "erythroblast": 6, "blast": 8,
}  # fmt: skip


class ReadCellForm(forms.Form):
    """What somebody says of a cell that they read without being told its name."""

    label = forms.CharField(
        max_length=40, error_messages={"required": "Choose what the cell is, or “cannot tell”."}
    )
    seconds = forms.FloatField(required=False)

    def said(self) -> dict[str, Any]:
        """What a service is told."""
        label = self.cleaned_data["label"]
        return {
            "label": "" if label == CANNOT_TELL else label,
            "seconds": self.cleaned_data["seconds"],
        }


class SecondReadForm(ReadCellForm):
    """The same of a signed cell."""

    cell = forms.UUIDField()


class ControlCellForm(ReadCellForm):
    """The same of a cell of the control slide, by its place in the reading."""

    cell = forms.IntegerField(min_value=0)


class ControlSlideForm(ServiceForm):
    """What a new control slide is called."""

    name = forms.CharField(
        label="Name", max_length=60, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )


class QuotaForm(ServiceForm):
    """How many cells of each class are drawn for a control slide."""

    def __init__(self, typed: QueryDict | None, *, page: SlidePage) -> None:
        super().__init__(typed)
        for each in page.classes:
            first = each.cells if page.cells else SUGGESTED_QUOTAS.get(each.label.code, 0)
            self.fields[each.label.code] = forms.IntegerField(
                label=each.label.name,
                required=False,
                min_value=0,
                max_value=page.slide.CELLS,
                initial=first or None,
                widget=forms.NumberInput(attrs={"inputmode": "numeric", "placeholder": "0"}),
            )

    def quotas(self) -> dict[str, int]:
        """Cells by code, where any are asked for."""
        return {code: cells for code, cells in self.cleaned_data.items() if cells}
