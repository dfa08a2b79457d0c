"""What lists show is worked out once from the rows that it follows from, sample by sample.

The services keep it from then on. The statements are plain SQL that both databases understand:
a million cells are not to travel through this process.
"""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import migrations

SAMPLES_AT_ONCE = 500

IMAGES = """
    UPDATE predictions_smearimage SET
        laboratory_id = (SELECT laboratory_id FROM predictions_sample s WHERE s.id = sample_id),
        newest_job_id = (SELECT j.id FROM predictions_classificationjob j
            WHERE j.image_id = predictions_smearimage.id
            ORDER BY j.queued_at DESC, j.id DESC LIMIT 1),
        newest_result_id = (SELECT j.id FROM predictions_classificationjob j
            WHERE j.image_id = predictions_smearimage.id AND j.status = 'succeeded'
            ORDER BY j.queued_at DESC, j.id DESC LIMIT 1)
    WHERE sample_id >= %(first)s AND sample_id <= %(last)s
"""
STATUSES = """
    UPDATE predictions_smearimage SET
        status = COALESCE((SELECT j.status FROM predictions_classificationjob j
            WHERE j.id = newest_job_id), 'queued'),
        cells_found = CASE WHEN newest_result_id IS NULL THEN NULL ELSE
            (SELECT COUNT(*) FROM predictions_cell c WHERE c.job_id = newest_result_id) END,
        last_reviewed_at = (SELECT MAX(r.at) FROM predictions_cellreview r
            JOIN predictions_cell c ON c.id = r.cell_id
            WHERE c.image_id = predictions_smearimage.id)
    WHERE sample_id >= %(first)s AND sample_id <= %(last)s
"""
CELLS = """
    UPDATE predictions_cell SET present_label = label
    WHERE image_id IN (SELECT i.id FROM predictions_smearimage i
        WHERE i.sample_id >= %(first)s AND i.sample_id <= %(last)s)
"""
REVIEWED_CELLS = """
    UPDATE predictions_cell SET
        last_review_number = (SELECT MAX(r.number) FROM predictions_cellreview r
            WHERE r.cell_id = predictions_cell.id),
        present_label = (SELECT r.to_label FROM predictions_cellreview r
            WHERE r.cell_id = predictions_cell.id ORDER BY r.number DESC LIMIT 1)
    WHERE id IN (SELECT cell_id FROM predictions_cellreview)
"""
FEATURES = """
    INSERT INTO predictions_cellfeatures (cell_id, model_version_id, "values")
    SELECT c.id, j.model_version_id, c.features
    FROM predictions_smearimage i
    JOIN predictions_cell c ON c.image_id = i.id
    JOIN predictions_classificationjob j ON j.id = c.job_id
    WHERE i.sample_id >= %(first)s AND i.sample_id <= %(last)s
        AND j.model_version_id IS NOT NULL AND LENGTH(c.features) > 0
"""
LABELS = """
    INSERT INTO predictions_imagelabel (image_id, laboratory_id, uploaded_at, code, cells)
    SELECT i.id, i.laboratory_id, i.uploaded_at,
        CASE WHEN c.last_review_number = 0 AND c.disposition = 'unidentified'
            THEN 'unidentified' ELSE c.present_label END AS shown,
        COUNT(*)
    FROM predictions_smearimage i
    JOIN predictions_cell c ON c.job_id = i.newest_result_id
    WHERE i.sample_id >= %(first)s AND i.sample_id <= %(last)s
    GROUP BY i.id, i.laboratory_id, i.uploaded_at, shown
"""
SAMPLES = """
    UPDATE predictions_sample SET
        images_count = (SELECT COUNT(*) FROM predictions_smearimage i
            WHERE i.sample_id = predictions_sample.id),
        images_unfinished = (SELECT COUNT(*) FROM predictions_smearimage i
            WHERE i.sample_id = predictions_sample.id AND i.status IN ('queued', 'running')),
        images_failed = (SELECT COUNT(*) FROM predictions_smearimage i
            WHERE i.sample_id = predictions_sample.id AND i.status = 'failed'),
        cells_found = COALESCE((SELECT SUM(i.cells_found) FROM predictions_smearimage i
            WHERE i.sample_id = predictions_sample.id), 0),
        cells_to_review = (SELECT COUNT(*) FROM predictions_smearimage i
            JOIN predictions_cell c ON c.job_id = i.newest_result_id
            WHERE i.sample_id = predictions_sample.id
                AND c.last_review_number = 0 AND c.disposition <> 'accepted')
    WHERE id >= %(first)s AND id <= %(last)s
"""
DAILY = """
    INSERT INTO predictions_dailycells
        (laboratory_id, day, version, profile, code, cells, accepted)
    SELECT i.laboratory_id, i.uploaded_on, {version} AS by_version, {profile} AS of_profile,
        CASE WHEN c.disposition = 'unidentified' THEN 'unidentified' ELSE c.label END AS named,
        COUNT(*), SUM(CASE WHEN c.disposition = 'accepted' THEN 1 ELSE 0 END)
    FROM predictions_smearimage i
    JOIN predictions_classificationjob j ON j.id = i.newest_result_id
    JOIN predictions_cell c ON c.job_id = j.id
    GROUP BY i.laboratory_id, i.uploaded_on, by_version, of_profile, named
"""


