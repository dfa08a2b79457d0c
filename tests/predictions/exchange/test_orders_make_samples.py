"""Orders of an information system become samples, once each, and are answered."""

from __future__ import annotations

from datetime import UTC, date, datetime

import hl7
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from accounts.models import AuditAction, AuditEvent
from predictions.models import OrderPeer, Sample, SampleEvent
from predictions.services.exchange.orders import answer_message, hidden_reference
from predictions.services.samples.details import change_sample
from tests.factories.cases import make_signed
from tests.factories.images import make_image
from tests.factories.people import make_laboratory
from tests.factories.results import record_result

pytestmark = pytest.mark.django_db

ORM = (
    "MSH|^~\\&|LIS|Ward\\T\\Lab|HV|Lab|20260312070000||ORM^O01^ORM_O01|Q1|P|2.5.1\r"
    "PID|1||4711^^^HIS^MR||Doe^Jane^^^^^L||19720405|F\r"
    "PV1|1|I|Ward 7B^12^1\r"
    "ORC|NW|ORD-9|||||1^^^20260312^^S\r"
    "OBR|1|ORD-9|H26-118204|57021-8^CBC W Auto Diff^LN|||20260312064000|||||||||^Brandt^Helena\r"
)
OML = (
    "MSH|^~\\&|LIS|Lab|HV|Lab|20260312070000+0000||OML^O21^OML_O21|Q2|P|2.5.1\r"
    "PID|1||4712^^^HIS^MR||||20260310|M\r"
    "ORC|NW|ORD-10\r"
    "TQ1|1||||||||R\r"
    "OBR|1|ORD-10||69738-3^Diff^LN||||||||||||^Brandt^Helena\r"
    "SPM|1|H26-118205&LIS^X||BLD|||||||||||||20260312064500+0100\r"
)


@pytest.fixture
def peer(laboratory) -> OrderPeer:
    return OrderPeer.objects.create(laboratory=laboratory, name="LIS", address="192.0.2.7")


def tell(peer, message):
    answer = hl7.parse(answer_message(peer=peer, message=message))
    msa = answer.segment("MSA")
    return str(msa[1]), str(msa[2]), str(msa[3])


def the_sample() -> Sample:
    return Sample.objects.get()


def test_an_order_makes_a_sample_with_all_that_it_says(peer, laboratory):
    verdict, control_id, text = tell(peer, ORM)
    assert (verdict, control_id) == ("AA", "Q1")
    assert text == "Sample H26-118204 was made."
    sample = the_sample()
    assert (sample.laboratory, sample.created_by, sample.origin) == (laboratory, None, "order")
    assert (sample.accession_number, sample.order_number) == ("H26-118204", "ORD-9")
    assert (sample.sex, sample.birth_date, sample.priority) == (
        "female", date(1972, 4, 5), "urgent",
    )  # fmt: skip
    assert sample.requester == "Ward 7B"
    assert sample.collected_at == datetime(2026, 3, 12, 6, 40, tzinfo=laboratory.zone)


def test_the_other_form_of_orders_is_read_too(peer):
    assert tell(peer, OML)[0] == "AA"
    sample = the_sample()
    assert (sample.accession_number, sample.sex, sample.priority) == (
        "H26-118205", "male", "routine",
    )  # fmt: skip
    assert sample.collected_at == datetime(2026, 3, 12, 5, 45, tzinfo=UTC)
    assert sample.requester == "Helena Brandt"


def test_no_name_of_a_patient_is_kept_anywhere(peer):
    tell(peer, ORM)
    said = str(vars(the_sample())) + str(list(AuditEvent.objects.values_list("changes", flat=True)))
    assert "Doe" not in said
    assert "Jane" not in said
    assert "4711" not in said


def test_a_patients_number_becomes_the_same_reference_each_time(peer):
    tell(peer, ORM)
    tell(peer, ORM.replace("H26-118204", "H26-2").replace("Q1", "Q3"))
    first, second = Sample.objects.order_by("accession_number")
    assert first.patient_reference == second.patient_reference
    assert first.patient_reference == hidden_reference(peer, "4711", "HIS")
    assert first.patient_reference.startswith("P-")
    other = OrderPeer(laboratory=make_laboratory("Second"), address="192.0.2.9")
    others = {
        hidden_reference(other, "4711", "HIS"),
        hidden_reference(peer, "4711", "OTHER HOSPITAL"),
        hidden_reference(peer, "4711", ""),
        hidden_reference(other, "4711", ""),
    }
    assert len(others | {first.patient_reference}) == 5


