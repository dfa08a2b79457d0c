"""The pages of the models: what everybody reads, and what only an admin does."""

import re
from datetime import timedelta

import pytest

from accounts.models import AuditAction, AuditEvent
from mlmodels import artifacts
from mlmodels.ml.evaluation.metrics import Answer, summarise
from mlmodels.models import GateCheck, ImagingProfile, ModelVersion, Promotion
from mlmodels.selectors.versions.active import active_version
from mlmodels.services.versions import gates
from mlmodels.services.versions.shadows import start_shadow
from predictions.models import Cell, DailyCells
from tests.factories.images import make_image
from tests.factories.models import make_active, make_candidate, make_gate
from tests.factories.results import record_result

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shipped_version")]

REASON = "The field trial of May showed it better."


def text(response) -> str:
    """The words of a page, in one line."""
    words = re.sub(r"<[^>]*>", " ", response.content.decode())
    return re.sub(r"\s+", " ", words)


def test_everybody_reads_the_card_and_nobody_else_sees_a_button(
    technician, doctor, admin, laboratory, shipped_version, page_as
):
    version = make_candidate(laboratory)
    for person in (technician, doctor):
        for shown in (shipped_version, version):
            page = page_as(person).get(f"/models/{shown.pk}/")
            assert page.status_code == 200
            for words in ("Intended use", "Known failures", "Data and licences", "SHA-256"):
                assert words in text(page)
            forms = re.findall(r'action="(/models/[^"]*)"', page.content.decode())
            assert forms == []
            assert "/files/" not in page.content.decode()
    assert "/files/" in page_as(admin).get(f"/models/{version.pk}/").content.decode()


def test_the_card_shows_its_sets_class_by_class_with_intervals(admin, shipped_version, page_as):
    words = text(page_as(admin).get(f"/models/{shipped_version.pk}/"))
    figures = shipped_version.card["metrics"]["pbc_test"]
    low, high = figures["intervals"]["accuracy"]
    assert "Pbc test" in words
    assert f"95 % interval {100 * low:.1f} to {100 * high:.1f} %" in words
    assert "What it called them" in words
    assert "Cells found at an overlap of 0.5" in words
    for digest in artifacts.sums_of(artifacts.model_folder(shipped_version)).values():
        assert digest in words


def test_the_card_says_which_classes_a_person_always_looks_at(admin, shipped_version, page_as):
    words = text(page_as(admin).get(f"/models/{shipped_version.pk}/"))
    classes = "basophil, immature granulocyte, promyelocyte, blast, erythroblast"
    assert f"{classes}: a person looks, whatever" in words


def test_the_card_of_an_adapted_version_shows_before_and_after(admin, laboratory, page_as):
    figures = summarise([Answer("monocyte", "monocyte", 0.9, "accepted")] * 3, ("monocyte",))

    def adapted(card):
        card["metrics"] = {}
        card["adaptation"] = {
            "base": "hematovision 1.0.0",
            "cells": 60,
            "sources": 41,
            "chosen": "the last layer",
            "measured": "Every cell by a version adapted without its source.",
            "classes_without_cells": ["basophil"],
            "before": figures,
            "after": figures,
        }

    version = make_candidate(laboratory, adapted)
    words = text(page_as(admin).get(f"/models/{version.pk}/"))
    assert "from hematovision 1.0.0 to 60 reviewed cells of 41 samples: the last layer." in words
    assert "No cell was basophil." in words
    assert "Reviewed cells, before adapting" in words
    assert "Reviewed cells, after adapting" in words


def test_the_list_shows_what_is_active_with_its_live_figures(
    admin, technician, laboratory, page_as
):
    version = make_candidate(laboratory)
    make_active(admin, version)
    image = record_result(make_image(technician), {}, {}, {"disposition": "review"})
    page = page_as(technician).get("/models/")
    words = text(page)
    assert f"{version}" in words
    assert "66.7 % (2 of 3)" in words
    assert "all profiles" in words
    # What was uploaded more than thirty days ago does not count.
    DailyCells.objects.update(day=image.uploaded_on - timedelta(days=31))
    assert "66.7 %" not in text(page_as(technician).get("/models/"))


