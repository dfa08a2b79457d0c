"""No page or list asks the database more than twelve times, however much it shows."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from accounts.models import Role
from predictions.services.reports.amending import begin_amendment
from predictions.services.review.reviews import review_cell
from predictions.services.samples.states import send_back
from tests.factories.cases import make_ready, make_signed
from tests.factories.exports import make_export, write
from tests.factories.images import make_image, make_sample
from tests.factories.models import make_active, make_candidate, make_gate
from tests.factories.near_duplicates import make_act, make_three_groups
from tests.factories.people import make_user
from tests.factories.profiles import make_profile
from tests.factories.quality.drift import make_drift
from tests.factories.quality.second_reads import make_control_slide, make_differing, make_reading
from tests.factories.results import fail_image, record_result

MOST = 12

pytestmark = pytest.mark.django_db


class Counted:
    """Counts what is asked, without the marks of transactions."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, execute: Any, sql: str, *rest: Any) -> Any:
        if not sql.startswith(("SAVEPOINT", "RELEASE")):
            self.asked.append(sql)
        return execute(sql, *rest)


@pytest.fixture
def full(technician, doctor, admin, laboratory, model, settings, tmp_path) -> dict[str, Any]:
    """Several of everything, so that what is asked for each row shows."""
    settings.REGISTRY_DIR = tmp_path / "registry"
    settings.MEDIA_ROOT = tmp_path / "media"
    profiles = [make_profile(admin) for _ in range(3)]
    for profile in profiles:
        for _ in range(2):
            sample = make_sample(technician)
            image = make_image(technician, sample)
            image.imaging_profile = profile
            image.save(update_fields=["imaging_profile"])
            record_result(image, {"familiarity_percentile": 50.0}, {"disposition": "review"})
            for cell in image.cells.all():
                review_cell(actor=doctor, cell_id=cell.pk, label="monocyte", seen_number=0)
    fail_image(make_image(technician))
    make_image(technician)
    versions = [make_candidate(laboratory) for _ in range(3)]
    for version in versions[:2]:
        make_active(admin, version)
    make_gate(admin, versions[2])
    report = make_signed(technician, doctor)
    amending = make_signed(technician, doctor).sample
    begin_amendment(actor=doctor, sample_id=amending.pk, reason="The WBC came late.")
    critical = make_ready(
        technician, {"lymphocyte": 150}, wbc="0.40", wbc_is_corrected=True, age_days_given=12800
    )
    for _ in range(2):
        make_ready(technician)
        back = make_ready(technician)
        send_back(actor=doctor, sample_id=back.pk, reason="Look again.")
    for profile in profiles:
        make_drift(laboratory, profile, model)
    slide = make_control_slide(technician, doctor, admin)
    colleague = make_user(laboratory, Role.TECHNICIAN)
    readings = [make_reading(slide, each) for each in (technician, colleague)]
    differing = make_signed(technician, doctor)
    for _ in range(3):
        make_differing(differing, colleague)
    for _ in range(2):
        write(make_export(doctor))
    dataset = make_three_groups(admin)
    act = make_act(admin, dataset)
    return {
        "slide": slide.pk,
        "reading": readings[0].pk,
        "differing": differing.sample_id,
        "dataset": dataset.pk,
        "act": act.pk,
        "report": report.pk,
        "signed": report.sample_id,
        "amending": amending.pk,
        "critical": critical.pk,
        "image": image.pk,
        "sample": sample.pk,
        "profile": profiles[0].pk,
        "version": versions[2].pk,
        "shipped": model.pk,
        "technician": technician,
        "doctor": doctor,
        "admin": admin,
    }


def count(client: Any, address: str, **headers: str) -> list[str]:
    client.get(address, headers=headers)
    counted = Counted()
    with connection.execute_wrapper(counted):
        answer = client.get(address, headers=headers)
    assert answer.status_code == 200, address
    # That somebody looked is written into the trail: three statements beside the reading.
    return [sql for sql in counted.asked if '"accounts_audit' not in sql]


