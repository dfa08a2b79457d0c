"""Finer and further labels that only a person says, and what each is a kind of."""

from django.db import migrations

# After which of the older labels each stands: the positions of all are counted anew.
ORDER = [
    "neutrophil", "segmented", "band", "eosinophil", "basophil", "lymphocyte",
    "reactive_lymphocyte", "plasma_cell", "monocyte", "immature_granulocyte", "promyelocyte",
    "myelocyte", "metamyelocyte", "blast", "other_white_cell", "erythroblast", "platelet",
    "giant_platelet", "platelet_clump", "smudge_cell", "red_blood_cell", "parasite_suspected",
    "artefact", "not_a_cell", "duplicate",
]
WIDER = {
    "band": "neutrophil",
    "segmented": "neutrophil",
    "promyelocyte": "immature_granulocyte",
    "myelocyte": "immature_granulocyte",
    "metamyelocyte": "immature_granulocyte",
    "reactive_lymphocyte": "lymphocyte",
    "giant_platelet": "platelet",
    "platelet_clump": "platelet",
}
# Counted with their wider label until a laboratory reports them: Palmer 2015 (ICSH), Int J Lab
# Hematol 37:287, counts bands with the segmented.
NOT_APART = ["band", "segmented"]
# code, name, two letters, group, key, counted, look, function, note, LOINC %, LOINC count
NEW = [
    (
        "segmented", "Segmented neutrophil", "SG", "granulocytes", "g", True,
        "A neutrophil whose nucleus has two to five lobes joined by threads.",
        "It is the ripe neutrophil; it is counted with the bands unless these are reported.",
        "counted with the neutrophils", "769-0", "768-2",
    ),
    (
        "giant_platelet", "Giant platelet", "GP", "platelets", "f", False,
        "A platelet as large as a red cell or larger.",
        "It is young or comes from a disturbed marrow, and analysers may miss it.",
        "noted, not counted", "", "",
    ),
    (
        "platelet_clump", "Platelet clump", "CL", "platelets", "k", False,
        "Several platelets that stick together.",
        "It makes the platelet count of an analyser too low.",
        "noted, not counted", "", "",
    ),
    (
        "red_blood_cell", "Red blood cell", "RB", "not counted", "e", False,
        "A disc without a nucleus that was taken for a white cell.",
        "It carries oxygen; it has no place in the count of white cells.",
        "not counted here", "", "",
    ),
    (
        "parasite_suspected", "Parasite suspected", "PA", "not counted", "w", False,
        "A form that looks like a parasite in or beside a red cell.",
        "It asks for a thick film and a person who knows parasites.",
        "reported in words", "", "",
    ),
    (
        "duplicate", "Duplicate", "DU", "not counted", "d", False,
        "A cell that another picture or another box shows already.",
        "It is taken out of every count.",
        "not counted", "", "",
    ),
]


def add(apps, schema_editor):
    """Insert the new rows, and tell the old ones what they are a kind of."""
    label = apps.get_model("mlmodels", "Label")
    label.objects.bulk_create(
        label(
            code=code, name=name, short_name=short, group=group, key=key, in_denominator=counted,
            look=look, function=function, interval_note=note, loinc_percent=percent,
            loinc_count=count,
        )
        for code, name, short, group, key, counted, look, function, note, percent, count in NEW
    )
    shipped = label.objects.filter(laboratory__isnull=True)
    for position, code in enumerate(ORDER, start=1):
        shipped.filter(code=code).update(position=position)
    for code, wider in WIDER.items():
        label.objects.filter(code=code).update(wider=wider)
    label.objects.filter(code__in=NOT_APART).update(is_apart=False)


def remove(apps, schema_editor):
    """Take the new rows away; the order of the others stays."""
    label = apps.get_model("mlmodels", "Label")
    label.objects.filter(laboratory__isnull=True, code__in=[row[0] for row in NEW]).delete()


class Migration(migrations.Migration):
    dependencies = [("mlmodels", "0013_finer_labels")]
    operations = [migrations.RunPython(add, remove)]
