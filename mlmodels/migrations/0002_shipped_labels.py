"""The labels that come with the program: what the model can say, and what only a person can.

Intervals are the adult shares of the white-cell count; LOINC codes are those of manual counts.
"""

from decimal import Decimal

from django.db import migrations

ADULTS = "adults, share of counted white cells"

# code, name, two letters, group, key, counted, look, function, low, high, note, LOINC %, LOINC count
LABELS = [
    (
        "neutrophil", "Neutrophil", "NE", "granulocytes", "1", True,
        "A round cell with pale pink cytoplasm, fine lilac granules and a dark nucleus of two to "
        "five lobes that thin threads join.",
        "It is first at the place of an infection, where it swallows and kills bacteria and fungi.",
        "40", "80", f"{ADULTS}, bands included", "23761-0", "753-4",
    ),
    (
        "eosinophil", "Eosinophil", "EO", "granulocytes", "2", True,
        "A nucleus of two lobes in a cytoplasm packed with large, even granules of orange red "
        "that catch the light.",
        "It fights worms and drives the inflammation of allergies.",
        "1", "6", ADULTS, "714-6", "712-0",
    ),
    (
        "basophil", "Basophil", "BA", "granulocytes", "3", True,
        "Coarse blue-black granules of unequal size, so many that they hide a nucleus with "
        "hardly any lobes.",
        "It sets histamine and heparin free when an allergic reaction begins.",
        "0", "2", ADULTS, "707-0", "705-4",
    ),
    (
        "lymphocyte", "Lymphocyte", "LY", "lymphocytes and monocytes", "4", True,
        "A small cell of 7 to 15 µm: a round, dense nucleus with a thin blue rim around it; large "
        "ones show more pale cytoplasm and a few red granules.",
        "B, T and NK cells: they recognise what is foreign, make antibodies, kill infected cells "
        "and remember.",
        "20", "40", ADULTS, "737-7", "732-8",
    ),
    (
        "monocyte", "Monocyte", "MO", "lymphocytes and monocytes", "5", True,
        "The largest white cell of healthy blood, with grey-blue cytoplasm like ground glass, "
        "often with vacuoles, and a folded or kidney-shaped nucleus of lacy chromatin.",
        "It moves into the tissues and becomes a macrophage or a dendritic cell, which clear away "
        "and present what they find.",
        "2", "10", ADULTS, "744-3", "743-5",
    ),
    (
        "immature_granulocyte", "Immature granulocyte", "IG", "immature granulocytes", "6", True,
        "Promyelocyte, myelocyte or metamyelocyte: a large cell with granules and a nucleus that "
        "is round, oval or kidney-shaped but not yet a band.",
        "It is a neutrophil in the making; it normally stays in the marrow until it is ripe.",
        "0", "0.9", f"{ADULTS}, from ten years of age", "38518-7", "51584-1",
    ),
    (
        "erythroblast", "Erythroblast", "ER", "red-cell precursors", "7", False,
        "A small, round, very dense nucleus in cytoplasm between blue and pink grey.",
        "It is a red cell in the making, which normally loses its nucleus before it leaves the "
        "marrow.",
        None, None, "none in adults; given per 100 white cells, outside their share",
        "18309-5", "772-4",
    ),
    (
        "platelet", "Platelet", "PL", "platelets", "8", False,
        "A lilac fragment of 1 to 4 µm without a nucleus, with fine red granules; one of the size "
        "of a red cell or more is called giant.",
        "It forms the first plug that closes a damaged vessel.",
        None, None, "150 to 400 × 10⁹/L by analyser; no share of the white cells", "", "778-1",
    ),
    (
        "band", "Band neutrophil", "BN", "granulocytes", "9", True,
        "A neutrophil whose nucleus is an even band, bent like a horseshoe, without threads "
        "between lobes.",
        "It is a young neutrophil and does the same work; it is counted with the neutrophils.",
        "1", "5", f"{ADULTS}, where bands are counted apart", "764-1", "763-3",
    ),
    (
        "blast", "Blast", "BL", "blasts", "b", True,
        "A large cell with a fine, open nucleus, one or more nucleoli and little, often deep blue "
        "cytoplasm.",
        "It is the earliest cell of a line that can be recognised; it does not belong in the "
        "blood of a healthy person.",
        None, None, "none in health", "709-6", "708-8",
    ),
    (
        "promyelocyte", "Promyelocyte", "PM", "immature granulocytes", "p", True,
        "A cell of 15 to 21 µm with a round nucleus, visible nucleoli and coarse purple granules, "
        "some of them over the nucleus.",
        "It is the first stage of a granulocyte that carries granules.",
        None, None, "none in health; counted with the immature granulocytes", "783-1", "781-5",
    ),
    (
        "myelocyte", "Myelocyte", "MY", "immature granulocytes", "m", True,
        "A cell of 12 to 18 µm with a round or oval nucleus without nucleoli and the first fine "
        "granules of its later kind.",
        "It is the last stage of a granulocyte that still divides.",
        None, None, "none in health; counted with the immature granulocytes", "749-2", "748-4",
    ),
    (
        "metamyelocyte", "Metamyelocyte", "MM", "immature granulocytes", "t", True,
        "A cell of 10 to 18 µm with a kidney-shaped nucleus, its dent less than half as deep as "
        "the nucleus is wide.",
        "It is the stage before the band and no longer divides.",
        None, None, "none in health; counted with the immature granulocytes", "740-1", "739-3",
    ),
    (
        "reactive_lymphocyte", "Reactive lymphocyte", "RL", "lymphocytes and monocytes", "r", True,
        "A large lymphocyte with much, unevenly blue cytoplasm that often clings to the red cells "
        "around it.",
        "It is a lymphocyte at work, most often against a virus.",
        None, None, "few in health; counted with the lymphocytes", "", "",
    ),
    (
        "plasma_cell", "Plasma cell", "PC", "lymphocytes and monocytes", "c", True,
        "An oval cell with deep blue cytoplasm, a pale spot beside the nucleus, and the nucleus at "
        "its edge with chromatin in clumps.",
        "It is a B lymphocyte that has turned to making antibodies.",
        None, None, "none in health", "", "",
    ),
    (
        "other_white_cell", "Other white cell", "OW", "other white cells", "o", True,
        "A white cell that a person has looked at and that is none of the named ones.",
        "It is counted among the white cells in a row of its own, so that no share is too high.",
        None, None, "none expected", "44095-8", "",
    ),
    (
        "smudge_cell", "Smudge cell", "SM", "not counted", "s", False,
        "A bare, smeared nucleus without an outline of a cell.",
        "It is what is left of a fragile cell, often a lymphocyte, after the film was spread.",
        None, None, "noted, not counted", "", "",
    ),
    (
        "artefact", "Artefact", "AR", "not counted", "a", False,
        "Stain, dust, a fold or a scratch that was taken for a cell.",
        "It says something about the film, nothing about the blood.",
        None, None, "noted, not counted", "", "",
    ),
    (
        "not_a_cell", "Not a cell", "NC", "not counted", "x", False,
        "Something in the picture that is no blood cell with a nucleus.",
        "It is taken out of every count.",
        None, None, "noted, not counted", "", "",
    ),
]


def add_labels(apps, schema_editor):
    """Insert the shipped rows."""
    label = apps.get_model("mlmodels", "Label")
    label.objects.bulk_create(
        label(
            code=code, name=name, short_name=short_name, group=group, key=key,
            in_denominator=counted, position=position, look=look, function=function,
            interval_low_percent=None if low is None else Decimal(low),
            interval_high_percent=None if high is None else Decimal(high),
            interval_note=note, loinc_percent=loinc_percent, loinc_count=loinc_count,
        )
        for position, (
            code, name, short_name, group, key, counted, look, function, low, high, note,
            loinc_percent, loinc_count,
        ) in enumerate(LABELS, start=1)
    )


def remove_labels(apps, schema_editor):
    """Take the shipped rows away again."""
    label = apps.get_model("mlmodels", "Label")
    label.objects.filter(laboratory__isnull=True, code__in=[row[0] for row in LABELS]).delete()


class Migration(migrations.Migration):

    dependencies = [("mlmodels", "0001_initial")]

    operations = [migrations.RunPython(add_labels, remove_labels)]
