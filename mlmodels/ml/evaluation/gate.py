"""The rules that a version has to keep to before it is promoted, as plain arithmetic.

Compares the answers of two versions on the same pictures. It opens no picture and no model; what
is too little for a statement fails its rule, in words.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from mlmodels.ml.classes import WIDER_CLASS, told_as
from mlmodels.ml.evaluation.agreement import LARGEST_DIFFERENCE, SAME_CLASS, runtimes_agree
from mlmodels.ml.evaluation.metrics import Answer, expected_calibration_error
from mlmodels.ml.inference.occurring import occurring_among

# What is allowed, in points of a hundred, and how much is needed for a statement: the project's
# own rules (docs/architecture.md, "How a version becomes the active one").
MOST_LOST_BALANCED = 1.0
MOST_LOST_BALANCED_BOUND = 2.0
MOST_LOST_RECALL = 3.0
LARGEST_ECE = 0.05
MOST_LOST_SELECTIVE_ACCURACY = 0.5
FEWEST_OF_A_CLASS = 10
FEWEST_IMAGES = 50
FEWEST_ACCEPTED = 50
LEAST_ACCEPTED = 0.2

DRAWS = 2000
SEED = 7
# A float's last digits are no loss.
_TINY = 1e-9


@dataclass(frozen=True)
class Pair:
    """What two versions said of one picture.

    Args:
        source: the photograph, slide or patient it comes from.
        candidate, active: the answers; their truth is the same.
    """

    source: str
    candidate: Answer
    active: Answer

    @property
    def true(self) -> str:
        """The class of the picture."""
        return self.candidate.true


@dataclass(frozen=True)
class Verdict:
    """One rule on one set: what was wanted, what was measured, whether it holds.

    Args:
        rule: its code, for programs.
        title: what it is about, for people.
        set: the set's name; empty where it is about the version itself.
        wanted, measured: in words and figures.
        holds: whether the version keeps to it.
        n: pictures that the statement rests on.
    """

    rule: str
    title: str
    set: str
    wanted: str
    measured: str
    holds: bool
    n: int

    def as_row(self) -> dict[str, Any]:
        """As it is stored."""
        return asdict(self)


@dataclass(frozen=True)
class SharedClasses:
    """The classes two versions are compared on, and those only one of them names.

    Args:
        shared: named by both, or by one while the other names kinds of it.
        only_candidate, only_active: the rest.
        counted_as: of these, what counts as a shared class that it is a kind of.
    """

    shared: tuple[str, ...]
    only_candidate: tuple[str, ...]
    only_active: tuple[str, ...]
    counted_as: dict[str, str] = field(default_factory=dict)

    def called(self, label: str) -> str:
        """What a class of one of the versions is called where both are compared."""
        return told_as(label, self.shared, self.counted_as)

    def told(self, answer: Answer) -> Answer:
        """Truth and answer in the classes that are compared."""
        true = told_as(answer.true, self.shared, WIDER_CLASS | self.counted_as)
        return replace(answer, true=true, predicted=self.called(answer.predicted))


def share_classes(
    candidate: Sequence[str],
    active: Sequence[str],
    declared: Collection[str] | None = None,
    wider: Mapping[str, str] = WIDER_CLASS,
) -> SharedClasses:
    """What two versions can be compared on.

    Args:
        candidate, active: the classes of each.
        declared: classes that occur where they are to be used; none where every class may.
        wider: what is a kind of what.

    Returns:
        The classes of both that occur, in the order of the active one, and those of one alone.
    """
    ours, theirs = ({*own, *(wider.get(c, c) for c in own)} for own in (candidate, active))
    named = dict.fromkeys((*active, *candidate))
    both = tuple(name for name in named if name in ours and name in theirs)
    apart = [name for name in named if name not in both]
    shared = both
    if declared is not None:
        occurring = occurring_among(declared, both)
        shared = tuple(name for name, is_there in zip(both, occurring, strict=True) if is_there)
    return SharedClasses(
        shared,
        tuple(name for name in apart if name in candidate),
        tuple(name for name in apart if name in active),
        {name: wider[name] for name in apart if wider.get(name) in shared},
    )


def judge_set(name: str, pairs: Sequence[Pair], classes: Sequence[str]) -> list[Verdict]:
    """The rules of one set, those of single classes excepted.

    Args:
        name: of the set.
        pairs: of its pictures whose class both versions name.
        classes: that both name.

    Returns:
        Balanced accuracy, calibration and selective accuracy, one row each.
    """
    return [
        _judge_balanced(name, pairs, classes),
        _judge_calibration(name, pairs),
        _judge_selective_accuracy(name, pairs),
    ]


def judge_recalls(sets: Mapping[str, Sequence[Pair]], classes: Sequence[str]) -> list[Verdict]:
    """The recall of each class on each set that holds enough of it.

    Args:
        sets: pairs by the set's name.
        classes: that both versions name.

    Returns:
        A row for each class and set with at least `FEWEST_OF_A_CLASS` pictures; a class that
        no set holds enough of gets one row, which fails.
    """
    rows = []
    for label in classes:
        counts = {name: _of_class(pairs, label) for name, pairs in sets.items()}
        enough = {name: of for name, of in counts.items() if len(of) >= FEWEST_OF_A_CLASS}
        rows += [_judge_recall(name, label, of) for name, of in enough.items()]
        if not enough:
            rows.append(_unjudged_recall(label, max(map(len, counts.values()), default=0)))
    return rows


def judge_agreement(card: Mapping[str, Any]) -> Verdict:
    """Whether both model files of the candidate say the same, as its card states.

    Args:
        card: see `mlmodels.ml.evaluation.agreement.runtimes_agree`.
    """
    stated = card.get("agreement") or {}
    measured = "The card states no comparison."
    if {"n", "same_class", "largest_difference"} <= set(stated):
        measured = (
            f"same class on {_percent(stated['same_class'])} of {stated['n']} cells, probabilities "
            f"differ by up to {stated['largest_difference']:.4f}"
        )
    return Verdict(
        rule="agreement",
        title="Keras and LiteRT say the same",
        set="",
        wanted=f"same class on at least {_percent(SAME_CLASS)}, "
        f"probabilities within {LARGEST_DIFFERENCE}",
        measured=measured,
        holds=runtimes_agree(dict(card)),
        n=int(stated.get("n") or 0),
    )


def passes(rows: Iterable[Verdict]) -> bool:
    """Whether a version may be promoted without a reason: there are rows, and all hold."""
    held = [row.holds for row in rows]
    return bool(held) and all(held)


def balanced_loss(pairs: Sequence[Pair], classes: Sequence[str]) -> tuple[float, float]:
    """How much balanced accuracy the candidate loses against the active version.

    Args:
        pairs: at least one, each of a class in `classes`.
        classes: in any order.

    Returns:
        The loss, and its one-sided 95 % upper bound, in points of a hundred; below 0 where the
        candidate is better. Balanced accuracy is the mean recall of the classes present.

    Source: paired bootstrap: whole sources are drawn anew with both answers of each picture,
    the 95th percentile of 2,000 draws with a fixed seed (Davison and Hinkley 1997, section 3.8,
    on clusters; Efron and Tibshirani 1993, chapter 13, on percentiles).
    """
    n, candidate, active = _tally(pairs, classes)
    loss = _loss(n.sum(axis=0), candidate.sum(axis=0), active.sum(axis=0))
    rng = np.random.default_rng(SEED)
    drawn = np.empty(DRAWS)
    for k in range(DRAWS):
        times = np.bincount(rng.integers(len(n), size=len(n)), minlength=len(n))
        drawn[k] = _loss(times @ n, times @ candidate, times @ active)
    return loss, float(np.quantile(drawn, 0.95))


def _tally(
    pairs: Sequence[Pair], classes: Sequence[str]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pictures, and those each version named right, by source and class: three (S, K) arrays."""
    place = {name: k for k, name in enumerate(classes)}
    rows = {name: i for i, name in enumerate(dict.fromkeys(pair.source for pair in pairs))}
    table = np.zeros((3, len(rows), len(classes)))
    for pair in pairs:
        at = rows[pair.source], place[pair.true]
        table[0][at] += 1
        table[1][at] += pair.candidate.predicted == pair.true
        table[2][at] += pair.active.predicted == pair.true
    return table[0], table[1], table[2]


