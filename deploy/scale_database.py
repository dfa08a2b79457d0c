"""A PostgreSQL database as a large laboratory has it, for `make scale`; an empty one for others.

Filled with plain SQL as an older installation would have it, then upgraded as one is.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

SERVER = os.environ.get("SCALE_SERVER", "postgres://postgres@127.0.0.1:5432")

# One row in ten belongs to another laboratory, so that no index is narrower than it would be.
FILL = """
CREATE TEMP TABLE who AS SELECT row_number() OVER (ORDER BY username) - 1 AS n, id, laboratory_id
    FROM accounts_user WHERE role = 'technician';
CREATE TEMP TABLE numbered_samples AS
    SELECT n, md5('sample ' || n)::uuid AS id,
        CASE WHEN n %% 10 = 9 THEN %(other)s::uuid ELSE %(own)s::uuid END AS laboratory_id,
        now() - (n * interval '90 days' / %(samples)s) AS at
    FROM generate_series(0, %(samples)s - 1) AS n;
INSERT INTO predictions_sample (id, laboratory_id, accession_number, patient_reference, note,
        state, created_by_id, created_at)
    SELECT s.id, s.laboratory_id,
        'S-' || lpad(s.n::text, 7, '0'), 'P-' || (s.n %% (%(samples)s / 3 + 1)), '', 'open',
        (SELECT id FROM who WHERE who.laboratory_id = s.laboratory_id
            ORDER BY (who.n + s.n) %% 5, who.n LIMIT 1), s.at
    FROM numbered_samples s;
CREATE TEMP TABLE numbered_images AS
    SELECT g.n, md5('image ' || g.n)::uuid AS id, s.id AS sample_id, s.laboratory_id,
        s.at + (g.n / %(samples)s) * interval '3 seconds' AS at,
        p.id AS profile_id, random() AS luck
    FROM generate_series(0, %(images)s - 1) AS g (n)
    JOIN numbered_samples s ON s.n = g.n %% %(samples)s
    LEFT JOIN (SELECT id, laboratory_id,
            row_number() OVER (PARTITION BY laboratory_id ORDER BY name) AS place
            FROM mlmodels_imagingprofile) p
        ON p.laboratory_id = s.laboratory_id AND p.place = s.n %% 7;
INSERT INTO predictions_smearimage (id, sample_id, uploaded_by_id, uploaded_at, original_name,
        imaging_profile_id, position_in_upload, sha256, size_bytes, declared_type, detected_type,
        width_px, height_px, original, rendition, thumbnail)
    SELECT i.id, i.sample_id, s.created_by_id, i.at, 'field ' || i.n || '.jpg', i.profile_id, 0,
        md5('a' || i.n) || md5('b' || i.n), 300000, 'image/jpeg', 'image/jpeg', 1280, 960,
        'originals/' || i.n, 'renditions/' || i.n, 'thumbnails/' || i.n
    FROM numbered_images i JOIN predictions_sample s ON s.id = i.sample_id;
INSERT INTO predictions_classificationjob (id, image_id, status, stage, model_version_id, attempts,
        fence, worker, sends, last_sent_at, error_code, error, timings_ms, field_note, queued_at,
        started_at, finished_at, lease_until)
    SELECT md5('job ' || n)::uuid, id,
        CASE WHEN luck < 0.002 THEN 'queued' WHEN luck < 0.012 THEN 'failed' ELSE 'succeeded' END,
        '', %(version)s::uuid, 1, 1, 'host:1', 1, at,
        CASE WHEN luck BETWEEN 0.002 AND 0.012 THEN 'image_rejected' ELSE '' END,
        CASE WHEN luck BETWEEN 0.002 AND 0.012 THEN 'This image cannot be read.' ELSE '' END,
        '{"decode": 9.1, "locate": 12.2, "classify": 20.4}', '', at, at,
        CASE WHEN luck < 0.002 THEN NULL ELSE at + interval '1 second' END, NULL
    FROM numbered_images;
-- One image in fifty was classified a second time.
INSERT INTO predictions_classificationjob (id, image_id, status, stage, model_version_id, attempts,
        fence, worker, sends, last_sent_at, error_code, error, timings_ms, field_note, queued_at,
        started_at, finished_at, lease_until)
    SELECT md5('again ' || n)::uuid, id, 'succeeded', '', %(version)s::uuid, 1, 1, 'host:1', 1, at,
        '', '', '{}', '', at + interval '1 hour', at, at + interval '1 hour', NULL
    FROM numbered_images WHERE luck > 0.98;
