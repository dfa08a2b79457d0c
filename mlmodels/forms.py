"""The form of what admins type about datasets, trainings and models; the services judge it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from accounts.forms import ServiceForm
from accounts.models import User
from mlmodels.ml.datasets.layouts.listing import Folders, Half
from mlmodels.models import Dataset
from mlmodels.selectors.datasets.class_names import (
    LEAVE_OUT,
    AskedClass,
    asked_classes,
    label_choices,
)
from mlmodels.selectors.labels import FIELD_WORDS, ManagedLabel, label_groups
from mlmodels.selectors.training.recipes import recipes_for_datasets
from mlmodels.selectors.training.runs import frozen_datasets


class NewTrainingForm(ServiceForm):
    """What a training is asked for with."""

    dataset: forms.ModelChoiceField[Dataset] = forms.ModelChoiceField(
        label="Dataset",
        queryset=Dataset.objects.none(),
        empty_label=None,
        help_text="Frozen ones only: a training can be repeated on what no longer changes.",
    )
    recipe = forms.ChoiceField(label="Recipe", widget=forms.RadioSelect)
    epochs = forms.IntegerField(
        label="Epochs",
        required=False,
        min_value=1,
        max_value=200,
        help_text="At most so many in each stage, 1 to 200; empty for as many as the recipe has.",
        error_messages=dict.fromkeys(
            ("invalid", "min_value", "max_value"), "Give a whole number of epochs from 1 to 200."
        ),
    )
    seed = forms.IntegerField(
        label="Seed",
        initial=7,
        min_value=0,
        max_value=2**31 - 1,
        help_text="The same seed gives the same numbers on the same machine.",
    )

    def __init__(self, *args: Any, viewer: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        recipes = recipes_for_datasets()
        self.fields["dataset"].queryset = frozen_datasets(viewer)  # type: ignore[attr-defined]
        self.fields["recipe"].choices = [  # type: ignore[attr-defined]
            (recipe.name, f"{recipe.name} {recipe.version}: {recipe.summary}") for recipe in recipes
        ]
        self.fields["recipe"].initial = recipes[0].name


class NewDatasetForm(ServiceForm):
    """A dataset that is sent as an archive. Whether the archive is one, its import says."""

    name = forms.CharField(label="Name", max_length=80)
    archive = forms.FileField(
        label="ZIP archive",
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".zip,application/zip", "class": "drop__input"}),
    )
    origin = forms.CharField(
        label="Where the pictures come from",
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Microscope, stain, who labelled them, a reference. Never a patient's name.",
    )
    licence = forms.CharField(
        label="Licence",
        required=False,
        max_length=120,
        help_text="E.g. CC BY 4.0, or own pictures.",
    )


class MappingForm(ServiceForm):
    """What the classes of an archive mean; what further folders and its halves are."""

    half = forms.ChoiceField(
        label="Which half counts",
        required=False,
        widget=forms.RadioSelect,
        choices=[
            (Half.COPIES, "The altered copies, each with its photograph as the source"),
            (Half.PHOTOGRAPHS, "The photographs"),
        ],
        initial=Half.COPIES,
        help_text="Both show the same cells, so only one of them can be in a dataset.",
    )
    folders = forms.ChoiceField(
        label="What these folders are",
        required=False,
        widget=forms.RadioSelect,
        choices=[
            (Folders.SOURCES, "Each is one patient or slide: one source, under whatever class"),
            (
                Folders.SOURCES_DEALT_ANEW,
                "The same, and the splits are dealt out anew, so that none is in two",
            ),
            (Folders.NOTHING, "They mean nothing: each picture is a source of its own"),
        ],
    )

    def __init__(self, *args: Any, dataset: Dataset, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        asked = dataset.questions or {}
        self.asked = asked_classes(dataset)
        choices: list[Any] = [("", "Choose"), (LEAVE_OUT, "Leave out")]
        choices += label_choices(dataset.laboratory)
        for each in self.asked:
            self.fields[f"class_{each.number}"] = forms.ChoiceField(
                label=f"What {each.name or 'what has no class'} means",
                required=False,
                choices=choices,
                initial=each.chosen,
            )
        if not asked.get("halves"):
            del self.fields["half"]
        if asked.get("folders"):
            self.fields["folders"].initial = asked["folders"]["proposal"]
            if not asked["folders"]["in_two_splits"]:
                kept = self.fields["folders"].choices  # type: ignore[attr-defined]
                # Set, not changed in place: the widget has a copy of its own.
                self.fields["folders"].choices = [kept[0], *kept[2:]]  # type: ignore[attr-defined]
        else:
            del self.fields["folders"]

    def rows(self) -> list[tuple[AskedClass, forms.BoundField]]:
        """Each class with its field."""
        return [(each, self[f"class_{each.number}"]) for each in self.asked]

    def answers(self) -> dict[str, Any]:
        """What is said, as the service takes it."""
        said = self.cleaned_data
        return {
            "classes": {each.number: said[f"class_{each.number}"] for each in self.asked},
            "half": said.get("half", ""),
            "folders": said.get("folders", ""),
        }


class DerivedDatasetForm(ServiceForm):
    """The name of a dataset derived from a frozen one."""

    name = forms.CharField(label="Name of the new dataset", max_length=80)


class LabelForm(ServiceForm):
    """What is said of a label; what counts only of one that the laboratory added."""

    name = forms.CharField(label=FIELD_WORDS["name"], max_length=60)
    short_name = forms.CharField(
        label=FIELD_WORDS["short_name"],
        max_length=2,
        help_text="They stand beside the colour wherever the cell is shown.",
    )
    key = forms.CharField(
        label=FIELD_WORDS["key"],
        max_length=1,
        required=False,
        help_text="A letter or digit that sets the label in the gallery. U takes back.",
        widget=forms.TextInput(attrs={"autocapitalize": "none", "autocomplete": "off"}),
    )
    group = forms.ChoiceField(label=FIELD_WORDS["group"])
    wider = forms.ChoiceField(
        label=FIELD_WORDS["wider"],
        required=False,
        help_text="A finer word for another label, as band is one for neutrophil.",
    )
    in_denominator = forms.BooleanField(
        label=FIELD_WORDS["in_denominator"],
        required=False,
        help_text="Its cells are in the 100 % of the differential.",
    )
    is_apart = forms.BooleanField(
        label=FIELD_WORDS["is_apart"],
        required=False,
        initial=True,
        help_text="Otherwise its cells are counted in the row of what it is a kind of.",
    )
    is_used = forms.BooleanField(
        label=FIELD_WORDS["is_used"],
        required=False,
        initial=True,
        help_text="Can be chosen in review. Cells that have it already keep it.",
    )
    loinc_percent = forms.CharField(
        label=FIELD_WORDS["loinc_percent"], max_length=12, required=False
    )
    loinc_count = forms.CharField(label=FIELD_WORDS["loinc_count"], max_length=12, required=False)

    def __init__(self, *args: Any, wider: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        nothing = ("", "nothing else")
        self.fields["wider"].choices = [nothing, *wider]  # type: ignore[attr-defined]
        groups = [(group, group) for group in label_groups()]
        self.fields["group"].choices = groups  # type: ignore[attr-defined]


class ChangedLabelForm(LabelForm):
    """What is said of a label that exists, and its place."""

    position = forms.IntegerField(label=FIELD_WORDS["position"], min_value=1)

    def __init__(self, *args: Any, managed: ManagedLabel, **kwargs: Any) -> None:
        said = {name: getattr(managed.label, name) for name in LabelForm.base_fields}
        super().__init__(*args, initial={**said, "position": managed.number}, **kwargs)
        if not managed.is_own:
            del self.fields["wider"], self.fields["in_denominator"]
        if not (managed.is_own or managed.label.wider):
            del self.fields["is_apart"]
        if managed.is_always_used:
            del self.fields["is_used"]


class NewLabelForm(LabelForm):
    """A label that the laboratory adds."""

    code = forms.CharField(
        label=FIELD_WORDS["code"],
        max_length=40,
        help_text="What it is called in data, for good, e.g. hairy_cell.",
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
    )
    field_order = ["name", "code"]
