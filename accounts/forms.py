"""The form of what people type about themselves and each other; the services judge it."""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.models import Role
from hematovision.errors import DomainError

LONGEST_PASSWORD = 256


class ServiceForm(forms.Form):
    """A form that also shows what the service behind it refused."""

    def take(self, error: DomainError) -> None:
        """Put a refusal at the fields it belongs to, else above the form."""
        known = {name: found for name, found in error.fields.items() if name in self.fields}
        for name, messages in known.items():
            self.add_error(name, messages)
        if not known:
            self.add_error(None, error.message)


def _password(label: str, autocomplete: str, help_text: str = "") -> forms.CharField:
    # Blanks at the ends belong to a password.
    return forms.CharField(
        label=label,
        help_text=help_text,
        max_length=LONGEST_PASSWORD,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": autocomplete}),
    )


_RULES = "At least 12 characters; not a common password, not only digits."


class SignInForm(ServiceForm):
    """User name and password."""

    username = forms.CharField(
        label="User name",
        max_length=150,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )
    password = _password("Password", "current-password")


class PasswordForm(ServiceForm):
    """One's own new password, typed twice."""

    current_password = _password("Present password", "current-password")
    new_password = _password("New password", "new-password", _RULES)
    repeated_password = _password("New password again", "new-password")

    def clean(self) -> dict[str, Any]:
        """The two have to be the same."""
        cleaned = super().clean() or {}
        if cleaned.get("new_password") != cleaned.get("repeated_password"):
            self.add_error("repeated_password", "The two new passwords are not the same.")
        return cleaned


class NewUserForm(ServiceForm):
    """A new person of the laboratory."""

    username = forms.CharField(
        label="User name",
        max_length=150,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )
    full_name = forms.CharField(label="Full name", max_length=150, required=False)
    role = forms.ChoiceField(label="Role", choices=Role.choices)
    password = _password("First password", "new-password", _RULES)


class RoleForm(ServiceForm):
    """Another role."""

    role = forms.ChoiceField(label="Role", choices=Role.choices)
