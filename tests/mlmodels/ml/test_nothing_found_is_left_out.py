"""A find that is hardly a cell is shown, last and unidentified, so that no white cell is lost."""

from dataclasses import replace

from mlmodels.ml.pipeline import read_image
from tests.drawn_cells import draw_smear_png

SMEAR = draw_smear_png(seed=6, cells=4)


def test_a_find_below_the_cell_score_is_unidentified_and_comes_last(shipped_engine):
    usual = read_image(SMEAR, replace_cell_score(shipped_engine, 0.0)).cells
    scores = sorted(cell.cell_score for cell in usual)
    limit = (scores[0] + scores[1]) / 2
    assert scores[0] < limit < scores[1]

    cells = read_image(SMEAR, replace_cell_score(shipped_engine, limit)).cells

    certain = [cell.box for cell in usual if cell.cell_score >= limit]
    assert [cell.box for cell in cells[:3]] == certain
    assert cells[3].cell_score == scores[0]
    assert cells[3].disposition == "unidentified"
    assert cells[3].attributes == {}


def test_a_field_of_hardly_any_cells_shows_them_all_and_accepts_none(shipped_engine):
    usual = read_image(SMEAR, shipped_engine).cells
    cells = read_image(SMEAR, replace_cell_score(shipped_engine, 1.1)).cells
    assert [cell.box for cell in cells] == [cell.box for cell in usual]
    assert {cell.disposition for cell in cells} == {"unidentified"}


def replace_cell_score(engine, score):
    return replace(engine, thresholds=replace(engine.thresholds, cell_score=score))
