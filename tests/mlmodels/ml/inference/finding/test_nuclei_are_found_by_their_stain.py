"""Where the locator finds nuclei in drawn fields."""

import numpy as np
import pytest

from mlmodels.ml.inference.finding.localize import locate
from tests.drawn_cells import CELL_RADIUS_PX, draw_smear


@pytest.mark.parametrize("cells", [1, 2, 4])
def test_as_many_nuclei_are_found_as_were_drawn(cells):
    assert len(locate(draw_smear(seed=cells, cells=cells)).nuclei) == cells


def test_a_field_of_red_cells_has_no_nucleus():
    assert locate(draw_smear(seed=1, cells=0)).nuclei == ()


def test_dark_red_cells_alone_are_no_nuclei():
    field = draw_smear(seed=1, cells=0).astype(float)
    assert locate((field * [0.95, 0.75, 0.8]).astype(np.uint8)).nuclei == ()


def test_a_nucleus_lies_inside_the_cell_that_was_drawn():
    nucleus = locate(draw_smear(seed=5, centres=[(130, 90)])).nuclei[0]
    x, y = nucleus.centre
    assert abs(x - 130) < 20
    assert abs(y - 90) < 20
    assert nucleus.side_px < 2.2 * CELL_RADIUS_PX


def test_lobes_of_one_nucleus_are_one_find():
    found = {len(locate(draw_smear(seed=seed, cells=1)).nuclei) for seed in range(8)}
    assert found == {1}


def test_a_yellow_lamp_changes_no_number_of_nuclei():
    warm = (draw_smear(seed=3, cells=3) * np.array([1.0, 0.9, 0.7])).astype(np.uint8)
    assert len(locate(warm).nuclei) == 3


def test_a_nucleus_at_the_edge_says_how_much_of_it_is_cut_off():
    cut = locate(draw_smear(seed=2, centres=[(0, 180)])).nuclei[0]
    whole = locate(draw_smear(seed=2, centres=[(240, 180)])).nuclei[0]
    assert cut.edge_share > 0.12
    assert whole.edge_share == 0.0


def test_black_corners_of_a_rotated_copy_are_no_nuclei():
    rgb = draw_smear(seed=4, cells=1)
    rgb[:90, :120] = 0
    rgb[-60:, -100:] = 3
    assert len(locate(rgb).nuclei) == 1
