"""A run is one process's at a time; what is stale is sent again."""

from datetime import timedelta

import pytest
from django.utils import timezone

from mlmodels.models import TrainingRun
from mlmodels.services import sweep
from mlmodels.services.training import claims, requests
from tests.factories.datasets import make_dataset
from tests.factories.training import claimed

EPOCH = {
    "position": 1,
    "stage": "own cells",
    "epoch": 1,
    "loss": 0.5,
    "accuracy": 0.75,
    "seconds": 2.0,
}


@pytest.fixture
def run(admin):
    dataset = make_dataset(admin, train=1, validation=1, test=0)
    return requests.request_training(
        actor=admin, dataset_id=dataset.pk, recipe="own_cells_small", epochs=1, seed=1
    )


def change(run, **values):
    TrainingRun.objects.filter(pk=run.pk).update(**values)


def end_lease(run):
    change(run, lease_until=timezone.now() - timedelta(seconds=1))


def test_of_two_workers_one_holds_the_run(run):
    assert claims.claim(run.pk)
    assert claims.claim(run.pk) is None


def test_a_worker_whose_lease_ended_writes_nothing_any_more(run):
    late = claimed(run)
    end_lease(run)
    present = claimed(run)
    assert present.fence == late.fence + 1
    assert not claims.renew(late)
    assert not claims.tell(late, progress={"epoch": 9})
    assert not claims.add_epochs(late, [EPOCH])
    assert not claims.fail(late, code="x", sentence="x")
    assert not claims.end_cancelled(late)
    assert not claims.release(late, counts=True)
    assert claims.is_to_be_cancelled(late) is None
    run.refresh_from_db()
    assert (run.status, run.progress, run.epochs_done.count()) == ("running", {}, 0)


def test_an_epoch_is_kept_once(run):
    held = claimed(run)
    for _ in range(2):
        assert claims.add_epochs(held, [EPOCH])
    assert run.epochs_done.count() == 1


def test_a_run_that_is_held_is_left_alone(run):
    claims.claim(run.pk)
    assert sweep.sweep() == 0


def test_a_run_whose_worker_is_gone_is_sent_again_at_once(run):
    claims.claim(run.pk)
    end_lease(run)
    assert sweep.training_runs() == 1
    assert sweep.training_runs() == 0


def test_a_lost_message_is_sent_again_later(run):
    assert sweep.training_runs() == 0
    long_ago = timezone.now() - timedelta(minutes=2)
    change(run, created_at=long_ago, last_sent_at=long_ago)
    assert sweep.training_runs() == 1


def test_a_run_without_attempts_left_fails_with_a_sentence(run, settings):
    claims.claim(run.pk)
    end_lease(run)
    change(run, attempts=settings.JOB_MAX_ATTEMPTS)
    assert sweep.training_runs() == 0
    run.refresh_from_db()
    assert (run.status, run.error_code) == ("failed", "too_many_attempts")
    assert "Resume it" in run.error


def test_a_cancelled_run_whose_worker_is_gone_is_ended_by_the_sweep(run, admin):
    claims.claim(run.pk)
    requests.cancel_run(actor=admin, run_id=run.pk)
    end_lease(run)
    assert sweep.training_runs() == 0
    run.refresh_from_db()
    assert run.status == "cancelled"


def test_a_run_that_its_worker_gives_back_costs_no_attempt(run):
    held = claimed(run)
    assert claims.release(held, counts=False)
    run.refresh_from_db()
    assert (run.status, run.attempts) == ("queued", 0)
    assert sweep.training_runs() == 1
