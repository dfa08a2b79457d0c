"""How far model versions and people agree, from what is counted by day.

Only cells of which a person spoke say anything here. Those that nobody looked at are counted
beside them, since who confirms what stands there already agrees more easily than who is asked.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from django.db.models import Sum
from django.db.models.functions import TruncMonth

from accounts.models import User
from accounts.policy import Action, require
from mlmodels.ml.classes import class_in_words, told_as
from mlmodels.models import ImagingProfile, Label, ModelVersion
from predictions import policy
from predictions.models import DailyAgreement, ImageLabel
from predictions.quality.agreement import (
    ClassAgreement,
    Kappa,
    Share,
    agreement,
    by_class,
    cohens_kappa,
    overruled,
)
from predictions.selectors.quality.spans import (
    NO_PROFILE,
    QualityFilter,
    Span,
    last_days,
    month_in_words,
)

UNIDENTIFIED = ImageLabel.UNIDENTIFIED
# Of the tile on the dashboard.
LATELY_DAYS = 30

Pairs = Counter[tuple[str, str]]


@dataclass(frozen=True)
class NamedClass:
    """A class as people read it."""

    code: str
    name: str
    short_name: str


@dataclass(frozen=True)
class ClassRow:
    """How a class is named by the model and by people."""

    called: NamedClass
    figures: ClassAgreement


@dataclass(frozen=True)
class MatrixRow:
    """What the model called the cells that people called so.

    Args:
        cells: all of the row.
        counts: by the columns of the matrix, in their order.
    """

    called: NamedClass
    cells: int
    counts: list[tuple[NamedClass, int]]


@dataclass(frozen=True)
class Part:
    """The agreement of one version, profile or month beside the others.

    Args:
        key: for addresses: an id, "none" or a month.
        name: for people.
    """

    key: str
    name: str
    alike: Share

    @property
    def overruled(self) -> Share:
        """What people called otherwise."""
        return self.alike.rest


@dataclass(frozen=True)
class Looked:
    """How many cells were found, and how many of them a person spoke of.

    Args:
        found: by the model, in the images asked for.
        spoken: of these, by a person.
        accepted_unseen: that the model accepted and nobody spoke of.
        waiting: for which the model asks a person, and none has spoken.
        unidentified: of those spoken of, that the model had given no name.
        not_found: cells that people added since the model had not found them.
    """

    found: int
    spoken: int
    accepted_unseen: int
    waiting: int
    unidentified: int
    not_found: int


@dataclass(frozen=True)
class AgreementFigures:
    """Models against people.

    Args:
        alike: cells named alike, of those that the model had named and people spoke of.
        kappa: of the same.
        accepted, asked: as `alike`, of the cells that the model had accepted, and of those it
            asked people about.
        classes: those of the most cells first.
        columns, matrix: what the model called the cells of each class; the last column holds
            those it gave no name.
        versions, profiles, months: the same span in parts.
    """

    looked: Looked
    alike: Share
    kappa: Kappa
    accepted: Share
    asked: Share
    classes: list[ClassRow]
    columns: list[NamedClass]
    matrix: list[MatrixRow]
    versions: list[Part]
    profiles: list[Part]
    months: list[Part]

    @property
    def overruled(self) -> Share:
        """What people called otherwise."""
        return self.alike.rest


@dataclass(frozen=True)
class Known:
    """What figures are told with.

    Args:
        labels: of the laboratory, by code, in the order of reading.
        versions, profiles: by id as text.
    """

    labels: Mapping[str, Label]
    versions: Mapping[str, ModelVersion]
    profiles: Mapping[str, ImagingProfile]

    def version_name(self, key: str) -> str:
        """A version in words."""
        return str(self.versions.get(key, "No version"))

    def profile_name(self, key: str) -> str:
        """A profile in words."""
        return self.profiles[key].name if key in self.profiles else "No profile"


@dataclass(frozen=True)
class CountedRow:
    """Cells of a month that one version named so and people so; a row of the summary."""

    version: str
    profile: str
    month: date
    code: str
    said: str
    cells: int
    accepted: int


def counted_rows(viewer: User, span: Span) -> list[CountedRow]:
    """What is counted of the span, of all versions and profiles."""
    rows = (
        policy.visible_agreement(viewer)
        .filter(day__gte=span.first_day, day__lte=span.last_day)
        .order_by()
        .values_list("version", "profile", TruncMonth("day"), "code", "said")
        .annotate(n=Sum("cells"), sure=Sum("accepted"))
    )
    return [CountedRow(*row) for row in rows if row[5]]


def versions_of(rows: Iterable[CountedRow]) -> dict[str, ModelVersion]:
    """The versions that rows name, by their ids as text, without their cards."""
    keys = {UUID(row.version) for row in rows if row.version}
    found = ModelVersion.objects.defer("card").in_bulk(keys)
    return {str(key): version for key, version in found.items()}


def overruled_lately(viewer: User, labels: Mapping[str, Label]) -> Share:
    """What people called otherwise in images of the last `LATELY_DAYS` days.

    Args:
        labels: of the viewer's laboratory, by code.
    """
    require(viewer, Action.SEE_QUALITY)
    rows = counted_rows(viewer, last_days(viewer, LATELY_DAYS))
    known = Known(labels, versions_of(rows), {})
    return overruled(_named(_pairs(_folded(rows, known))))


def agreement_figures(
    viewer: User, asked: QualityFilter, rows: Sequence[CountedRow], known: Known
) -> AgreementFigures:
    """What rows say of the version and the profile that are asked for.

    Args:
        rows: of the span, of all versions and profiles.
    """
    told = _folded(rows, known)
    of_version = [row for row in told if asked.takes_version(row.version)]
    of_profile = [row for row in told if asked.takes_profile(row.profile)]
    chosen = [row for row in of_version if asked.takes_profile(row.profile)]
    pairs = _pairs(chosen)
    found = Counter({pair: n for pair, n in pairs.items() if pair[0] != DailyAgreement.NOT_FOUND})
    named = _named(pairs)
    sure = _named(_pairs(chosen, cells=lambda row: row.accepted))
    columns, matrix = _matrix(found, known.labels)
    return AgreementFigures(
        looked=_looked(viewer, asked, pairs, accepted=sum(row.accepted for row in chosen)),
        alike=agreement(named),
        kappa=cohens_kappa(named),
        accepted=agreement(sure),
        asked=agreement(named - sure),
        classes=[
            ClassRow(called(row.code, known.labels), row)
            for row in by_class(found)
            if row.code != UNIDENTIFIED
        ],
        columns=columns,
        matrix=matrix,
        versions=_parts(of_profile, lambda row: row.version, known.version_name),
        profiles=_parts(of_version, lambda row: row.profile or NO_PROFILE, known.profile_name),
        months=sorted(
            _parts(chosen, lambda row: f"{row.month:%Y-%m}", month_in_words),
            key=lambda part: part.key,
        ),
    )


def called(code: str, labels: Mapping[str, Label]) -> NamedClass:
    """A class as people read it, also where the laboratory does not know it."""
    label = labels.get(code)
    if label is not None:
        return NamedClass(code, label.name, label.short_name)
    return NamedClass(code, class_in_words(code), "?")


def as_version_names(said: str, version: ModelVersion | None, labels: Mapping[str, Label]) -> str:
    """What a person said, in the classes of a version: a band is a neutrophil to who knows none."""
    if version is None:
        return said
    wider = {code: label.wider for code, label in labels.items() if label.wider}
    return told_as(said, version.classes, wider)


def _folded(rows: Iterable[CountedRow], known: Known) -> list[CountedRow]:
    """Rows whose people speak in the classes of the version."""
    return [
        replace(row, said=as_version_names(row.said, known.versions.get(row.version), known.labels))
        for row in rows
    ]


def _pairs(
    rows: Iterable[CountedRow], cells: Callable[[CountedRow], int] = lambda row: row.cells
) -> Pairs:
    """Cells by what the model called them and what people did."""
    pairs: Pairs = Counter()
    for row in rows:
        pairs[row.code, row.said] += cells(row)
    return +pairs


def _named(pairs: Pairs) -> Pairs:
    """Those that the model had found and given a name."""
    unnamed = (UNIDENTIFIED, DailyAgreement.NOT_FOUND)
    return Counter({pair: n for pair, n in pairs.items() if pair[0] not in unnamed})


def _looked(viewer: User, asked: QualityFilter, pairs: Pairs, *, accepted: int) -> Looked:
    """How many cells nobody looked at, of all that were found.

    Args:
        accepted: of those that a person spoke of, that the model had accepted.
    """
    days = (
        policy.visible_days(viewer)
        .filter(day__gte=asked.span.first_day, day__lte=asked.span.last_day)
        .order_by()
        .values_list("version", "profile")
        .annotate(found=Sum("cells"), sure=Sum("accepted"))
    )
    counted = [
        (found, sure)
        for version, profile, found, sure in days
        if asked.takes_version(version) and asked.takes_profile(profile)
    ]
    found, sure = sum(row[0] for row in counted), sum(row[1] for row in counted)
    by_model: Counter[str] = Counter()
    for (code, _), cells in pairs.items():
        by_model[code] += cells
    not_found = by_model.pop(DailyAgreement.NOT_FOUND, 0)
    spoken = by_model.total()
    return Looked(
        found=found,
        spoken=spoken,
        accepted_unseen=sure - accepted,
        waiting=(found - sure) - (spoken - accepted),
        unidentified=by_model[UNIDENTIFIED],
        not_found=not_found,
    )


def _matrix(found: Pairs, labels: Mapping[str, Label]) -> tuple[list[NamedClass], list[MatrixRow]]:
    """Columns and rows of the confusion matrix, in the order of reading."""
    order = {code: place for place, code in enumerate(labels)}
    places = {UNIDENTIFIED: len(order) + 1}

    def in_order(codes: Iterable[str]) -> list[NamedClass]:
        ranked = sorted(
            codes, key=lambda code: (places.get(code, order.get(code, len(order))), code)
        )
        return [called(code, labels) for code in ranked]

    columns = in_order({model for model, _ in found})
    rows = in_order({said for _, said in found})
    return columns, [
        MatrixRow(
            row,
            sum(found[column.code, row.code] for column in columns),
            [(column, found[column.code, row.code]) for column in columns],
        )
        for row in rows
    ]


def _parts(
    rows: Iterable[CountedRow],
    key: Callable[[CountedRow], str],
    name: Callable[[str], str],
) -> list[Part]:
    """The agreement of each part, those of the most cells first."""
    pairs: dict[str, Pairs] = defaultdict(Counter)
    for row in rows:
        pairs[key(row)][row.code, row.said] += row.cells
    parts = [Part(part, name(part), agreement(_named(of_part))) for part, of_part in pairs.items()]
    return sorted(parts, key=lambda part: (-part.alike.whole, part.name))
