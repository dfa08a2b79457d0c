"""The form of what people type about themselves and each other; the services judge it."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

from accounts.models import AuditAction, Role, User
from accounts.selectors.laboratories import FIELD_WORDS, time_zones
from accounts.selectors.trail import TrailFilter, people_of_trail
from hematovision.errors import DomainError

LONGEST_PASSWORD = 256
# Nearer to the calendar's ends, the midnight of some time zone is no moment any more.
DAYS = [MinValueValidator(date(1900, 1, 1)), MaxValueValidator(date(2999, 12, 31))]


class ServiceForm(forms.Form):
    """A form that also shows what the service behind it refused."""

    def take(self, error: DomainError) -> None:
        """Put a refusal at the fields it belongs to, else above the form."""
        known = {name: found for name, found in error.fields.items() if name in self.fields}
        for name, messages in known.items():
            self.add_error(name, messages)
        if not known:
            self.add_error(None, error.message)


def _day() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"})


def _password(label: str, autocomplete: str, help_text: str = "") -> forms.CharField:
    # Blanks at the ends belong to a password.
    return forms.CharField(
        label=label,
        help_text=help_text,
        max_length=LONGEST_PASSWORD,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": autocomplete}),
    )


class TrailForm(forms.Form):
    """Which events of the trail are asked for."""

    person = forms.ChoiceField(label="By", required=False)
    action = forms.ChoiceField(label="Action", required=False)
    first_day = forms.DateField(label="From", required=False, validators=DAYS, widget=_day())
    last_day = forms.DateField(label="To", required=False, validators=DAYS, widget=_day())
    obj = forms.CharField(
        label="Object",
        required=False,
        max_length=64,
        widget=forms.TextInput(attrs={"placeholder": "id", "spellcheck": "false"}),
    )
    with_reads = forms.BooleanField(label="Also what was only read", required=False)

    def __init__(self, data: Any, *, viewer: User) -> None:
        super().__init__(data)
        people = [("", "everybody"), *people_of_trail(viewer)]
        self.fields["person"].choices = people  # type: ignore[attr-defined]
        actions = sorted(AuditAction.choices, key=lambda choice: choice[1])
        self.fields["action"].choices = [("", "every action"), *actions]  # type: ignore[attr-defined]

    def asked(self) -> TrailFilter:
        """What was asked for; fields that cannot be so ask for nothing."""
        self.is_valid()
        return TrailFilter(**self.cleaned_data)


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


class LaboratoryForm(ServiceForm):
    """What is said of a laboratory."""

    name = forms.CharField(label=FIELD_WORDS["name"], max_length=120)
    address = forms.CharField(
        label=FIELD_WORDS["address"],
        max_length=500,
        required=False,
        help_text="As it stands at the head of reports.",
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    time_zone = forms.ChoiceField(
        label=FIELD_WORDS["time_zone"], help_text="Where days begin and times are written."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A zone of an older name stays a choice where it is the present one.
        zones = dict.fromkeys([*time_zones(), self.initial.get("time_zone", "UTC")])
        self.fields["time_zone"].choices = [  # type: ignore[attr-defined]
            (zone, zone.replace("_", " ")) for zone in zones
        ]


class LogoForm(ServiceForm):
    """A picture for the head of reports."""

    logo = forms.FileField(
        label="Picture",
        help_text="PNG or JPEG, at most 1 MB. It is made anew, at most 600 × 200 px.",
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg"}),
        error_messages={
            "required": "Choose a picture first.",
            "empty": "The file is empty. Choose another one.",
        },
    )
