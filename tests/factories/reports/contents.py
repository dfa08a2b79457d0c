"""Contents of reports, whole ones; a test replaces what it is about."""

from __future__ import annotations

import base64
import math
from io import BytesIO
from typing import Any

from PIL import Image, ImageDraw

from predictions.reports.content import (
    ReportApart,
    ReportBox,
    ReportContent,
    ReportCrop,
    ReportCrops,
    ReportDifferential,
    ReportFinding,
    ReportFindings,
    ReportInterval,
    ReportKeptFinding,
    ReportLaboratory,
    ReportModel,
    ReportMorphology,
    ReportPerson,
    ReportPersonsWork,
    ReportReclassified,
    ReportRow,
    ReportSample,
    ReportSignature,
    ReportWhiteCellCount,
)

DACIE = "Dacie and Lewis, Practical Haematology, adults"
DAVIS = "UC Davis, adults"
# Name, cells of 200, interval of the percentage and of the absolute count, source, flags.
CLASSES: list[tuple[str, int, Any, Any, str, Any, Any]] = [
    ("Neutrophil", 152, (40, 80), (2.0, 7.0), DACIE, "", "H"),
    ("Lymphocyte", 18, (20, 40), (1.0, 3.0), DACIE, "L", ""),
    ("Monocyte", 12, (2, 10), (0.2, 1.0), DACIE, "", ""),
    ("Eosinophil", 6, (1, 6), (0.02, 0.5), DACIE, "", ""),
    ("Basophil", 2, (0, 2), (0.02, 0.1), DACIE, "", ""),
    ("Immature granulocyte", 10, (0, 0.9), (0, 0.09), DAVIS, "H", "H"),
]
FLAG_WORDS = {"": "", "L": "low", "H": "high", "LL": "critical low", "HH": "critical high"}
WHITE_CELLS = 11.4


def report_row(name: str, count: int, of: int = 200, **fields: Any) -> ReportRow:
    """A class with its percentage and interval; intervals and flags as `fields` say."""
    proportion, z = count / of, 1.959964
    denominator = 1 + z**2 / of
    middle = (proportion + z**2 / (2 * of)) / denominator
    spread = z / denominator * math.sqrt(proportion * (1 - proportion) / of + (z / (2 * of)) ** 2)
    told: dict[str, Any] = {
        "reference": None,
        "not_applied": "",
        "flag": "",
        "flag_words": "",
        "absolute": None,
        "absolute_reference": None,
        "absolute_flag": "",
        "absolute_flag_words": "",
        "relative": False,
    }
    return ReportRow(
        label=name.lower().replace(" ", "_"),
        name=name,
        count=count,
        percent=100 * proportion,
        low=100 * max(0.0, middle - spread),
        high=100 * min(1.0, middle + spread),
        **{**told, **fields},
    )


def report_rows() -> tuple[ReportRow, ...]:
    """A left shift: 200 cells in six classes, with white cells known."""
    return tuple(
        report_row(
            name,
            count,
            reference=ReportInterval(low=low, high=high, unit="%", source=source),
            flag=flag,
            flag_words=FLAG_WORDS[flag],
            absolute=round(WHITE_CELLS * count / 200, 2),
            absolute_reference=ReportInterval(
                low=lowest, high=highest, unit="10*9/L", source=source
            ),
            absolute_flag=absolute_flag,
            absolute_flag_words=FLAG_WORDS[absolute_flag],
            relative=bool(flag and not absolute_flag),
        )
        for name, count, (low, high), (lowest, highest), source, flag, absolute_flag in CLASSES
    )


def report_finding(text: str = "Left shift", **fields: Any) -> ReportKeptFinding:
    """A finding that was kept as it was offered; `fields` say what is different."""
    told: dict[str, Any] = {
        "code": "left_shift",
        "offered": text,
        "certainty": "likely",
        "basis": "absolute",
        "rule": "Immature granulocyte 0.57 × 10⁹/L, above the reference interval 0 to 0.09.",
        "source": DAVIS,
    }
    return ReportKeptFinding(text=text, **{**told, **fields})


def own_finding(text: str) -> ReportKeptFinding:
    """A finding in the signer's own words."""
    nothing = dict.fromkeys(("code", "offered", "certainty", "basis", "rule", "source"), "")
    return ReportKeptFinding(text=text, **nothing)  # type: ignore[arg-type]


def report_crops(names: list[str], each: int = 8) -> tuple[ReportCrops, ...]:
    """Cells of the classes, each with an id of its own."""
    return tuple(
        ReportCrops(
            label=name.lower(),
            name=name,
            crops=tuple(
                ReportCrop(
                    cell_id=f"{name.lower()}-{place}",
                    image_id="7d1f",
                    image_sha256="ab" * 32,
                    box=ReportBox(x=10 * place, y=20, width=96, height=96),
                )
                for place in range(each)
            ),
        )
        for name in names
    )


def pictures(content: ReportContent) -> dict[str, bytes]:
    """A drawn cell for each that the content shows, none like another."""
    shown = [crop.cell_id for of_class in content.crops for crop in of_class.crops]
    return {cell_id: _drawn_cell(place) for place, cell_id in enumerate(shown)}


