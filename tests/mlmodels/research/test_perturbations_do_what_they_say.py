"""Each perturbation against numbers worked out by hand."""

import numpy as np
import pytest

from mlmodels.ml.errors import RejectedImage
from mlmodels.ml.pictures.reading import decode_image
from mlmodels.research.robustness.perturbations import (
    PERTURBATIONS,
    brightness,
    defocus,
    in_linear_light,
    perturbed_bytes,
    scaled,
    sensor_noise,
    temperature_gains,
    turned,
)
from tests.drawn_cells import draw_smear, encode

BY_NAME = {p.name: p for p in PERTURBATIONS}


def even(level, height=40, width=60):
    return np.full((height, width, 3), level, np.uint8)


def changed(name, rgb, seed=0):
    return decode_image(perturbed_bytes(encode(rgb, "PNG"), BY_NAME[name], seed=seed))


def test_a_point_out_of_focus_becomes_an_even_disc():
    point = even(0)
    point[20, 30] = 255
    # Radius 1: the middle weighs 1, its four neighbours 1.5 - 1 = 0.5, the corners, 1.414 px
    # away, 0.086. Together 3.343: 255 / 3.343 is 76.3, half of it 38.1, 0.086 of it 6.5.
    blurred = defocus(point, 1.0)
    assert blurred[20, 30, 0] == 76
    assert blurred[20, 31, 0] == blurred[19, 30, 0] == 38
    assert blurred[19, 29, 0] == 7
    assert blurred[20, 32, 0] == 0


def test_an_even_picture_stays_even_out_of_focus():
    assert (defocus(even(77), 6.0) == 77).all()


def test_brightness_multiplies_stored_values_and_cuts_at_255():
    assert brightness(even(100), 1.3)[0, 0, 0] == 130
    assert brightness(even(200), 1.3)[0, 0, 0] == 255
    assert brightness(even(100), 0.7)[0, 0, 0] == 70


def test_half_of_the_light_of_middle_grey_is_137_levels():
    # 188 is 0.5028 of white's light (IEC 61966-2-1); half of it, 0.2514, is level 137.
    assert in_linear_light(even(188), (0.5, 1.0, 1.0))[0, 0].tolist() == [137, 188, 188]


def test_a_warm_lamp_takes_blue_away_and_a_cool_one_red():
    red, green, blue = temperature_gains(3500)
    assert red == 1.0
    assert red > green > blue > 0
    red, green, blue = temperature_gains(9000)
    assert blue == 1.0
    assert blue > green > red > 0


def test_the_cameras_own_temperature_changes_nothing():
    assert temperature_gains(6500) == pytest.approx((1, 1, 1))


def test_without_white_balance_the_picture_is_green():
    red, green, blue = changed("white_balance_off", even(188))[0, 0].tolist()
    # Half of the light is level 137, two thirds of it (0.3352) level 157.
    assert (red, green, blue) == (137, 188, 157)


def test_scaling_changes_both_sides():
    assert scaled(even(9), 0.5).shape == (20, 30, 3)
    assert scaled(even(9), 2.0).shape == (80, 120, 3)
    assert scaled(even(9, 1, 1), 0.5).shape == (1, 1, 3)


def test_a_quarter_turn_goes_anticlockwise():
    picture = even(0)
    picture[0, -1] = 255
    quarter = changed("turned_90", picture)
    assert quarter.shape == (60, 40, 3)
    assert quarter[0, 0, 0] == 255


def test_a_turned_picture_keeps_its_size_and_its_middle():
    picture = even(200, 41, 61)
    picture[20, 30] = 0
    odd = turned(picture, 37.0)
    assert odd.shape == picture.shape
    assert odd[20, 30, 0] == 0
    assert odd[0, 0, 0] == 200
    assert turned(picture, 37.0, black_corners=True)[0, 0, 0] == 0


def test_noise_has_the_deviation_that_is_stated():
    rng = np.random.default_rng(1)
    noisy = sensor_noise(even(120, 300, 300), rng, read=3.0, shot_share=0.3).astype(float)
    # The root of 3 squared and 0.3 times 120 is 6.71.
    assert noisy.std() == pytest.approx(6.71, abs=0.05)
    assert noisy.mean() == pytest.approx(120, abs=0.05)


def test_the_same_seed_and_picture_give_the_same_bytes():
    data = encode(draw_smear(), "PNG")
    noise = BY_NAME["noise"]
    assert perturbed_bytes(data, noise, seed=1) == perturbed_bytes(data, noise, seed=1)
    assert perturbed_bytes(data, noise, seed=1) != perturbed_bytes(data, noise, seed=2)


def test_jpeg_30_is_a_small_jpeg_and_the_others_lose_nothing():
    data = encode(draw_smear(), "PNG")
    assert perturbed_bytes(data, BY_NAME["jpeg_30"])[:2] == b"\xff\xd8"
    assert perturbed_bytes(data, BY_NAME["darker"])[:2] == b"BM"
    assert (changed("darker", draw_smear()) == brightness(draw_smear(), 0.7)).all()


@pytest.mark.parametrize("perturbation", PERTURBATIONS, ids=lambda p: p.name)
def test_every_perturbation_changes_a_smear_into_a_readable_picture(perturbation):
    smear = draw_smear()
    after = changed(perturbation.name, smear)
    assert after.dtype == np.uint8
    assert after.shape != smear.shape or (after != smear).any()


def test_what_is_no_picture_is_refused():
    with pytest.raises(RejectedImage):
        perturbed_bytes(b"no picture", BY_NAME["darker"])
