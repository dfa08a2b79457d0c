"""The first page of each role, and that its figures are right."""

from datetime import timedelta

import pytest

from predictions.quality.agreement import Share
from predictions.selectors import dashboards
from predictions.services.imaging.jobs import request_rerun
from predictions.services.samples.states import send_back
from tests.factories.cases import make_case, make_ready, make_signed
from tests.factories.images import make_image, make_sample
from tests.factories.people import make_user
from tests.factories.profiles import say
from tests.factories.results import fail_image, record_result

pytestmark = pytest.mark.django_db


def test_a_technician_sees_own_queue_failures_and_samples(page_as, technician):
    number = "A-QUEUE"
    waiting = make_sample(technician, accession_number=number)
    make_image(technician, waiting)
    fail_image(make_image(technician, waiting), "The engine stopped.")
    page = page_as(technician).get("/dashboard/").content.decode()
    assert "1 waiting or running" in page
    assert "The engine stopped." in page
    assert "Retry" in page
    assert page.count(number) >= 3
    assert 'hx-trigger="every 2s' in page


def test_the_work_of_a_colleague_is_not_in_my_queue(page_as, technician, laboratory):
    colleague = make_user(laboratory, technician.role)
    make_image(colleague)
    page = page_as(technician).get("/dashboard/").content.decode()
    assert "Nothing is waiting." in page
    assert "You have no sample yet." in page


def test_the_page_stops_asking_when_nothing_waits(page_as, technician):
    record_result(make_image(technician), {})
    page = page_as(technician).get("/dashboard/").content.decode()
    assert "every 2s" not in page


def test_htmx_gets_the_work_alone(page_as, technician):
    answer = page_as(technician).get("/dashboard/", headers={"HX-Request": "true"})
    page = answer.content.decode()
    assert page.lstrip().startswith('<div id="bench-work"')
    assert "<html" not in page


def test_a_technician_sees_what_is_to_review(page_as, technician):
    waiting = make_case(technician, to_review={"monocyte": 2}, accession_number="A-TWO")
    make_case(technician, accession_number="A-DONE")
    client = page_as(technician)
    page = client.get("/dashboard/").content.decode()
    assert 'hx-get="/dashboard/to-review/" hx-trigger="load"' in page
    part = client.get("/dashboard/to-review/").content.decode()
    assert str(waiting.pk) in part
    assert "A-DONE" not in part


def test_a_doctor_sees_what_to_sign_urgent_first(page_as, technician, doctor):
    make_ready(technician, accession_number="A-ROUTINE")
    urgent = make_ready(technician, accession_number="A-URGENT", priority="urgent")
    make_case(technician, accession_number="A-REVIEW")
    page = page_as(doctor).get("/dashboard/").content.decode()
    assert page.index("A-URGENT") < page.index("A-ROUTINE")
    assert f"/samples/{urgent.pk}/sign/" in page
    assert "A-REVIEW" not in page
    assert 'role="search"' in page
    assert "data-upload" not in page


def test_a_doctor_sees_what_they_sent_back_and_signed(page_as, technician, doctor, second_doctor):
    sample = make_ready(technician, accession_number="A-BACK")
    send_back(actor=doctor, sample_id=sample.pk, reason="Look at the monocytes.")
    report = make_signed(technician, doctor)
    page = page_as(doctor).get("/dashboard/").content.decode()
    assert "Look at the monocytes." in page
    assert str(report) in page
    others = page_as(second_doctor).get("/dashboard/").content.decode()
    assert "Look at the monocytes." not in others
    assert str(report) not in others


def test_an_admin_sees_figures(page_as, technician, admin, model):
    record_result(make_image(technician), {}, {"label": "monocyte"})
    page = page_as(admin).get("/dashboard/").content.decode()
    assert "1 image, 2 cells in 14 days" in page
    assert str(model.version) in page


def test_days_without_an_upload_are_told_in_a_sentence(page_as, technician, admin):
    make_image(technician)
    page = page_as(admin).get("/dashboard/").content.decode()
    assert "Nothing was uploaded on the other 13 days." in page
    assert len(dashboards.usage(admin).days) == 1


def test_figures_count_the_newest_result_of_the_own_laboratory_only(
    technician, other_technician, admin
):
    image = record_result(make_image(technician), {}, {"label": "monocyte"})
    request_rerun(actor=technician, image_id=image.pk)
    record_result(image, {"disposition": "unidentified"})
    fail_image(make_image(technician))
    make_image(technician)
    record_result(make_image(other_technician), {}, {}, {})
    usage = dashboards.usage(admin)
    assert usage.images_in_days == 3
    assert usage.days[-1].images == 3
    assert usage.days[-1].cells == usage.cells == 1
    assert [(figure.code, figure.cells) for figure in usage.classes] == [("unidentified", 1)]
    assert (usage.waiting, usage.failed) == (1, 1)


def test_the_bench_takes_a_fixed_number_of_queries(technician, django_assert_max_num_queries):
    for _ in range(4):
        sample = make_sample(technician)
        for _ in range(3):
            record_result(make_image(technician, sample), {}, {})
    with django_assert_max_num_queries(6):
        work = dashboards.bench_work(technician)
    assert [len(row.images) for row in work.samples] == [3, 3, 3, 3]
    assert [row.images_count for row in work.samples] == [3, 3, 3, 3]
    assert (work.images_today, work.cells_today) == (12, 24)


def test_days_begin_at_the_laboratory_s_midnight(technician, admin, laboratory):
    laboratory.time_zone = "Pacific/Auckland"
    laboratory.save(update_fields=["time_zone"])
    image = make_image(technician)
    usage = dashboards.usage(admin)
    assert usage.days[-1].images == 1
    assert usage.days[-1].day == image.uploaded_at.astimezone(admin.laboratory.zone).date()


def test_people_active_today_are_counted_once(page_as, technician, admin):
    page_as(technician)
    page_as(technician)
    page_as(admin)
    usage = dashboards.usage(admin)
    assert (usage.active_users, usage.users) == (2, 2)


def test_an_admin_sees_what_people_overruled_and_is_led_to_it(
    page_as, technician, doctor, admin, model
):
    image = record_result(make_image(technician), {}, {}, {"disposition": "unidentified"})
    client = page_as(admin)
    assert "nobody spoke of a cell in 30 days" in client.get("/dashboard/").content.decode()
    for position, label in enumerate(("neutrophil", "blast", "blast"), start=1):
        say(doctor, image.cells.get(position=position), label)
    page = client.get("/dashboard/").content.decode()
    assert "50.0 %</a>" in page
    assert "1 of 2 cells, last 30 days" in page
    since = admin.laboratory.today - timedelta(days=29)
    assert f'href="/quality/?first_day={since}"' in page
    usage = dashboards.usage(admin)
    assert usage.overruled == Share(1, 2)
