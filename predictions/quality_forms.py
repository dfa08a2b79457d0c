"""What figures of quality are asked of, as it stands in an address."""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.forms import DAYS, ServiceForm
from accounts.models import User
from predictions.errors import SpanInvalid
from predictions.selectors.quality.spans import Span, month_choices, span_of

Choices = list[tuple[str, str]]


def _day(label: str) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=False,
        validators=DAYS,
        widget=forms.DateInput(attrs={"type": "date"}),
    )


class SpanForm(ServiceForm):
    """A month, or a span of days."""

    month = forms.ChoiceField(label="Month", required=False)
    first_day = _day("From")
    last_day = _day("To")

    def __init__(self, data: Any, *, viewer: User) -> None:
        super().__init__(data)
        self.viewer = viewer
        months = [("", "By days"), *month_choices(viewer.laboratory)]
        self.fields["month"].choices = months  # type: ignore[attr-defined]

    def span(self) -> Span:
        """The days asked for; where they are no span, those that a page shows by itself."""
        try:
            if self.is_valid():
                days = {
                    name: self.cleaned_data[name] for name in ("month", "first_day", "last_day")
                }
                return span_of(self.viewer, **days)
        except SpanInvalid as error:
            self.take(error)
        return span_of(self.viewer)


class QualityForm(SpanForm):
    """A span, a version, a profile."""

    # What may be chosen is known once the figures are.
    version = forms.CharField(label="Model version", required=False, widget=forms.Select)
    profile = forms.CharField(label="Imaging profile", required=False, widget=forms.Select)

    field_order = ["version", "profile", "month", "first_day", "last_day"]

    def offer(self, versions: Choices, profiles: Choices) -> None:
        """Let these be chosen; what there is none of is not asked."""
        for name, every, choices in (
            ("version", "Every version", versions),
            ("profile", "Every profile", profiles),
        ):
            if choices:
                self.fields[name].widget.choices = [("", every), *choices]
            else:
                del self.fields[name]
