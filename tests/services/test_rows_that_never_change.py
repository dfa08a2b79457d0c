"""On PostgreSQL, the database itself refuses to change or delete what was decided."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest
from psycopg2 import sql

from tests.journeys.installation import ROOT, Installation

pytestmark = pytest.mark.services

NOW = "2026-01-02T03:04:05Z"


@pytest.fixture(scope="module")
def migrated(tmp_path_factory, empty_database_url: str) -> str:
    """A database with every table, made by the migrations."""
    _migrate(tmp_path_factory, empty_database_url)
    return empty_database_url


@pytest.fixture
def rows(migrated: str) -> Iterator[Any]:
    """A cursor whose rows are gone afterwards.

    Keys of other tables are looked up at the end of a transaction, which never comes here: a row
    needs no others around it.
    """
    connection = psycopg2.connect(migrated)
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.rollback()
        connection.close()


def test_a_row_of_the_ledger_is_neither_changed_nor_deleted(rows):
    row = _promotion(rows)
    for act in (
        "UPDATE mlmodels_promotion SET reason = 'another'",
        "DELETE FROM mlmodels_promotion",
    ):
        _assert_refused(rows, act, row, "A row of the ledger of promotions cannot be changed")


def test_a_review_of_a_cell_is_neither_changed_nor_deleted(rows):
    row = _add(
        rows,
        "predictions_cellreview",
        number=1,
        from_label="lymphocyte",
        to_label="monocyte",
        at=NOW,
        by_id=uuid.uuid4(),
        by_role="doctor",
        remark="",
        model_label="lymphocyte",
        cell_id=uuid.uuid4(),
    )
    for act in (
        "UPDATE predictions_cellreview SET to_label = 'basophil'",
        "DELETE FROM predictions_cellreview",
    ):
        _assert_refused(rows, act, row, "A review of a cell cannot be changed or deleted.")


WRITTEN_ONCE: dict[str, tuple[str, dict[str, Any]]] = {
    "predictions_sampleevent": (
        "reason",
        {"number": 1, "kind": "sent", "from_state": "in_review", "to_state": "ready"}
        | {"at": NOW, "reason": "", "changes": "{}", "sample_id": uuid.uuid4()},
    ),
    "predictions_report": (
        "content",
        {"laboratory_id": uuid.uuid4(), "sample_id": uuid.uuid4(), "serial": 1, "at": NOW}
        | {"number": "R-000001", "version": 1, "status": "final", "amendment_reason": ""}
        | {"content": "{}", "sha256": "a"},
    ),
    "predictions_alarmacknowledgement": (
        "note",
        {"sample_id": uuid.uuid4(), "by_id": uuid.uuid4(), "at": NOW, "note": ""}
        | {"blasts": 1, "immature_granulocytes": 0},
    ),
    "predictions_criticalcontact": (
        "told_to",
        {"sample_id": uuid.uuid4(), "label": "wbc", "value": "0.4", "told_to": "ward 3"}
        | {"told_at": NOW, "read_back": True, "note": "", "by_id": uuid.uuid4(), "at": NOW},
    ),
    "predictions_findinglimits": ("reason", {"number": 7, "limits": "[]", "at": NOW, "reason": ""}),
    "predictions_diseaselabel": (
        "name",
        {"code": "scurvy", "number": 1, "name": "Scurvy", "icd10": "", "is_active": True}
        | {"at": NOW},
    ),
    "predictions_controlanswer": (
        "label",
        {"reading_id": uuid.uuid4(), "cell_id": uuid.uuid4(), "label": "monocyte", "at": NOW},
    ),
    "predictions_intervalset": (
        "reason",
        {"number": 7, "intervals": "[]", "limits": "[]", "at": NOW, "reason": ""},
    ),
}


@pytest.mark.parametrize("table", WRITTEN_ONCE)
def test_what_a_case_leaves_behind_is_written_once(rows, table: str):
    column, values = WRITTEN_ONCE[table]
    row = _add(rows, table, **values)
    change = f"UPDATE {table} SET {column} = 'another'"  # noqa: S608  our own names
    for act in (change, f"DELETE FROM {table}"):  # noqa: S608
        _assert_refused(rows, act, row, "cannot be changed or deleted|changed by a newer")


def test_what_was_kept_of_findings_is_neither_changed_nor_deleted(rows):
    values = {"sample_id": uuid.uuid4(), "number": 1, "findings": "[]", "by_id": uuid.uuid4()}
    row = _add(rows, "predictions_keptfindings", **values, at=NOW)
    for act in (
        "UPDATE predictions_keptfindings SET number = 2",
        "DELETE FROM predictions_keptfindings",
    ):
        _assert_refused(rows, act, row, "changed by a newer choice")


def test_a_disease_of_a_sample_is_taken_back_once_and_changes_no_more(rows):
    row = _add(
        rows,
        "predictions_sampledisease",
        sample_id=uuid.uuid4(),
        label_id=uuid.uuid4(),
        laboratory_id=uuid.uuid4(),
        code="anaemia",
        by_id=uuid.uuid4(),
        at=NOW,
    )
    said, deleted = "UPDATE predictions_sampledisease SET", "DELETE FROM predictions_sampledisease"
    for act in (f"{said} code = 'other'", deleted):
        _assert_refused(rows, act, row, "taken back once")
    rows.execute(
        f"{said} removed_at = %s, removed_by_id = %s WHERE id = %s", [NOW, str(uuid.uuid4()), row]
    )
    assert rows.rowcount == 1
    back = f"{said} removed_at = NULL, removed_by_id = NULL"
    for act in (back, deleted):
        _assert_refused(rows, act, row, "taken back once")


@pytest.mark.parametrize(
    "act",
    [
        "UPDATE predictions_secondread SET first_label = 'blast'",
        "UPDATE predictions_secondread SET cell_id = gen_random_uuid()",
        "DELETE FROM predictions_secondread",
    ],
)
def test_what_was_drawn_to_be_read_again_stays(rows, act: str):
    row = _second_read(rows)
    _assert_refused(rows, act, row, "cannot be changed or deleted")


def test_a_second_read_is_answered_and_never_waits_again(rows):
    row = _second_read(rows)
    rows.execute("UPDATE predictions_secondread SET state = 'read' WHERE id = %s", [row])
    assert rows.rowcount == 1
    back = "UPDATE predictions_secondread SET state = 'waiting'"
    _assert_refused(rows, back, row, "cannot be changed or deleted")


def test_a_started_control_slide_and_its_cells_stay(rows):
    slide = _add(
        rows,
        "predictions_controlslide",
        laboratory_id=uuid.uuid4(),
        name="Slide 1",
        created_by_id=uuid.uuid4(),
        created_at=NOW,
    )
    values = {"slide_id": slide, "label": "monocyte"}
    cell = _add(rows, "predictions_controlcell", cell_id=uuid.uuid4(), **values)
    start = "UPDATE predictions_controlslide SET started_at = %s WHERE id = %s"
    rows.execute(start, [NOW, slide])
    assert rows.rowcount == 1
    for act, row in (
        ("UPDATE predictions_controlcell SET label = 'blast'", cell),
        ("DELETE FROM predictions_controlcell", cell),
        ("UPDATE predictions_controlslide SET name = 'another'", slide),
        ("UPDATE predictions_controlslide SET started_at = NULL", slide),
        ("DELETE FROM predictions_controlslide", slide),
    ):
        _assert_refused(rows, act, row, "cannot be changed or deleted")
    with pytest.raises(psycopg2.errors.RaiseException, match="cannot be changed or deleted"):
        _add(rows, "predictions_controlcell", cell_id=uuid.uuid4(), **values)


@pytest.mark.parametrize(
    ("table", "act"),
    [
        ("sample", "UPDATE predictions_sample SET accession_number = 'another'"),
        ("sample", "UPDATE predictions_sample SET state = 'open'"),
        ("sample", "DELETE FROM predictions_sample"),
        ("image", "UPDATE predictions_smearimage SET sha256 = 'another'"),
        ("image", "DELETE FROM predictions_smearimage"),
    ],
)
@pytest.mark.parametrize("state", ["signed", "retracted"])
def test_a_signed_sample_and_its_images_are_frozen(rows, table: str, act: str, state: str):
    sample = _sample(rows)
    keys = {"sample": sample, "image": _image(rows, sample)}
    rows.execute("UPDATE predictions_sample SET state = %s WHERE id = %s", [state, sample])
    _assert_refused(rows, act, keys[table], "nothing of it may change")
    with pytest.raises(psycopg2.errors.RaiseException, match="nothing of it may change"):
        _image(rows, sample)


def test_a_signed_sample_may_go_into_amendment(rows):
    sample = _sample(rows)
    for state in ("signed", "amending", "signed", "retracted"):
        rows.execute("UPDATE predictions_sample SET state = %s WHERE id = %s", [state, sample])
        assert rows.rowcount == 1


@pytest.mark.parametrize(
    "act",
    [
        "UPDATE mlmodels_dataset SET manifest_sha256 = 'b'",
        "UPDATE mlmodels_dataset SET state = 'open'",
        "UPDATE mlmodels_dataset SET folder = 'elsewhere'",
        "DELETE FROM mlmodels_dataset",
    ],
)
def test_a_frozen_dataset_keeps_its_hash_state_and_folder(rows, act: str):
    row = _dataset(rows, state="frozen")
    _assert_refused(rows, act, row, "A frozen dataset cannot be changed or deleted.")


@pytest.mark.parametrize(
    "act",
    [
        "UPDATE mlmodels_datasetimage SET label = 'basophil'",
        "UPDATE mlmodels_datasetimage SET sha256 = 'b'",
        "DELETE FROM mlmodels_datasetimage",
    ],
)
def test_a_picture_of_a_frozen_dataset_keeps_its_row(rows, act: str):
    dataset = _dataset(rows, state="open")
    row = _picture(rows, dataset)
    rows.execute("UPDATE mlmodels_dataset SET state = 'frozen' WHERE id = %s", [dataset])
    _assert_refused(rows, act, row, "A frozen dataset cannot be changed or deleted.")


def test_no_picture_comes_into_a_frozen_dataset(rows):
    frozen, open_one = _dataset(rows, state="frozen"), _dataset(rows, state="open")
    row = _picture(rows, open_one)
    moving = (
        "UPDATE mlmodels_datasetimage SET dataset_id = "
        "(SELECT id FROM mlmodels_dataset WHERE state = 'frozen')"
    )
    _assert_refused(rows, moving, row, "A frozen dataset cannot be changed or deleted.")
    with pytest.raises(psycopg2.errors.RaiseException, match="A frozen dataset cannot be changed"):
        _picture(rows, frozen)


def test_a_frozen_dataset_may_become_the_reference(rows):
    row = _dataset(rows, state="frozen")
    rows.execute("UPDATE mlmodels_dataset SET is_reference = true WHERE id = %s", [row])
    assert rows.rowcount == 1


def test_an_open_dataset_and_its_pictures_may_be_changed_and_deleted(rows):
    dataset = _dataset(rows, state="open")
    picture = _picture(rows, dataset)
    rows.execute("UPDATE mlmodels_datasetimage SET split = 'test' WHERE id = %s", [picture])
    assert rows.rowcount == 1
    rows.execute("DELETE FROM mlmodels_datasetimage WHERE id = %s", [picture])
    assert rows.rowcount == 1
    rows.execute("DELETE FROM mlmodels_dataset WHERE id = %s", [dataset])
    assert rows.rowcount == 1


def test_the_migrations_go_back_and_forth_again(tmp_path_factory, other_database_url: str):
    _migrate(tmp_path_factory, other_database_url)
    _migrate(tmp_path_factory, other_database_url, "predictions", "0001")
    _migrate(tmp_path_factory, other_database_url, "mlmodels", "0002")
    with psycopg2.connect(other_database_url) as connection, connection.cursor() as cursor:
        assert _guards(cursor) == set()
    _migrate(tmp_path_factory, other_database_url)
    with psycopg2.connect(other_database_url) as connection, connection.cursor() as cursor:
        assert {
            "mlmodels_promotion_append_only",
            "mlmodels_dataset_frozen",
            "mlmodels_datasetimage_frozen",
            "predictions_cellreview_append_only",
        } <= _guards(cursor)


def _migrate(tmp_path_factory, database_url: str, *to: str) -> None:
    folder = tmp_path_factory.mktemp("migrate")
    environment = Installation(folder, DATABASE_URL=database_url).environment
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--noinput", *to],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def _guards(cursor: Any) -> set[str]:
    """The triggers of this schema that are not PostgreSQL's own."""
    cursor.execute(
        "SELECT t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
        "JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE NOT t.tgisinternal AND n.nspname = current_schema() "
        "AND (c.relname LIKE 'mlmodels%' OR c.relname LIKE 'predictions%')"
    )
    return {name for (name,) in cursor.fetchall()}


