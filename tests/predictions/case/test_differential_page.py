"""The differential as a page: figures, intervals, flags in words, and what is outside the count."""

import pytest

from predictions.models import CriticalContact
from tests.factories.cases import make_case, make_ready

pytestmark = pytest.mark.django_db


def page_of(client, sample) -> str:
    return client.get(f"/samples/{sample.pk}/differential/").content.decode()


def test_a_class_has_its_count_percentage_and_interval(page_as, technician):
    sample = make_case(technician, {"neutrophil": 93, "monocyte": 7}, age_days_given=12800)
    page = page_of(page_as(technician), sample)
    assert '<span class="differential__counted">100</span> of 200' in page
    assert "3.4 \N{EN DASH} 13.7" in page
    assert "93.0" in page
    assert "high" in page
    assert "low" in page
    assert "counting" in page


def test_bars_are_drawn_and_said(page_as, technician):
    page = page_of(page_as(technician), make_case(technician, {"neutrophil": 93, "monocyte": 7}))
    assert 'aria-label="7.0 %, 95 % interval 3.4 to 13.7"' in page


def test_absolute_counts_need_a_white_cell_count(page_as, technician):
    without = page_of(page_as(technician), make_case(technician))
    assert "No WBC is known" in without
    known = make_case(technician, {"neutrophil": 50, "lymphocyte": 50}, wbc="6.00")
    assert "3.00" in page_of(page_as(technician), known)


def test_what_is_outside_the_count_is_shown(page_as, technician):
    sample = make_case(
        technician, {"neutrophil": 100, "platelet": 4}, to_review={"monocyte": 3}, unidentified=2
    )
    page = page_of(page_as(technician), sample)
    assert "Platelet" in page
    assert "Open them in the gallery" in page
    assert "(2.0 to 100 counted)" in page


def test_few_cells_are_called_a_limited_count(page_as, technician):
    assert "limited count" in page_of(page_as(technician), make_case(technician, {"monocyte": 7}))


def test_whoever_tells_the_ward_records_it_here(page_as, technician):
    sample = make_ready(technician, {"lymphocyte": 150}, wbc="0.40", wbc_is_corrected=True)
    client = page_as(technician)
    assert "Critical value" in page_of(client, sample)
    sent = {"label": "wbc", "told_to": "", "told_at": "2026-01-01T10:00", "read_back": "on"}
    refused = client.post(f"/samples/{sample.pk}/contacts/", sent)
    assert refused.status_code == 400
    assert "2026-01-01T10:00" in refused.content.decode()
    moment = sample.created_at.strftime("%Y-%m-%dT%H:%M")
    sent = {"label": "wbc", "told_to": "Dr Ward, ward 7", "told_at": moment, "read_back": "on"}
    answer = client.post(f"/samples/{sample.pk}/contacts/", sent, follow=True)
    assert "Dr Ward, ward 7" in answer.content.decode()
    assert CriticalContact.objects.get().read_back
