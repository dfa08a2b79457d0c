"""The form of what token endpoints take and give, and of every error."""

from __future__ import annotations

from rest_framework import serializers

from accounts.models import Role


class ErrorBody(serializers.Serializer):
    """What every refused call answers."""

    code = serializers.CharField(help_text="A stable word for programs.")
    message = serializers.CharField(help_text="A sentence for a person.")
    fields_ = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()),
        required=False,
        help_text="Messages by field of the input, where they belong to one.",
    )

    def get_fields(self) -> dict[str, serializers.Field]:
        """`fields` is a word that serializers keep for themselves."""
        fields = super().get_fields()
        fields["fields"] = fields.pop("fields_")
        return fields


class SignIn(serializers.Serializer):
    """User name and password."""

    username = serializers.CharField(max_length=150)
    password = serializers.CharField(
        max_length=256, trim_whitespace=False, style={"input_type": "password"}
    )


class Tokens(serializers.Serializer):
    """A pair of tokens and whom they speak for."""

    access = serializers.CharField(help_text="Send it as `Authorization: Bearer …`; 10 minutes.")
    refresh = serializers.CharField(help_text="Exchange it once for a new pair; 7 days.")
    role = serializers.ChoiceField(choices=Role.choices, help_text="What the person is now.")


class Refresh(serializers.Serializer):
    """The newest refresh token."""

    refresh = serializers.CharField(max_length=4096)


class AnyToken(serializers.Serializer):
    """An access or a refresh token."""

    token = serializers.CharField(max_length=4096)


class TokenToRevoke(serializers.Serializer):
    """An access or a refresh token, under either name."""

    token = serializers.CharField(max_length=4096, required=False)
    refresh = serializers.CharField(max_length=4096, required=False)

    def validate(self, attrs: dict[str, str]) -> dict[str, str]:
        """One of the two."""
        raw = attrs.get("token") or attrs.get("refresh")
        if not raw:
            raise serializers.ValidationError({"token": ["This field is required."]})
        return {"token": raw}
