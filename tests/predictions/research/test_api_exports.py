"""Exports for research, asked for and taken by a program."""

from __future__ import annotations

import io
import zipfile

import pytest
from django.urls import reverse
from django.utils import timezone

from predictions.models import CellExport
from predictions.services.research import exports
from tests.factories.exports import make_patients, write

pytestmark = pytest.mark.django_db

EXPORTS = "/api/v1/research/exports/"


@pytest.fixture
def client(api_as, technician, doctor):
    make_patients(technician, doctor, 2)
    return api_as(doctor)


def test_a_program_asks_waits_and_downloads(client, laboratory):
    asked = client.post(
        EXPORTS,
        {"project": "Study 7", "first_day": str(laboratory.today), "labels": ["monocyte"]},
        format="json",
    )
    assert asked.status_code == 202
    body = asked.json()
    assert (body["status"], body["cells_found"], body["is_ready"]) == ("queued", 24, False)
    assert body["wanted"]["labels"] == ["monocyte"]
    assert body["wanted"]["with_diseases"] is False
    address = f"{EXPORTS}{body['id']}/"
    assert client.get(f"{address}file/").json()["code"] == "export_not_ready"
    write(CellExport.objects.get())
    assert client.get(address).json()["is_ready"] is True
    file = client.get(f"{address}file/")
    assert (file.status_code, file["Content-Type"]) == (200, "application/zip")
    opened = zipfile.ZipFile(io.BytesIO(b"".join(file.streaming_content)))
    assert "annotations.json" in opened.namelist()


def test_the_list_has_the_newest_first_and_nothing_of_the_plan(client):
    for project in ("one", "two"):
        client.post(EXPORTS, {"project": project}, format="json")
        write(CellExport.objects.get(name=project))
    [newest, oldest] = client.get(EXPORTS).json()["results"]
    assert (newest["project"], oldest["project"]) == ("two", "one")
    assert "plan" not in newest


def test_what_has_expired_is_gone(client):
    client.post(EXPORTS, {}, format="json")
    export = write(CellExport.objects.get())
    CellExport.objects.update(expires_at=timezone.now())
    exports.expire_exports()
    answer = client.get(f"{EXPORTS}{export.pk}/file/")
    assert (answer.status_code, answer.json()["code"]) == (410, "export_expired")
    assert client.get(f"{EXPORTS}{export.pk}/").json()["has_expired"] is True


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"labels": ["nonsense"]}, "labels"),
        ({"profiles": ["nonsense"]}, "profiles"),
        ({"first_day": "2026-02-30"}, "first_day"),
        ({"first_day": "2026-02-03", "last_day": "2026-02-01"}, "last_day"),
        ({"last_day": "2001-01-01"}, "first_day"),
        ({"project": "x" * 50}, "project"),
    ],
)
def test_what_cannot_be_is_told_at_its_field(client, sent, field):
    answer = client.post(EXPORTS, sent, format="json")
    assert answer.status_code == 400
    assert field in answer.json()["fields"]


def test_a_second_one_waits_for_the_first(client):
    client.post(EXPORTS, {}, format="json")
    answer = client.post(EXPORTS, {}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "export_waits")


def test_with_a_key_it_is_asked_for_once(client):
    sent = [
        client.post(EXPORTS, {}, format="json", headers={"Idempotency-Key": "a-key-1"})
        for _ in range(2)
    ]
    assert [answer.status_code for answer in sent] == [202, 202]
    assert CellExport.objects.count() == 1


def test_a_dataset_of_reviews_is_no_export_for_research(client, admin, laboratory):
    hidden = CellExport.objects.create(
        laboratory=laboratory, kind="dataset", name="x", wanted={}, asked_by=admin
    )
    assert client.get(f"{EXPORTS}{hidden.pk}/").status_code == 404
    assert client.get(EXPORTS).json()["results"] == []


def test_the_page_says_of_each_how_it_stands(page_as, client, doctor):
    CellExport.objects.create(
        laboratory=doctor.laboratory,
        kind="research",
        name="broken",
        wanted={},
        asked_by=doctor,
        status="failed",
        error="The disk of the installation is full.",
    )
    gone = write(exports.ask_for_export(actor=doctor, project="old", wanted=exports.Wanted()))
    CellExport.objects.filter(pk=gone.pk).update(file="")
    exports.ask_for_export(actor=doctor, project="new", wanted=exports.Wanted())
    page = page_as(doctor).get(reverse("research")).content.decode()
    for words in ("The disk of the installation is full.", "expired", "waits for a worker"):
        assert words in page
    assert 'hx-trigger="every 2s"' in page


def test_where_nothing_was_exported_the_page_says_what_to_do(page_as, doctor):
    client = page_as(doctor)
    page = client.get(reverse("research")).content.decode()
    assert "Nothing was exported yet." in page
    assert "No signed cell is so." not in page
    counted = client.get(reverse("research"), {"labels": "monocyte"}).content.decode()
    assert "No signed cell is so." in counted
