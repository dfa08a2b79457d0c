"""The forms in which signed cells are asked for: for research, and for the models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms

from accounts.forms import DAYS, ServiceForm
from predictions.models import StudyCode
from predictions.selectors.research.exports import Choices
from predictions.selectors.research.reviewed import MOST_LOOKED_AT, DatasetWanted, SeenBy
from predictions.selectors.research.signed_cells import Wanted

_SEEN_BY = [
    (SeenBy.ANYBODY, "all: those that two people named first, then one, then the model's"),
    (SeenBy.PERSON, "only those that a person named"),
    (SeenBy.TWO, "only those that two people named"),
]


def _day(label: str) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=False, validators=DAYS, widget=widget)


def _boxes(label: str, help_text: str) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label,
        required=False,
        help_text=help_text,
        widget=forms.CheckboxSelectMultiple,
    )


class SignedCellsForm(ServiceForm):
    """Which cells of signed samples are wanted."""

    first_day = _day("Signed from")
    last_day = _day("to")
    profiles = _boxes("Imaging profiles", "None marked: all of them.")
    labels = _boxes("Labels", "None marked: all of them.")
    diseases = _boxes("Diseases", "None marked: all samples, whatever their patients have.")

    def __init__(self, data: Mapping[str, Any], *, choices: Choices) -> None:
        super().__init__(data)
        self.fields["profiles"].choices = choices.profiles  # type: ignore[attr-defined]
        self.fields["labels"].choices = choices.labels  # type: ignore[attr-defined]
        self.fields["diseases"].choices = choices.diseases  # type: ignore[attr-defined]

    def tell(self, by_label: Mapping[str, int]) -> None:
        """Say beside each label how many cells it has; those without any are not offered."""
        field = self.fields["labels"]
        marked = self["labels"].value() or ()
        choices = field.choices  # type: ignore[attr-defined]
        field.choices = [  # type: ignore[attr-defined]
            (code, f"{name} ({by_label.get(code, 0):,})")
            for code, name in choices
            if by_label.get(code) or code in marked
        ]

    def clean(self) -> dict[str, Any]:
        """Refuse a span that ends before it begins."""
        said = super().clean() or {}
        first, last = said.get("first_day"), said.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", "This is before the first day.")
        return said

    def kept(self) -> Iterator[tuple[str, str]]:
        """What was counted, for the form that asks for it; a name is typed there."""
        for name in self.fields:
            value = self[name].value()
            values = value if isinstance(value, list | tuple) else [value]
            if name != "name":
                yield from ((name, str(each)) for each in values if each not in (None, "", False))

    def _said(self) -> dict[str, Any]:
        said = self.cleaned_data
        return {
            "first_day": said.get("first_day"),
            "last_day": said.get("last_day"),
            "profiles": tuple(said.get("profiles", ())),
            "labels": tuple(said.get("labels", ())),
            "diseases": tuple(said.get("diseases", ())),
        }


class ExportForm(SignedCellsForm):
    """An export for research."""

    with_diseases = forms.BooleanField(
        label="With disease labels",
        required=False,
        help_text="A column says what each patient has. It makes people easier to recognise.",
    )

    project = forms.CharField(
        label="Project",
        max_length=StudyCode.LONGEST_PROJECT,
        required=False,
        help_text="Study codes are drawn for each project: two projects cannot be joined by them.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": StudyCode.USUAL}),
    )

    def __init__(self, data: Mapping[str, Any], *, choices: Choices) -> None:
        super().__init__(data, choices=choices)
        self.fields[
            "labels"
        ].help_text = "None marked: all of them but artefacts, duplicates and what is no cell."

    def wanted(self) -> Wanted:
        """What is wanted, as the service takes it."""
        return Wanted(**self._said(), with_diseases=self.cleaned_data["with_diseases"])


class ReviewedDatasetForm(SignedCellsForm):
    """A dataset of signed cells."""

    seen_by = forms.ChoiceField(label="Cells", choices=_SEEN_BY)
    at_most = forms.IntegerField(label="At most", min_value=1, max_value=MOST_LOOKED_AT)
    name = forms.CharField(label="Name of the dataset", max_length=80, required=False)

    def __init__(self, data: Mapping[str, Any], **more: Any) -> None:
        super().__init__(data, **more)
        self.fields["labels"].help_text = (
            "Marked are the classes that the active version names. A finer word, such as band, "
            "counts as the class that it is a kind of."
        )

    def wanted(self) -> DatasetWanted:
        """What is wanted, as the service takes it."""
        said = self.cleaned_data
        return DatasetWanted(**self._said(), seen_by=said["seen_by"], at_most=said["at_most"])
