from django.db import models


class WorkerHeartbeat(models.Model):
    """When a worker was last heard from: it writes here, through the database that jobs live in."""

    worker = models.CharField(max_length=120, primary_key=True)
    seen_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["-seen_at"], name="worker_newest")]

    def __str__(self) -> str:
        return self.worker
