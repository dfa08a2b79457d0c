"""The form of what people look for: a search, and the filters of the history."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import django_filters
from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import QuerySet

from accounts.forms import ServiceForm
from accounts.models import User
from predictions.errors import IdentifierInvalid
from predictions.identifiers import canonical
from predictions.models import JobStatus, SmearImage
from predictions.selectors.imaging import history

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
        try:
            return canonical(self.cleaned_data["search"], title="Search")
        except IdentifierInvalid as error:
            raise forms.ValidationError(error.message) from error


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
        help_text="e.g. 100×, oil",  # noqa: RUF001
    )
    stain = forms.CharField(label="Stain", max_length=80, required=False)
    um_per_px = forms.FloatField(
        label="µm per pixel",
        required=False,
        help_text="Width of a pixel in the film, if you know it: a red cell is about 7.5 µm wide.",
        widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}),
    )


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