def _assert_refused(cursor: Any, act: str, row: str, sentence: str) -> None:
    cursor.execute("SAVEPOINT before_it")
    with pytest.raises(psycopg2.errors.RaiseException, match=sentence):
        cursor.execute(f"{act} WHERE id = %s", [row])
    cursor.execute("ROLLBACK TO SAVEPOINT before_it")


def _second_read(cursor: Any) -> str:
    keys = ("laboratory_id", "sample_id", "draw_id", "cell_id")
    return _add(
        cursor,
        "predictions_secondread",
        kind="accepted",
        first_label="monocyte",
        turn=1,
        state="waiting",
        **{key: uuid.uuid4() for key in keys},
    )


def _promotion(cursor: Any) -> str:
    return _add(
        cursor, "mlmodels_promotion", laboratory_id=uuid.uuid4(), reason="", at=NOW, number=1
    )


def _dataset(cursor: Any, *, state: str) -> str:
    return _add(
        cursor,
        "mlmodels_dataset",
        laboratory_id=uuid.uuid4(),
        name=f"set {uuid.uuid4()}",
        origin="",
        licence="",
        state=state,
        duplicate_check="done",
        folder="f",
        report="[]",
        error="",
        manifest_sha256="a",
        is_reference=False,
        fence=0,
        attempts=0,
        worker="",
        sends=0,
        progress_done=0,
        progress_total=0,
        created_at=NOW,
    )


