"""The slow work on a delivery: its message is made once, then sent until heard. Workers only."""

from __future__ import annotations

import json
import logging
from functools import partial
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError

from hematovision import leases
from predictions.errors import (
    BundleInvalid,
    ReportFileDamaged,
    ReportFileFailed,
    StorageUnavailable,
)
from predictions.exchange.fhir import Issued, bundle_of
from predictions.exchange.fhir_checks import refuse_faults
from predictions.exchange.hl7_results import Envelope, control_id_of, message_of
from predictions.exchange.results import signature_of
from predictions.models import Delivery, JobStatus
from predictions.reports.content import ReportContent
from predictions.selectors.reports.contents import moment
from predictions.selectors.reports.exchange import label_codes, replaced_content
from predictions.selectors.reports.reports import pdf_bytes
from predictions.services.exchange import outbox, transports

logger = logging.getLogger(__name__)

# What may pass by itself: the task is tried again, up to the attempts of the delivery.
PASSING = (OperationalError, InterfaceError, StorageUnavailable)


def deliver(*, delivery_id: UUID) -> None:
    """Tell a system of a report, unless somebody else does or its turn has not come.

    Killed after it was sent and before that was written down, it is sent once more: the same
    message with the same control id, by which recipients know it.

    Raises:
        OperationalError, InterfaceError, StorageUnavailable: what may pass.
    """
    held = outbox.claim(delivery_id)
    if held is None:
        return
    with leases.renewed(partial(outbox.renew, held), f"delivery {delivery_id}"):
        if not held.delivery.message and not _make(held):
            return
        sent = held.delivery
        answer = transports.send(sent.connection, sent.message, sent.control_id)
        ends = {
            "delivered": outbox.delivered,
            "refused": outbox.refused,
            "later": outbox.try_later,
        }
        ends[answer.outcome](held, answer.text)
    logger.info("delivery %s: %s", delivery_id, answer.outcome)


def _make(held: outbox.Claim) -> bool:
    """Make the message and write it down; false where it has to wait for the report's file."""
    delivery = held.delivery
    if delivery.connection.sends_file and not JobStatus(delivery.report.file.status).is_final:
        outbox.try_later(held, "It waits for the report's file.", was_sent=False)
        return False
    said = f"{'retracted' if delivery.is_retraction else 'signed'} {delivery.tries}"
    control_id = control_id_of(delivery.report_id, said)
    try:
        made = _fhir(delivery) if delivery.connection.speaks_fhir else _hl7(delivery, control_id)
    except BundleInvalid as error:
        outbox.refused(held, error.message)
        return False
    return outbox.keep_message(held, message=made, control_id=control_id)


def _hl7(delivery: Delivery, control_id: str) -> str:
    content = ReportContent.from_json(delivery.report.content)
    envelope = Envelope(
        control_id=control_id,
        sent_at=_at(delivery) or signature_of(content).signed_at,
        receiver=delivery.connection.receiver,
        receiver_facility=delivery.connection.receiver_facility,
        placer_number=delivery.sample.order_number,
        report_code=delivery.connection.report_code,
        is_retracted=delivery.is_retraction,
        pdf=_pdf(delivery),
    )
    codes = label_codes(delivery.sample.laboratory)
    return message_of(content, envelope, codes, replaced=replaced_content(delivery.report))


def _fhir(delivery: Delivery) -> str:
    bundle = bundle_of(
        ReportContent.from_json(delivery.report.content),
        Issued(
            report_id=delivery.report_id,
            laboratory_id=delivery.laboratory_id,
            address=settings.PUBLIC_ADDRESS,
            is_retracted=delivery.is_retraction,
            at=_at(delivery),
            pdf=_pdf(delivery),
        ),
        label_codes(delivery.sample.laboratory),
        kind="transaction",
        replaced=replaced_content(delivery.report),
    )
    refuse_faults(bundle)
    return json.dumps(bundle)


def _at(delivery: Delivery) -> str:
    """When a report was taken back; empty for one that was not."""
    return moment(delivery.created_at) if delivery.is_retraction else ""


def _pdf(delivery: Delivery) -> bytes | None:
    if not delivery.connection.sends_file:
        return None
    try:
        return pdf_bytes(delivery.report.file)
    except (ReportFileFailed, ReportFileDamaged):
        # The results do not wait for ever for a file that cannot be made.
        return None
