"""What a model is bad at, in sentences that follow from its figures."""

from mlmodels.ml.evaluation.failure_analysis import failures, worst_classes
from mlmodels.ml.evaluation.metrics import Answer, summarise

CLASSES = ("neutrophil", "monocyte")


def report(answers, **said):
    wrong = [a for a in answers if a.true != a.predicted and a.disposition == "accepted"]
    return {
        "measured_on": "test",
        "figures": summarise(answers, CLASSES),
        "accepted": sum(a.disposition == "accepted" for a in answers),
        "wrong_accepted": len(wrong),
        **said,
    }


def answers(true, predicted, n, confidence=0.99, disposition="accepted"):
    return [Answer(true, predicted, confidence, disposition)] * n


GOOD = [*answers("neutrophil", "neutrophil", 100), *answers("monocyte", "monocyte", 100)]
POOR = [
    *answers("neutrophil", "neutrophil", 40),
    *answers("monocyte", "monocyte", 12),
    *answers("monocyte", "neutrophil", 8),
]


def test_a_good_model_has_no_failure_that_figures_show():
    assert failures(report(GOOD), {}, known=CLASSES) == [
        "Nothing stands out in these figures; that is no proof on other microscopes."
    ]


def test_the_weakest_class_its_confusion_and_its_number_are_named():
    said = failures(report(POOR), {"monocyte": "Monocyte"}, known=CLASSES)
    assert said[0] == (
        "It names 12 of 20 pictures of monocyte rightly (60 %, 95 % interval 39 % to 78 %)."
    )
    assert "It takes monocyte for neutrophil 8 of 20 times." in said
    assert any("8 of its 60 accepted answers are wrong" in s for s in said)
    assert any("Fewer than 30 pictures were measured of monocyte (20)" in s for s in said)


def test_what_was_never_seen_and_what_flatters_is_said():
    said = failures(
        report(GOOD, measured_on="validation"), {}, known=(*CLASSES, "immature_granulocyte")
    )
    assert "flatter the model" in said[0]
    assert "never seen immature granulocyte" in said[1]


def test_the_worst_class_comes_first():
    assert [code for code, _ in worst_classes(report(POOR)["figures"])] == list(CLASSES)[::-1]