CREATE TEMP TABLE numbered_cells AS
    SELECT j.id AS job_id, j.image_id, place, random() AS kind, random() AS sure
    FROM predictions_classificationjob j
    CROSS JOIN generate_series(1, %(each)s) AS place WHERE j.status = 'succeeded';
CREATE TEMP TABLE looks AS SELECT n, string_agg(decode(md5(n || ' ' || k), 'hex'), '') AS seen
    FROM generate_series(0, 63) AS n, generate_series(1, 160) AS k GROUP BY n;
INSERT INTO predictions_cell (id, image_id, job_id, position, x_px, y_px, width_px, height_px,
        label, confidence, probabilities, disposition, nucleus_area_px, nucleus_in_red_cells,
        cell_score,
        familiarity_percentile, attributes, features)
    SELECT gen_random_uuid(), image_id, job_id, place, place * 60, place * 50, 60, 60, label,
        0.5 + sure / 2, jsonb_build_object(label, 0.5 + sure / 2, 'monocyte', 0.5 - sure / 2),
        CASE WHEN sure > 0.2 THEN 'accepted' WHEN sure > 0.03 THEN 'review' ELSE 'unidentified' END,
        900, 1.4, 0.99, sure * 100,
        '{"nucleus_shape": {"value": "segmented", "probability": 0.97}}', looks.seen
    FROM (SELECT *, floor(sure * 64) AS look, CASE WHEN kind < 0.6 THEN 'neutrophil'
            WHEN kind < 0.9 THEN 'lymphocyte' WHEN kind < 0.96 THEN 'monocyte'
            WHEN kind < 0.995 THEN 'eosinophil' WHEN kind < 0.9998 THEN 'platelet'
            ELSE 'basophil' END AS label
        FROM numbered_cells) AS drawn
    JOIN looks ON looks.n = drawn.look;
INSERT INTO predictions_cellreview (id, cell_id, number, from_label, to_label, by_id, at)
    SELECT gen_random_uuid(), c.id, 1, c.label,
        CASE WHEN random() < 0.8 THEN c.label ELSE 'monocyte' END, s.created_by_id,
        s.created_at + interval '2 hours'
    FROM predictions_cell c JOIN predictions_smearimage i ON i.id = c.image_id
    JOIN predictions_sample s ON s.id = i.sample_id
    WHERE c.disposition <> 'accepted' AND random() < 0.25;
INSERT INTO accounts_auditevent (id, chain_id, position, laboratory_id, actor_id, action,
        object_type, object_id, changes, reason, ip_address, user_agent, request_id, at,
        previous_hash, hash)
    SELECT gen_random_uuid(), c.key, c.length + row_number() OVER (PARTITION BY c.key),
        i.laboratory_id, s.created_by_id, 'image_uploaded', 'smearimage', i.id::text, '{}', '',
        NULL, '', '', i.at, repeat('0', 64), repeat('0', 64)
    FROM numbered_images i JOIN predictions_sample s ON s.id = i.sample_id
    JOIN accounts_auditchain c ON c.key = 'laboratory:' || i.laboratory_id;
UPDATE accounts_auditchain c SET length = (SELECT count(*) FROM accounts_auditevent e
    WHERE e.chain_id = c.key);
"""

# What people did with samples since: one in fifty is urgent, one in five waits for the doctor.
CASES = """
UPDATE predictions_sample SET priority = 'urgent' WHERE right(accession_number, 2) IN ('07', '57');
UPDATE predictions_sample SET state = 'ready' WHERE state = 'in_review'
    AND right(accession_number, 1) IN ('0', '4');
