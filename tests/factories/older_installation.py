"""Rows of an older installation, written through the tables as they were then."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

from django.apps.registry import Apps
from django.utils import timezone

# Before lists were stored beside what they are drawn from.
NEWEST_THEN = [
    ("accounts", "0003_imaging_profiles"),
    ("mlmodels", "0010_frozen_datasets_never_change"),
    ("predictions", "0006_nucleus_in_red_cells"),
]
FEATURES = bytes(range(64))


class OlderInstallation:
    """Adds rows of every table; work in every state, and of what is reviewed a longer history.

    Args:
        apps: the models as the migrations of `NEWEST_THEN` leave them.
    """

    def __init__(self, apps: Apps) -> None:
        self._apps = apps
        self._now = timezone.now()

    def add_rows(self) -> None:
        """Write all of them."""
        self._add_people()
        self._add_versions()
        self._add_datasets_and_runs()
        self._add_samples()

    def _add(self, model: str, **fields: Any) -> Any:
        return self._apps.get_model(model)._default_manager.create(**fields)

    def _add_people(self) -> None:
        self.laboratory = self._add("accounts.Laboratory", name="St Mary", time_zone="Europe/Paris")
        of = {"laboratory": self.laboratory, "password": "kept"}
        self.technician = self._add("accounts.User", username="tina", role="technician", **of)
        self.admin = self._add("accounts.User", username="Ada", role="admin", **of)
        self._add(
            "accounts.TokenFamily", user=self.technician, newest_jti="1", expires_at=self._now
        )
        self._add("accounts.SignInLock", key="k", failures=3, last_failure_at=self._now)
        chain = self._add("accounts.AuditChain", key="laboratory", length=2, last_hash="b" * 64)
        for position, (before, own) in enumerate([("0" * 64, "a" * 64), ("a" * 64, "b" * 64)], 1):
            self._add(
                "accounts.AuditEvent",
                chain=chain,
                position=position,
                laboratory=self.laboratory,
                actor=self.admin,
                action="user_created",
                at=self._now,
                previous_hash=before,
                hash=own,
            )

    def _add_versions(self) -> None:
        of = {"classes": ["neutrophil", "lymphocyte"], "card": {"engine": {}}}
        self.shipped = self._add(
            "mlmodels.ModelVersion",
            name="hematovision",
            version="1.3.0",
            status="shipped",
            folder="hematovision-1.3.0",
            checksums_sha256="c" * 64,
            **of,
        )
        self.candidate = self._add(
            "mlmodels.ModelVersion",
            laboratory=self.laboratory,
            name="own",
            version="1",
            status="candidate",
            folder="models/own",
            checksums_sha256="d" * 64,
            **of,
        )
        self.profile = self._add(
            "mlmodels.ImagingProfile",
            laboratory=self.laboratory,
            name="Bench 2",
            is_default=True,
            created_by=self.admin,
        )
        of_gate = {"laboratory": self.laboratory, "against": self.shipped, "asked_by": self.admin}
        for status in ("queued", "running", "done", "failed"):
            gate = self._add(
                "mlmodels.GateCheck", status=status, version=self.candidate, fence=2, **of_gate
            )
        for number, version in enumerate([self.candidate, None], 1):
            self._add(
                "mlmodels.Promotion",
                laboratory=self.laboratory,
                number=number,
                version=version,
                previous=self.shipped,
                gate=gate,
                by=self.admin,
                reason="Better on our films.",
            )
        self._add(
            "mlmodels.Shadow",
            laboratory=self.laboratory,
            version=self.candidate,
            started_by=self.admin,
        )

    def _add_datasets_and_runs(self) -> None:
        of = {"laboratory": self.laboratory, "created_by": self.admin}
        for state in ("importing", "refused", "open"):
            self._add("mlmodels.Dataset", name=state, state=state, folder=state, **of)
        dataset = self._add("mlmodels.Dataset", name="frozen", state="open", folder="f", **of)
        pictures = [
            self._add(
                "mlmodels.DatasetImage",
                dataset=dataset,
                path=f"{split}.png",
                sha256=split,
                label="neutrophil",
                source=split,
                split=split,
                width_px=64,
                height_px=64,
            )
            for split in ("train", "test")
        ]
        self._add(
            "mlmodels.NearDuplicate",
            dataset=dataset,
            first=pictures[0],
            second=pictures[1],
            likeness=0.97,
        )
        # Only now: a frozen dataset takes no pictures.
        dataset.state, dataset.manifest_sha256 = "frozen", "e" * 64
        dataset.save(update_fields=["state", "manifest_sha256"])
        for status in ("queued", "running", "succeeded", "failed", "cancelled"):
            run = self._add(
                "mlmodels.TrainingRun",
                status=status,
                dataset=dataset,
                recipe="tiny",
                fence=1,
                attempts=1,
                lease_until=self._now if status == "running" else None,
                candidate=self.candidate if status == "succeeded" else None,
                **of,
            )
            self._add(
                "mlmodels.TrainingEpoch",
                run=run,
                position=1,
                stage="head",
                epoch=1,
                loss=0.5,
                accuracy=0.8,
                seconds=3.0,
            )

    def _add_samples(self) -> None:
        of = {"laboratory": self.laboratory, "created_by": self.technician}
        self._add("predictions.Sample", accession_number="without images", **of)
        sample = self._add("predictions.Sample", accession_number="24-0001", note="Kept.", **of)
        # By image, the states of its jobs, the oldest first.
        histories = [
            ["queued"],
            ["running"],
            ["failed"],
            ["succeeded"],
            ["failed", "succeeded"],
            ["succeeded", "failed"],
            ["succeeded", "queued"],
            [],
        ]
        for number, states in enumerate(histories):
            image = self._add_image(sample, number)
            for age, status in enumerate(states):
                self._add_job(image, status, age)
        self._add("predictions.WorkerHeartbeat", worker="host:1", seen_at=self._now)

    def _add_image(self, sample: Any, number: int) -> Any:
        return self._add(
            "predictions.SmearImage",
            sample=sample,
            uploaded_by=self.technician,
            original_name=f"{number}.png",
            imaging_profile=self.profile if number % 2 else None,
            sha256=f"{number:064}",
            size_bytes=1000,
            detected_type="image/png",
            width_px=640,
            height_px=480,
            original=f"o{number}",
            rendition=f"r{number}",
            thumbnail=f"t{number}",
        )

    def _add_job(self, image: Any, status: str, age: int) -> None:
        ended = status in ("succeeded", "failed")
        job = self._add(
            "predictions.ClassificationJob",
            image=image,
            status=status,
            model_version=None if status == "queued" else self.shipped,
            fence=0 if status == "queued" else 1,
            lease_until=self._now + timedelta(seconds=60) if status == "running" else None,
            worker="host:1" if status == "running" else "",
            error_code="engine" if status == "failed" else "",
            error="The engine stopped. Run it again." if status == "failed" else "",
            finished_at=self._now if ended else None,
        )
        # The field takes the present moment of its own accord.
        queued_at = self._now - timedelta(hours=1) + timedelta(minutes=age)
        type(job)._default_manager.filter(pk=job.pk).update(queued_at=queued_at)
        if status == "succeeded":
            self._add_cells(image, job)
            self._add(
                "predictions.ShadowReading",
                job=job,
                model_version=self.candidate,
                cells=[{"label": "neutrophil"}],
            )

    def _add_cells(self, image: Any, job: Any) -> None:
        for position in (1, 2, 3):
            cell = self._add(
                "predictions.Cell",
                image=image,
                job=job,
                position=position,
                x_px=10,
                y_px=20,
                width_px=60,
                height_px=50,
                label="neutrophil",
                confidence=0.98,
                probabilities={"neutrophil": 0.98, "lymphocyte": 0.02},
                disposition=("accepted", "review", "unidentified")[position - 1],
                nucleus_area_px=900.0,
                nucleus_in_red_cells=1.3,
                cell_score=0.99,
                familiarity_percentile=40.0,
                features=FEATURES + str(job.pk).encode() + bytes([position]),
            )
            # None, one and two reviews.
            labels = ["neutrophil", "lymphocyte", "monocyte"][:position]
            for number, (before, after) in enumerate(itertools.pairwise(labels), 1):
                self._add(
                    "predictions.CellReview",
                    cell=cell,
                    number=number,
                    from_label=before,
                    to_label=after,
                    by=self.technician,
                )