def test_a_pseudonym_is_kept_as_it_comes_where_the_operator_says_so(peer):
    OrderPeer.objects.update(hides_references=False)
    peer.refresh_from_db()
    tell(peer, ORM)
    assert the_sample().patient_reference == "4711"


def test_the_same_order_again_changes_nothing_and_is_accepted(peer):
    tell(peer, ORM)
    before = the_sample().events.count()
    assert tell(peer, ORM)[0] == "AA"
    assert the_sample().events.count() == before
    assert not AuditEvent.objects.filter(action=AuditAction.SAMPLE_CHANGED).exists()


def test_a_changed_order_changes_the_sample_and_says_so_in_the_trail(peer):
    tell(peer, ORM)
    verdict, _, text = tell(peer, ORM.replace("|NW|", "|XO|").replace("Ward 7B", "Ward 8"))
    assert (verdict, text) == ("AA", "Sample H26-118204 was changed.")
    assert the_sample().requester == "Ward 8"
    event = AuditEvent.objects.get(action=AuditAction.SAMPLE_CHANGED)
    assert event.changes == {"requester": ["Ward 7B", "Ward 8"]}


def test_an_order_joins_a_sample_that_a_person_made_before(peer, technician):
    image = make_image(technician)
    number = image.sample.accession_number
    assert tell(peer, ORM.replace("H26-118204", number))[0] == "AA"
    sample = the_sample()
    assert (sample.created_by, sample.order_number) == (technician, "ORD-9")


def test_the_number_of_another_patient_is_refused(peer):
    tell(peer, ORM)
    verdict, _, text = tell(peer, ORM.replace("4711", "4712"))
    assert verdict == "AE"
    assert "of another patient" in text
    assert Sample.objects.count() == 1


def test_a_cancelled_order_cancels_a_sample_that_nobody_reads(peer):
    tell(peer, ORM)
    assert tell(peer, ORM.replace("|NW|", "|CA|"))[0] == "AA"
    assert the_sample().state == Sample.State.CANCELLED
    assert tell(peer, ORM.replace("|NW|", "|CA|"))[2].startswith("There is no sample")


def test_a_sample_that_is_read_already_is_not_cancelled_from_outside(peer, technician):
    image = make_image(technician)
    cancel = ORM.replace("|NW|", "|CA|").replace("H26-118204", image.sample.accession_number)
    verdict, _, text = tell(peer, cancel)
    assert verdict == "AE"
    assert "et the laboratory cancel it" in text


def test_what_is_signed_stays_as_it_is(peer, technician, doctor):
    sample = make_signed(technician, doctor).sample
    verdict, _, text = tell(peer, ORM.replace("H26-118204", sample.accession_number))
    assert verdict == "AE"
    assert "signed" in text


def test_a_message_of_several_specimens_makes_all_of_them_or_none(peer):
    two = ORM + "ORC|NW|ORD-11\rOBR|1|ORD-11|H26-3\r"
    assert tell(peer, two)[0] == "AA"
    assert Sample.objects.count() == 2
    bad = two.replace("H26-3", "H26-4").replace("H26-118204", "H26-5") + "ORC|ZZ|ORD-12\r"
    assert tell(peer, bad)[0] == "AE"
    assert Sample.objects.count() == 2


def test_its_history_says_that_it_was_ordered(peer):
    tell(peer, ORM)
    event = the_sample().events.get()
    assert (event.kind, event.by) == (SampleEvent.Kind.ORDERED, None)
    assert AuditEvent.objects.filter(action=AuditAction.SAMPLE_ORDERED).count() == 1