def test_a_profile_with_a_rule_of_its_own_has_a_row(admin, technician, laboratory, page_as):
    scanner = ImagingProfile.objects.create(laboratory=laboratory, name="Scanner", created_by=admin)
    version = make_candidate(laboratory, profile=scanner)
    make_active(admin, version, profile=scanner)
    image = make_image(technician)
    image.imaging_profile = scanner
    image.save(update_fields=["imaging_profile"])
    record_result(image, {}, {})
    page = page_as(admin).get("/models/")
    rows = re.findall(r"<tr>.*?</tr>", page.content.decode(), re.S)
    [row] = [row for row in rows if ">Scanner</th>" in row]
    assert str(version) in row
    assert "(2 of 2)" in row
    assert Cell.objects.filter(job__model_version=version).count() == 2


def test_a_check_is_asked_for_and_shown_while_it_runs(admin, laboratory, page_as):
    version, browser = make_candidate(laboratory), page_as(admin)
    assert browser.post(f"/models/{version.pk}/check/").status_code == 302
    gate = GateCheck.objects.get()
    page = browser.get(f"/models/{version.pk}/").content.decode()
    assert f'hx-get="/models/checks/{gate.pk}/"' in page
    held = gates.claim(gate.pk)
    assert held is not None
    gates.tell(held, done=5, of=60)
    part = browser.get(f"/models/checks/{gate.pk}/")
    assert "5 of 60 pictures read by both versions" in text(part)
    assert (
        browser.get(f"/models/checks/{gate.pk}/", headers={"if-none-match": part["ETag"]})
    ).status_code == 304
    gates.fail(held, "A picture of the set is missing.")
    ended = browser.get(f"/models/checks/{gate.pk}/")
    assert "A picture of the set is missing." in text(ended)
    assert "hx-get" not in ended.content.decode()


def test_a_version_is_promoted_on_its_page_and_rolled_back(
    admin, laboratory, shipped_version, page_as
):
    version, browser = make_candidate(laboratory), page_as(admin)
    gate = make_gate(admin, version)
    page = browser.get(f"/models/{version.pk}/").content.decode()
    assert "Promote for all profiles" in page
    answer = browser.post(f"/models/{version.pk}/promote/", {"seen": "0", "profile": ""})
    assert answer.status_code == 302
    assert active_version(laboratory) == version
    assert Promotion.objects.get().gate == gate
    page = browser.get("/models/")
    assert "Roll back to what is shipped" in text(page)
    assert browser.post("/models/roll-back/", {"seen": "1", "profile": ""}).status_code == 302
    assert active_version(laboratory) == shipped_version


def test_a_regression_without_a_reason_is_refused_on_the_page(
    admin, laboratory, shipped_version, page_as
):
    version, browser = make_candidate(laboratory), page_as(admin)
    make_gate(admin, version, passed=False)
    page = browser.get(f"/models/{version.pk}/")
    assert "1 rule does not hold" in text(page)
    answer = browser.post(f"/models/{version.pk}/promote/", {"seen": "0", "reason": "so there"})
    assert answer.status_code == 409
    assert "Give a reason of at least 10 characters" in text(answer)
    assert "so there</textarea>" in answer.content.decode()
    assert active_version(laboratory) == shipped_version
    browser.post(f"/models/{version.pk}/promote/", {"seen": "0", "reason": REASON})
    assert active_version(laboratory) == version
    for address in ("/models/", f"/models/{version.pk}/"):
        page = browser.get(address)
        assert "did not pass the gate" in text(page)
        assert REASON in text(page)


def test_promotion_by_another_role_is_denied_and_written_down(
    technician, admin, laboratory, shipped_version, page_as
):
    version = make_candidate(laboratory)
    make_gate(admin, version)
    answer = page_as(technician).post(f"/models/{version.pk}/promote/", {"seen": "0"})
    assert answer.status_code == 403
    assert "As technician you cannot promote models" in text(answer)
    assert active_version(laboratory) == shipped_version
    event = AuditEvent.objects.get(action=AuditAction.ACCESS_DENIED)
    assert event.actor == technician


