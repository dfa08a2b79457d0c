"""Who may ask for a training, on what, and what is written down of it."""

import uuid

import pytest

from accounts.errors import AccessDenied
from accounts.models import AuditAction, AuditEvent, Role
from mlmodels.errors import TrainingRefused, TrainingRunNotFound
from mlmodels.models import TrainingRun
from mlmodels.services.training import claims, requests
from tests.factories.datasets import make_dataset
from tests.factories.people import make_user
from tests.factories.training import claimed

RECIPE = "own_cells_small"


@pytest.fixture
def dataset(admin):
    return make_dataset(admin, train=1, validation=1, test=1)


def ask(actor, dataset, **changed):
    asked = {"dataset_id": dataset.pk, "recipe": RECIPE, "epochs": 2, "seed": 5, **changed}
    return requests.request_training(actor=actor, **asked)


def test_a_run_keeps_all_that_decides_its_numbers(admin, dataset):
    run = ask(admin, dataset)
    assert (run.status, run.kind, run.epochs, run.seed) == ("queued", "training", 2, 5)
    assert "own_cells_small" in run.recipe_text
    assert run.provenance["dataset_sha256"] == dataset.manifest_sha256
    assert len(run.provenance["recipe_sha256"]) == 64


def test_asking_is_in_the_audit_trail(admin, dataset):
    run = ask(admin, dataset)
    event = AuditEvent.objects.get(action=AuditAction.TRAINING_REQUESTED)
    assert (event.actor, event.object_id) == (admin, str(run.pk))
    assert event.changes["recipe"] == [None, RECIPE]


@pytest.mark.parametrize("who", ["technician", "doctor"])
def test_only_an_admin_asks_cancels_and_resumes(who, request, admin, dataset):
    run, other = ask(admin, dataset), request.getfixturevalue(who)
    with pytest.raises(AccessDenied):
        ask(other, dataset)
    with pytest.raises(AccessDenied):
        requests.cancel_run(actor=other, run_id=run.pk)
    with pytest.raises(AccessDenied):
        requests.resume_run(actor=other, run_id=run.pk)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"recipe": "mobilenet_v2"}, "recipe"),
        ({"recipe": "../../etc/passwd"}, "recipe"),
        ({"epochs": 0}, "epochs"),
        ({"epochs": 201}, "epochs"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**31}, "seed"),
        ({"dataset_id": uuid.UUID(int=1)}, "dataset"),
    ],
)
def test_what_cannot_be_trained_is_refused_with_a_sentence(admin, dataset, changed, field):
    with pytest.raises(TrainingRefused) as refusal:
        ask(admin, dataset, **changed)
    assert list(refusal.value.fields) == [field]
    assert not TrainingRun.objects.exists()


def test_a_dataset_that_is_not_frozen_trains_nothing(admin):
    dataset = make_dataset(admin, freeze=False, train=1, validation=1, test=1)
    with pytest.raises(TrainingRefused, match="frozen"):
        ask(admin, dataset)


def test_what_is_another_laboratorys_does_not_exist(admin, dataset, other_laboratory):
    run, stranger = ask(admin, dataset), make_user(other_laboratory, Role.ADMIN)
    with pytest.raises(TrainingRefused, match="no such dataset"):
        ask(stranger, dataset)
    with pytest.raises(TrainingRunNotFound):
        requests.cancel_run(actor=stranger, run_id=run.pk)
    with pytest.raises(TrainingRunNotFound):
        requests.resume_run(actor=stranger, run_id=run.pk)


def test_a_queued_run_is_cancelled_at_once_and_nobody_can_claim_it(admin, dataset):
    run = requests.cancel_run(actor=admin, run_id=ask(admin, dataset).pk)
    assert run.status == "cancelled"
    assert run.finished_at
    assert claims.claim(run.pk) is None
    told = AuditEvent.objects.filter(object_id=str(run.pk)).values_list("action", flat=True)
    assert {"training_cancelled", "training_ended"} <= set(told)


def test_a_running_run_is_told_to_end(admin, dataset):
    held = claimed(ask(admin, dataset))
    run = requests.cancel_run(actor=admin, run_id=held.run.pk)
    assert run.status == "running"
    assert claims.is_to_be_cancelled(held) is True
    assert claims.end_cancelled(held)
    run.refresh_from_db()
    assert run.status == "cancelled"


def test_an_ended_run_cannot_be_cancelled_and_only_an_ended_one_goes_on(admin, dataset):
    run = ask(admin, dataset)
    with pytest.raises(TrainingRefused, match="go on"):
        requests.resume_run(actor=admin, run_id=run.pk)
    requests.cancel_run(actor=admin, run_id=run.pk)
    with pytest.raises(TrainingRefused, match="been cancelled already"):
        requests.cancel_run(actor=admin, run_id=run.pk)
    resumed = requests.resume_run(actor=admin, run_id=run.pk)
    assert (resumed.status, resumed.attempts, resumed.cancel_requested_at) == ("queued", 0, None)
    assert claims.claim(run.pk)
