from django.db import models


class SignInLock(models.Model):
    """Failed sign-ins of one account or one address, and until when it is locked.

    `key` is a keyed hash of the user name or the address, so the table names nobody.
    """

    key = models.CharField(max_length=80, primary_key=True)
    failures = models.PositiveIntegerField(default=0)
    last_failure_at = models.DateTimeField()
    locked_until = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.key
