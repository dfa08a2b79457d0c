"""The box of a cell: its cytoplasm as well as its nucleus, and none of its neighbours."""

import numpy as np
import pytest

from mlmodels.ml.inference.boxes import overlap
from mlmodels.ml.inference.crops import Box
from mlmodels.ml.inference.finding.cell_boundary import cell_boxes
from mlmodels.ml.inference.finding.localize import locate
from tests.drawn_cells import CELL_RADIUS_PX, draw_smear


def boxes_of(rgb: np.ndarray) -> list[Box]:
    field = locate(rgb)
    return cell_boxes(field, field.nuclei, width_px=rgb.shape[1], height_px=rgb.shape[0])


def whole_cell(x: int, y: int) -> Box:
    return Box(x - CELL_RADIUS_PX, y - CELL_RADIUS_PX, 2 * CELL_RADIUS_PX, 2 * CELL_RADIUS_PX)


@pytest.mark.parametrize("seed", range(6))
def test_the_box_covers_the_cell_that_was_drawn(seed):
    assert (
        overlap(boxes_of(draw_smear(seed=seed, centres=[(200, 150)]))[0], whole_cell(200, 150))
        > 0.7
    )


def test_boxes_shrink_with_their_cells():
    small = draw_smear(seed=1, centres=[(300, 200)], width=1440, height=1080)
    assert overlap(boxes_of(small)[0], whole_cell(300, 200)) > 0.6


def test_each_of_two_neighbours_has_a_box_of_its_own():
    boxes = boxes_of(draw_smear(seed=2, centres=[(150, 180), (240, 180)]))
    assert sorted(max(overlap(b, whole_cell(x, 180)) > 0.6 for b in boxes) for x in (150, 240)) == [
        True,
        True,
    ]


def test_boxes_stay_inside_the_picture():
    for box in boxes_of(draw_smear(seed=2, centres=[(6, 6), (470, 350)])):
        assert box.x >= 0
        assert box.y >= 0
        assert box.x + box.width <= 480
        assert box.y + box.height <= 360


def test_boxes_come_in_the_order_of_their_nuclei():
    rgb = draw_smear(seed=3, cells=3)
    field = locate(rgb)
    size = {"width_px": 480, "height_px": 360}
    backwards = cell_boxes(field, field.nuclei[::-1], **size)
    assert backwards[::-1] == cell_boxes(field, field.nuclei, **size)
