"""Before the signature: a print that says on every page that nobody has signed it."""

from io import BytesIO

import pytest
from pypdf import PdfReader

from accounts.models import AuditAction, AuditEvent
from predictions.models import ReportFile
from predictions.selectors.reports.contents import preliminary_content
from tests.factories.cases import make_case, make_ready, make_signed

pytestmark = pytest.mark.django_db


def test_every_page_says_that_it_is_preliminary(page_as, technician):
    sample = make_case(technician, unidentified=2)
    answer = page_as(technician).get(f"/samples/{sample.pk}/preliminary.pdf")
    assert answer["Content-Disposition"] == 'attachment; filename="preliminary.pdf"'
    pages = PdfReader(BytesIO(answer.getvalue())).pages
    assert all("PRELIMINARY" in page.extract_text() for page in pages)
    assert sum(len(page.images) for page in pages) >= 20
    assert not ReportFile.objects.exists()


def test_that_it_was_taken_is_written_down(page_as, technician, doctor):
    sample = make_ready(technician)
    page_as(doctor).get(f"/samples/{sample.pk}/preliminary.pdf")
    event = AuditEvent.objects.get(action=AuditAction.REPORT_DOWNLOADED)
    assert (event.actor, event.object_type, event.object_id) == (doctor, "sample", str(sample.pk))
    assert event.changes == {"status": [None, "preliminary"]}


def test_many_classes_show_fewer_cells_each(technician):
    many = dict.fromkeys(
        ("neutrophil", "lymphocyte", "monocyte", "eosinophil", "basophil", "blast",
         "myelocyte", "plasma_cell", "erythroblast"), 9,
    )  # fmt: skip
    content = preliminary_content(technician, make_case(technician, many).pk)
    shown = [len(each.crops) for each in content.crops]
    assert sum(shown) <= 64
    assert set(shown) == {7}


def test_what_is_signed_has_a_report_and_no_preliminary_print(page_as, technician, doctor):
    sample = make_signed(technician, doctor).sample
    client = page_as(doctor)
    refused = client.get(f"/samples/{sample.pk}/preliminary.pdf")
    assert refused.status_code == 409
    assert "What was signed stands under its reports." in refused.content.decode()
    page = client.get(f"/samples/{sample.pk}/differential/").content.decode()
    assert "Preliminary print" not in page


def test_the_differential_leads_to_it(page_as, technician, admin):
    sample = make_case(technician)
    address = f"/samples/{sample.pk}/"
    page = page_as(technician).get(f"{address}differential/").content.decode()
    assert f'href="{address}preliminary.pdf"' in page
    # Reports are not for admins.
    page = page_as(admin).get(f"{address}differential/").content.decode()
    assert "preliminary.pdf" not in page
