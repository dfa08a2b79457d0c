"""What is said of a sample: shown, and corrected with a reason where one is needed."""

import re

import pytest

from predictions.models import Sample
from predictions.services.samples.details import change_sample
from tests.factories.cases import make_case, make_ready, make_signed
from tests.factories.images import make_sample

pytestmark = pytest.mark.django_db


def form_of(client, sample) -> dict[str, str]:
    """What the page's form sends when nothing is changed."""
    form = client.get(f"/samples/{sample.pk}/details/").context["form"]
    sent = {name: form[name].value() for name in form.fields}
    shown = {name: form.fields[name].prepare_value(value) for name, value in sent.items()}
    written = {name: form.fields[name].widget.format_value(value) for name, value in shown.items()}
    return {
        name: (value[0] if isinstance(value, list) else value) or ""
        for name, value in written.items()
    }


def change(client, sample, **fields: str):
    sent = {**form_of(client, sample), **fields}
    return client.post(f"/samples/{sample.pk}/details/", sent, follow=True)


def test_all_of_it_can_be_said(page_as, technician):
    sample = make_sample(technician)
    answer = change(
        page_as(technician),
        sample,
        sex="female",
        age="35 y",
        priority="urgent",
        collected_at="2026-01-05T08:30",
        requester="Ward 7",
        wbc="7.25",
        wbc_at="2026-01-05T09:00",
        wbc_is_corrected="false",
        note="Fever",
    )
    assert "is kept" in answer.content.decode()
    sample.refresh_from_db()
    assert (sample.sex, sample.priority, sample.requester) == ("female", "urgent", "Ward 7")
    assert (str(sample.wbc), sample.wbc_is_corrected, sample.note) == ("7.25", False, "Fever")
    assert f"{sample.collected_at:%Y-%m-%d}" == "2026-01-05"
    head = page_as(technician).get(f"/samples/{sample.pk}/").content.decode()
    assert "female, 35 y" in head
    assert "urgent" in head


def test_what_is_not_touched_is_not_changed(page_as, technician):
    sample = make_case(technician, wbc="7.25", age_days_given=4000)
    before = sample.events.count()
    change(page_as(technician), sample, note="Only this")
    sample.refresh_from_db()
    assert (str(sample.wbc), sample.age_days_given, sample.note) == ("7.25", 4000, "Only this")
    assert sample.events.count() == before


def test_what_somebody_else_said_meanwhile_is_not_taken_back(page_as, technician, doctor):
    sample = make_case(technician)
    browser = page_as(technician)
    page = browser.get(f"/samples/{sample.pk}/details/").content.decode()
    shown = dict(re.findall(r'name="(initial-\w+)"(?: value="([^"]*)")?', page))
    typed = form_of(browser, sample)
    change_sample(actor=doctor, sample_id=sample.pk, changes={"wbc": "0.30", "age": "3 d"})
    browser.post(f"/samples/{sample.pk}/details/", {**typed, **shown, "requester": "Ward 7"})
    sample.refresh_from_db()
    said = str(sample.wbc), sample.age_days_given, sample.requester
    assert said == ("0.30", 3, "Ward 7")


def test_another_number_needs_a_reason_and_keeps_what_was_typed(page_as, technician):
    sample = make_case(technician)
    client = page_as(technician)
    refused = change(client, sample, accession_number="NEW-1")
    assert refused.status_code == 400
    assert "Say why the sample gets another number" in refused.content.decode()
    assert 'value="NEW-1"' in refused.content.decode()
    change(client, sample, accession_number="NEW-1", reason="Mistyped")
    sample.refresh_from_db()
    assert sample.accession_number == "NEW-1"


def test_a_field_that_cannot_be_so_is_told_at_its_place(page_as, technician):
    sample = make_sample(technician)
    answer = change(page_as(technician), sample, age="old")
    assert answer.status_code == 400
    assert answer.context["form"].errors["age"]


def test_only_a_doctor_changes_what_waits_for_the_doctor(page_as, technician, doctor):
    sample = make_ready(technician)
    assert (
        "Keep the changes"
        not in page_as(technician).get(f"/samples/{sample.pk}/details/").content.decode()
    )
    change(page_as(doctor), sample, wbc="6.1")
    assert str(Sample.objects.get(pk=sample.pk).wbc) == "6.10"


def test_what_is_signed_is_shown_and_not_changed(page_as, technician, doctor):
    sample = make_signed(technician, doctor, requester="Ward 7").sample
    page = page_as(doctor).get(f"/samples/{sample.pk}/details/").content.decode()
    assert "Ward 7" in page
    assert "Keep the changes" not in page


def test_an_admin_only_reads(page_as, technician, admin):
    sample = make_sample(technician)
    client = page_as(admin)
    assert client.get(f"/samples/{sample.pk}/details/").status_code == 200
    assert client.post(f"/samples/{sample.pk}/details/", {}).status_code == 403
