"""The form of what people look for, and of what admins say of the laboratory's rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import django_filters
from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import QuerySet
from django.http import QueryDict

from accounts.forms import ServiceForm
from accounts.models import User
from mlmodels.models import Label
from predictions.errors import IdentifierInvalid
from predictions.identifiers import canonical
from predictions.intervals import PERCENT, CriticalLimit, Interval, age_in_words, day_of_age
from predictions.models import CaseRules, DiseaseLabel, JobStatus, ResultConnection, SmearImage
from predictions.selectors.imaging import history
from predictions.selectors.laboratory.finding_limits import LimitsPage
from predictions.selectors.laboratory.interval_pages import UNIT_WORDS, LabelIntervals
from predictions.selectors.laboratory.rules_pages import FIELD_WORDS, RulesPage

STATUSES = [
    (history.UNFINISHED, "waiting or running"),
    (JobStatus.QUEUED, "queued"),
    (JobStatus.RUNNING, "running"),
    (JobStatus.SUCCEEDED, "classified"),
    (JobStatus.FAILED, "failed"),
]
# Nearer to the calendar's ends, the midnight of some time zone is no moment any more.
DAYS = [MinValueValidator(date(1900, 1, 1)), MaxValueValidator(date(2999, 12, 31))]


class SearchForm(forms.Form):
    """What is looked for by number. It is sent in a body: numbers stay out of addresses."""

    search = forms.CharField(
        required=False,
        label="Accession number or patient reference",
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )

    def clean_search(self) -> str:
        """The one form in which numbers and references are kept; a sentence where it has none."""
        sent = self.cleaned_data["search"]
        try:
            search = canonical(sent, title="Search")
        except IdentifierInvalid as error:
            raise forms.ValidationError(error.message) from error
        if sent and not search:
            # What a scanner sets before a code, say: without it everything would be found.
            raise forms.ValidationError("Search: this holds no number. Type or scan it again.")
        return search


class AddedCellForm(ServiceForm):
    """A cell that the model missed: the box around it, in pixels of the picture."""

    x = forms.IntegerField(label="Left", min_value=0)
    y = forms.IntegerField(label="Top", min_value=0)
    width = forms.IntegerField(label="Width", min_value=1)
    height = forms.IntegerField(label="Height", min_value=1)
    label = forms.ChoiceField(label="What it is", required=False)

    def __init__(self, data: Mapping[str, Any] | None, *, labels: Mapping[str, Label]) -> None:
        super().__init__(data)
        names = [(code, label.name) for code, label in labels.items() if label.is_used]
        not_said = ("", "the model says it first")
        self.fields["label"].choices = [not_said, *names]  # type: ignore[attr-defined]

    def said(self) -> dict[str, Any]:
        """What is added, as the service takes it."""
        data = self.cleaned_data
        box = {f"{name}_px": data[name] for name in ("x", "y", "width", "height")}
        return {**box, "label": data["label"]}


class ProfileForm(ServiceForm):
    """What is said of an imaging profile; the service judges it."""

    name = forms.CharField(
        label="Name",
        max_length=80,
        help_text="As the bench calls it, e.g. Microscope 2, quick stain.",
    )
    microscope = forms.CharField(label="Microscope", max_length=120, required=False)
    camera = forms.CharField(label="Camera", max_length=120, required=False)
    objective = forms.CharField(
        label="Objective",
        max_length=60,
        required=False,
        help_text="e.g. 100×, oil",
    )
    stain = forms.CharField(label="Stain", max_length=80, required=False)
    um_per_px = forms.FloatField(
        label="µm per pixel",
        required=False,
        help_text="Width of a pixel in the film, if you know it: a red cell is about 7.5 µm wide.",
        widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}),
    )
    classes = forms.MultipleChoiceField(
        label="Classes that occur",
        required=False,
        help_text=(
            "Leave all unmarked where any class may occur. Else cells of other classes will be "
            "named as one of these or left to a person."
        ),
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(
        self,
        data: QueryDict | None,
        *,
        classes: Sequence[Label],
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial=dict(initial or {}))
        choices = [(label.code, label.name) for label in classes]
        self.fields["classes"].choices = choices  # type: ignore[attr-defined]


class ConnectionForm(ServiceForm):
    """What is said of a system that reports are sent to; the service judges it."""

    name = forms.CharField(label="Name", max_length=60, help_text="As people call it.")
    kind = forms.ChoiceField(label="Speaks", choices=ResultConnection.Kind.choices)
    address = forms.CharField(
        label="Address",
        max_length=200,
        help_text="host:port, e.g. lis.lan:2575; for FHIR https://server/fhir.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    receiver = forms.CharField(
        label="Receiving application",
        max_length=60,
        required=False,
        help_text="As the other system calls itself in MSH-5; not for FHIR.",
    )
    receiver_facility = forms.CharField(
        label="Receiving facility", max_length=60, required=False, help_text="MSH-6."
    )
    report_code = forms.CharField(
        label="Own code of the report",
        max_length=40,
        required=False,
        help_text="Of the whole report, in OBR-4. Empty: LOINC 69738-3.",
    )
    sends_file = forms.BooleanField(label="Send the PDF with the results", required=False)
    is_active = forms.BooleanField(label="Switched on", required=False, initial=True)


class AgeField(forms.Field):
    """An age as laboratories write it; its value is a day of life, or none where empty."""

    widget = forms.TextInput(attrs={"autocomplete": "off", "maxlength": 8})

    def to_python(self, value: str | None) -> int | None:
        """The day of life at which the age begins."""
        if not value or not value.strip():
            return None
        try:
            return day_of_age(value)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error

    def prepare_value(self, value: int | str | None) -> str | None:
        """A day as it is typed; what was typed stays."""
        return age_in_words(value) if isinstance(value, int) else value


def _bound(label: str, *, required: bool = False) -> forms.DecimalField:
    # More digits than any count has; the service says how many are taken.
    return forms.DecimalField(
        label=label,
        required=required,
        max_digits=20,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )


class IntervalForm(forms.Form):
    """One reference interval of a label, in one line."""

    unit = forms.ChoiceField(label="Unit", choices=list(UNIT_WORDS.items()), initial=PERCENT)
    sex = forms.ChoiceField(
        label="Sex", required=False, choices=[("", "both"), ("female", "female"), ("male", "male")]
    )
    from_age = AgeField(label="From age", required=False)
    before_age = AgeField(label="To under", required=False)
    low = _bound("Low", required=True)
    high = _bound("High", required=True)
    source = forms.CharField(label="Source", max_length=200)

    def interval(self, label: str) -> Interval:
        """What the line says of a label."""
        said = self.cleaned_data
        return Interval(
            label=label,
            unit=said["unit"],
            low=said["low"],
            high=said["high"],
            source=said["source"],
            sex=said["sex"],
            from_day=said["from_age"] or 0,
            before_day=said["before_age"],
        )

    @staticmethod
    def initial_of(interval: Interval) -> dict[str, Any]:
        """The line of an interval, as it is typed."""
        return {
            "unit": interval.unit,
            "sex": interval.sex,
            "from_age": interval.from_day or None,
            "before_age": interval.before_day,
            "low": interval.low,
            "high": interval.high,
            "source": interval.source,
        }


IntervalLines = forms.formset_factory(
    IntervalForm, extra=3, can_delete=True, max_num=200, validate_max=True
)


class LimitForm(ServiceForm):
    """When somebody is called about a label, why it is changed, and what was seen."""

    low_word = forms.ChoiceField(
        label="Critical low",
        choices=[("at_most", "at or below"), ("below", "below")],
    )
    low_bound = _bound("Critical low, × 10⁹/L")
    high_word = forms.ChoiceField(
        label="Critical high",
        choices=[("at_least", "at or above"), ("above", "above")],
    )
    high_bound = _bound("Critical high, × 10⁹/L")
    reason = forms.CharField(
        label="Reason",
        max_length=500,
        help_text="Why the intervals or limits are changed; it is kept with the version.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    seen_number = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    def limit(self, label: str) -> CriticalLimit | None:
        """What the form says of a label; none where no bound is given."""
        said = self.cleaned_data
        bounds = {
            said["low_word"]: said["low_bound"],
            said["high_word"]: said["high_bound"],
        }
        if not any(bound is not None for bound in bounds.values()):
            return None
        return CriticalLimit(label, **bounds)

    @staticmethod
    def initial_of(held: LabelIntervals) -> dict[str, Any]:
        """What the form shows at first."""
        limit = held.limit or CriticalLimit(held.label)
        return {
            "low_word": "at_most" if limit.below is None else "below",
            "low_bound": limit.at_most if limit.below is None else limit.below,
            "high_word": "at_least" if limit.above is None else "above",
            "high_bound": limit.at_least if limit.above is None else limit.above,
            "seen_number": held.number,
        }


class ShippedIntervalsForm(ServiceForm):
    """Why the shipped intervals are to hold again, and what was seen."""

    reason = forms.CharField(
        label="Reason", max_length=500, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    seen_number = forms.IntegerField(min_value=0, widget=forms.HiddenInput)


class RulesForm(ServiceForm):
    """What a laboratory asks of its cases; the service judges it."""

    target_cells = forms.IntegerField(
        label=FIELD_WORDS["target_cells"],
        help_text="100 at least; 200 is usual, 400 for rare cells or few white cells.",
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    asks_for_second_person = forms.BooleanField(
        label=FIELD_WORDS["asks_for_second_person"],
        required=False,
        help_text="Who signs may not be the only one who reviewed the sample.",
    )
    unidentified_limit_percent = forms.IntegerField(
        label=FIELD_WORDS["unidentified_limit_percent"],
        help_text="To 100 counted cells, 0 to 5. With more, a sample cannot be signed.",
    )
    always_reviewed = forms.MultipleChoiceField(
        label=FIELD_WORDS["always_reviewed"],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    second_read_percent = forms.IntegerField(
        label=FIELD_WORDS["second_read_percent"],
        help_text="Drawn by chance at each signature from the cells that the model accepted; "
        "usually 3. 0 switches it off.",
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    second_read_rare_percent = forms.IntegerField(
        label=FIELD_WORDS["second_read_rare_percent"],
        help_text="Of the classes that a person always sees; usually 10. 0 switches it off.",
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    tells_case_apart = forms.BooleanField(
        label=FIELD_WORDS["tells_case_apart"],
        required=False,
        help_text="Whether a-1 and A-1 are two accession numbers.",
    )
    page_size = forms.ChoiceField(
        label=FIELD_WORDS["page_size"], choices=CaseRules.PageSize.choices
    )

    def __init__(self, typed: QueryDict | None, *, page: RulesPage) -> None:
        said = {name: getattr(page.rules, name) for name in RulesForm.base_fields}
        super().__init__(typed, initial=said)
        self.fields["always_reviewed"].choices = page.choices  # type: ignore[attr-defined]


class NewDiseaseForm(ServiceForm):
    """A disease label to be added."""

    name = forms.CharField(label="Name", max_length=80)
    code = forms.CharField(
        label="Code",
        max_length=40,
        help_text="For good: small letters, digits and underscores, e.g. anaemia.",
    )
    icd10 = forms.CharField(
        label="Code of ICD-10", max_length=8, required=False, help_text="As D64.9."
    )


class DiseaseForm(ServiceForm):
    """What is said of a disease label."""

    name = forms.CharField(label="Name", max_length=80)
    icd10 = forms.CharField(
        label="Code of ICD-10", max_length=8, required=False, help_text="As D64.9."
    )
    is_active = forms.BooleanField(
        label="Can be chosen",
        required=False,
        help_text="A label that cannot is retired. Samples that carry it keep it.",
    )

    def __init__(self, typed: QueryDict | None, *, label: DiseaseLabel) -> None:
        said = {name: getattr(label, name) for name in DiseaseForm.base_fields}
        super().__init__(typed, initial=said)


class FindingLimitsForm(ServiceForm):
    """The limits of findings, one field each; the service judges them."""

    reason = forms.CharField(label="Why", max_length=500)
    seen_number = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, typed: QueryDict | None, *, page: LimitsPage) -> None:
        super().__init__(typed, initial={"seen_number": page.number})
        self._codes = [row.code for row in page.rows]
        for row in page.rows:
            self.fields[row.code] = forms.DecimalField(
                label=f"{row.name}, {row.unit}",
                initial=row.value,
                help_text=row.source + (f" (shipped: {row.shipped})" if row.is_own else ""),
                widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}),
            )

    def limits(self) -> list[forms.BoundField]:
        """The fields of the limits."""
        return [self[code] for code in self._codes]

    def said(self) -> dict[str, Any]:
        """What is to hold, as the service takes it."""
        data = self.cleaned_data
        return {
            "values": {code: data[code] for code in self._codes},
            "seen_number": data["seen_number"],
            "reason": data["reason"],
        }


class HistoryFilter(django_filters.FilterSet):
    """The filters of the history, as they stand in its address."""

    label = django_filters.ChoiceFilter(
        label="Class", empty_label="Every class", method="keep_label"
    )
    status = django_filters.ChoiceFilter(
        label="Status", empty_label="Every status", choices=STATUSES, method="keep_status"
    )
    profile = django_filters.ChoiceFilter(
        label="Imaging profile", empty_label="Every profile", method="keep_profile"
    )
    uploader = django_filters.ModelChoiceFilter(
        label="Uploaded by",
        empty_label="Everyone",
        queryset=User.objects.none(),
        field_name="uploaded_by",
    )
    first_day = django_filters.DateFilter(
        label="From",
        method="keep_from",
        widget=forms.DateInput(attrs={"type": "date"}),
        validators=DAYS,
    )
    last_day = django_filters.DateFilter(
        label="To",
        method="keep_until",
        widget=forms.DateInput(attrs={"type": "date"}),
        validators=DAYS,
    )

    class Meta:
        model = SmearImage
        fields: list[str] = []

    def __init__(
        self,
        *args: Any,
        labels: list[tuple[str, str]],
        uploaders: QuerySet[User],
        profiles: list[tuple[str, str]],
        time_zone: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.zone = ZoneInfo(time_zone)
        if profiles:
            self.filters["profile"].extra["choices"] = profiles
        else:
            del self.filters["profile"]
        self.filters["label"].extra["choices"] = labels
        self.filters["uploader"].queryset = uploaders

    def keep_label(self, images: QuerySet, name: str, code: str) -> QuerySet:
        """Images in which a cell of that class was found."""
        status = self.form.cleaned_data.get("status")
        if status and status != JobStatus.SUCCEEDED:
            return history.without_result_but_label(images, code)
        return history.with_label(images, code)

    def keep_status(self, images: QuerySet, name: str, status: str) -> QuerySet:
        """Images whose newest job is in that state."""
        return history.with_status(images, status)

    def keep_profile(self, images: QuerySet, name: str, profile: str) -> QuerySet:
        """Images taken with that imaging profile."""
        return history.with_profile(images, profile)

    def keep_from(self, images: QuerySet, name: str, day: date) -> QuerySet:
        """Images uploaded on that day of the laboratory or later."""
        return history.between(images, since=self._midnight(day))

    def keep_until(self, images: QuerySet, name: str, day: date) -> QuerySet:
        """Images uploaded on that day of the laboratory or earlier."""
        return history.between(images, before=self._midnight(day + timedelta(days=1)))

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time.min, tzinfo=self.zone)


def history_filter(viewer: User, sent: Mapping[str, Any], search: str) -> HistoryFilter:
    """The history as its filters narrow it.

    Args:
        sent: the filters by name, of an address or a form.
        search: in its canonical form, or empty.
    """
    return HistoryFilter(
        sent,
        queryset=history.matching(viewer, history.images_newest_first(viewer), search),
        labels=history.label_choices(viewer),
        uploaders=history.uploaders(viewer),
        profiles=history.profile_choices(viewer),
        time_zone=viewer.laboratory.time_zone,
    )
