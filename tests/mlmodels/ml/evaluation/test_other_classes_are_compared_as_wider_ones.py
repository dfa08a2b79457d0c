"""Where one side tells stages apart and the other does not, a stage counts as its wider class."""

from mlmodels.ml.classes import told_as, wider_classes
from mlmodels.ml.datasets.manifest import Row
from mlmodels.ml.evaluation.evaluation import Prediction, report
from mlmodels.ml.evaluation.gate import share_classes
from mlmodels.ml.evaluation.metrics import Answer

OLD = ("neutrophil", "immature_granulocyte")
NEW = ("neutrophil", "immature_granulocyte", "promyelocyte", "blast")


def prediction(true: str, predicted: str) -> Prediction:
    """What a version said of one picture, accepted."""
    return Prediction(Row("a.png", true, "a"), predicted, 0.9, "accepted", 1, 1.0, False)


def test_a_stage_counts_as_the_class_that_both_name():
    classes = share_classes(NEW, OLD)
    assert classes.shared == OLD
    assert classes.only_candidate == ("promyelocyte", "blast")
    assert classes.counted_as == {"promyelocyte": "immature_granulocyte"}
    told = classes.told(Answer("promyelocyte", "promyelocyte", 0.9, "review"))
    assert (told.true, told.predicted) == ("immature_granulocyte", "immature_granulocyte")


def test_a_class_without_a_wider_one_stays_itself_and_is_wrong():
    told = share_classes(NEW, OLD).told(Answer("neutrophil", "blast", 0.9, "review"))
    assert (told.true, told.predicted) == ("neutrophil", "blast")


def test_a_wider_class_is_shared_where_the_other_names_kinds_of_it_alone():
    classes = share_classes(("promyelocyte", "myelocyte"), ("immature_granulocyte",))
    assert classes.shared == ("immature_granulocyte",)
    assert classes.called("myelocyte") == "immature_granulocyte"


def test_a_card_says_what_its_own_class_is_a_kind_of():
    wider = wider_classes({"labels": {"hairy_cell": {"wider": "lymphocyte"}}}, {})
    assert told_as("hairy_cell", ("lymphocyte",), wider) == "lymphocyte"
    assert told_as("hairy_cell", ("lymphocyte", "hairy_cell"), wider) == "hairy_cell"
    assert told_as("hairy_cell", ("neutrophil",), wider) == "hairy_cell"


def test_a_stage_named_in_a_set_that_knows_the_wider_class_is_right():
    answers = [
        prediction("immature_granulocyte", "promyelocyte"),
        prediction("neutrophil", "blast"),
    ]
    figures = report(answers, NEW, weights_sha256="")
    assert figures["per_class"]["immature_granulocyte"]["recall"] == 1.0
    assert figures["per_class"]["neutrophil"]["recall"] == 0.0


def test_a_stage_of_the_set_that_the_version_does_not_name_is_its_wider_class():
    figures = report([prediction("promyelocyte", "immature_granulocyte")], OLD, weights_sha256="")
    assert figures["accuracy"] == 1.0


def test_a_set_that_tells_stages_apart_asks_a_version_that_does_for_the_stage():
    answers = [
        prediction("promyelocyte", "immature_granulocyte"),
        prediction("immature_granulocyte", "immature_granulocyte"),
    ]
    assert report(answers, NEW, weights_sha256="")["accuracy"] == 0.5
