"""Attributes of a white cell as a haematologist would put them: one short phrase.

Says only what it is given, drops what contradicts itself, and adds no judgement.
"""

from __future__ import annotations

from collections.abc import Mapping

_NUCLEUS = {
    "segmented-bilobed": "bilobed nucleus",
    "segmented-multilobed": "multilobed nucleus",
    "unsegmented-band": "band-shaped nucleus",
    "unsegmented-indented": "indented nucleus",
    "unsegmented-round": "round nucleus",
    "irregular": "irregular nucleus",
    "segmented": "segmented nucleus",
    "unsegmented": "unsegmented nucleus",
}
_CHROMATIN = {"densely": "dense chromatin", "loosely": "loose chromatin"}
_RATIO = {"high": "high nuclear-cytoplasmic ratio", "low": "low nuclear-cytoplasmic ratio"}
_GRANULES = {"small": "fine", "round": "round", "coarse": "coarse"}
_COLOURS = ("pink", "red", "purple")
_CYTOPLASM = {"light blue": "pale blue", "blue": "blue", "purple blue": "purple-blue"}
_SIZE = {"small": "small", "big": "large"}
_OUTLINE = {"round": "round", "irregular": "irregular"}

# How an attribute and its values are called where they stand in a table.
_NAMES = {
    "cell_size": "Cell size",
    "cell_shape": "Cell outline",
    "nucleus_shape": "Nucleus",
    "nuclear_cytoplasmic_ratio": "Nuclear-cytoplasmic ratio",
    "chromatin_density": "Chromatin",
    "cytoplasm_vacuole": "Vacuoles",
    "cytoplasm_texture": "Cytoplasm texture",
    "cytoplasm_colour": "Cytoplasm colour",
    "granule_type": "Granule type",
    "granule_colour": "Granule colour",
    "granularity": "Granules",
}
_VALUES = {
    **{("nucleus_shape", value): word.removesuffix(" nucleus") for value, word in _NUCLEUS.items()},
    **{("chromatin_density", v): word.removesuffix(" chromatin") for v, word in _CHROMATIN.items()},
    **{("granule_type", value): word for value, word in _GRANULES.items()},
    **{("cytoplasm_colour", value): word for value, word in _CYTOPLASM.items()},
    ("cytoplasm_texture", "frosted"): "ground-glass",
    ("cell_size", "big"): "large",
    ("cytoplasm_vacuole", "yes"): "present",
    ("cytoplasm_vacuole", "no"): "none",
    ("granularity", "yes"): "present",
    ("granularity", "no"): "none",
    ("granule_type", "nil"): "none",
    ("granule_colour", "nil"): "none",
}


def describe_cell(values: Mapping[str, str]) -> str:
    """One phrase, nucleus first: "Band-shaped nucleus, dense chromatin, fine pink granules".

    Args:
        values: by attribute, as the tables of attributes spell both; any may be missing, and
            what is not known here is passed over.

    Returns:
        The phrase with a capital and without a full stop; empty where nothing can be said.
    """
    granules = _granules(values)
    parts = [
        _NUCLEUS.get(values.get("nucleus_shape", ""), ""),
        _CHROMATIN.get(values.get("chromatin_density", ""), ""),
        granules,
        _cytoplasm(values, bare=granules == "no granules"),
        _RATIO.get(values.get("nuclear_cytoplasmic_ratio", ""), ""),
        _whole(values),
    ]
    phrase = ", ".join(part for part in parts if part)
    return phrase[:1].upper() + phrase[1:]


def attribute_in_words(attribute: str, value: str) -> tuple[str, str]:
    """The name of an attribute and of its value, for a table."""
    name = _NAMES.get(attribute, attribute.replace("_", " ").capitalize())
    return name, _VALUES.get((attribute, value), value)


def _granules(values: Mapping[str, str]) -> str:
    """Type and colour; nothing where the three attributes of granules contradict each other."""
    there = values.get("granularity", "")
    kind, colour = values.get("granule_type", ""), values.get("granule_colour", "")
    says_none = there == "no" or "nil" in (kind, colour)
    says_some = there == "yes" or kind in _GRANULES or colour in _COLOURS
    if says_none:
        return "" if says_some else "no granules"
    if not says_some:
        return ""
    words = (_GRANULES.get(kind, ""), colour if colour in _COLOURS else "", "granules")
    return " ".join(word for word in words if word)


def _cytoplasm(values: Mapping[str, str], *, bare: bool) -> str:
    """Texture, colour and vacuoles. "Clear" is said only of a cytoplasm without granules."""
    texture = values.get("cytoplasm_texture", "")
    words = [
        "ground-glass" if texture == "frosted" else "",
        "clear" if texture == "clear" and bare else "",
        _CYTOPLASM.get(values.get("cytoplasm_colour", ""), ""),
    ]
    said = " ".join(word for word in words if word)
    vacuoles = values.get("cytoplasm_vacuole") == "yes"
    if not said:
        return "vacuoles in the cytoplasm" if vacuoles else ""
    return f"{said} cytoplasm with vacuoles" if vacuoles else f"{said} cytoplasm"


def _whole(values: Mapping[str, str]) -> str:
    size, outline = (
        _SIZE.get(values.get("cell_size", "")),
        _OUTLINE.get(values.get("cell_shape", "")),
    )
    if size and outline:
        return f"{size} cell with {'an irregular' if outline == 'irregular' else 'a round'} outline"
    if size:
        return f"{size} cell"
    return f"{outline} outline" if outline else ""
