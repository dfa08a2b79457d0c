"""Crops of a training take the colours of other cameras; the cell's shape stays where it is."""

import numpy as np

from mlmodels.ml.inference.crops import CropRule
from mlmodels.ml.training.augment import augment
from mlmodels.ml.training.recipe import Augmentation

STILL = Augmentation(
    zoom=0, shift=0, colour=0, light=0, blur=0, cut=0, noise=0, tint=0, grey=0, overexposed=0
)


def drawn(mean_lab=None, **changes):
    wide = np.full((64, 64, 3), (230, 210, 230), np.uint8)
    wide[20:44, 20:44] = (110, 60, 150)
    strengths = Augmentation(**{**STILL.__dict__, **changes})
    rng = np.random.default_rng(3)
    rule = CropRule(1.9, 64, mean_lab)
    return np.stack([augment(wide, 1.0, rule, strengths, rng) for _ in range(60)]).astype(int)


def test_a_tint_moves_whole_crops_apart():
    spread_of_means = drawn(tint=1.0).mean(axis=(1, 2)).std(axis=0)
    assert (drawn().mean(axis=(1, 2)).std(axis=0) < 3).all()
    assert (spread_of_means > 5).all()


def test_a_grey_crop_has_lost_colour_and_no_other_has():
    def colour(crops):
        return (crops.max(axis=3) - crops.min(axis=3)).mean(axis=(1, 2))

    kept = colour(drawn())
    assert (colour(drawn(grey=1.0)) < 0.8 * kept.mean()).mean() > 0.8
    assert np.allclose(colour(drawn(grey=0.0)), kept)


def test_too_much_light_leaves_dark_parts_and_blows_out_pale_ones():
    def colour_of(crops, part):
        return np.ptp(crops[:, part, part], axis=-1).mean(axis=(1, 2))

    kept, blown = drawn(), drawn(overexposed=1.0)
    pale, dark = slice(16, 20), slice(28, 36)
    assert (colour_of(blown, pale) < colour_of(kept, pale).min()).mean() > 0.5
    assert (colour_of(blown, dark) >= colour_of(kept, dark).min()).all()
    assert blown.max() <= 235


def test_centred_crops_have_one_mean_colour_and_no_others_have():
    mean = (190.0, 140.0, 118.0)
    free = drawn(tint=0.5, mean_lab=mean)
    held = drawn(tint=0.5, mean_lab=mean, centred=1.0)
    assert (free.mean(axis=(1, 2)).std(axis=0) > 3).all()
    assert (held.mean(axis=(1, 2)).std(axis=0) < 2).all()
