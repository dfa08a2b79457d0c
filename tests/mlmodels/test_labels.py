"""The labels that come with the program, and a laboratory's own."""

import pytest

from mlmodels.ml.classes import CLASSES
from mlmodels.models import Label
from mlmodels.selectors.labels import labels_for

pytestmark = pytest.mark.django_db

ONLY_A_PERSON_SAYS = {
    "band",
    "blast",
    "promyelocyte",
    "myelocyte",
    "metamyelocyte",
    "reactive_lymphocyte",
    "plasma_cell",
    "other_white_cell",
    "smudge_cell",
    "artefact",
    "not_a_cell",
    "segmented",
    "giant_platelet",
    "platelet_clump",
    "red_blood_cell",
    "parasite_suspected",
    "duplicate",
}
COUNTED = {
    "neutrophil",
    "eosinophil",
    "basophil",
    "lymphocyte",
    "monocyte",
    "immature_granulocyte",
    "band",
    "blast",
    "promyelocyte",
    "myelocyte",
    "metamyelocyte",
    "reactive_lymphocyte",
    "plasma_cell",
    "other_white_cell",
    "segmented",
}


def test_every_class_of_the_model_and_what_only_a_person_says_has_a_label():
    assert set(labels_for(None)) == set(CLASSES) | ONLY_A_PERSON_SAYS


def test_the_white_cells_are_counted_and_nothing_else():
    assert {code for code, label in labels_for(None).items() if label.in_denominator} == COUNTED


def test_every_label_says_how_it_looks_and_what_it_does():
    for label in labels_for(None).values():
        assert label.look.endswith(".")
        assert label.function.endswith(".")
        assert label.interval_note


def test_short_names_and_keys_belong_to_one_label_each():
    labels = labels_for(None).values()
    assert len({label.short_name for label in labels}) == len(labels)
    assert len({label.key for label in labels}) == len(labels)


def test_adult_intervals_are_those_of_the_reference():
    percent = {
        code: (float(label.interval_low_percent), float(label.interval_high_percent))
        for code, label in labels_for(None).items()
        if label.interval_low_percent is not None and label.interval_high_percent is not None
    }
    assert percent == {
        "neutrophil": (40, 80),
        "lymphocyte": (20, 40),
        "monocyte": (2, 10),
        "eosinophil": (1, 6),
        "basophil": (0, 2),
        "immature_granulocyte": (0, 0.9),
        "band": (1, 5),
    }


def test_a_laboratorys_own_label_goes_before_the_shipped_one(laboratory, other_laboratory):
    shipped = Label.objects.get(code="band", laboratory=None)
    Label.objects.create(
        laboratory=laboratory,
        code="band",
        name="Rod neutrophil",
        short_name="RN",
        group=shipped.group,
        in_denominator=True,
        position=shipped.position,
    )
    assert labels_for(laboratory)["band"].name == "Rod neutrophil"
    assert labels_for(other_laboratory)["band"] == shipped
    assert list(labels_for(laboratory)) == list(labels_for(None))
