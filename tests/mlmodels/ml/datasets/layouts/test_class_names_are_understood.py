"""Class names as laboratories and published sets spell them; what is unsure is only proposed."""

import pytest

from mlmodels.ml.datasets.class_names import ClassNames, LabelName


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("NEUTROPHIL", "neutrophil"),
        ("Neutrophils ", "neutrophil"),
        ("Neutrophile", "neutrophil"),
        ("NE", "neutrophil"),
        ("SNE", "segmented"),
        ("BNE", "band"),
        ("EO", "eosinophil"),
        ("ba", "basophil"),
        ("LYT", "lymphocyte"),
        ("LY", "lymphocyte"),
        ("Lymphozyten", "lymphocyte"),
        ("MO", "monocyte"),
        ("monocytes", "monocyte"),
        ("ig", "immature_granulocyte"),
        ("Immature-Granulocytes", "immature_granulocyte"),
        ("MMY", "metamyelocyte"),
        ("PMY", "promyelocyte"),
        ("MY", "myelocyte"),
        ("ERB", "erythroblast"),
        ("NRBC", "erythroblast"),
        ("PLT", "platelet"),
        ("PLATELET", "platelet"),
        ("Plasma cells", "plasma_cell"),
        ("neutrophil cells", "neutrophil"),
        ("RBC", "red_blood_cell"),
        ("\N{FULLWIDTH LATIN CAPITAL LETTER N}\N{FULLWIDTH LATIN CAPITAL LETTER E}", "neutrophil"),
    ],
)
def test_a_name_that_means_one_thing_is_known(names, name, code):
    assert names.code_of(name) == code


@pytest.mark.parametrize("name", ["NEU", "WBC", "unicorn", "", "0", "cell", "normal"])
def test_a_name_that_is_not_sure_is_unknown(names, name):
    assert names.code_of(name) == ""


@pytest.mark.parametrize(
    ("name", "code"),
    [("NEU", "neutrophil"), ("Lymph", "lymphocyte"), ("basofil", "basophil"), ("WBC", "")],
)
def test_what_an_unknown_name_may_mean_is_proposed(names, name, code):
    assert names.proposal_for(name) == code


def test_a_laboratory_s_own_letters_go_before_published_ones():
    own = ClassNames([LabelName("granular_cell", "Granular cell", "IG")])
    assert own.code_of("ig") == "granular_cell"


def test_what_a_laboratory_said_goes_before_published_names_but_not_before_labels():
    labels = [LabelName("neutrophil", "Neutrophil"), LabelName("immature_granulocyte", "IG cells")]
    said = ClassNames(labels, {"ig": "neutrophil", "neutrophil": "immature_granulocyte"})
    assert said.code_of("IG") == "neutrophil"
    assert said.code_of("Neutrophil") == "neutrophil"


def test_no_name_means_a_label_that_the_laboratory_does_not_have():
    assert ClassNames([LabelName("neutrophil", "Neutrophil")]).code_of("MO") == ""
