"""Pictures that are no blood film: many, of many kinds, the same on every machine."""

from collections import Counter

import numpy as np

from mlmodels.ml.inference.images import decode_image
from mlmodels.research.robustness.strangers import (
    KINDS,
    all_strangers,
    draw_strangers,
    package_strangers,
)


def test_there_are_at_least_200_with_names_of_their_own():
    names = [s.name for s in all_strangers()]
    assert len(names) >= 200
    assert len(set(names)) == len(names)


def test_every_kind_has_as_many():
    assert set(Counter(s.kind for s in draw_strangers(each=2)).values()) == {2}
    assert {s.kind for s in draw_strangers(each=1)} == set(KINDS)


def test_the_same_seed_draws_the_same_pictures():
    pairs = zip(draw_strangers(each=1), draw_strangers(each=1), strict=True)
    assert all((one.rgb == other.rgb).all() for one, other in pairs)


def test_another_seed_draws_other_pictures():
    pairs = zip(draw_strangers(each=1), draw_strangers(each=1, seed=1), strict=True)
    assert all(
        one.rgb.shape != other.rgb.shape or (one.rgb != other.rgb).any() for one, other in pairs
    )


def test_the_file_of_a_picture_has_its_pixels():
    stranger = next(draw_strangers(each=1))
    assert stranger.rgb.dtype == np.uint8
    assert (decode_image(stranger.png()) == stranger.rgb).all()


def test_packages_that_are_required_ship_pictures():
    assert {s.kind for s in package_strangers()} == {"package"}