def _loss(n: np.ndarray, candidate: np.ndarray, active: np.ndarray) -> float:
    return 100 * (_balanced(n, active) - _balanced(n, candidate))


def _balanced(n: np.ndarray, right: np.ndarray) -> float:
    """Mean recall of the classes present."""
    return float(np.mean(right[n > 0] / n[n > 0]))


def _judge_balanced(name: str, pairs: Sequence[Pair], classes: Sequence[str]) -> Verdict:
    wanted = (
        f"at most {MOST_LOST_BALANCED:g} point lost, with 95 % certainty at most "
        f"{MOST_LOST_BALANCED_BOUND:g}"
    )
    title, n = "Balanced accuracy", len(pairs)
    if n < FEWEST_IMAGES:
        return _too_few("balanced_accuracy", title, name, wanted, n, FEWEST_IMAGES, "images")
    loss, bound = balanced_loss(pairs, classes)
    n_of, candidate, active = (table.sum(axis=0) for table in _tally(pairs, classes))
    after, before = _balanced(n_of, candidate), _balanced(n_of, active)
    return Verdict(
        rule="balanced_accuracy",
        title=title,
        set=name,
        wanted=wanted,
        measured=f"{_percent(after)} against {_percent(before)}: {_lost(loss)}, "
        f"with 95 % certainty {_at_most(bound)}",
        holds=loss <= MOST_LOST_BALANCED + _TINY and bound <= MOST_LOST_BALANCED_BOUND + _TINY,
        n=n,
    )


