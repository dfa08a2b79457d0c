"""Focus, pixels and light of a photograph: what cannot be named from it is said before it is."""

import cv2
import numpy as np
import pytest

from mlmodels.ml.inference.calibration import ACCEPTED, REVIEW
from mlmodels.ml.inference.crops import Box
from mlmodels.ml.inference.finding.exposure import exposure_of
from mlmodels.ml.inference.finding.localize import locate
from mlmodels.ml.inference.finding.photograph import (
    LOW_RESOLUTION,
    OUT_OF_FOCUS,
    OVEREXPOSED,
    UNDEREXPOSED,
    judge_photograph,
)
from mlmodels.ml.inference.finding.sharpness import edge_width, edges_of
from mlmodels.ml.inference.pipeline import read_box, read_pixels
from tests.drawn_cells import draw_smear, encode
from tests.tiled_fields import wide_drawing

WHOLE = (slice(None), slice(None))


@pytest.fixture(scope="module")
def film() -> np.ndarray:
    """A drawn field with one cell that the shipped version accepts."""
    return draw_smear(seed=6, centres=[(320, 240)], width=640, height=480, lobed=True)


def lit(rgb: np.ndarray, gain: float) -> np.ndarray:
    """Its levels times a gain, cut at 255."""
    return np.clip(rgb * gain, 0, 255).astype(np.uint8)


def blurred(rgb: np.ndarray, sigma_px: float) -> np.ndarray:
    """Out of focus."""
    return cv2.GaussianBlur(rgb, (0, 0), sigma_px)


def code_of(rgb: np.ndarray) -> str:
    """What is wrong with it."""
    return judge_photograph(rgb, locate(rgb)).code


@pytest.mark.parametrize("sigma_px", [1.5, 3.0, 5.0])
def test_an_edge_is_as_wide_as_its_blur(sigma_px):
    step = np.full((360, 360, 3), 235, np.uint8)
    step[:, 180:] = 90
    width = edge_width(edges_of(locate(blurred(step, sigma_px)), WHOLE))
    assert width == pytest.approx(sigma_px, rel=0.15)


def test_a_picture_without_edges_has_no_width():
    assert np.isnan(edge_width(edges_of(locate(np.full((90, 90, 3), 230, np.uint8)), WHOLE)))


def test_a_nucleus_without_hue_counts_as_clipped_and_one_without_red_does_not():
    rgb = np.full((360, 360, 3), 230, np.uint8)
    cv2.circle(rgb, (100, 180), 40, (255, 60, 255), -1)
    cv2.circle(rgb, (260, 180), 40, (110, 60, 255), -1)
    seen = locate(rgb)
    clipped = exposure_of(rgb, seen).clipped
    by_place = {round(n.centre[0]): share for n, share in zip(seen.nuclei, clipped, strict=True)}
    assert by_place[min(by_place)] > 0.9
    assert by_place[max(by_place)] == 0


@pytest.mark.parametrize(
    "drawn",
    [
        {"seed": 1},
        {"seed": 2, "cells": 4, "lobed": True},
        {"seed": 3, "cells": 2, "width": 240, "height": 180},
        {"seed": 4, "cells": 0},
    ],
)
def test_a_clean_field_is_not_doubted(drawn):
    rgb = draw_smear(**drawn)
    judged = judge_photograph(rgb, locate(rgb))
    assert (judged.code, judged.sentence, set(judged.of_cells) - {""}) == ("", "", set())


def test_a_wide_field_is_not_doubted_and_a_blurred_one_is():
    rgb, _ = wide_drawing(4, 1200)
    assert code_of(rgb) == ""
    assert code_of(blurred(rgb, 3)) == OUT_OF_FOCUS


@pytest.mark.parametrize("quality", [30, 75])
def test_neither_jpeg_nor_noise_makes_a_field_soft_or_a_soft_one_sharp(film, quality):
    noise = np.random.default_rng(0).normal(0, 4, film.shape)
    for rgb, code in ((film, ""), (blurred(film, 6), OUT_OF_FOCUS)):
        noisy = np.clip(rgb + noise, 0, 255).astype(np.uint8)
        packed = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        assert code_of(np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR))) == code


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        (lambda rgb: blurred(rgb, 8), OUT_OF_FOCUS, "Focus and photograph this field again."),
        (
            lambda rgb: cv2.resize(rgb, (64, 48), interpolation=cv2.INTER_AREA),
            LOW_RESOLUTION,
            "do not shrink the file",
        ),
        (lambda rgb: lit(rgb, 1.8), OVEREXPOSED, "Lower the light"),
        (lambda rgb: lit(rgb, 0.25), UNDEREXPOSED, "Raise the light"),
    ],
)
def test_a_bad_photograph_says_what_to_do_and_nothing_of_it_is_accepted(
    film, shipped_engine, change, code, says
):
    assert [cell.disposition for cell in read_pixels(film, shipped_engine).cells] == [ACCEPTED]
    found = read_pixels(change(film), shipped_engine)
    assert found.photograph_again == code
    assert ACCEPTED not in {cell.disposition for cell in found.cells}
    judged = judge_photograph(change(film), locate(change(film)))
    assert says in judged.sentence
    assert any(character.isdigit() for character in judged.sentence)


def test_a_small_picture_enlarged_again_is_soft(film):
    small = cv2.resize(film, (64, 48), interpolation=cv2.INTER_AREA)
    assert code_of(cv2.resize(small, (640, 480), interpolation=cv2.INTER_CUBIC)) == OUT_OF_FOCUS


def test_the_same_blur_harms_a_large_cell_less(film):
    large = cv2.resize(film, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    assert code_of(blurred(film, 4)) == OUT_OF_FOCUS
    assert code_of(blurred(large, 4)) == ""


def test_one_cell_out_of_focus_is_held_back_alone(shipped_engine):
    places = [(160, 240), (480, 240)]
    rgb = draw_smear(seed=6, centres=places, width=640, height=480, lobed=True)
    rgb[140:340, 380:580] = blurred(rgb, 7)[140:340, 380:580]
    found = read_pixels(rgb, shipped_engine)
    reasons = {cell.box.x > 320: cell.reason for cell in found.cells}
    assert found.photograph_again == ""
    assert reasons == {False: "", True: OUT_OF_FOCUS}


def test_a_cell_whose_box_was_drawn_is_held_back_by_its_photograph_too(film, shipped_engine):
    box = Box(275, 195, 90, 90)
    assert read_box(encode(film, "PNG"), box, shipped_engine).disposition == ACCEPTED
    cell = read_box(encode(blurred(film, 8), "PNG"), box, shipped_engine)
    assert cell.reason == OUT_OF_FOCUS
    assert cell.disposition != ACCEPTED


def test_what_a_photograph_holds_back_is_proposed_and_not_lost(film, shipped_engine):
    (cell,) = read_pixels(blurred(film, 4), shipped_engine).cells
    assert (cell.disposition, cell.reason) == (REVIEW, OUT_OF_FOCUS)


def test_black_corners_are_no_sharp_edges(film):
    soft = blurred(film, 8)
    matrix = cv2.getRotationMatrix2D((320, 240), 30, 1.0)
    assert code_of(cv2.warpAffine(soft, matrix, (640, 480))) == OUT_OF_FOCUS
