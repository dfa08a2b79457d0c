"""Keras and LiteRT of the shipped version agree on what they find in drawn fields."""

import numpy as np
import pytest

from mlmodels.ml.inference.engine import load_engine
from mlmodels.ml.inference.pipeline import read_image
from tests.drawn_cells import draw_smear_png


@pytest.fixture(scope="module")
def keras_engine(shipped_folder):
    return load_engine(shipped_folder, runtime="keras")


@pytest.mark.slow
@pytest.mark.parametrize("cells", [1, 3, 6])
def test_the_same_cells_with_the_same_probabilities(cells, shipped_engine, keras_engine):
    data = draw_smear_png(seed=cells, cells=cells, width=640, height=480)
    lite, keras = read_image(data, shipped_engine), read_image(data, keras_engine)
    assert len(lite.cells) == cells
    for one, other in zip(lite.cells, keras.cells, strict=True):
        assert (one.box, one.label, one.disposition) == (other.box, other.label, other.disposition)
        for name, probability in one.probabilities.items():
            assert probability == pytest.approx(other.probabilities[name], abs=0.01)


def test_a_cells_answer_does_not_depend_on_its_neighbours_in_the_batch(shipped_engine):
    crops = np.random.default_rng(0).integers(
        0, 256, (5, *2 * (shipped_engine.crop_rule.side_px,), 3), dtype=np.uint8
    )
    together = shipped_engine.run(crops)[0]
    alone = np.concatenate([shipped_engine.run(crops[i : i + 1])[0] for i in range(5)])
    assert together == pytest.approx(alone, abs=1e-3)


def test_a_finding_is_whole(shipped_engine):
    findings = read_image(draw_smear_png(seed=1), shipped_engine)
    cell = findings.cells[0]
    assert set(cell.probabilities) == set(shipped_engine.classes)
    assert sum(cell.probabilities.values()) == pytest.approx(1.0)
    assert cell.label == max(cell.probabilities, key=cell.probabilities.__getitem__)
    assert cell.confidence == cell.probabilities[cell.label]
    assert cell.features.dtype == np.float16
    assert cell.features.ndim == 1
    assert set(findings.timings_ms) == {"decode", "locate", "crop", "classify", "decide"}
