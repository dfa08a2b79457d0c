"""The database itself refuses to change or delete an audit event."""

from importlib import import_module

import pytest
from django.db import DatabaseError, transaction

from accounts.models import AuditAction, AuditEvent
from accounts.services.audit import record_event
from tests.triggers import assert_triggers, put_back

migration = import_module("accounts.migrations.0002_audit_events_are_append_only")


@pytest.fixture
def event(laboratory):
    return record_event(action=AuditAction.RESULT_VIEWED, actor=None, laboratory=laboratory)


@pytest.fixture
def _complete_triggers(db):
    """Put back the one that the tests' own clean-up on SQLite had to remove."""
    put_back(migration.SQLITE[1])


def test_an_event_cannot_be_changed(event):
    with pytest.raises(DatabaseError, match="cannot be changed or deleted"), transaction.atomic():
        AuditEvent.objects.filter(pk=event.pk).update(reason="something else")
    event.refresh_from_db()
    assert event.reason == ""


@pytest.mark.usefixtures("_complete_triggers")
def test_an_event_cannot_be_deleted(event):
    with pytest.raises(DatabaseError, match="cannot be changed or deleted"), transaction.atomic():
        AuditEvent.objects.filter(pk=event.pk).delete()
    assert AuditEvent.objects.filter(pk=event.pk).exists()


@pytest.mark.usefixtures("_complete_triggers")
@pytest.mark.django_db
def test_the_triggers_stand_after_all_migrations():
    assert_triggers(
        "accounts_auditevent",
        sqlite={"accounts_auditevent_no_delete", "accounts_auditevent_no_update"},
        postgresql={"accounts_auditevent_append_only"},
    )