PAGES = [
    ("technician", "/dashboard/"),
    ("technician", "/upload/"),
    ("technician", "/samples/"),
    ("technician", "/samples/?state=all&label=monocyte&awaits_me=on&order=most_to_review"),
    ("doctor", "/samples/"),
    ("admin", "/samples/"),
    ("technician", "/samples/{sample}/"),
    ("technician", "/samples/{sample}/details/"),
    ("technician", "/samples/{sample}/differential/"),
    ("technician", "/samples/{sample}/history/"),
    ("technician", "/samples/{sample}/reports/"),
    ("doctor", "/samples/{critical}/"),
    ("doctor", "/samples/{critical}/differential/"),
    ("doctor", "/samples/{critical}/sign/"),
    ("doctor", "/samples/{amending}/"),
    ("doctor", "/samples/{amending}/sign/"),
    ("doctor", "/samples/{amending}/reports/"),
    ("doctor", "/samples/{amending}/history/"),
    ("doctor", "/samples/{signed}/"),
    ("doctor", "/samples/{signed}/differential/"),
    ("doctor", "/samples/{signed}/details/"),
    ("doctor", "/samples/?state=all&disease=anaemia"),
    ("admin", "/settings/diseases/"),
    ("admin", "/settings/findings/"),
    ("doctor", "/reports/{report}/"),
    ("doctor", "/reports/{report}/verify/"),
    ("technician", "/images/{image}/"),
    ("technician", "/samples/{sample}/gallery/"),
    ("technician", "/images/{image}/?from=history&label=monocyte"),
    ("technician", "/history/"),
    ("technician", "/history/?label=monocyte&status=succeeded"),
    ("technician", "/history/?status=failed"),
    ("doctor", "/dashboard/"),
    ("technician", "/dashboard/quality/"),
    ("doctor", "/dashboard/quality/"),
    ("admin", "/dashboard/quality/"),
    ("doctor", "/samples/{differing}/again/"),
    ("technician", "/quality/second-reads/"),
    ("doctor", "/quality/second-reads/"),
    ("technician", "/quality/control/"),
    ("doctor", "/quality/control/"),
    ("admin", "/quality/control/"),
    ("admin", "/quality/control/readings/{reading}/result/"),
    ("admin", "/quality/control/slides/{slide}/"),
    ("admin", "/quality/control/slides/{slide}/samples/{signed}/"),
    ("doctor", "/quality/"),
    ("admin", "/quality/?version={shipped}&profile={profile}"),
    ("technician", "/quality/mine/"),
    ("doctor", "/models/"),
    ("admin", "/dashboard/"),
    ("admin", "/models/"),
    ("admin", "/models/{version}/"),
    ("admin", "/models/{shipped}/"),
    ("admin", "/models/{shipped}/reports/"),
    ("admin", "/quality/drift/"),
    ("admin", "/profiles/"),
    ("admin", "/profiles/{profile}/"),
    ("admin", "/datasets/"),
    ("admin", "/datasets/{dataset}/"),
    ("admin", "/datasets/{dataset}/near-duplicates/"),
    ("admin", "/datasets/{dataset}/near-duplicates/acts/{act}/"),
    ("admin", "/datasets/{dataset}/freeze/"),
    ("admin", "/datasets/from-reviews/"),
    ("admin", "/datasets/from-reviews/?seen_by=anybody&at_most=100"),
    ("admin", "/research/"),
    ("doctor", "/research/"),
    ("doctor", "/research/?labels=neutrophil"),
    ("admin", "/training/"),
    ("admin", "/users/"),
]


def test_every_page_asks_at_most_twelve_times(full, page_as):
    clients = {who: page_as(full[who]) for who in ("technician", "doctor", "admin")}
    over = {}
    for who, address in PAGES:
        asked = count(clients[who], address.format(**full))
        if len(asked) > MOST:
            over[address] = asked
    assert over == {}


def test_every_poll_asks_at_most_twelve_times(full, page_as):
    client = page_as(full["technician"])
    for address in (
        "/dashboard/",
        "/dashboard/to-review/",
        f"/images/{full['image']}/status/",
        f"/samples/{full['sample']}/status/",
        f"/samples/{full['critical']}/status/",
        f"/samples/{full['amending']}/status/",
        f"/reports/{full['report']}/file/",
    ):
        assert len(count(client, address, **{"HX-Request": "true"})) <= MOST


def test_every_list_of_the_api_asks_at_most_twelve_times(full, api_as):
    client: APIClient = api_as(full["technician"])
    for address in ("samples/", f"samples/{full['sample']}/", f"images/{full['image']}/"):
        assert len(count(client, f"/api/v1/{address}")) <= MOST


def test_more_rows_ask_no_more(full, page_as, technician):
    client = page_as(technician)
    before = len(count(client, "/history/"))
    for _ in range(5):
        record_result(make_image(technician), {}, {})
    assert len(count(client, "/history/")) == before
