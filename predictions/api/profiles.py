"""How a laboratory's pictures look, over the API; for its admins."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from accounts.api.endpoints import Endpoint
from accounts.policy import Action, needs
from accounts.requests import SignedInApiRequest
from mlmodels.models import ImagingProfile
from mlmodels.selectors.profiles import profile_for_viewer, profiles_of
from mlmodels.services import profiles as services
from mlmodels.services.profiles import ProfileFields
from predictions.api.responses import EVERYWHERE, INVALID, NOT_FOUND

_CLASSES = (
    "Codes of the classes that occur in its pictures; null: any may. Cells of other classes are "
    "named as one of these or left to a person."
)


class ProfileBody(serializers.Serializer):
    """An imaging profile: microscope, camera, objective and stain."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    microscope = serializers.CharField()
    camera = serializers.CharField()
    objective = serializers.CharField()
    stain = serializers.CharField()
    um_per_px = serializers.FloatField(allow_null=True, help_text="Micrometres a pixel.")
    classes = serializers.ListField(
        child=serializers.CharField(), allow_null=True, help_text=_CLASSES
    )
    is_default = serializers.BooleanField(help_text="Taken where an upload names none.")
    is_retired = serializers.BooleanField(help_text="No longer offered at upload.")


class ProfilePage(serializers.Serializer):
    """All profiles: those in use by name, then the retired ones."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = ProfileBody(many=True)


class ChangedProfile(serializers.Serializer):
    """What is to be said of a profile; what is left out stays."""

    name = serializers.CharField(max_length=80)
    microscope = serializers.CharField(max_length=120, allow_blank=True)
    camera = serializers.CharField(max_length=120, allow_blank=True)
    objective = serializers.CharField(max_length=60, allow_blank=True)
    stain = serializers.CharField(max_length=80, allow_blank=True)
    um_per_px = serializers.FloatField(allow_null=True)
    classes = serializers.ListField(
        child=serializers.CharField(max_length=40),
        allow_null=True,
        max_length=100,
        help_text=_CLASSES,
    )


@needs({"GET": Action.MANAGE_PROFILES})
class ProfileListView(Endpoint):
    """The laboratory's imaging profiles."""

    @extend_schema(operation_id="imaging_profiles_list", responses={200: ProfilePage, **EVERYWHERE})
    def get(self, request: SignedInApiRequest) -> Response:
        """List the imaging profiles, all on one page."""
        results = ProfileBody(profiles_of(request.user), many=True).data
        return Response({"next": None, "previous": None, "results": results})


@needs({"GET": Action.MANAGE_PROFILES, "PATCH": Action.MANAGE_PROFILES})
class ProfileView(Endpoint):
    """One imaging profile."""

    @extend_schema(
        operation_id="imaging_profiles_read",
        responses={200: ProfileBody, **NOT_FOUND, **EVERYWHERE},
    )
    def get(self, request: SignedInApiRequest, profile_id: UUID) -> Response:
        """Read an imaging profile."""
        return Response(ProfileBody(profile_for_viewer(request.user, profile_id)).data)

    @extend_schema(
        operation_id="imaging_profiles_change",
        request=ChangedProfile(partial=True),
        responses={200: ProfileBody, **INVALID, **NOT_FOUND, **EVERYWHERE},
    )
    def patch(self, request: SignedInApiRequest, profile_id: UUID) -> Response:
        """Say something else of an imaging profile; what was read with it stays as it is."""
        form = ChangedProfile(data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        present = _said(profile_for_viewer(request.user, profile_id))
        changed = services.change_profile(
            actor=request.user,
            profile_id=profile_id,
            fields=ProfileFields(**{**present, **form.validated_data}),
        )
        return Response(ProfileBody(changed).data)


def _said(profile: ImagingProfile) -> dict[str, Any]:
    """What is said of it now, by the fields of a change."""
    return {name: getattr(profile, name) for name in asdict(ProfileFields(""))}