def _drawn_cell(place: int) -> bytes:
    picture = Image.new("RGB", (128, 128), (236, 226, 222))
    pen = ImageDraw.Draw(picture)
    pen.ellipse((18, 20, 108, 112), fill=(205, 190, 214))
    turn = place * 0.7
    for lobe in range(3):
        x = 62 + 18 * math.cos(turn + 2.1 * lobe)
        y = 64 + 18 * math.sin(turn + 2.1 * lobe)
        pen.ellipse((x - 16, y - 14, x + 16, y + 14), fill=(84, 50 + place % 40, 140))
    file = BytesIO()
    picture.save(file, "JPEG", quality=88)
    return file.getvalue()


def logo() -> str:
    """A mark with a transparent ground, in base64."""
    picture = Image.new("RGBA", (360, 90), (0, 0, 0, 0))
    pen = ImageDraw.Draw(picture)
    pen.ellipse((4, 4, 86, 86), fill=(91, 63, 168, 255))
    pen.rectangle((110, 30, 350, 60), fill=(27, 29, 34, 255))
    file = BytesIO()
    picture.save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def report_content(**fields: Any) -> ReportContent:
    """A signed report of a left shift."""
    whole: dict[str, Any] = {
        "laboratory": ReportLaboratory(
            name="Institute of Haematology, St Anna Hospital",
            address="Pasteurgasse 4, 1090 Vienna\nTelephone +43 1 555 0123",
            logo_png=logo(),
        ),
        "number": "R-2026-000417",
        "version": 1,
        "status": "final",
        "sample": ReportSample(
            accession_number="H26-118204",
            patient_reference="P-83F2-77",
            sex="female",
            birth_date_or_age="54 years",
            collected_at="2026-03-12T06:40:00+00:00",
            received_at="2026-03-12T07:25:00+00:00",
            requester="Ward 7B, Internal medicine",
            note="Fever for three days, on prednisolone.",
            priority="urgent",
        ),
        "differential": report_differential(),
        "morphology": ReportMorphology(
            groups=(
                ReportFindings(
                    name="Red cells",
                    findings=(
                        ReportFinding(text="Anisocytosis", grade="2+"),
                        ReportFinding(text="Schistocytes", grade="1+"),
                    ),
                ),
                ReportFindings(
                    name="Platelets", findings=(ReportFinding(text="Not clumped", grade=""),)
                ),
                ReportFindings(
                    name="White cells", findings=(ReportFinding(text="Toxic granules", grade="2+"),)
                ),
            ),
            text="Neutrophils with coarse granules and Döhle bodies.",
        ),
        "comment": "Left shift with toxic change, in keeping with a bacterial infection.",
        "critical_values": (),
        "crops": report_crops(["Neutrophil", "Lymphocyte"]),
        "models": (
            ReportModel(
                name="HematoVision",
                version="1.3.0",
                weights_sha256="c0ffee" * 10 + "abcd",
                limits="Knows eight classes and was trained on cells of healthy people. It has no "
                "class for blasts: a blast may be named lymphocyte, monocyte or immature "
                "granulocyte.",
            ),
        ),
        "persons_work": ReportPersonsWork(
            cells=214,
            reviewed=57,
            reclassified=(
                ReportReclassified(before="Neutrophil", after="Immature granulocyte", count=5),
                ReportReclassified(before="Monocyte", after="Lymphocyte", count=1),
            ),
            added_by_hand=1,
            dismissed=(),
        ),
        "reviewers": (ReportPerson(name="Mira Novak", role="technician"),),
        "signature": ReportSignature(
            name="Dr. Helena Brandt",
            role="doctor",
            meaning="Reviewed and released",
            signed_at="2026-03-12T09:14:27+00:00",
            authenticated_by="password",
        ),
        "replaces": None,
        "verify_address": "https://hematovision.example/reports/verify/6f1c2f0e-9a55-4a0e/",
        "time_zone": "Europe/Vienna",
        "page_size": "A4",
    }
    return ReportContent(**{**whole, **fields})


def report_differential(**fields: Any) -> ReportDifferential:
    """200 cells, with white cells and erythroblasts."""
    whole: dict[str, Any] = {
        "rows": report_rows(),
        "apart": (
            ReportApart(
                label="erythroblast",
                name="Erythroblast",
                count=3,
                per_100=1.5,
                reference=ReportInterval(low=None, high=0.0, unit="/100{WBCs}", source=DACIE),
                flag="H",
                flag_words="high",
                remark="",
            ),
            ReportApart(
                label="platelet",
                name="Platelet",
                count=9,
                per_100=None,
                reference=None,
                flag="",
                flag_words="",
                remark="seen, not counted",
            ),
        ),
        "counted": 200,
        "target": 200,
        "limited_count_reason": "",
        "to_review": 0,
        "unidentified": 2,
        "white_cell_count": ReportWhiteCellCount(
            value=WHITE_CELLS,
            measured_at="2026-03-12T07:31:00+00:00",
            corrected=None,
            formula="",
            reference=ReportInterval(low=4.0, high=11.0, unit="10*9/L", source=DACIE),
            flag="H",
            flag_words="high",
        ),
        "method": "Cells of 120 photographs of one film, named by the model, reviewed by people.",
        "notes": (),
    }
    return ReportDifferential(**{**whole, **fields})