def test_the_second_of_two_admins_gets_a_sentence(admin, laboratory, page_as):
    version, other, browser = make_candidate(laboratory), make_candidate(laboratory), page_as(admin)
    make_gate(admin, version)
    make_active(admin, other)
    answer = browser.post(f"/models/{version.pk}/promote/", {"seen": "0"})
    assert answer.status_code == 409
    assert f"made {other} active while this page was open" in text(answer)
    answer = browser.post("/models/roll-back/", {"seen": "0"})
    assert answer.status_code == 409
    assert "Look again, then decide" in text(answer)


def test_what_is_no_profile_is_not_found(admin, laboratory, page_as):
    version = make_candidate(laboratory)
    for sent in ("nonsense", "00000000-0000-0000-0000-000000000000"):
        answer = page_as(admin).post(f"/models/{version.pk}/check/", {"profile": sent})
        assert answer.status_code == 404


def test_a_file_is_handed_out_to_admins_and_written_down(admin, laboratory, page_as):
    version, browser = make_candidate(laboratory), page_as(admin)
    answer = browser.get(f"/models/{version.pk}/files/model.tflite")
    data = b"".join(answer.streaming_content)
    assert data == (artifacts.model_folder(version) / "model.tflite").read_bytes()
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    event = AuditEvent.objects.get(action=AuditAction.MODEL_DOWNLOADED)
    assert event.changes == {"file": [None, "model.tflite"]}


@pytest.mark.parametrize("name", ["SHA256SUMS", "nothing.txt", "..%2F..%2Fsecret", "card.json.bak"])
def test_no_other_file_is_handed_out(admin, laboratory, page_as, name):
    version = make_candidate(laboratory)
    (artifacts.model_folder(version) / "card.json.bak").write_text("{}")
    assert page_as(admin).get(f"/models/{version.pk}/files/{name}").status_code == 404


def test_a_damaged_file_is_told_and_not_handed_out(admin, laboratory, page_as):
    version, browser = make_candidate(laboratory), page_as(admin)
    (artifacts.model_folder(version) / "model.keras").write_bytes(b"something else")
    answer = browser.get(f"/models/{version.pk}/files/model.keras")
    assert answer.status_code == 503
    assert "is not handed out" in text(answer)
    (artifacts.model_folder(version) / "model.keras").unlink()
    page = browser.get(f"/models/{version.pk}/")
    assert "nothing is classified by it" in text(page)


def test_a_version_is_rejected_and_put_in_shadow_on_its_page(admin, laboratory, page_as):
    version, browser = make_candidate(laboratory), page_as(admin)
    browser.post(f"/models/{version.pk}/shadow/start/")
    assert "in shadow" in text(browser.get("/models/"))
    assert browser.post(f"/models/{version.pk}/reject/").status_code == 409
    browser.post(f"/models/{version.pk}/shadow/end/")
    browser.post(f"/models/{version.pk}/reject/", {"reason": "Too slow."})
    version.refresh_from_db()
    assert version.status == ModelVersion.Status.REJECTED
    page = browser.get(f"/models/{version.pk}/").content.decode()
    assert "Put in shadow" not in page
    assert "Check at the gate" not in page


def test_the_shadow_is_the_admins_own_matter(technician, admin, laboratory, page_as):
    version = make_candidate(laboratory)
    start_shadow(actor=admin, version_id=version.pk)
    for address in ("/models/", f"/models/{version.pk}/"):
        assert "shadow" not in text(page_as(technician).get(address)).lower()


def test_another_laboratorys_version_is_not_found(admin, other_laboratory, page_as):
    version, browser = make_candidate(other_laboratory), page_as(admin)
    for address in (
        f"/models/{version.pk}/",
        f"/models/{version.pk}/files/model.keras",
        f"/models/{version.pk}/shadow/",
    ):
        assert browser.get(address).status_code == 404
    assert str(version) not in text(browser.get("/models/"))


def test_without_a_model_the_list_says_what_to_do(admin, page_as):
    ModelVersion.objects.all().delete()
    assert "register_model --shipped" in text(page_as(admin).get("/models/"))
