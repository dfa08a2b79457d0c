"""The form of what admins type about datasets, trainings and models; the services judge it."""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.forms import ServiceForm
from accounts.models import User
from mlmodels.models import Dataset
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


class DerivedDatasetForm(ServiceForm):
    """The name of a dataset derived from a frozen one."""

    name = forms.CharField(label="Name of the new dataset", max_length=80)
