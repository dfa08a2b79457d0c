"""What stops a sample's next step, each with its code and a sentence that says what to do."""

from dataclasses import replace

import pytest

from predictions.checklist import CaseFacts, for_doctor, for_signing

TINA, DORA = "tina", "dora"
WHOLE = CaseFacts(
    images_unfinished=0,
    images_failed=0,
    cells_waiting=0,
    counted=200,
    to_review=0,
    unidentified=10,
    unidentified_limit_percent=5,
    untold_values=(),
    blasts=0,
    immature_granulocytes=4,
    is_acknowledged=False,
    alarm_cells=0,
    alarm_unseen=0,
    reviewers=frozenset({TINA}),
    asks_for_second_person=True,
)


def codes(missing):
    return [each.code for each in missing]


def test_nothing_is_missing_of_a_whole_case():
    assert for_doctor(WHOLE) == []
    assert for_signing(WHOLE, signer=DORA) == []


@pytest.mark.parametrize(
    ("change", "code", "sentence"),
    [
        ({"images_unfinished": 2}, "unfinished", "2 images are still being read"),
        ({"cells_waiting": 1}, "cells_waiting", "1 cell added by hand"),
        ({"to_review": 1}, "to_review", "1 cell asks for a person's look"),
    ],
)
def test_what_the_doctor_would_have_to_wait_for_stops_both_steps(change, code, sentence):
    facts = replace(WHOLE, **change)
    assert codes(for_doctor(facts)) == codes(for_signing(facts)) == [code]
    assert sentence in for_doctor(facts)[0].message


def test_a_sample_without_a_white_cell_goes_nowhere():
    facts = replace(WHOLE, counted=0, unidentified=0, immature_granulocytes=0)
    assert codes(for_doctor(facts)) == ["no_white_cell"]
    assert "cancel the sample" in for_doctor(facts)[0].message


def test_cells_to_review_may_still_be_white_cells():
    facts = replace(WHOLE, counted=0, to_review=3, unidentified=0, immature_granulocytes=0)
    assert codes(for_doctor(facts)) == ["to_review"]


@pytest.mark.parametrize(
    ("change", "code", "sentence"),
    [
        ({"images_failed": 1}, "failed_images", "Run each again, or dismiss it"),
        ({"unidentified": 11}, "unidentified", "more than 5 to 100 counted ones"),
        ({"untold_values": ("White cells 0.9",)}, "critical_value", "White cells 0.9 is a"),
        ({"blasts": 1}, "blasts", "1 cell is called a blast"),
        ({"immature_granulocytes": 5}, "blasts", "5 immature granulocytes to 200 counted"),
    ],
)
def test_what_only_a_signature_asks_for(change, code, sentence):
    facts = replace(WHOLE, **change)
    assert for_doctor(facts) == []
    [missing] = for_signing(facts, signer=DORA)
    assert missing.code == code
    assert sentence in missing.message


def test_the_laboratory_may_allow_fewer_unidentified_cells():
    facts = replace(WHOLE, unidentified=5, unidentified_limit_percent=2)
    assert codes(for_signing(facts)) == ["unidentified"]


@pytest.mark.parametrize(("counted", "asked"), [(99, ["few_cells"]), (100, [])])
def test_fewer_than_a_hundred_cells_need_a_reason(counted, asked):
    facts = replace(WHOLE, counted=counted, unidentified=0, immature_granulocytes=0)
    assert codes(for_signing(facts)) == asked
    assert codes(for_signing(facts, limited_count_reason="  ")) == asked
    assert for_signing(facts, limited_count_reason="Leukopenia") == []


@pytest.mark.parametrize("reviewers", [{DORA}, set()])
def test_the_signer_may_not_be_the_only_reviewer(reviewers):
    facts = replace(WHOLE, reviewers=frozenset(reviewers))
    assert codes(for_signing(facts, signer=DORA)) == ["second_person"]


def test_two_reviewers_are_enough_and_so_is_another_signer():
    both = replace(WHOLE, reviewers=frozenset({DORA, TINA}))
    assert for_signing(both, signer=DORA) == []
    assert for_signing(WHOLE, signer=DORA) == []


def test_a_laboratory_of_one_may_do_without_a_second_person():
    facts = replace(WHOLE, reviewers=frozenset({DORA}), asks_for_second_person=False)
    assert for_signing(facts, signer=DORA) == []


def test_a_suspicion_that_a_doctor_acknowledged_stops_nothing():
    assert for_signing(replace(WHOLE, blasts=3, is_acknowledged=True), signer=DORA) == []