def _judge_calibration(name: str, pairs: Sequence[Pair]) -> Verdict:
    title, wanted = "Calibration", f"an expected calibration error of at most {LARGEST_ECE}"
    found = [pair.candidate for pair in pairs if pair.candidate.predicted]
    if len(found) < FEWEST_IMAGES:
        return _too_few(
            "calibration", title, name, wanted, len(found), FEWEST_IMAGES, "images with a cell"
        )
    ece = expected_calibration_error(
        [a.confidence for a in found], [a.predicted == a.true for a in found]
    )
    return Verdict(
        rule="calibration",
        title=title,
        set=name,
        wanted=wanted,
        measured=f"{ece:.3f}",
        holds=ece <= LARGEST_ECE + _TINY,
        n=len(found),
    )


def _judge_selective_accuracy(name: str, pairs: Sequence[Pair]) -> Verdict:
    title = "Right among accepted"
    wanted = f"at most {MOST_LOST_SELECTIVE_ACCURACY:g} points lost"
    after, before = ([p.candidate for p in pairs], [p.active for p in pairs])
    kept, known = _accepted(after), _accepted(before)
    fewest = min(len(kept), len(known))
    if fewest < FEWEST_ACCEPTED:
        who = "the candidate" if len(kept) <= len(known) else "the active version"
        return _too_few(
            "accepted", title, name, wanted, fewest, FEWEST_ACCEPTED, f"accepted by {who}"
        )
    now, then = _right(kept), _right(known)
    enough = len(kept) >= LEAST_ACCEPTED * len(pairs)
    measured = (
        f"{_percent(now)} of {len(kept)} against {_percent(then)} of {len(known)}: "
        f"{_lost(100 * (then - now))}"
    )
    if not enough:
        measured += f"; it accepts under {100 * LEAST_ACCEPTED:.0f} %, too few for a statement"
    return Verdict(
        rule="accepted",
        title=title,
        set=name,
        wanted=wanted,
        measured=measured,
        holds=enough and 100 * (then - now) <= MOST_LOST_SELECTIVE_ACCURACY + _TINY,
        n=len(kept),
    )


def _judge_recall(name: str, label: str, pairs: Sequence[Pair]) -> Verdict:
    after = sum(p.candidate.predicted == label for p in pairs)
    before = sum(p.active.predicted == label for p in pairs)
    loss = 100 * (before - after) / len(pairs)
    return Verdict(
        rule="recall",
        title=f"Recall of {_in_words(label)}",
        set=name,
        wanted=_RECALL,
        measured=f"{after} of {len(pairs)} against {before}: {_lost(loss)}",
        holds=loss <= MOST_LOST_RECALL + _TINY,
        n=len(pairs),
    )


def _unjudged_recall(label: str, most: int) -> Verdict:
    title = f"Recall of {_in_words(label)}"
    return _too_few("recall", title, "", _RECALL, most, FEWEST_OF_A_CLASS, "images in any set")


_RECALL = f"at most {MOST_LOST_RECALL:g} points lost"


def _too_few(
    rule: str, title: str, name: str, wanted: str, n: int, needed: int, what: str
) -> Verdict:
    measured = f"{n} {what}: too few for a statement, which needs {needed}"
    return Verdict(rule, title, name, wanted, measured, holds=False, n=n)


def _of_class(pairs: Sequence[Pair], label: str) -> list[Pair]:
    return [pair for pair in pairs if pair.true == label]


def _accepted(answers: Sequence[Answer]) -> list[Answer]:
    return [answer for answer in answers if answer.disposition == "accepted"]


def _right(answers: Sequence[Answer]) -> float:
    return sum(answer.predicted == answer.true for answer in answers) / len(answers)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _lost(points: float) -> str:
    if abs(points) < 0.05:
        return "none lost"
    return f"{points:.1f} points lost" if points > 0 else f"{-points:.1f} points won"


def _at_most(points: float) -> str:
    if abs(points) < 0.05:
        return "none"
    return f"at most {points:.1f} lost" if points > 0 else f"at least {-points:.1f} won"


def _in_words(code: str) -> str:
    return code.replace("_", " ")
