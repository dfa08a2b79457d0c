"""Compares a version with the active one on frozen pictures. Loads TensorFlow or LiteRT."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError

from hematovision import leases
from mlmodels import artifacts, policy
from mlmodels.errors import ModelDamaged
from mlmodels.ml.classes import wider_classes
from mlmodels.ml.errors import ArtifactDamaged, EngineError
from mlmodels.ml.evaluation.evaluation import (
    Prediction,
    TrainedOn,
    load_trained_on,
    predict_picture,
    report,
    was_trained_on,
)
from mlmodels.ml.evaluation.gate import (
    Pair,
    SharedClasses,
    Verdict,
    judge_agreement,
    judge_recalls,
    judge_set,
    passes,
    share_classes,
)
from mlmodels.ml.inference.engine import Engine
from mlmodels.models import Dataset, GateCheck, ModelVersion
from mlmodels.selectors.datasets.near_duplicates import pairs_across_splits
from mlmodels.selectors.profiles import classes_of
from mlmodels.services.versions import gates
from mlmodels.services.versions.gates import Claim
from mlmodels.services.versions.run_engine import open_engine
from mlmodels.services.versions.run_reference_sets import (
    ReferenceSet,
    datasets_of,
    read_picture,
    reference_sets,
)

logger = logging.getLogger(__name__)

PASSING = (OperationalError, InterfaceError)
TRAINED_ON = "trained_on.csv"
_TELL_EVERY_S = 1.0
Tell = Callable[[int, int], None]


class LostCheck(Exception):
    """Somebody else holds the check now."""


@dataclass(frozen=True)
class Measured:
    """A reference set and what both versions said of it.

    Args:
        pairs: of pictures whose class both name and that neither was trained on.
        left_out: pictures that one of them was trained on.
        other_classes: pictures of a class that only one of them names, or none.
        candidate, active: all predictions that count.
    """

    of: ReferenceSet
    pairs: list[Pair]
    left_out: int
    other_classes: int
    candidate: list[Prediction]
    active: list[Prediction]


def check_gate(*, gate_id: UUID) -> None:
    """Do one check, if nobody else does; run twice or in parallel, it counts once.

    Raises:
        OperationalError, InterfaceError: what may pass; the check is queued again.
    """
    held = gates.claim(gate_id)
    if held is None:
        return
    try:
        with leases.renewed(partial(gates.renew, held), f"gate check {gate_id}"):
            passed, result = compare(held.gate, _teller(held))
        gates.finish(held, passed=passed, result=result)
    except LostCheck:
        return
    except PASSING:
        gates.release(held)
        raise
    except (EngineError, ModelDamaged) as error:
        gates.fail(held, error.message)
    except Exception:
        logger.exception("Gate check %s failed.", gate_id)
        gates.fail(held, _UNEXPECTED)
        raise


_UNEXPECTED = (
    "Something failed in this check; the reason is in the log. Ask for it again; "
    "if it fails again, tell the operator."
)


def compare(gate: GateCheck, tell: Tell) -> tuple[bool, dict[str, Any]]:
    """Judge a candidate against the active version.

    Args:
        gate: names both.
        tell: told how many pictures are read, of how many.

    Returns:
        Whether it passed, and the result as it is stored.

    Raises:
        EngineError: a reference set cannot be read.
        ModelDamaged: the active version's files are not the registered ones, or one is retired.
    """
    candidate, active = gate.version, gate.against
    for version in (candidate, active):
        if version is not None and version.is_retired:
            # Retired between the asking and the work.
            raise ModelDamaged(policy.retired_in_words(version))
    files = _judge_files(candidate)
    own = [files, judge_agreement(candidate.card)]
    # A file that is not the registered one is never opened, so nothing can be measured.
    if active is None or not files.holds:
        first = [] if active else [_nothing_active()]
        return False, {"rows": [row.as_row() for row in [*first, *own]], "sets": []}
    own.append(_judge_trained_on(candidate))
    sets, missing = reference_sets(gate)
    own += [_judge_dataset(dataset) for dataset in datasets_of(gate)]
    declared = classes_of(gate.profile)
    wider = wider_classes(candidate.card, active.card)
    classes = share_classes(candidate.classes, active.classes, declared, wider)
    measured = _measure(gate, sets, classes, declared, tell) if classes.shared else []
    rows = [*own, *_judge(measured, classes)]
    return passes(rows), {
        "rows": [row.as_row() for row in rows],
        "sets": [*map(_told, measured), *missing],
        "classes": {
            "shared": classes.shared,
            "only_candidate": classes.only_candidate,
            "only_active": classes.only_active,
            "declared": declared,
            "counted_as": classes.counted_as,
        },
        "figures": {
            each.of.name: {
                "candidate": report(each.candidate, candidate.classes, weights_sha256=""),
                "active": report(each.active, active.classes, weights_sha256=""),
            }
            for each in measured
        },
        "runtime": settings.INFERENCE_RUNTIME,
    }


def _measure(
    gate: GateCheck,
    sets: Sequence[ReferenceSet],
    classes: SharedClasses,
    declared: Sequence[str] | None,
    tell: Tell,
) -> list[Measured]:
    """What both versions say, among the classes that occur in the profile they are asked for."""
    versions = [version for version in (gate.version, gate.against) if version is not None]
    engines = [open_engine(version).of_classes(declared) for version in versions]
    known = [load_trained_on(artifacts.model_folder(version)) for version in versions]
    total, done, measured = sum(len(each.rows) for each in sets), 0, []
    for each in sets:
        here = partial(_tell_from, done, total, tell)
        measured.append(_measure_set(each, engines, known, classes, here))
        done += len(each.rows)
    return measured


def _tell_from(before: int, total: int, tell: Tell, number: int) -> None:
    """Tell how many pictures of all sets are read."""
    tell(before + number, total)


def _measure_set(
    each: ReferenceSet,
    engines: Sequence[Engine],
    known: Sequence[TrainedOn],
    classes: SharedClasses,
    tell: Callable[[int], None],
) -> Measured:
    measured = Measured(each, [], 0, 0, [], [])
    left_out = other_classes = 0
    for number, row in enumerate(each.rows, start=1):
        data = read_picture(each, row)
        tell(number)
        if any(was_trained_on(data, row, trained_on) for trained_on in known):
            left_out += 1
            continue
        ours, theirs = (predict_picture(data, row, e, trained_on=False) for e in engines)
        measured.candidate.append(ours)
        measured.active.append(theirs)
        pair = Pair(row.source, classes.told(ours.answer), classes.told(theirs.answer))
        if pair.true in classes.shared:
            measured.pairs.append(pair)
        else:
            other_classes += 1
    return Measured(
        each, measured.pairs, left_out, other_classes, measured.candidate, measured.active
    )


def _judge(measured: Sequence[Measured], classes: SharedClasses) -> list[Verdict]:
    """The rules of what was measured; one that fails where nothing was."""
    if not classes.shared:
        return [
            _plain(
                "classes",
                "Classes of both",
                "at least one class that both versions name",
                "The two versions have no class in common, so nothing can be compared.",
                holds=False,
            )
        ]
    if not any(each.pairs for each in measured):
        return [
            _plain(
                "sets",
                "Reference pictures",
                "pictures that neither version was trained on",
                _why_nothing_compared(measured),
                holds=False,
            )
        ]
    by_set = {each.of.name: each.pairs for each in measured}
    rows = [row for name, pairs in by_set.items() for row in judge_set(name, pairs, classes.shared)]
    return [*rows, *judge_recalls(by_set, classes.shared)]


def _why_nothing_compared(measured: Sequence[Measured]) -> str:
    left_out = sum(each.left_out for each in measured)
    if left_out:
        return (
            f"One of the versions was trained on all {left_out} pictures at hand. Mark a frozen "
            "dataset of other pictures as the laboratory's reference."
        )
    return "No such picture is at hand. Mark a frozen dataset as the laboratory's reference."


def _judge_files(version: ModelVersion) -> Verdict:
    sentence = "every file has its hash"
    try:
        artifacts.refuse_damaged(version, version.checksums_sha256)
        holds = True
    except ArtifactDamaged as error:
        sentence, holds = error.message, False
    return _plain(
        "files", "Files", "every file is the one that was registered", sentence, holds=holds
    )


def _judge_trained_on(version: ModelVersion) -> Verdict:
    """A version that does not say what it was trained on cannot be measured fairly."""
    file = artifacts.model_folder(version) / TRAINED_ON
    known = load_trained_on(file.parent)
    return _plain(
        "trained_on",
        "Trained on",
        "the version lists the pictures it was trained on, so that none of them counts",
        f"{len(known.hashes)} pictures of {len(known.sources)} sources"
        if file.is_file()
        else "The version lists none.",
        holds=file.is_file(),
    )


def _judge_dataset(dataset: Dataset) -> Verdict:
    unresolved = pairs_across_splits(dataset).count()
    looked = dataset.duplicate_check == Dataset.DuplicateCheck.DONE
    frozen = dataset.state == Dataset.State.FROZEN
    said = (
        "frozen" if frozen else "not frozen",
        "near-duplicates were looked for" if looked else "near-duplicates were not looked for",
        f"{unresolved} pairs unresolved" if unresolved else "none is unresolved",
    )
    return Verdict(
        rule="dataset",
        title="Dataset",
        set=dataset.name,
        wanted="frozen, and no near-duplicates across its splits",
        measured="; ".join(said),
        holds=frozen and looked and not unresolved,
        n=0,
    )


def _nothing_active() -> Verdict:
    return _plain(
        "active", "Active version", "a version to compare with", "None is registered.", holds=False
    )


def _plain(rule: str, title: str, wanted: str, measured: str, *, holds: bool) -> Verdict:
    """A row about the version itself, not about a set."""
    return Verdict(rule, title, "", wanted, measured, holds, 0)


def _told(each: Measured) -> dict[str, Any]:
    """What is stored of a set."""
    return {
        "name": each.of.name,
        "kind": each.of.kind,
        "sha256": each.of.sha256,
        "images": len(each.of.rows),
        "compared": len(each.pairs),
        "left_out": each.left_out,
        "other_classes": each.other_classes,
        "unreadable": sum(bool(p.problem) for p in each.candidate),
        "sources": len({pair.source for pair in each.pairs}),
        "note": "",
    }


def _teller(held: Claim) -> Tell:
    """Writes the progress at most once a second.

    Raises, when called:
        LostCheck: the check is no longer this process's.
    """
    told_at = 0.0

    def tell(done: int, of: int) -> None:
        nonlocal told_at
        if time.monotonic() - told_at < _TELL_EVERY_S:
            return
        told_at = time.monotonic()
        if not gates.tell(held, done=done, of=of):
            raise LostCheck

    return tell
