"""Measures the search for near-duplicates on the public four-class set. Loads the engine."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from mlmodels.ml.datasets.manifest import Row, read_manifest
from mlmodels.ml.datasets.near_duplicates import Look, Pair, PairRule, find_pairs, look_at
from mlmodels.ml.datasets.splits import source_order
from mlmodels.ml.errors import ManifestInvalid
from mlmodels.ml.evaluation.metrics import wilson_interval
from mlmodels.ml.inference.engine import load_engine
from mlmodels.ml.pictures.reading import decode_image

logger = logging.getLogger(__name__)

SET = "kaggle"
# The thresholds were chosen on these; the figures that count come from the other three.
CHOSEN_ON = ("fold0", "fold1")
HELD_BACK = 0.2
# Photographs that carry two sources and show one cell: looked at side by side.
SAME_CELL = frozenset(
    {
        frozenset({"kaggle:00037", "kaggle:00038"}),
        frozenset({"kaggle:00204", "kaggle:00277"}),
        frozenset({"kaggle:00227", "kaggle:00260"}),
        frozenset({"kaggle:00230", "kaggle:00257"}),
        frozenset({"kaggle:00244", "kaggle:00247"}),
        frozenset({"kaggle:00382", "kaggle:00395"}),
    }
)


def measure_near_duplicates(
    *,
    data: Path,
    directory: Path,
    sources: int | None = None,
    seeds: Sequence[int] = (0, 1, 2),
    rule: PairRule = PairRule(),
) -> dict[str, Any]:
    """Count what is found across a split by file, and what is claimed across one by source.

    Args:
        data: the data folder, with `cells/kaggle/manifest.csv`.
        directory: of the model version whose features propose pairs.
        sources: at most so many, in the fixed shuffle's order; none for all.
        seeds: one split by file for each.
        rule: thresholds.

    Raises:
        ManifestInvalid: the set is missing or holds no copies.
        ArtifactDamaged: the version's files are not those that were registered.
    """
    rows = _copies(data, sources)
    cv2.setNumThreads(1)
    engine = load_engine(directory, runtime="litert", threads=1)
    looks = []
    for done, row in enumerate(rows, start=1):
        looks.append(look_at(decode_image(row.file(data).read_bytes()), engine, rule))
        if done % 200 == 0:
            logger.info("looked at %s of %s files", done, len(rows))
    chosen = [i for i, row in enumerate(rows) if row.split in CHOSEN_ON]
    others = [i for i, row in enumerate(rows) if row.split not in CHOSEN_ON]
    parts = {"chosen_on": chosen, "measured_on": others}
    return {
        "version": f"{engine.name} {engine.version}",
        "rule": vars(rule),
        "parts": {
            name: _part([rows[i] for i in places], [looks[i] for i in places], seeds, rule)
            for name, places in parts.items()
            if places
        },
    }


def _copies(data: Path, sources: int | None) -> list[Row]:
    """The set's own files: the turned, sheared and mirrored copies, not the photographs."""
    manifest = read_manifest(data / "cells" / SET / "manifest.csv")
    rows = [row for row in manifest if row.kind == "augmented"]
    if not rows:
        raise ManifestInvalid(f"The set {SET} holds no copies of photographs.")
    kept = set(sorted({row.source for row in rows}, key=source_order)[:sources])
    return [row for row in rows if row.source in kept]


def _part(
    rows: list[Row], looks: list[Look], seeds: Sequence[int], rule: PairRule
) -> dict[str, Any]:
    by_file = [_by_file(rows, looks, seed, rule) for seed in seeds]
    for figures in by_file:
        logger.info("split by file: %s of %s found", figures["found"], figures["on_both_sides"])
    by_source = _by_source(rows, looks, rule)
    logger.info("split by source: %s of %s files claimed", by_source["claimed"], by_source["files"])
    return {
        "files": len(rows),
        "sources": len({row.source for row in rows}),
        "by_file": by_file,
        "by_file_together": _share(
            sum(f["found"] for f in by_file), sum(f["on_both_sides"] for f in by_file)
        ),
        "by_source": by_source,
    }


def _by_file(rows: list[Row], looks: list[Look], seed: int, rule: PairRule) -> dict[str, Any]:
    """One random split by file: which files with a sibling across it stand in a true pair."""
    held_back = np.random.default_rng(seed).random(len(rows)) < HELD_BACK
    splits = ["test" if there else "train" for there in held_back]
    sides = {(row.source, split) for row, split in zip(rows, splits, strict=True)}
    at_stake = {
        i for i, row in enumerate(rows) if {(row.source, "test"), (row.source, "train")} <= sides
    }
    pairs = find_pairs(looks, splits, rule)
    true = [p for p in pairs if rows[p.first].source == rows[p.second].source]
    found = {i for p in true for i in (p.first, p.second)}
    return {
        "seed": seed,
        "on_both_sides": len(at_stake),
        "found": len(found & at_stake),
        "sources": len({rows[i].source for i in at_stake}),
        "sources_found_whole": len(
            {rows[i].source for i in at_stake} - {rows[i].source for i in at_stake - found}
        ),
        "pairs": len(pairs),
        "pairs_of_two_sources": len(pairs) - len(true),
    }


def _by_source(rows: list[Row], looks: list[Look], rule: PairRule) -> dict[str, Any]:
    """Every fold a split of its own, so that all pairs of folds are compared."""
    pairs = find_pairs(looks, [row.split for row in rows], rule)
    known = [p for p in pairs if _sources(rows, p) in SAME_CELL]
    claimed = _files(pairs)
    false = _files([p for p in pairs if _sources(rows, p) not in SAME_CELL])
    folds = sorted({row.split for row in rows})
    return {
        "splits": folds,
        "split_pairs": len(list(combinations(folds, 2))),
        **_share(len(false), len(rows)),
        "files": len(rows),
        "claimed": len(claimed),
        "false": len(false),
        "pairs": len(pairs),
        "pairs_of_one_cell": len(known),
        "source_pairs": sorted(
            {" and ".join(sorted(_sources(rows, p))): round(p.likeness, 3) for p in pairs}.items()
        ),
    }


def _sources(rows: list[Row], pair: Pair) -> frozenset[str]:
    return frozenset({rows[pair.first].source, rows[pair.second].source})


def _files(pairs: Sequence[Pair]) -> set[int]:
    return {i for pair in pairs for i in (pair.first, pair.second)}


def _share(part: int, whole: int) -> dict[str, Any]:
    return {
        "part": part,
        "whole": whole,
        "share": part / whole if whole else None,
        "interval": wilson_interval(part, whole),
    }
