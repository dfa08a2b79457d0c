"""What admins say of labels: what can be changed, what is fixed, what is told apart."""

import pytest

from accounts.errors import AccessDenied
from accounts.models import AuditAction, AuditEvent, Role
from mlmodels.errors import LabelNotFound, LabelRefused, LabelTaken
from mlmodels.models import Label
from mlmodels.selectors.labels import label_list, label_page, labels_for
from mlmodels.services.labels import add_label, change_label
from tests.factories.people import make_user

pytestmark = pytest.mark.django_db

NEW = {
    "name": "Hairy cell",
    "short_name": "hc",
    "group": "lymphocytes and monocytes",
    "key": "h",
    "wider": "lymphocyte",
    "in_denominator": True,
}


def test_a_laboratory_renames_a_shipped_label_for_itself_alone(admin, other_laboratory):
    change_label(actor=admin, code="band", changes={"name": "  Rod  neutrophil ", "key": "Q"})
    band = labels_for(admin.laboratory)["band"]
    assert (band.name, band.key, band.short_name) == ("Rod neutrophil", "q", "BN")
    assert (band.look, band.wider) == (
        labels_for(None)["band"].look,
        labels_for(None)["band"].wider,
    )
    assert labels_for(other_laboratory)["band"].name == "Band neutrophil"


def test_a_second_change_is_made_in_the_same_row(admin):
    change_label(actor=admin, code="band", changes={"name": "Rod"})
    change_label(actor=admin, code="band", changes={"is_apart": True})
    assert Label.objects.filter(laboratory=admin.laboratory).count() == 1


def test_each_change_is_written_down_with_before_and_after(admin):
    change_label(actor=admin, code="band", changes={"name": "Rod", "is_apart": True})
    change_label(actor=admin, code="band", changes={"loinc_count": ""})
    events = AuditEvent.objects.filter(action=AuditAction.LABEL_CHANGED).order_by("position")
    assert [event.changes for event in events] == [
        {"name": ["Band neutrophil", "Rod"], "is_apart": [False, True]},
        {"loinc_count": ["763-3", ""]},
    ]


def test_the_history_of_a_label_is_told_in_words_the_newest_first(admin):
    change_label(actor=admin, code="band", changes={"name": "Rod", "is_apart": True})
    change_label(actor=admin, code="band", changes={"loinc_count": ""})
    newest, oldest = label_page(admin, "band").changes
    assert [(f.name, f.before, f.after) for f in newest.fields] == [
        ("LOINC code of the count", "763-3", None)
    ]
    assert [(f.name, f.before, f.after) for f in oldest.fields] == [
        ("Name", "Band neutrophil", "Rod"),
        ("Row of its own", "no", "yes"),
    ]
    assert oldest.by == admin


def test_what_stays_the_same_leaves_no_trace(admin):
    change_label(actor=admin, code="band", changes={"name": "Band neutrophil", "position": 3})
    assert not AuditEvent.objects.filter(action=AuditAction.LABEL_CHANGED).exists()
    assert not Label.objects.filter(laboratory=admin.laboratory).exists()


@pytest.mark.parametrize(
    ("code", "changes", "field", "sentence"),
    [
        ("band", {"name": " "}, "name", "Give the label a name"),
        ("band", {"name": "x" * 61}, "name", "at most 60"),
        ("band", {"short_name": "B"}, "short_name", "two letters"),
        ("band", {"short_name": "B1"}, "short_name", "two letters"),
        ("band", {"key": "u"}, "key", "takes back"),
        ("band", {"key": "U"}, "key", "takes back"),
        ("band", {"key": "?"}, "key", "one letter"),
        ("band", {"key": "é"}, "key", "one letter"),
        ("band", {"group": "new"}, "group", "from the list"),
        ("band", {"position": 0}, "position", "from 1 to 25"),
        ("band", {"position": 26}, "position", "from 1 to 25"),
        ("band", {"loinc_percent": "764-2"}, "loinc_percent", "check digit is wrong"),
        ("band", {"in_denominator": False}, "in_denominator", "is fixed"),
        ("band", {"wider": "monocyte"}, "wider", "is fixed"),
        ("blast", {"is_apart": False}, "is_apart", "Only a kind of another"),
        ("neutrophil", {"is_used": False}, "is_used", "always used"),
        ("not_a_cell", {"is_used": False}, "is_used", "always used"),
    ],
)
def test_a_change_that_cannot_be_is_refused_with_its_field(admin, code, changes, field, sentence):
    with pytest.raises(LabelRefused, match=sentence) as refused:
        change_label(actor=admin, code=code, changes=changes)
    assert list(refused.value.fields) == [field]
    assert not Label.objects.filter(laboratory=admin.laboratory).exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": "blast"}, "Another label has this name"),
        ({"short_name": "bl"}, "BL stands for Blast"),
        ({"key": "B"}, "The key b sets Blast"),
    ],
)
def test_of_the_labels_in_use_each_is_called_and_set_in_its_own_way(admin, changes, sentence):
    with pytest.raises(LabelTaken, match=sentence):
        change_label(actor=admin, code="band", changes=changes)


