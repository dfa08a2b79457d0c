"""States, counts and labels beside images and samples, after all that can happen to them."""

import pytest
from django.core.management import CommandError, call_command

from predictions.models import (
    Cell,
    CellFeatures,
    ClassificationJob,
    DailyCells,
    ImageLabel,
    Sample,
    SmearImage,
)
from predictions.services.imaging import jobs
from predictions.services.imaging.jobs import request_rerun
from predictions.services.review.reviews import review_cell
from tests.factories.images import make_image, make_sample
from tests.factories.results import fail_image, make_cell, record_result

UNSURE: dict[str, object] = {"disposition": "review"}
UNNAMED: dict[str, object] = {"disposition": "unidentified"}


pytestmark = pytest.mark.usefixtures("summaries_hold")


def labels_of(image: SmearImage) -> dict[str, int]:
    return dict(ImageLabel.objects.filter(image=image).values_list("code", "cells"))


def counts_of(sample: Sample) -> tuple[int, int, int, int, int]:
    sample.refresh_from_db()
    return (
        sample.images_count,
        sample.images_unfinished,
        sample.images_failed,
        sample.cells_found,
        sample.cells_to_review,
    )


def claimed(image: SmearImage) -> jobs.Claim:
    held = jobs.claim(image.jobs.get().pk)
    assert held is not None
    return held


def test_an_upload_is_counted_as_unfinished(technician):
    sample = make_sample(technician)
    image = make_image(technician, sample)
    image.refresh_from_db()
    assert counts_of(sample) == (1, 1, 0, 0, 0)
    assert (image.status, image.newest_job) == ("queued", image.jobs.get())
    assert image.laboratory == technician.laboratory
    assert image.uploaded_on == technician.laboratory.today


def test_a_claim_and_its_release_show_on_the_image(technician):
    image = make_image(technician)
    held = claimed(image)
    image.refresh_from_db()
    assert image.status == "running"
    assert jobs.release(held)
    image.refresh_from_db()
    assert image.status == "queued"


def test_a_result_is_counted_by_label(technician, model):
    sample = make_sample(technician)
    image = record_result(make_image(technician, sample), {}, {}, UNSURE, UNNAMED)
    image.refresh_from_db()
    assert (image.status, image.cells_found) == ("succeeded", 4)
    assert image.newest_result == image.newest_job
    assert labels_of(image) == {"neutrophil": 3, "unidentified": 1}
    assert counts_of(sample) == (1, 0, 0, 4, 2)
    days = DailyCells.objects.values_list("code", "cells", "accepted")
    assert sorted(days) == [("neutrophil", 3, 2), ("unidentified", 1, 0)]


def test_a_failure_is_counted_and_a_rerun_takes_it_back(technician):
    sample = make_sample(technician)
    image = fail_image(make_image(technician, sample))
    assert counts_of(sample) == (1, 0, 1, 0, 0)
    request_rerun(actor=technician, image_id=image.pk)
    assert counts_of(sample) == (1, 1, 0, 0, 0)


def test_a_second_result_takes_the_place_of_the_first(technician, doctor, model):
    sample = make_sample(technician)
    image = record_result(make_image(technician, sample), {}, UNSURE, {"label": "monocyte"})
    cell = image.cells.get(position=2)
    review_cell(actor=doctor, cell_id=cell.pk, label="blast", seen_number=0)
    assert labels_of(image) == {"neutrophil": 1, "blast": 1, "monocyte": 1}
    request_rerun(actor=technician, image_id=image.pk, confirmed=True)
    image.refresh_from_db()
    assert (image.status, image.cells_found) == ("queued", 3)
    record_result(image, UNNAMED)
    image.refresh_from_db()
    # The doctor's blast is not found again, and stays.
    assert labels_of(image) == {"unidentified": 1, "blast": 1}
    assert counts_of(sample) == (1, 0, 0, 2, 1)
    counted = DailyCells.objects.exclude(cells=0).values_list("code", "cells")
    assert list(counted) == [("unidentified", 1)]


def test_a_rerun_that_fails_leaves_the_older_result(technician):
    image = record_result(make_image(technician), {})
    request_rerun(actor=technician, image_id=image.pk)
    fail_image(image)
    image.refresh_from_db()
    assert (image.status, image.cells_found) == ("failed", 1)
    assert image.newest_result != image.newest_job
    assert labels_of(image) == {"neutrophil": 1}


def test_reviews_move_cells_between_labels(technician, doctor):
    sample = make_sample(technician)
    image = record_result(make_image(technician, sample), UNNAMED, UNNAMED, UNSURE)
    first, second, third = image.cells.order_by("position")
    assert counts_of(sample)[-1] == 3
    review_cell(actor=doctor, cell_id=first.pk, label="blast", seen_number=0)
    review_cell(actor=doctor, cell_id=second.pk, label="neutrophil", seen_number=0)
    review_cell(actor=doctor, cell_id=third.pk, label="neutrophil", seen_number=0)
    review_cell(actor=doctor, cell_id=third.pk, label="monocyte", seen_number=1)
    assert labels_of(image) == {"blast": 1, "neutrophil": 1, "monocyte": 1}
    assert counts_of(sample)[-1] == 0
    third.refresh_from_db()
    assert (third.present_label, third.last_review_number) == ("monocyte", 2)


def test_features_are_kept_with_the_version_that_made_them(technician, model):
    image = make_image(technician)
    held = claimed(image)
    cells = [make_cell(image, n, job_id=held.job_id) for n in (1, 2)]
    jobs.record([jobs.Result(held, cells=cells, features=[b"ab", b"cd"])])
    kept = CellFeatures.objects.order_by("cell__position")
    assert [bytes(row.values) for row in kept] == [b"ab", b"cd"]
    assert {row.model_version for row in kept} == {model}


def test_what_does_not_follow_is_named_and_repaired(technician, doctor, model, capsys):
    image = record_result(make_image(technician), {}, UNSURE)
    review_cell(actor=doctor, cell_id=image.cells.get(position=1).pk, label="blast", seen_number=0)
    Sample.objects.update(cells_found=7)
    SmearImage.objects.update(status="failed", cells_found=None)
    Cell.objects.update(present_label="monocyte", last_review_number=0)
    ImageLabel.objects.update(cells=9)
    DailyCells.objects.update(cells=5)
    with pytest.raises(CommandError, match="are not what their rows say"):
        call_command("verify_summaries")
    told = capsys.readouterr().out
    for word in ("cells_found is 7", "status is failed", "monocyte", "labels", "day "):
        assert word in told
    call_command("verify_summaries", repair=True)
    call_command("verify_summaries")
    assert "Every summary is what its rows say." in capsys.readouterr().out
    assert labels_of(image) == {"blast": 1, "neutrophil": 1}


def test_a_job_that_nobody_holds_is_given_up_on_the_image_too(technician, settings):
    image = make_image(technician)
    ClassificationJob.objects.update(attempts=settings.JOB_MAX_ATTEMPTS)
    assert jobs.give_up(image.jobs.get())
    image.refresh_from_db()
    assert image.status == "failed"
