"""The rule that names the principal cell: largest nucleus, ties nearest to the centre."""

from mlmodels.ml.inference.finding.field import Nucleus
from mlmodels.ml.inference.pipeline import principal_first, read_image
from tests.drawn_cells import draw_smear_png


def nucleus(x: float, y: float, area: float) -> Nucleus:
    return Nucleus(x - 10, y - 10, 20, 20, area, 0.0)


def order(*finds: Nucleus) -> list[int]:
    numbered = [(find, place) for place, find in enumerate(finds)]
    return [place for _, place in principal_first(numbered, width_px=200, height_px=100)]


def test_the_largest_nucleus_comes_first_wherever_it_lies():
    assert order(nucleus(100, 50, 300), nucleus(10, 10, 500), nucleus(90, 50, 400)) == [1, 2, 0]


def test_of_equal_nuclei_the_one_nearest_to_the_centre_comes_first():
    assert order(nucleus(10, 10, 300), nucleus(110, 50, 300), nucleus(150, 50, 300)) == [1, 2, 0]


def test_no_find_gives_no_order():
    assert order() == []


def test_cells_of_an_image_stand_by_descending_nucleus_area(shipped_engine):
    cells = read_image(draw_smear_png(seed=6, cells=4), shipped_engine).cells
    areas = [cell.nucleus_area_px for cell in cells]
    assert len(areas) == 4
    assert areas == sorted(areas, reverse=True)
