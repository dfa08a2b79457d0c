"""Samples, reviews and cells that are there get what the case asks of them.

The statements on cells are plain SQL that both databases understand: a million of them are not to
travel through this process.
"""

import unicodedata
import uuid
from collections import defaultdict

from django.db import migrations

from predictions.errors import IdentifierInvalid
from predictions.identifiers import canonical, search_key

SAMPLES_AT_ONCE = 2000

# Never accepted without a person: see `mlmodels/ml/classes.py`.
ALWAYS_REVIEWED = (
    "immature_granulocyte", "promyelocyte", "myelocyte", "metamyelocyte", "blast", "erythroblast",
    "basophil", "plasma_cell",
)
CODES = ", ".join(f"'{code}'" for code in ALWAYS_REVIEWED)

REVIEWS = """
    UPDATE predictions_cellreview SET
        by_role = (SELECT u.role FROM accounts_user u WHERE u.id = by_id),
        model_label = (SELECT c.label FROM predictions_cell c WHERE c.id = cell_id),
        model_version_id = (SELECT j.model_version_id FROM predictions_cell c
            JOIN predictions_classificationjob j ON j.id = c.job_id WHERE c.id = cell_id)
"""
# The last doctor's word, else the last one.
CELLS = """
    UPDATE predictions_cell SET
        present_label = COALESCE(
            (SELECT r.to_label FROM predictions_cellreview r WHERE r.cell_id = predictions_cell.id
                AND r.by_role = 'doctor' ORDER BY r.number DESC LIMIT 1),
            present_label),
        named_by_role = CASE WHEN EXISTS (SELECT 1 FROM predictions_cellreview r
                WHERE r.cell_id = predictions_cell.id AND r.by_role = 'doctor') THEN 'doctor'
            ELSE (SELECT r.by_role FROM predictions_cellreview r
                WHERE r.cell_id = predictions_cell.id ORDER BY r.number DESC LIMIT 1) END
    WHERE last_review_number > 0
"""
FLOOR = f"""
    UPDATE predictions_cell SET disposition = 'review'
    WHERE disposition = 'accepted' AND label IN ({CODES})
"""
DAYS = f"UPDATE predictions_dailycells SET accepted = 0 WHERE code IN ({CODES})"
IMAGE_LABELS_AWAY = """
    DELETE FROM predictions_imagelabel WHERE image_id IN (
        SELECT c.image_id FROM predictions_cell c WHERE c.last_review_number > 0)
"""
IMAGE_LABELS = """
    INSERT INTO predictions_imagelabel (image_id, laboratory_id, uploaded_at, code, cells)
    SELECT i.id, i.laboratory_id, i.uploaded_at,
        CASE WHEN c.last_review_number = 0 AND c.disposition = 'unidentified'
            THEN 'unidentified' ELSE c.present_label END AS shown,
        COUNT(*)
    FROM predictions_smearimage i
    JOIN predictions_cell c ON c.job_id = i.newest_result_id
    WHERE i.id IN (SELECT r.image_id FROM predictions_cell r WHERE r.last_review_number > 0)
    GROUP BY i.id, i.laboratory_id, i.uploaded_at, shown
"""
SAMPLE_LABELS = """
    INSERT INTO predictions_samplelabel
        (sample_id, laboratory_id, code, reviewed, accepted, to_review)
    SELECT i.sample_id, i.laboratory_id,
        CASE WHEN c.last_review_number = 0 AND c.disposition = 'unidentified'
            THEN 'unidentified' ELSE c.present_label END AS shown,
        SUM(CASE WHEN c.last_review_number > 0 THEN 1 ELSE 0 END),
        SUM(CASE WHEN c.last_review_number = 0 AND c.disposition = 'accepted' THEN 1 ELSE 0 END),
        SUM(CASE WHEN c.last_review_number = 0 AND c.disposition <> 'accepted' THEN 1 ELSE 0 END)
    FROM predictions_smearimage i
    JOIN predictions_cell c ON c.job_id = i.newest_result_id
    GROUP BY i.sample_id, i.laboratory_id, shown
"""
SAMPLES = """
    UPDATE predictions_sample SET cells_to_review = COALESCE(
        (SELECT SUM(l.to_review) FROM predictions_samplelabel l
            WHERE l.sample_id = predictions_sample.id), 0)
"""


def key_of(text):
    """The key that services compare; the plain text where it holds what they refuse now."""
    try:
        return search_key(canonical(text, title="Number"), tell_case_apart=False)
    except IdentifierInvalid:
        return unicodedata.normalize("NFC", " ".join(text.split())).casefold()[:192]


def fill(apps, schema_editor):
    """Work out everything that the new columns say of what is there."""
    with schema_editor.connection.cursor() as cursor:
        for statement in (REVIEWS, CELLS, FLOOR, DAYS, IMAGE_LABELS_AWAY, IMAGE_LABELS):
            cursor.execute(statement)
        cursor.execute(SAMPLE_LABELS)
        cursor.execute(SAMPLES)
    _name_samples(apps)
    _begin_histories(apps)


def _name_samples(apps):
    """Give each sample its keys; of two with one number, the newer is marked."""
    Sample = apps.get_model("predictions", "Sample")
    taken = defaultdict(set)
    rows = Sample.objects.order_by("created_at", "id").only(
        "laboratory_id", "accession_number", "patient_reference", "state"
    )
    several = []
    for sample in rows.iterator(SAMPLES_AT_ONCE):
        sample.accession_key = key_of(sample.accession_number) or str(sample.pk)
        sample.patient_key = key_of(sample.patient_reference)
        sample.number_collides = sample.accession_key in taken[sample.laboratory_id]
        taken[sample.laboratory_id].add(sample.accession_key)
        several.append(sample)
        if len(several) == SAMPLES_AT_ONCE:
            _store(Sample, several)
            several = []
    _store(Sample, several)


def _store(Sample, several):
    fields = ["accession_key", "patient_key", "number_collides"]
    Sample.objects.bulk_update(several, fields, batch_size=200)


def _begin_histories(apps):
    """Open samples with cells are in review; each history begins with the sample's arrival."""
    Sample = apps.get_model("predictions", "Sample")
    SampleEvent = apps.get_model("predictions", "SampleEvent")
    rows = Sample.objects.order_by("created_at", "id").values_list(
        "pk", "created_by", "created_at", "state", "cells_found"
    )
    events = []
    for pk, created_by, created_at, state, cells in rows.iterator(SAMPLES_AT_ONCE):
        events.append(
            SampleEvent(
                id=uuid.uuid4(), sample_id=pk, number=1, kind="created", to_state="open",
                by_id=created_by, at=created_at,
            )
        )
        if state == "open" and cells:
            events.append(
                SampleEvent(
                    id=uuid.uuid4(), sample_id=pk, number=2, kind="started", from_state="open",
                    to_state="in_review",
                )
            )
        if len(events) >= SAMPLES_AT_ONCE:
            SampleEvent.objects.bulk_create(events, batch_size=200)
            events = []
    SampleEvent.objects.bulk_create(events, batch_size=200)
    Sample.objects.filter(state="open", cells_found__gt=0).update(state="in_review")


def empty(apps, schema_editor):
    """What was filled goes with its columns; cells below the floor stay to be reviewed."""
    Sample = apps.get_model("predictions", "Sample")
    Sample.objects.filter(state="in_review").update(state="open")
    for name in ("SampleEvent", "SampleLabel"):
        apps.get_model("predictions", name).objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("predictions", "0010_the_case"), ("accounts", "0005_head_of_reports_and_repeated_requests")]
    operations = [migrations.RunPython(fill, empty)]
