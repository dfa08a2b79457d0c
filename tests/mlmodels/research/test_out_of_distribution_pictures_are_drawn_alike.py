"""Pictures that are no blood film: many, of many kinds, the same on every machine."""

from collections import Counter

import numpy as np
import pytest

from mlmodels.ml.pictures.reading import decode_image
from mlmodels.research.robustness.out_of_distribution import (
    KINDS,
    all_out_of_distribution,
    draw_out_of_distribution,
    package_pictures,
)


@pytest.mark.slow
def test_there_are_at_least_200_with_names_of_their_own():
    names = [s.name for s in all_out_of_distribution()]
    assert len(names) >= 200
    assert len(set(names)) == len(names)


def test_every_kind_has_as_many():
    assert set(Counter(s.kind for s in draw_out_of_distribution(each=2)).values()) == {2}
    assert {s.kind for s in draw_out_of_distribution(each=1)} == set(KINDS)


def test_the_same_seed_draws_the_same_pictures():
    pairs = zip(draw_out_of_distribution(each=1), draw_out_of_distribution(each=1), strict=True)
    assert all((one.rgb == other.rgb).all() for one, other in pairs)


def test_another_seed_draws_other_pictures():
    pairs = zip(
        draw_out_of_distribution(each=1), draw_out_of_distribution(each=1, seed=1), strict=True
    )
    assert all(
        one.rgb.shape != other.rgb.shape or (one.rgb != other.rgb).any() for one, other in pairs
    )


def test_the_file_of_a_picture_has_its_pixels():
    picture = next(draw_out_of_distribution(each=1))
    assert picture.rgb.dtype == np.uint8
    assert (decode_image(picture.png()) == picture.rgb).all()


def test_packages_that_are_required_ship_pictures():
    assert {s.kind for s in package_pictures()} == {"package"}
