"""A label is of the largest cell, or of the one in the middle where its set says so."""

from mlmodels.ml.evaluation.labelled_cell import labelled_cell, place_of_labelled
from mlmodels.ml.inference.finding.localize import locate
from mlmodels.ml.inference.pipeline import read_pixels
from tests.drawn_cells import draw_smear


def fields():
    """Two cells each, one in the middle and one aside."""
    return (draw_smear(seed=seed, centres=[(90, 180), (240, 180)], width=480) for seed in range(6))


def test_the_nucleus_in_the_middle_is_meant_where_a_set_says_so():
    larger_aside = 0
    for field in fields():
        seen = locate(field)
        centres, size = [n.centre for n in seen.nuclei], (field.shape[1], field.shape[0])
        largest, middle = (
            seen.nuclei[place_of_labelled(centres, size, source)] for source in ("pbc:1", "mll:1")
        )
        assert largest is seen.nuclei[0]
        assert abs(middle.centre[0] - 240) < 40
        larger_aside += largest is not middle
    assert larger_aside


def test_the_cell_in_the_middle_is_measured_where_a_set_says_so(shipped_engine):
    others = 0
    for field in fields():
        cells = read_pixels(field, shipped_engine).cells
        size = field.shape[1], field.shape[0]
        assert labelled_cell(cells, size, "pbc:1") is cells[0]
        middle = labelled_cell(cells, size, "deepapl:Patient_08")
        assert middle is not None
        assert abs(middle.box.x + middle.box.width / 2 - 240) < 40
        others += middle is not cells[0]
    assert others


def test_a_picture_without_a_cell_has_no_labelled_one():
    assert labelled_cell((), (10, 10), "mll:1") is None
