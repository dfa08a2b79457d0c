"""The head of attributes: which values are told, and which are kept back."""

from dataclasses import astuple, replace

import numpy as np
import pytest

from mlmodels.ml.errors import ArtifactDamaged
from mlmodels.ml.inference.attributes import NEVER, AttributeHead, belongs, load_attributes
from mlmodels.ml.inference.pipeline import read_image
from tests.drawn_cells import draw_smear_png

# One feature x. Granules: logits (x, 0), so the probability of "yes" is 1 / (1 + exp(-x)).
# Nucleus: logits (0, 2x, x).
HEAD = AttributeHead(
    columns=(
        ("granularity", "yes"),
        ("granularity", "no"),
        ("nucleus_shape", "unsegmented-round"),
        ("nucleus_shape", "unsegmented-band"),
        ("nucleus_shape", "irregular"),
    ),
    classes=("lymphocyte", "neutrophil"),
    weights=np.array([[1.0, 0.0, 0.0, 2.0, 1.0]], np.float32),
    bias=np.zeros(5, np.float32),
    least=np.array([0.8, 0.8, 0.5, 0.9, NEVER], np.float32),
    families=(("nucleus_shape", "unsegmented"),),
    family_least=np.array([NEVER], np.float32),
    shares=np.array([[0.004, 0.996, 0.9, 0.05, 0.05], [1.0, 0.0, 0.2, 0.7, 0.1]], np.float32),
)


def features(x):
    return np.array([[x]], np.float32)


def test_the_most_probable_value_of_each_attribute_is_read():
    # 1 / (1 + exp(-2)) = 0.880797; exp(4) / (1 + exp(4) + exp(2)) = 0.866814.
    (row,) = HEAD.read(features(2.0))
    assert astuple(row["granularity"]) == ("yes", pytest.approx(0.880797, abs=1e-5))
    assert astuple(row["nucleus_shape"]) == ("unsegmented-band", pytest.approx(0.866814, abs=1e-5))


def test_a_value_is_told_from_its_least_probability_on():
    # At x = 2 the band has 0.867, below its 0.9; at x = 3 it has 0.950.
    assert set(HEAD.say(features(2.0), ["neutrophil"])[0]) == {"granularity"}
    assert set(HEAD.say(features(3.0), ["neutrophil"])[0]) == {"granularity", "nucleus_shape"}


def test_where_no_value_is_sure_its_family_may_be():
    # At x = 2 band and round have exp(4) + 1 of exp(4) + exp(2) + 1: 0.882690.
    head = replace(HEAD, family_least=np.array([0.88], np.float32))
    told = head.say(features(2.0), ["neutrophil"])[0]
    assert astuple(told["nucleus_shape"]) == ("unsegmented", pytest.approx(0.882690, abs=1e-5))
    assert head.say(features(3.0), ["neutrophil"])[0]["nucleus_shape"].value == "unsegmented-band"
    strict = replace(HEAD, family_least=np.array([0.89], np.float32))
    assert "nucleus_shape" not in strict.say(features(2.0), ["neutrophil"])[0]


def test_a_family_covers_its_values_and_no_others():
    assert belongs("unsegmented-band", "unsegmented")
    assert belongs("unsegmented-band", "unsegmented-band")
    assert not belongs("unsegmented-band", "segmented")
    assert not belongs("unsegmented-band", "unseg")


def test_a_value_that_the_class_hardly_ever_shows_is_kept_back():
    assert "granularity" not in HEAD.say(features(3.0), ["lymphocyte"])[0]
    assert HEAD.say(features(-3.0), ["lymphocyte"])[0]["granularity"].value == "no"


def test_nothing_is_told_of_a_class_that_has_no_attributes():
    assert HEAD.say(features(3.0), ["platelet"]) == [{}]


def test_each_cell_is_told_by_its_own_features_and_class():
    told = HEAD.say(np.array([[3.0], [-3.0]], np.float32), ["neutrophil", "lymphocyte"])
    assert [row["granularity"].value for row in told] == ["yes", "no"]


def test_the_usual_values_of_a_class_are_its_commonest():
    assert HEAD.usual("neutrophil") == {"granularity": "yes", "nucleus_shape": "unsegmented-band"}
    assert HEAD.usual("lymphocyte") == {"granularity": "no", "nucleus_shape": "unsegmented-round"}
    assert HEAD.usual("platelet") == {}


def test_what_is_saved_is_what_is_loaded(tmp_path):
    HEAD.save(tmp_path / "attributes.npz")
    loaded = load_attributes(tmp_path / "attributes.npz")
    assert (loaded.columns, loaded.classes) == (HEAD.columns, HEAD.classes)
    assert loaded.say(features(3.0), ["neutrophil"]) == HEAD.say(features(3.0), ["neutrophil"])


def test_arrays_that_do_not_fit_are_refused(tmp_path):
    file = tmp_path / "attributes.npz"
    HEAD.save(file)
    with np.load(file) as arrays:
        changed = {**arrays, "bias": arrays["bias"][:3]}
    np.savez(file, **changed)
    with pytest.raises(ArtifactDamaged, match="do not fit"):
        load_attributes(file)


def test_a_file_that_is_no_head_is_refused(tmp_path):
    np.savez(tmp_path / "attributes.npz", weights=np.zeros(3))
    with pytest.raises(ArtifactDamaged, match="cannot be read"):
        load_attributes(tmp_path / "attributes.npz")


def test_a_version_without_a_head_describes_no_cell(shipped_engine):
    engine = replace(shipped_engine, attributes=None)
    cells = read_image(draw_smear_png(seed=1), engine).cells
    assert cells
    assert all(cell.attributes == {} for cell in cells)