def test_what_a_label_out_of_use_had_is_free_until_it_is_used_again(admin):
    change_label(actor=admin, code="plasma_cell", changes={"is_used": False})
    change_label(actor=admin, code="band", changes={"key": "c", "short_name": "PC"})
    with pytest.raises(LabelTaken, match="PC stands for Band neutrophil"):
        change_label(actor=admin, code="plasma_cell", changes={"is_used": True})


def test_the_key_of_not_a_cell_can_be_another_one(admin):
    change_label(actor=admin, code="not_a_cell", changes={"key": "n"})
    change_label(actor=admin, code="artefact", changes={"key": "x"})
    labels = labels_for(admin.laboratory)
    assert (labels["not_a_cell"].key, labels["artefact"].key) == ("n", "x")


def test_a_label_takes_a_place_and_those_between_move_by_one(admin):
    before = list(labels_for(None))
    change_label(actor=admin, code="blast", changes={"position": 2})
    after = list(labels_for(admin.laboratory))
    assert after == ["neutrophil", "blast", *(c for c in before[1:] if c != "blast")]
    assert [row.number for row in label_list(admin)] == list(range(1, 26))
    assert list(labels_for(None)) == before
    event = AuditEvent.objects.get(action=AuditAction.LABEL_CHANGED)
    assert event.changes == {"position": [14, 2]}


def test_a_place_and_a_name_change_together(admin):
    change_label(actor=admin, code="blast", changes={"position": 1, "name": "Blast cell"})
    first = next(iter(labels_for(admin.laboratory).values()))
    assert (first.code, first.name, first.position) == ("blast", "Blast cell", 1)


def test_a_laboratory_adds_a_label_of_its_own(admin, other_laboratory):
    made = add_label(actor=admin, code="hairy_cell", values=NEW)
    assert (made.short_name, made.key, made.position, made.is_used) == ("HC", "h", 26, True)
    assert list(labels_for(admin.laboratory))[-1] == "hairy_cell"
    assert "hairy_cell" not in labels_for(other_laboratory)
    event = AuditEvent.objects.get(action=AuditAction.LABEL_CHANGED)
    assert event.changes["code"] == [None, "hairy_cell"]


@pytest.mark.parametrize("code", ["band", "unidentified", "wbc"])
def test_a_code_that_means_something_already_is_taken(admin, code):
    with pytest.raises(LabelTaken, match=f"The code {code} is taken"):
        add_label(actor=admin, code=code, values=NEW)


@pytest.mark.parametrize("code", ["", "x", "Hairy", "1a", "a-b", "a b", "x" * 41, "new", "é1"])
def test_a_code_is_written_in_one_way(admin, code):
    with pytest.raises(LabelRefused, match="Write the code"):
        add_label(actor=admin, code=code, values=NEW)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"wider": "band"}, "Choose from the list"),
        ({"wider": "none"}, "Choose from the list"),
        ({"wider": "platelet"}, "does not count"),
        ({"in_denominator": False}, "Lymphocyte counts as a white cell"),
    ],
)
def test_a_kind_of_a_class_counts_as_that_one_does(admin, changed, sentence):
    with pytest.raises(LabelRefused, match=sentence):
        add_label(actor=admin, code="hairy_cell", values={**NEW, **changed})


def test_whether_a_label_of_ones_own_counts_can_be_changed(admin):
    add_label(actor=admin, code="hairy_cell", values={**NEW, "wider": ""})
    changed = change_label(actor=admin, code="hairy_cell", changes={"in_denominator": False})
    assert not changed.in_denominator


def test_a_label_is_not_switched_off_while_its_kinds_are_used(admin):
    add_label(actor=admin, code="monoblast", values={**NEW, "wider": "blast"})
    with pytest.raises(LabelRefused, match="Switch off its kinds first: Hairy cell"):
        change_label(actor=admin, code="blast", changes={"is_used": False})
    change_label(actor=admin, code="monoblast", changes={"is_used": False})
    assert not change_label(actor=admin, code="blast", changes={"is_used": False}).is_used


def test_what_is_a_kind_of_another_has_no_kinds_itself(admin):
    add_label(actor=admin, code="monoblast", values={**NEW, "wider": "blast"})
    add_label(
        actor=admin,
        code="early_cell",
        values={**NEW, "wider": "", "name": "Early", "short_name": "EA", "key": ""},
    )
    change_label(actor=admin, code="monoblast", changes={"wider": "early_cell"})
    with pytest.raises(LabelRefused, match="Other labels are kinds of Early"):
        change_label(actor=admin, code="early_cell", changes={"wider": "blast"})


def test_another_laboratory_s_label_is_not_found(admin, other_laboratory):
    add_label(actor=admin, code="hairy_cell", values=NEW)
    other_admin = make_user(other_laboratory, Role.ADMIN)
    with pytest.raises(LabelNotFound):
        change_label(actor=other_admin, code="hairy_cell", changes={"name": "Ours"})


@pytest.mark.parametrize("who", ["technician", "doctor"])
def test_only_admins_change_labels(request, who):
    actor = request.getfixturevalue(who)
    with pytest.raises(AccessDenied):
        change_label(actor=actor, code="band", changes={"name": "Rod"})
    with pytest.raises(AccessDenied):
        add_label(actor=actor, code="hairy_cell", values=NEW)
    assert label_list(actor) == []
