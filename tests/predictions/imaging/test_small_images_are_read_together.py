"""Small images that wait beside one are claimed, read and recorded with it; each by itself."""

from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import IntegrityError, OperationalError, connection

from accounts.models import AuditAction, AuditEvent
from predictions.errors import StorageUnavailable
from predictions.models import ClassificationJob, SmearImage
from predictions.services.imaging import jobs
from predictions.services.imaging.run_classification import classify_image
from tests.at_once import at_once
from tests.factories.images import make_image, make_sample
from tests.factories.results import make_cell

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("model")]


def make_jobs(technician, count: int) -> list[ClassificationJob]:
    sample = make_sample(technician)
    return [make_image(technician, sample).jobs.get() for _ in range(count)]


def claimed(job: ClassificationJob) -> jobs.Claim:
    held = jobs.claim(job.pk)
    assert held is not None
    return held


def statuses(waiting: list[ClassificationJob]) -> list[str]:
    rows = ClassificationJob.objects.in_bulk([job.pk for job in waiting])
    return [rows[job.pk].status for job in waiting]


def test_one_message_is_enough_for_all_that_wait(technician):
    waiting = make_jobs(technician, 5)
    classify_image(job_id=waiting[2].pk)
    assert statuses(waiting) == ["succeeded"] * 5
    assert set(ClassificationJob.objects.values_list("attempts", flat=True)) == {1}
    told = AuditEvent.objects.filter(action=AuditAction.IMAGE_CLASSIFIED)
    assert {event.object_id for event in told} == {str(job.image_id) for job in waiting}


def test_a_message_that_comes_afterwards_changes_nothing(technician):
    waiting = make_jobs(technician, 3)
    classify_image(job_id=waiting[0].pk)
    before = list(ClassificationJob.objects.order_by("pk").values())
    for job in waiting:
        classify_image(job_id=job.pk)
    assert list(ClassificationJob.objects.order_by("pk").values()) == before


def test_half_of_what_waits_is_left_for_another_process(technician):
    first, *waiting = make_jobs(technician, 7)
    held = claimed(first)
    taken = jobs.claim_more(held, 8)
    assert [claim.job_id for claim in taken] == [job.pk for job in waiting[:3]]
    assert SmearImage.objects.filter(status="running").count() == 4


def test_a_job_that_was_tried_before_is_read_alone(technician):
    first, tried = make_jobs(technician, 2)
    assert jobs.release(claimed(tried))
    assert jobs.claim_more(claimed(first), 8) == []


def test_a_large_image_is_read_alone(technician):
    small, large = make_jobs(technician, 2)
    SmearImage.objects.filter(pk=large.image_id).update(size_bytes=jobs.SMALL_BYTES + 1)
    assert jobs.claim_more(claimed(small), 8) == []


def test_images_of_another_laboratory_are_left_to_their_own_message(technician, other_technician):
    [first] = make_jobs(technician, 1)
    [other] = make_jobs(other_technician, 1)
    classify_image(job_id=first.pk)
    assert statuses([first, other]) == ["succeeded", "queued"]


def test_what_cannot_be_read_fails_alone(technician):
    waiting = make_jobs(technician, 3)
    original = Path(settings.MEDIA_ROOT) / waiting[1].image.original
    original.chmod(0o600)
    original.write_bytes(b"something else")
    classify_image(job_id=waiting[0].pk)
    assert statuses(waiting) == ["succeeded", "failed", "succeeded"]


def test_a_result_whose_fence_is_old_is_left_out_of_the_record(technician):
    first, second = make_jobs(technician, 2)
    held = claimed(first)
    late = claimed(second)
    ClassificationJob.objects.filter(pk=second.pk).update(fence=late.fence + 1)
    stored = jobs.record([jobs.Result(held, []), jobs.Result(late, [])])
    assert stored == [held]
    assert statuses([first, second]) == ["succeeded", "running"]


def test_the_chain_of_a_batch_holds(technician):
    classify_image(job_id=make_jobs(technician, 4)[0].pk)
    call_command("verify_audit")


@pytest.mark.django_db(transaction=True)
def test_processes_that_claim_at_once_share_what_waits(technician):
    first, *_ = make_jobs(technician, 9)
    held = claimed(first)
    taken = [
        claim.job_id for part in at_once(4, lambda _: jobs.claim_more(held, 8)) for claim in part
    ]
    assert len(taken) == len(set(taken))
    assert connection.vendor != "sqlite" or len(taken) == 8


def test_a_record_takes_a_fixed_number_of_queries(technician, django_assert_max_num_queries):
    held = [claimed(job) for job in make_jobs(technician, 6)]
    with django_assert_max_num_queries(20):
        assert len(jobs.record([jobs.Result(each, []) for each in held])) == 6


def test_a_job_on_its_second_attempt_takes_no_other_along(technician):
    tried, other = make_jobs(technician, 2)
    assert jobs.release(claimed(tried))
    classify_image(job_id=tried.pk)
    assert statuses([tried, other]) == ["succeeded", "queued"]


def test_what_the_storage_does_not_give_now_waits_alone(technician):
    # The last is left to another process.
    *waiting, _ = make_jobs(technician, 4)
    original = Path(settings.MEDIA_ROOT) / waiting[1].image.original
    original.unlink()
    original.mkdir()
    with pytest.raises(StorageUnavailable):
        classify_image(job_id=waiting[0].pk)
    assert statuses(waiting) == ["succeeded", "queued", "succeeded"]


def test_a_result_that_cannot_be_stored_fails_alone(technician):
    *waiting, _ = make_jobs(technician, 4)
    # A cell at the place that the result's first cell will want.
    make_cell(waiting[1].image, 1, job=waiting[1]).save()
    with pytest.raises(IntegrityError):
        classify_image(job_id=waiting[0].pk)
    assert statuses(waiting) == ["succeeded", "failed", "succeeded"]
    assert ClassificationJob.objects.get(pk=waiting[1].pk).error_code == "unexpected"


def test_a_database_that_gives_no_more_jobs_costs_none_that_is_held(technician):
    waiting = make_jobs(technician, 3)

    def fail_to_find_more(execute, sql, *rest):
        if '"size_bytes" <=' in sql:
            raise OperationalError("deadlock detected")
        return execute(sql, *rest)

    with connection.execute_wrapper(fail_to_find_more):
        classify_image(job_id=waiting[0].pk)
    assert statuses(waiting) == ["succeeded", "queued", "queued"]
