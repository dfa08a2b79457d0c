import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac

from accounts.models.laboratory import Laboratory


class Role(models.TextChoices):
    """What a person is in their laboratory."""

    TECHNICIAN = "technician", "Technician"
    DOCTOR = "doctor", "Doctor"
    ADMIN = "admin", "Admin"


class UserManager(BaseUserManager["User"]):
    """The table of people."""

    def get(self, *args: Any, **kwargs: Any) -> "User":
        """One person with their laboratory, which whatever they ask for asks for next."""
        # A logo is as large as many rows, and only its own page and reports ask for it.
        people = self.select_related("laboratory").defer("laboratory__logo")
        return people.get(*args, **kwargs)


class User(AbstractBaseUser):
    """A person of one laboratory, with one role."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    laboratory = models.ForeignKey(Laboratory, on_delete=models.PROTECT, related_name="users")
    username = models.CharField(
        max_length=150,
        unique=True,
        validators=[UnicodeUsernameValidator()],
        error_messages={"unique": "This user name is taken. Choose another."},
    )
    full_name = models.CharField(max_length=150, blank=True)
    role = models.CharField(max_length=16, choices=Role)
    is_active = models.BooleanField(default=True)
    # Counting it up ends every session of this person at their next request.
    session_epoch = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        ordering = ["username"]
        constraints = [
            # Two people whose names differ by case alone would be taken for one another.
            models.UniqueConstraint(Lower("username"), name="user_name_once_in_any_case"),
        ]

    def __str__(self) -> str:
        return self.username

    @property
    def display_name(self) -> str:
        """The name people read: the full one where it is known."""
        return self.full_name or self.username

    def _get_session_auth_hash(self, secret=None) -> str:
        """Changes with the password and with `session_epoch`, which ends all sessions."""
        key_salt = "accounts.models.User.get_session_auth_hash"
        value = f"{self.password}:{self.session_epoch}"
        return salted_hmac(key_salt, value, secret=secret, algorithm="sha256").hexdigest()
