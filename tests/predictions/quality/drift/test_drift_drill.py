"""The drill: pictures that are shifted in colour are told within that week; others are not.

Drawn smears are read by the real engine, as a worker reads them. They vary between samples in
their cells, in light and in the strength of the stain, as smears do.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest

from mlmodels.models import ImagingProfile
from predictions.models import DriftFinding, SmearImage
from predictions.quality.drift import BASELINE_SAMPLES, BASELINE_WEEKS, LEAST_SAMPLES
from predictions.selectors.quality.weekly_cells import week_of
from predictions.services.imaging.intake import receive_images
from predictions.services.imaging.run_classification import classify_image
from predictions.services.quality.run_drift import watch_profile
from tests.drawn_cells import draw_smear, encode
from tests.factories.images import file_of, make_sample
from tests.factories.profiles import make_profile

A_WEEK = -(-BASELINE_SAMPLES // BASELINE_WEEKS)
DAYS = 5
# A lamp or a stain that turns everything yellow: blue light is lost in the middle tones.
YELLOW = np.array([1.0, 1.0, 2.5])


@pytest.mark.slow
def test_a_profile_shifted_in_colour_is_told_within_the_week_and_another_is_not(
    technician, admin, model, page_as
):
    shifted, steady = make_profile(admin, "Olympus"), make_profile(admin, "Zeiss")
    for weeks_ago in range(BASELINE_WEEKS, 0, -1):
        for profile in (shifted, steady):
            upload_week(technician, profile, weeks_ago, A_WEEK)
    for profile, colour in ((shifted, YELLOW), (steady, None)):
        upload_week(technician, profile, 0, LEAST_SAMPLES + 2, colour)

    for profile in (shifted, steady):
        watch_until_done(profile)

    page = page_as(admin).get("/dashboard/").content.decode()
    assert "Olympus: readings have changed since the week of" in page
    assert "A new stain lot? A new camera?" in page
    assert "Zeiss: readings" not in page
    assert {finding.watch.profile for finding in DriftFinding.objects.all()} == {shifted}


def upload_week(technician, profile, weeks_ago, samples, colour=None) -> None:
    """Samples of a week with one image each, read by the engine that the installation uses."""
    laboratory = technician.laboratory
    monday = week_of(laboratory.today) - timedelta(days=7 * weeks_ago)
    for number in range(samples):
        day = monday + timedelta(days=number % DAYS)
        [received] = receive_images(
            actor=technician,
            sample_id=make_sample(technician).pk,
            files=[file_of(encode(smear(weeks_ago, number, profile, colour), "PNG"))],
            imaging_profile=str(profile.pk),
        )
        image = received.image
        assert image is not None
        at = datetime.combine(day, datetime.min.time(), tzinfo=laboratory.zone)
        SmearImage.objects.filter(pk=image.pk).update(uploaded_at=at, uploaded_on=day)
        classify_image(job_id=image.jobs.get().pk)


def smear(week: int, number: int, profile: ImagingProfile, colour: np.ndarray | None) -> np.ndarray:
    seed = 1000 * week + 10 * number + (profile.name == "Zeiss")
    rng = np.random.default_rng(seed)
    rgb = draw_smear(
        seed=seed, cells=int(rng.integers(2, 5)), width=320, height=240, lobed=rng.random() < 0.8
    )
    light = rng.normal(1, 0.03) * (1 + rng.normal(0, 0.01, 3))
    stain = np.exp(rng.normal(0, 0.08))
    turned = (rgb / 255.0) ** (stain if colour is None else stain * colour)
    return np.clip(255 * turned * light, 0, 255).astype(np.uint8)


def watch_until_done(profile: ImagingProfile) -> None:
    """What the worker does in a night; each message is a few weeks."""
    for _ in range(3):
        watch_profile(laboratory_id=profile.laboratory_id, profile_id=profile.pk)
