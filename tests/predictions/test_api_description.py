"""The API describes itself without a gap, and limits how often it is asked."""

import pytest
from django.core.management import call_command
from rest_framework.throttling import UserRateThrottle

from tests.factories.images import make_image

pytestmark = pytest.mark.django_db


def test_the_description_is_valid_and_names_every_endpoint(tmp_path):
    file = tmp_path / "schema.yml"
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(file))
    text = file.read_text()
    for path in (
        "/api/v1/samples/:",
        "/api/v1/samples/{sample_id}/:",
        "/api/v1/samples/{sample_id}/images/:",
        "/api/v1/samples/{sample_id}/differential/:",
        "/api/v1/samples/{sample_id}/state/:",
        "/api/v1/samples/{sample_id}/sign/:",
        "/api/v1/samples/{sample_id}/amend/:",
        "/api/v1/samples/{sample_id}/amend/withdraw/:",
        "/api/v1/samples/{sample_id}/retract/:",
        "/api/v1/samples/{sample_id}/contacts/:",
        "/api/v1/samples/{sample_id}/alarm/acknowledge/:",
        "/api/v1/samples/{sample_id}/reports/:",
        "/api/v1/reports/{report_id}/:",
        "/api/v1/reports/{report_id}/pdf/:",
        "/api/v1/reports/verify/:",
        "/api/v1/samples/{sample_id}/cells/:",
        "/api/v1/samples/{sample_id}/reviews/:",
        "/api/v1/cells/{cell_id}/reviews/:",
        "/api/v1/images/{image_id}/cells/:",
        "/api/v1/images/{image_id}/run/:",
        "/api/v1/samples/{sample_id}/archives/:",
        "/api/v1/archives/{archive_id}/:",
        "/api/v1/images/{image_id}/:",
        "/api/v1/images/{image_id}/rendition/:",
        "/api/v1/images/{image_id}/original/:",
        "/api/v1/quality/:",
        "/api/v1/predict/:",
        "/api/v1/token/:",
        "/api/v1/token/refresh/:",
        "/api/v1/token/verify/:",
        "/api/v1/token/revoke/:",
    ):
        assert path in text


@pytest.fixture
def two_a_minute(settings):
    """A rate that a test reaches."""
    before = UserRateThrottle.THROTTLE_RATES
    UserRateThrottle.THROTTLE_RATES = {**before, "user": "2/min"}
    yield
    UserRateThrottle.THROTTLE_RATES = before


def test_who_asks_too_often_is_told_when_to_come_back(
    technician, doctor, api_as, sample, two_a_minute
):
    make_image(technician, sample)
    client = api_as(technician)
    url = f"/api/v1/samples/{sample.pk}/"
    assert [client.get(url).status_code for _ in range(3)] == [200, 200, 429]
    answer = client.get(url)
    assert answer.json()["code"] == "too_many_requests"
    assert int(answer["Retry-After"]) > 0
    assert api_as(doctor).get(url).status_code == 200
