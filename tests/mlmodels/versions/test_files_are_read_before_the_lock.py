"""Megabytes of a version are hashed while nobody waits; what changes meanwhile is noticed."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connections, transaction

from accounts.models import Laboratory, User
from hematovision.errors import DomainError
from mlmodels import artifacts
from mlmodels.errors import LedgerMoved, PromotionRefused, ShadowRefused
from mlmodels.models import ModelVersion, Promotion, Shadow
from mlmodels.selectors.versions.active import active_version
from mlmodels.services.versions.promotions import promote, return_to_shipped, roll_back
from mlmodels.services.versions.shadows import start_shadow
from tests.factories.models import make_active, make_candidate, make_gate

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("shipped_version"),
]


class Slow:
    """Something that is done with a version in a thread, and the last of its files half read."""

    def __init__(self, act: Callable[[], object]) -> None:
        self.answer: object = None
        self._act = act
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        try:
            self.answer = self._act()
        except DomainError as error:
            self.answer = error
        finally:
            connections.close_all()

    @contextmanager
    def reading(self, version: ModelVersion) -> Iterator[None]:
        """The last file is a pipe: whoever reads it waits until the body is done."""
        folder = artifacts.model_folder(version)
        last = folder / list(artifacts.sums_of(folder))[-1]
        data = last.read_bytes()
        last.unlink()
        os.mkfifo(last)
        self._thread.start()
        # Returns once the reader has opened its end.
        with last.open("wb") as pipe:
            try:
                yield
            finally:
                pipe.write(data)
        self._thread.join(timeout=30)
        assert not self._thread.is_alive()


@pytest.fixture
def gated(admin, laboratory) -> ModelVersion:
    """A candidate that passed its gate."""
    version = make_candidate(laboratory)
    make_gate(admin, version)
    return version


def others_go_on(laboratory: Laboratory) -> None:
    """The laboratory's row can be locked and changed; on SQLite, any row."""
    with transaction.atomic():
        row = Laboratory.objects.select_for_update(nowait=True).get(pk=laboratory.pk)
        row.time_zone = "Europe/Berlin"
        row.save(update_fields=["time_zone"])


def spoil_one_that_was_read(version: ModelVersion) -> None:
    """Change the first file of a version, which the hashing is done with."""
    folder = artifacts.model_folder(version)
    first = folder / next(iter(artifacts.sums_of(folder)))
    first.write_bytes(b"something else")


def test_others_go_on_while_a_promotion_reads(admin: User, laboratory, gated):
    slow = Slow(lambda: promote(actor=admin, version_id=gated.pk))
    with slow.reading(gated):
        others_go_on(laboratory)
    assert isinstance(slow.answer, Promotion), slow.answer
    assert active_version(laboratory) == gated


def test_others_go_on_while_a_roll_back_reads(admin, laboratory, gated):
    before = make_candidate(laboratory)
    make_active(admin, before)
    make_active(admin, gated)
    slow = Slow(lambda: roll_back(actor=admin))
    with slow.reading(before):
        others_go_on(laboratory)
    assert isinstance(slow.answer, Promotion), slow.answer
    assert active_version(laboratory) == before


def test_others_go_on_while_a_shadow_reads(admin, laboratory, gated):
    slow = Slow(lambda: start_shadow(actor=admin, version_id=gated.pk))
    with slow.reading(gated):
        others_go_on(laboratory)
    assert isinstance(slow.answer, Shadow), slow.answer


def test_a_file_that_changes_after_it_was_read_is_not_promoted(admin, laboratory, gated):
    slow = Slow(lambda: promote(actor=admin, version_id=gated.pk))
    with slow.reading(gated):
        spoil_one_that_was_read(gated)
    assert isinstance(slow.answer, PromotionRefused)
    assert "not the ones that were registered" in slow.answer.message
    assert not Promotion.objects.exists()


def test_a_file_that_changes_after_it_was_read_does_not_read_along(admin, gated):
    slow = Slow(lambda: start_shadow(actor=admin, version_id=gated.pk))
    with slow.reading(gated):
        spoil_one_that_was_read(gated)
    assert isinstance(slow.answer, ShadowRefused)
    assert not Shadow.objects.exists()


def test_a_roll_back_that_would_lead_elsewhere_by_now_is_told(admin, laboratory, gated):
    first, before = make_candidate(laboratory), make_candidate(laboratory)
    for version in (first, before, gated):
        make_active(admin, version)
    slow = Slow(lambda: roll_back(actor=admin))
    with slow.reading(before):
        # Nobody who rolls back here reads the pipe: the operator goes back to what is shipped.
        return_to_shipped(actor=None, laboratory=laboratory)
    assert isinstance(slow.answer, LedgerMoved | PromotionRefused)
    assert Promotion.objects.count() == 4