"""

# The fill is of this state of the database; what came later is reached as an installation does.
FILLED_AT = "0006_nucleus_in_red_cells"


@contextmanager
def own_database(name: str, *, keep: bool = False) -> Iterator[str]:
    """A new database on the server; dropped at the end unless it is to be kept."""
    import psycopg2

    connection = psycopg2.connect(f"{SERVER}/postgres")
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {name}")
        try:
            yield f"{SERVER}/{name}"
        finally:
            from django.db import connections

            connections.close_all()
            if not keep:
                cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
    connection.close()


def fill(options: argparse.Namespace) -> None:
    """Make the rows."""
    from django.core.management import call_command
    from django.db import connection

    for app in ("contenttypes", "auth", "sessions", "accounts", "mlmodels"):
        call_command("migrate", app, verbosity=0)
    call_command("migrate", "predictions", FILLED_AT, verbosity=0)
    places = make_people_and_models()
    numbers = {
        "images": options.images,
        "samples": options.samples or max(1, options.images // 10),
        "each": options.cells_each,
        **{name: str(places[name].pk) for name in ("own", "other", "version")},
    }
    with connection.cursor() as cursor:
        for statement in filter(str.strip, FILL.split(";\n")):
            cursor.execute(statement, numbers)
        # As the server does by itself in time; plans of the upgrade are made from it.
        cursor.execute("ANALYZE")
    print("filled; upgrading", flush=True)
    began = time.monotonic()
    call_command("migrate", verbosity=0)
    print(f"upgraded in {time.monotonic() - began:.0f} s", flush=True)
    with connection.cursor() as cursor:
        cursor.execute(CASES)
        cursor.execute("VACUUM ANALYZE")


def places_of_kept() -> dict[str, Any]:
    """What the addresses name."""
    from accounts.models import Laboratory, User
    from mlmodels.models import Dataset, ImagingProfile, ModelVersion, TrainingRun
    from mlmodels.selectors.versions.active import newest_shipped

    own = Laboratory.objects.get(name="own")
    people = {user.username: user for user in User.objects.filter(laboratory=own)}
    return {
        "own": own,
        "version": newest_shipped(),
        "technician": people["own0"],
        "doctor": people["own5"],
        "admin": people["own8"],
        "profile": ImagingProfile.objects.filter(laboratory=own).first(),
        "candidate": ModelVersion.objects.filter(laboratory=own, version="1.0.0").first(),
        "dataset": Dataset.objects.filter(laboratory=own).first(),
        "run": TrainingRun.objects.filter(laboratory=own).first(),
    }


def make_people_and_models() -> dict[str, Any]:
    """Two laboratories with people, profiles, versions, a ledger, checks, datasets, trainings."""
    from django.utils import timezone

    from accounts.models import AuditChain, Laboratory, Role, User
    from mlmodels.models import (
        Dataset,
        DatasetImage,
        GateCheck,
        ImagingProfile,
        ModelVersion,
        Promotion,
        TrainingRun,
    )
    from mlmodels.services.versions.registration import register_shipped

    shipped = register_shipped()[-1]
    places: dict[str, Any] = {"version": shipped}
    for name in ("own", "other"):
        laboratory = Laboratory.objects.create(name=name)
        AuditChain.objects.create(key=f"laboratory:{laboratory.pk}")
        places[name] = laboratory
        roles = [Role.TECHNICIAN] * 5 + [Role.DOCTOR] * 3 + [Role.ADMIN]
        people = [
            User.objects.create(username=f"{name}{n}", laboratory=laboratory, role=role)
            for n, role in enumerate(roles)
        ]
        admin = people[-1]
        profiles = [
            ImagingProfile.objects.create(
                laboratory=laboratory, name=f"Microscope {n}", created_by=admin
            )
            for n in range(6)
        ]
        versions = []
        for n in range(20):
            version = ModelVersion.objects.get(pk=shipped.pk)
            version.pk, version.laboratory, version.version = None, laboratory, f"1.{n}.0"
            version.status = ModelVersion.Status.CANDIDATE
            version.name = "ours"
            version.profile = profiles[n % 6] if n % 2 else None
            version.save(force_insert=True)
            versions.append(version)
        gates = [
            GateCheck.objects.create(
                laboratory=laboratory,
                version=version,
                against=shipped,
                profile=version.profile,
                status=GateCheck.Status.DONE,
                passed=True,
                result={"figures": {}, "rules": []},
                finished_at=timezone.now(),
            )
            for version in versions
            for _ in range(3)
        ]
        for n, gate in enumerate(gates[:30]):
            Promotion.objects.create(
                laboratory=laboratory,
                profile=profiles[n % 6] if n % 3 else None,
                version=gate.version,
                previous=shipped,
                gate=gate,
                gate_passed=True,
                by=admin,
                number=n + 1,
            )
        for n in range(4):
            dataset = Dataset.objects.create(
                laboratory=laboratory,
                name=f"Dataset {n}",
                state=Dataset.State.OPEN,
                duplicate_check=Dataset.DuplicateCheck.DONE,
                created_by=admin,
            )
            DatasetImage.objects.bulk_create(
                [
                    DatasetImage(
                        dataset=dataset,
                        path=f"{k % 8}/{k:06}.png",
                        sha256=f"{k:064x}",
                        label="neutrophil" if k % 2 else "lymphocyte",
                        source=f"slide {k // 10}",
                        split=("train", "validation", "test")[k % 3],
                        width_px=360,
                        height_px=360,
                    )
                    for k in range(10_000)
                ],
                batch_size=2000,
            )
        for _ in range(60):
            TrainingRun.objects.create(
                laboratory=laboratory,
                dataset=dataset,
                recipe="own_cells",
                created_by=admin,
                status=TrainingRun.Status.FAILED,
                error="The training was interrupted.",
            )
    return places