UNREADABLE = [
    ("", "AR", "A message begins with MSH"),
    ("hello", "AR", "A message begins with MSH"),
    (ORM.replace("^~\\&", "#~\\&"), "AR", "Separate the parts"),
    (ORM.replace("ORM^O01^ORM_O01", "ADT^A01"), "AR", "Orders are taken as"),
    (ORM.replace("ORC|NW", "ORC|ZZ"), "AE", "ORC-1 is ZZ"),
    (ORM.replace("19720405", "5 April"), "AE", "PID-7 is 5 April"),
    (ORM.replace("19720405", "197204051"), "AE", "PID-7 is 197204051"),
    (ORM.replace("19720405", "20990101"), "AE", "it lies in the future"),
    (ORM.replace("20260312064000", "yesterday"), "AE", "A time is yesterday"),
    (ORM.replace("H26-118204", "").replace("ORD-9", ""), "AE", "The order names no specimen"),
    (ORM.replace("H26-118204", "x" * 300), "AE", "64 characters"),
    (ORM.replace("ORC|NW|ORD-9", "ORC|NW|" + "9" * 65), "AE", "ORC-2 may have 64"),
    (ORM.partition("ORC")[0], "AE", "holds no ORC segment"),
]


@pytest.mark.parametrize(
    ("message", "verdict", "said"), UNREADABLE, ids=[row[2] for row in UNREADABLE]
)
def test_what_is_no_order_is_answered_with_the_reason(peer, message, verdict, said):
    found, _, text = tell(peer, message)
    assert found == verdict
    assert said in text
    assert not Sample.objects.exists()


@pytest.mark.parametrize("born", ["1972", "197204", ""])
def test_what_is_no_day_is_no_birth_date(peer, born):
    assert tell(peer, ORM.replace("19720405", born))[0] == "AA"
    assert the_sample().birth_date is None


def test_an_order_that_says_nothing_of_urgency_takes_none_away(peer):
    tell(peer, ORM)
    quiet = ORM.replace("|||||1^^^20260312^^S", "").replace("|NW|", "|XO|")
    tell(peer, quiet.replace("ORC|NW|ORD-9", "ORC|XO|ORD-9"))
    assert the_sample().priority == "urgent"


def test_the_same_order_takes_back_nothing_that_people_corrected(peer, technician):
    tell(peer, ORM)
    change_sample(
        actor=technician, sample_id=the_sample().pk, changes={"birth_date": date(1972, 4, 6)}
    )
    assert tell(peer, ORM)[0] == "AA"
    assert the_sample().birth_date == date(1972, 4, 6)


def test_a_sample_whose_cells_were_found_gets_no_patient_from_outside(peer, technician):
    image = record_result(make_image(technician), {})
    Sample.objects.update(patient_reference="", patient_key="")
    tell(peer, ORM.replace("H26-118204", image.sample.accession_number))
    assert the_sample().patient_reference == ""


@pytest.mark.parametrize(
    ("was", "now"), [("4711", "4712"), ("ORD-9", "ORD-8")], ids=["patient", "order"]
)
def test_an_order_cancels_its_own_sample_alone(peer, was, now):
    tell(peer, ORM)
    verdict, _, text = tell(peer, ORM.replace("|NW|", "|CA|").replace(was, now))
    assert verdict == "AE"
    assert "does not cancel it" in text
    assert the_sample().state == Sample.State.OPEN


def test_its_history_tells_of_the_order_and_of_the_result_apart(peer, technician, page_as):
    tell(peer, ORM)
    page = page_as(technician).get(f"/samples/{the_sample().pk}/history/").content.decode()
    assert "An order</strong>" in page
    assert "By LIS." in page
    assert "found cells" not in page


# --- Who may order -----------------------------------------------------------------------------


def test_the_operator_names_who_may_order(laboratory):
    call_command("allow_orders", laboratory.name, "192.0.2.8", "--name", "LIS")
    peer = OrderPeer.objects.get()
    assert (peer.laboratory, peer.hides_references) == (laboratory, True)
    call_command("allow_orders", laboratory.name, "192.0.2.8", "--stop")
    peer.refresh_from_db()
    assert not peer.is_active
    assert AuditEvent.objects.filter(action=AuditAction.PEER_CHANGED).count() == 2


def test_an_address_orders_for_one_laboratory_alone(laboratory, peer):
    other = make_laboratory("Second")
    with pytest.raises(CommandError, match="orders for another laboratory"):
        call_command("allow_orders", other.name, peer.address)


@pytest.mark.parametrize(
    ("name", "address", "said"),
    [("No such", "192.0.2.8", "There is no laboratory"), (None, "lis.lan", "is no address")],
)
def test_what_cannot_be_named_is_refused(laboratory, name, address, said):
    with pytest.raises(CommandError, match=said):
        call_command("allow_orders", name or laboratory.name, address)