def _picture(cursor: Any, dataset: str) -> str:
    return _add(
        cursor,
        "mlmodels_datasetimage",
        dataset_id=dataset,
        path=f"{uuid.uuid4()}.png",
        sha256="a",
        label="monocyte",
        source="slide 1",
        split="train",
        width_px=64,
        height_px=64,
    )


def _sample(cursor: Any) -> str:
    number = str(uuid.uuid4())
    return _add(
        cursor,
        "predictions_sample",
        laboratory_id=uuid.uuid4(),
        created_by_id=uuid.uuid4(),
        accession_number=number,
        accession_key=number,
        number_collides=False,
        patient_reference="",
        patient_key="",
        sex="",
        requester="",
        note="",
        priority="routine",
        state="ready",
        state_changed_at=NOW,
        created_at=NOW,
        images_count=1,
        images_unfinished=0,
        images_failed=0,
        cells_found=0,
        cells_to_review=0,
    )


def _image(cursor: Any, sample: str) -> str:
    return _add(
        cursor,
        "predictions_smearimage",
        sample_id=sample,
        laboratory_id=uuid.uuid4(),
        uploaded_by_id=uuid.uuid4(),
        uploaded_at=NOW,
        uploaded_on="2026-01-02",
        original_name="field.jpg",
        position_in_upload=0,
        sha256=str(uuid.uuid4()),
        size_bytes=1,
        declared_type="",
        detected_type="JPEG",
        width_px=64,
        height_px=64,
        original="a",
        rendition="b",
        thumbnail="c",
        status="succeeded",
        dismissal_reason="",
    )


def _add(cursor: Any, table: str, **values: Any) -> str:
    """Insert a row; returns its key."""
    key = str(uuid.uuid4())
    values = {
        "id": key,
        **{n: str(v) if isinstance(v, uuid.UUID) else v for n, v in values.items()},
    }
    insertion = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, values)),
        sql.SQL(", ").join(sql.Placeholder() * len(values)),
    )
    cursor.execute(insertion, [*values.values()])
    return key
