"""Attributes become a phrase that never contradicts itself."""

import pytest

from mlmodels.ml.inference.morphology_words import attribute_in_words, describe_cell

NEUTROPHIL = {
    "nucleus_shape": "segmented-multilobed",
    "chromatin_density": "densely",
    "granularity": "yes",
    "granule_type": "small",
    "granule_colour": "pink",
    "cytoplasm_colour": "light blue",
    "cytoplasm_texture": "clear",
    "cytoplasm_vacuole": "no",
    "nuclear_cytoplasmic_ratio": "low",
    "cell_size": "big",
    "cell_shape": "round",
}


def test_a_neutrophil_with_every_attribute():
    assert describe_cell(NEUTROPHIL) == (
        "Multilobed nucleus, dense chromatin, fine pink granules, pale blue cytoplasm, "
        "low nuclear-cytoplasmic ratio, large cell with a round outline"
    )


def test_a_monocyte_with_vacuoles():
    assert describe_cell(
        {
            "nucleus_shape": "unsegmented-indented",
            "chromatin_density": "loosely",
            "granularity": "no",
            "granule_type": "nil",
            "cytoplasm_texture": "frosted",
            "cytoplasm_colour": "purple blue",
            "cytoplasm_vacuole": "yes",
        }
    ) == (
        "Indented nucleus, loose chromatin, no granules, "
        "ground-glass purple-blue cytoplasm with vacuoles"
    )


@pytest.mark.parametrize(
    ("values", "phrase"),
    [
        ({}, ""),
        ({"cytoplasm_vacuole": "no"}, ""),
        ({"cytoplasm_vacuole": "yes"}, "Vacuoles in the cytoplasm"),
        ({"granule_colour": "purple"}, "Purple granules"),
        ({"granule_type": "coarse", "granule_colour": "purple"}, "Coarse purple granules"),
        ({"granularity": "yes"}, "Granules"),
        ({"granule_colour": "nil"}, "No granules"),
        ({"cell_shape": "irregular"}, "Irregular outline"),
        ({"cell_size": "small", "cell_shape": "irregular"}, "Small cell with an irregular outline"),
        ({"nucleus_shape": "something new", "another": "thing"}, ""),
    ],
)
def test_what_is_missing_is_not_said(values, phrase):
    assert describe_cell(values) == phrase


@pytest.mark.parametrize(
    "values",
    [
        {"granularity": "no", "granule_type": "small"},
        {"granularity": "yes", "granule_colour": "nil"},
        {"granule_type": "nil", "granule_colour": "red"},
    ],
)
def test_granules_that_contradict_each_other_are_not_said(values):
    assert "granules" not in describe_cell(values).lower()


def test_a_cytoplasm_with_granules_is_not_called_clear():
    values = {"cytoplasm_texture": "clear", "cytoplasm_colour": "light blue"}
    assert (
        describe_cell({**values, "granularity": "no"}) == "No granules, clear pale blue cytoplasm"
    )
    assert describe_cell({**values, "granularity": "yes"}) == "Granules, pale blue cytoplasm"
    assert describe_cell(values) == "Pale blue cytoplasm"


def test_a_table_names_attribute_and_value():
    assert attribute_in_words("nucleus_shape", "unsegmented-band") == ("Nucleus", "band-shaped")
    assert attribute_in_words("granule_type", "nil") == ("Granule type", "none")
    assert attribute_in_words("cell_size", "small") == ("Cell size", "small")
    assert attribute_in_words("new_thing", "odd") == ("New thing", "odd")
