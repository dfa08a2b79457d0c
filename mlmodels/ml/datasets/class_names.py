"""Which label a class name means: as laboratories spell it, as published sets abbreviate it.

A name that could mean two things means none here: a person says what it is. It knows no
database; the labels that may stand are told to it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mlmodels.ml.classes import class_in_words, class_key

# What published sets and other languages call a label, by its code. Only what means one thing:
# "neut" and "mono" do, and are still only proposed (`_SHORT_FORMS`), for nobody publishes them.
# Sources: file and folder names of PBC (Acevedo 2020, Data in Brief 30:105474) and of the two
# sets of the Munich Leukemia Laboratory (Matek 2019, TCIA 10.7937/tcia.2019.36f5o9ld; Matek
# 2021, TCIA 10.7937/TCIA.AXH3-T579); ICSH names, Palmer 2015, Int J Lab Hematol 37:287.
SPELLINGS: dict[str, tuple[str, ...]] = {
    "neutrophil": ("ne", "neutrophile", "neutrophiler granulozyt", "neutrophil granulocyte"),
    "segmented": ("sne", "ngs", "segmented neutrophil", "neutrophil segmented", "seg"),
    "band": ("bne", "ngb", "band neutrophil", "neutrophil band", "stab neutrophil"),
    "eosinophil": ("eo", "eos", "eosinophile", "eosinophil granulocyte"),
    "basophil": ("ba", "bas", "basophile", "basophil granulocyte"),
    "lymphocyte": ("ly", "lyt", "lymphozyt", "lymphozyten", "typical lymphocyte"),
    "reactive_lymphocyte": ("lya", "atypical lymphocyte", "variant lymphocyte"),
    "plasma_cell": ("plm", "plasmacell"),
    "monocyte": ("mo", "mon", "monozyt", "monozyten"),
    "immature_granulocyte": ("ig", "immature granulocytes", "immature gran"),
    "promyelocyte": ("pmy", "pmo"),
    "myelocyte": ("my", "myb"),
    "metamyelocyte": ("mmy", "mmz"),
    "blast": ("bla", "myo", "mob", "myeloblast", "monoblast"),
    "erythroblast": ("erb", "ebo", "nrbc", "normoblast", "nucleated red blood cell"),
    "platelet": ("plt", "thrombocyte", "thrombozyt", "thrombozyten"),
    "smudge_cell": ("ksc", "smudge", "basket cell", "gumprecht cell"),
    "red_blood_cell": ("rbc", "erythrocyte", "erythrozyt", "erythrozyten"),
    "artefact": ("art", "artifact"),
    "not_a_cell": ("no cell",),
}
_SHORT_FORMS: dict[str, str] = {
    "neu": "neutrophil",
    "neut": "neutrophil",
    "neutro": "neutrophil",
    "lym": "lymphocyte",
    "lymph": "lymphocyte",
    "lympho": "lymphocyte",
    "mono": "monocyte",
    "eosin": "eosinophil",
    "eosino": "eosinophil",
    "baso": "basophil",
    "platelets clump": "platelet_clump",
    "plat": "platelet",
    "imm gran": "immature_granulocyte",
    "blasts": "blast",
}
# Of two words that are nearly one: "basofil" and "basophil" are, "monocyte" and "myelocyte" not.
_NEARLY_ONE = 0.8


@dataclass(frozen=True)
class LabelName:
    """A label that pictures may carry.

    Args:
        code: its code.
        name: as pages call it.
        short_name: the two letters beside its colour; may be empty.
    """

    code: str
    name: str
    short_name: str = ""


class ClassNames:
    """The class names that are known, and what they mean.

    Args:
        labels: which may stand, the first of two that claim one name before the other.
        remembered: what a laboratory said of names before: codes by `class_key`.
    """

    def __init__(self, labels: Iterable[LabelName], remembered: Mapping[str, str] = {}) -> None:
        self.labels = tuple(labels)
        self._codes: dict[str, str] = {}
        here = {label.code for label in self.labels}
        for label in self.labels:
            self._learn(label.code, label.code, label.name)
        for key, code in remembered.items():
            if code in here:
                self._learn(code, key)
        # What pages show goes before what others publish: a laboratory chooses its letters.
        for label in self.labels:
            self._learn(label.code, label.short_name)
        for code, spellings in SPELLINGS.items():
            if code in here:
                self._learn(code, *spellings)
        self._short = {key: code for key, code in _SHORT_FORMS.items() if code in here}

    def code_of(self, name: str) -> str:
        """The code of the label that a name means; empty where it means none, or is not sure.

        Args:
            name: as a folder or a table has it.
        """
        key = class_key(name)
        return next((self._codes[form] for form in _forms(key) if form in self._codes), "")

    def is_spelt_out(self, name: str) -> bool:
        """Whether a name is the code or the name of a label itself: nothing was read into it."""
        key = class_key(name)
        return any(key in (class_key(each.code), class_key(each.name)) for each in self.labels)

    def proposal_for(self, name: str) -> str:
        """The code of the label that an unknown name may mean, for a person to judge; or empty."""
        key = class_key(name)
        short = key.replace("_", " ")
        if short in self._short:
            return self._short[short]
        near = difflib.get_close_matches(key, self._codes, n=1, cutoff=_NEARLY_ONE)
        # Codes of two or three letters are near to everything.
        return self._codes[near[0]] if near and len(key) > 4 else ""

    def name_of(self, code: str) -> str:
        """What pages call a label."""
        return next((label.name for label in self.labels if label.code == code), code)

    def _learn(self, code: str, *spellings: str) -> None:
        for spelling in spellings:
            key = class_key(spelling)
            if key:
                self._codes.setdefault(key, code)


def _forms(key: str) -> list[str]:
    """A name as it is, without "cell", and in the singular."""
    bare = key.removesuffix("_cells").removesuffix("_cell")
    forms = [key, bare]
    for each in (key, bare):
        if each.endswith("ies"):
            forms.append(f"{each[:-3]}y")
        if each.endswith("s") and len(each) > 2:
            forms.append(each[:-1])
    return forms


# The labels that come with the program, for commands that ask no database.
SHIPPED_LABELS: tuple[LabelName, ...] = tuple(
    LabelName(code, class_in_words(code))
    for code in (
        *SPELLINGS,
        "other_white_cell",
        "giant_platelet",
        "platelet_clump",
        "parasite_suspected",
        "duplicate",
    )
)
