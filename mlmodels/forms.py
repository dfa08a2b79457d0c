"""The form of what admins type about datasets, trainings and models; the services judge it."""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.forms import ServiceForm
from accounts.models import User
from mlmodels.models import Dataset
from mlmodels.selectors.recipes import recipes_for_datasets
from mlmodels.selectors.training import frozen_datasets


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
        help_text="At most so many in each stage; empty for as many as the recipe has.",
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
