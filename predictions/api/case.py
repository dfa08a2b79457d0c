"""A sample on its way to a signature, over the API."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.response import Response

from accounts.api.endpoints import Endpoint
from accounts.api.idempotency import PARAMETER, REUSED, answered_once
from accounts.policy import Action, needs
from accounts.requests import SignedInApiRequest
from accounts.services.audit import record_viewed
from predictions.api.bodies_case import (
    AlarmBody,
    AlarmForm,
    ContactBody,
    ContactForm,
    DifferentialBody,
    NotReadyBody,
    ProvenReasonForm,
    ReasonForm,
    SignForm,
    StateBody,
    StateForm,
)
from predictions.api.bodies_reports import SignedBody
from predictions.api.responses import CLOSED, EVERYWHERE, INVALID, NOT_FOUND
from predictions.selectors.reports.case import case_of, missing_for
from predictions.selectors.reports.findings import offered_findings
from predictions.selectors.reports.patient import previous_report
from predictions.services.reports import amending, contacts, signing
from predictions.services.samples import states

REFUSED = {409: OpenApiResponse(NotReadyBody, description="The state, or what is missing.")}


@needs({"GET": Action.SEE_RESULTS})
class DifferentialView(Endpoint):
    """The differential of a sample."""

    @extend_schema(
        operation_id="samples_differential",
        responses={200: DifferentialBody, **NOT_FOUND, **EVERYWHERE},
    )
    def get(self, request: SignedInApiRequest, sample_id: UUID) -> Response:
        """Read the counts, and what still stops the sample's next step."""
        case = case_of(request.user, sample_id)
        context = {
            "missing": missing_for(request.user, case),
            "previous": previous_report(request.user, case.sample),
            "offered": offered_findings(case),
        }
        record_viewed(request.user, case.sample)
        return Response(DifferentialBody(case, context=context).data)


@needs({"POST": Action.SEND_SAMPLES})
class StateView(Endpoint):
    """The steps that need no signature."""

    @extend_schema(
        operation_id="samples_state",
        request=StateForm,
        responses={200: StateBody, **INVALID, **REFUSED, **NOT_FOUND, **EVERYWHERE},
    )
    def post(self, request: SignedInApiRequest, sample_id: UUID) -> Response:
        """Send a sample to the doctor, take it back with a note, or cancel it with a reason."""
        form = StateForm(data=request.data)
        form.is_valid(raise_exception=True)
        sample = states.bring_to(actor=request.user, sample_id=sample_id, **form.validated_data)
        return Response(StateBody(sample).data)


@needs({"POST": Action.SIGN_OUT})
class SignView(Endpoint):
    """The signature."""

    @extend_schema(
        operation_id="samples_sign",
        parameters=[PARAMETER],
        request=SignForm,
        responses={201: SignedBody, **INVALID, **REFUSED, **REUSED, **NOT_FOUND, **EVERYWHERE},
    )
    @answered_once
    def post(self, request: SignedInApiRequest, sample_id: UUID) -> Response:
        """Sign the report of a sample, or the next version of one that is being amended."""
        form = SignForm(data=request.data)
        form.is_valid(raise_exception=True)
        report = signing.sign(actor=request.user, sample_id=sample_id, **form.said)
        return Response(SignedBody({"report": report}).data, status=201)


@needs({"POST": Action.SIGN_OUT})
class AmendView(Endpoint):
    """The beginning of an amendment."""

    @extend_schema(
        operation_id="samples_amend",
        parameters=[PARAMETER],
        request=ReasonForm,
        responses={200: StateBody, **INVALID, **CLOSED, **REUSED, **NOT_FOUND, **EVERYWHERE},
    )
    @answered_once
    def post(self, request: SignedInApiRequest, sample_id: UUID) -> Response:
        """Open a signed sample again; the signed report counts until a newer one is signed."""
        form = ReasonForm(data=request.data)
        form.is_valid(raise_exception=True)
        sample = amending.begin_amendment(
            actor=request.user, sample_id=sample_id, **form.validated_data
        )
        return Response(StateBody(sample).data)


@needs({"POST": Action.SIGN_OUT})
class WithdrawView(Endpoint):
    """The end of an amendment that changed nothing."""

    @extend_schema(
        operation_id="samples_amend_withdraw",
        request=None,
        responses={200: StateBody, **CLOSED, **NOT_FOUND, **EVERYWHERE},
    )
    def post(self, request: SignedInApiRequest, sample_id: UUID) -> Response:
        """Close a sample again of which nothing was changed."""
        sample = amending.withdraw_amendment(actor=request.user, sample_id=sample_id)
        return Response(StateBody(sample).data)


@needs({"POST": Action.SIGN_OUT})
class RetractView(Endpoint):
    """The end of a signed report."""

    @extend_schema(
        operation_id="samples_retract",
        request=ProvenReasonForm,
        responses={200: StateBody, **INVALID, **CLOSED, **NOT_FOUND, **EVERYWHERE},
    )
    def post(self, request: SignedInApiRequest, sample_id: UUID) -> Response:
        """Take a signed report back, e.g. since it was of another patient."""
        form = ProvenReasonForm(data=request.data)
        form.is_valid(raise_exception=True)
        sample = amending.retract(actor=request.user, sample_id=sample_id, **form.validated_data)
        return Response(StateBody(sample).data)


@needs({"POST": Action.RECORD_CONTACTS})
class ContactsView(Endpoint):
    """Contacts about critical values."""

    @extend_schema(
        operation_id="samples_contacts",
        request=ContactForm,
        responses={201: ContactBody, **INVALID, **CLOSED, **NOT_FOUND, **EVERYWHERE},
    )
    def post(self, request: SignedInApiRequest, sample_id: UUID) -> Response:
        """Record that somebody was told a critical value."""
        form = ContactForm(data=request.data)
        form.is_valid(raise_exception=True)
        contact = contacts.record_contact(
            actor=request.user, sample_id=sample_id, **form.validated_data
        )
        return Response(ContactBody(contact).data, status=201)


@needs({"POST": Action.SIGN_OUT})
class AlarmView(Endpoint):
    """Suspicions of blasts, and alarms."""

    @extend_schema(
        operation_id="samples_alarm_acknowledge",
        request=AlarmForm,
        responses={201: AlarmBody, **INVALID, **CLOSED, **NOT_FOUND, **EVERYWHERE},
    )
    def post(self, request: SignedInApiRequest, sample_id: UUID) -> Response:
        """Record that a doctor has looked where blasts are suspected or an alarm was raised."""
        form = AlarmForm(data=request.data)
        form.is_valid(raise_exception=True)
        acknowledged = contacts.acknowledge_alarm(
            actor=request.user,
            sample_id=sample_id,
            note=form.validated_data.get("note", ""),
            seen=form.validated_data.get("seen", ""),
        )
        return Response(AlarmBody(acknowledged).data, status=201)
