"""Found boxes against drawn ones, on a field whose cells we drew ourselves."""

import pytest

from mlmodels.ml.box_evaluation import measure_boxes, overlap, read_boxes
from mlmodels.ml.crops import Box
from mlmodels.ml.errors import ManifestInvalid
from tests.drawn_cells import draw_smear_png


def test_half_covered_boxes_overlap_by_a_third():
    assert overlap(Box(0, 0, 10, 10), Box(5, 0, 10, 10)) == pytest.approx(50 / 150)


def test_boxes_that_only_touch_do_not_overlap():
    assert overlap(Box(0, 0, 10, 10), Box(10, 0, 10, 10)) == 0.0


def test_ignored_images_are_left_out_and_empty_fields_kept(tmp_path):
    file = tmp_path / "boxes.csv"
    file.write_text(
        "image,x,y,width,height,kind\na.png,1,2,3,4,white_cell\nb.png,,,,,none\nc.png,,,,,ignore\n"
    )
    assert read_boxes(file) == {"a.png": [Box(1, 2, 3, 4)], "b.png": []}


def test_a_table_of_something_else_is_refused(tmp_path):
    (tmp_path / "boxes.csv").write_text("path,class\na,b\n")
    with pytest.raises(ManifestInvalid):
        read_boxes(tmp_path / "boxes.csv")


def test_drawn_cells_are_found_and_a_box_elsewhere_is_not(tmp_path, shipped_engine):
    (tmp_path / "a.png").write_bytes(draw_smear_png(seed=7, centres=[(120, 180), (360, 180)]))
    boxes = {"a.png": [Box(78, 138, 84, 84), Box(10, 300, 40, 40)]}
    figures = measure_boxes(boxes, tmp_path, shipped_engine)
    assert figures["found_at_overlap"]["0.3"]["found"] == 1
    assert figures["false_cells"] == 1
    assert figures["fields_with_false_cells"] == 1