def as_text(column, vendor):
    """A UUID as text, empty where there is none: PostgreSQL knows them, SQLite keeps 32 digits."""
    if vendor == "postgresql":
        return f"COALESCE(CAST({column} AS TEXT), '')"
    groups = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
    parts = [f"SUBSTR({column}, {begin}, {digits})" for begin, digits in groups]
    return "COALESCE(" + " || '-' || ".join(parts) + ", '')"


def fill(apps, schema_editor):
    """Work out the summaries of all that is there."""
    connection = schema_editor.connection
    parts = _parts(apps, connection.vendor)
    with connection.cursor() as cursor:
        _analyze(cursor, connection.vendor)
        for ends in parts:
            cursor.execute(IMAGES, ends)
        _fill_days(apps)
        # What was empty until now tells the planner that nothing is to be found there.
        _analyze(cursor, connection.vendor)
        for ends in parts:
            cursor.execute(CELLS, ends)
        cursor.execute(REVIEWED_CELLS)
        for ends in parts:
            for statement in (STATUSES, FEATURES, LABELS, SAMPLES):
                cursor.execute(statement, ends)
        cursor.execute(
            DAILY.format(
                version=as_text("j.model_version_id", connection.vendor),
                profile=as_text("i.imaging_profile_id", connection.vendor),
            )
        )


def _parts(apps, vendor):
    """The first and the last key of so many samples at a time."""
    Sample = apps.get_model("predictions", "Sample")
    keys = sorted(Sample.objects.order_by().values_list("pk", flat=True), key=lambda key: key.hex)
    ends = [
        (keys[begin], keys[begin : begin + SAMPLES_AT_ONCE][-1])
        for begin in range(0, len(keys), SAMPLES_AT_ONCE)
    ]
    if vendor == "sqlite":
        ends = [(first.hex, last.hex) for first, last in ends]
    return [{"first": first, "last": last} for first, last in ends]


def _analyze(cursor, vendor):
    if vendor == "postgresql":
        for table in ("sample", "smearimage", "classificationjob", "cell", "cellreview"):
            cursor.execute(f"ANALYZE predictions_{table}")


def _fill_days(apps):
    """The laboratory's day of each upload; SQLite knows no time zones, so they are told here."""
    Laboratory = apps.get_model("accounts", "Laboratory")
    SmearImage = apps.get_model("predictions", "SmearImage")
    for laboratory in Laboratory.objects.all():
        zone = ZoneInfo(laboratory.time_zone)
        images = SmearImage.objects.filter(laboratory=laboratory, uploaded_on__isnull=True)
        while True:
            first = images.order_by("uploaded_at").values_list("uploaded_at", flat=True).first()
            if first is None:
                break
            day = first.astimezone(zone).date()
            end = datetime.combine(day + timedelta(days=1), time.min, tzinfo=zone)
            images.filter(uploaded_at__lt=end).update(uploaded_on=day)


def empty(apps, schema_editor):
    """Nothing follows from summaries; features go back to their cells."""
    for name in ("ImageLabel", "DailyCells"):
        apps.get_model("predictions", name).objects.all().delete()
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE predictions_cell SET features = (
                SELECT f."values" FROM predictions_cellfeatures f WHERE f.cell_id = predictions_cell.id
            ) WHERE id IN (SELECT cell_id FROM predictions_cellfeatures)
            """
        )
    apps.get_model("predictions", "CellFeatures").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("predictions", "0007_summaries")]
    operations = [migrations.RunPython(fill, empty)]
