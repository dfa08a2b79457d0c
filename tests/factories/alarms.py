"""Versions with an alarm rule, and films that raise its alarm."""

from __future__ import annotations

from accounts.models import User
from mlmodels.ml.inference.alarm import AlarmRule, Band
from mlmodels.models import ModelVersion
from predictions.models import Cell, Sample
from tests.factories.cases import ORDINARY
from tests.factories.images import make_image, make_sample
from tests.factories.results import record_result

# Three of 24 cells or fewer raise an alarm; the figures are nobody's.
RULE = AlarmRule(
    classes=("immature_granulocyte",),
    against=("neutrophil",),
    not_white=("erythroblast", "platelet"),
    objectness=0.5,
    strangeness=0.05,
    bands=(Band(100.0, 2.5, 0.02),),
    chance=0.02,
    least_cells=2,
)
CALM, SUSPICIOUS = -4.0, 8.0


def let_versions_alarm(rule: AlarmRule = RULE) -> None:
    """Put a rule on the card of every version."""
    for version in ModelVersion.objects.all():
        card = {**version.card, "alarm": rule.as_dict()}
        ModelVersion.objects.filter(pk=version.pk).update(card=card)


def film(suspicious: int, *, calm: int = 20, label: str = "lymphocyte") -> list[dict[str, object]]:
    """Cells of an image, as `record_result` takes them; the last one is the most suspicious."""
    cells: list[dict[str, object]] = [{"suspicion": CALM} for _ in range(calm)]
    cells += [{"label": label, "suspicion": SUSPICIOUS + n} for n in range(suspicious)]
    return [
        {**cell, "familiarity_percentile": 50.0, "x_px": 10 * (place % 40)}
        for place, cell in enumerate(cells)
    ]


def make_alarmed(technician: User, suspicious: int = 4) -> Sample:
    """A sample in review whose one film raises an alarm; nothing waits for a person."""
    let_versions_alarm()
    sample = make_sample(technician)
    record_result(make_image(technician, sample), *film(suspicious, calm=len_of_ordinary()))
    return Sample.objects.get(pk=sample.pk)


def len_of_ordinary() -> int:
    """As many calm cells as an ordinary film has: enough for a report."""
    return sum(ORDINARY.values())


def suspicious_cells(sample: Sample) -> list[Cell]:
    """Its suspicious cells, the most suspicious first."""
    cells = Cell.objects.filter(image__sample=sample, suspicion__gte=SUSPICIOUS)
    return list(cells.order_by("-suspicion"))
