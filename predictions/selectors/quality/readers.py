"""People against each other, on cells of which two spoke openly, one after the other.

The later one saw the earlier one's label, so this is no blind comparison.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from uuid import UUID

from django.db.models import OuterRef, Subquery, UUIDField

from accounts.models import User
from predictions.models import CellReview
from predictions.quality.agreement import Kappa, Share, agreement, cohens_kappa
from predictions.selectors.quality.reviews import newest_of, reviews_of_span
from predictions.selectors.quality.spans import QualityFilter

# Of pairs of people; the others are in the sum alone.
MOST_SHOWN = 20


@dataclass(frozen=True)
class ReaderPair:
    """Two people who spoke of the same cells, one right after the other.

    Args:
        earlier, later: their names.
        alike: cells that both named alike.
    """

    earlier: str
    later: str
    alike: Share
    kappa: Kappa


@dataclass(frozen=True)
class ReaderFigures:
    """People against each other.

    Args:
        alike, kappa: of all pairs together.
        pairs: those of the most cells first, at most `MOST_SHOWN`.
        more: pairs that are not among them.
    """

    alike: Share
    kappa: Kappa
    pairs: list[ReaderPair]
    more: int


def reader_figures(viewer: User, asked: QualityFilter) -> ReaderFigures:
    """How far those who spoke second, in the span, agreed with who spoke right before."""
    # One row, so in no order: the model's own would look up its cell.
    before = CellReview.objects.order_by().filter(
        cell=OuterRef("cell"), number=OuterRef("number") - 1
    )
    later = (
        reviews_of_span(viewer, asked)
        .filter(number__gt=1)
        .annotate(
            # SQLite keeps a UUID as text, and says so of the column alone.
            earlier=Subquery(before.values("by")[:1], output_field=UUIDField()),
            said=Subquery(before.values("to_label")[:1]),
        )
    )
    people: dict[tuple[UUID, UUID], Counter[tuple[str, str]]] = defaultdict(Counter)
    for first, second, said, then in newest_of(later, asked, "earlier", "by", "said", "to_label"):
        if first != second:
            people[first, second][said, then] += 1
    whole: Counter[tuple[str, str]] = Counter()
    for matrix in people.values():
        whole.update(matrix)
    names = {user.pk: user.display_name for user in _people(viewer, people)}
    pairs = [
        ReaderPair(names[first], names[second], agreement(matrix), cohens_kappa(matrix))
        for (first, second), matrix in people.items()
    ]
    pairs.sort(key=lambda pair: (-pair.alike.whole, pair.earlier, pair.later))
    return ReaderFigures(
        alike=agreement(whole),
        kappa=cohens_kappa(whole),
        pairs=pairs[:MOST_SHOWN],
        more=max(0, len(pairs) - MOST_SHOWN),
    )


def _people(viewer: User, pairs: dict[tuple[UUID, UUID], Counter[tuple[str, str]]]) -> list[User]:
    keys = {key for pair in pairs for key in pair}
    if not keys:
        return []
    return list(User.objects.filter(pk__in=keys, laboratory=viewer.laboratory_id))
