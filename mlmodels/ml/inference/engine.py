"""A loaded model version: its files verified, its network open, its thresholds at hand."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from mlmodels.ml.classes import always_reviewed
from mlmodels.ml.errors import ArtifactDamaged
from mlmodels.ml.inference.attributes import ATTRIBUTES, AttributeHead, load_attributes
from mlmodels.ml.inference.calibration import (
    ACCEPTED,
    REVIEW,
    UNIDENTIFIED,
    Signs,
    Thresholds,
    decide,
)
from mlmodels.ml.inference.crops import CropRule
from mlmodels.ml.inference.familiarity import Familiarity, load_familiarity
from mlmodels.ml.inference.occurring import occurring_among
from mlmodels.ml.inference.runtimes.base import Runtime
from mlmodels.ml.inference.runtimes.choose import FILES, INT8, INT8_FILE, open_runtime
from mlmodels.ml.inference.version_files import CHECKSUMS, checksums_of, file_of, file_sha256

CARD = "card.json"
FAMILIARITY = "familiarity.npz"
# Of the network of eight bits, whose features are not quite those of the other two.
FAMILIARITY_INT8 = "familiarity.int8.npz"
# LiteRT answers the same to the bit, and sooner than with more at once (docs/model/speed.md).
LARGEST_BATCH = 8


@dataclass(frozen=True)
class Engine:
    """Everything that reading an image needs.

    Args:
        name, version: of the model.
        classes: in the order of the logits.
        crop_rule: how crops are cut.
        views: turned and mirrored views averaged, 1 to 8.
        temperature: divides the logits.
        thresholds: of the dispositions.
        familiarity: scores how far a cell is from the training cells.
        runtime: the open network.
        weights_sha256: of the model file that is open.
        card: the whole card.
        attributes: names what a white cell looks like; None where the version cannot.
        size_limits: float array, shape (K,), see `weigh_sizes`; None where sizes do not count.
        always_reviewed: classes of which no cell is accepted, however sure the network is.
        occurring: bool array, shape (K,), the classes that occur where the pictures come from;
            None where every class may, see `of_classes`.
        unlike: the class that means "none of the others"; empty where the network has none.
    """

    name: str
    version: str
    classes: tuple[str, ...]
    crop_rule: CropRule
    views: int
    temperature: float
    thresholds: Thresholds
    familiarity: Familiarity
    runtime: Runtime
    weights_sha256: str = ""
    card: dict[str, Any] = field(default_factory=dict, repr=False)
    attributes: AttributeHead | None = field(default=None, repr=False)
    size_limits: np.ndarray | None = field(default=None, repr=False)
    always_reviewed: frozenset[str] = always_reviewed()
    occurring: np.ndarray | None = field(default=None, repr=False)
    unlike: str = ""

    def of_classes(self, declared: Collection[str] | None) -> Engine:
        """The same version for pictures in which only some classes occur.

        Args:
            declared: names of the classes, e.g. those of an imaging profile; none for every class.
        """
        if declared is None:
            return replace(self, occurring=None)
        occurring = occurring_among(declared, self.classes)
        if occurring.any():
            occurring |= np.array([name == self.unlike for name in self.classes])
        return replace(self, occurring=occurring)

    @property
    def classes_that_occur(self) -> tuple[str, ...]:
        """Those of its classes that it names cells as."""
        if self.occurring is None or not self.occurring.any():
            return self.classes
        return tuple(
            c for c, is_there in zip(self.classes, self.occurring, strict=True) if is_there
        )

    @property
    def rivals(self) -> np.ndarray:
        """Which classes a person always looks at: bool array, shape (K,)."""
        return np.array([c in self.always_reviewed or c == self.unlike for c in self.classes])

    def decide(
        self,
        label: str,
        signs: Signs,
        edge_share: float,
        objectness: float,
        *,
        against: float = 0.0,
    ) -> str:
        """What is done with a cell of a class: accepted, review or unidentified.

        Args:
            label: its most probable class.
            signs, edge_share, objectness: as `calibration.decide`.
            against: of `against_acceptance`; so much less of the confidence counts.
        """
        is_rival = label == self.unlike or label in self.always_reviewed
        if label == self.unlike or (not is_rival and signs.rival > self.thresholds.identify_rival):
            return UNIDENTIFIED
        found = decide(label, signs, edge_share, objectness, self.thresholds)
        if found != ACCEPTED:
            return found
        least = self.thresholds.acceptance(label).confidence
        is_safe = against < 1 and signs.confidence * (1 - against) >= least
        return ACCEPTED if is_safe and label not in self.always_reviewed else REVIEW

    def run(self, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Run the network on crops, averaged over the version's views.

        Args:
            crops: uint8 array, shape (N, side, side, 3), N at least 1.

        Returns:
            class logits float32 (N, K), cell logits (N,), features (N, F).
        """
        views = np.stack([_view(crops, k) for k in range(self.views)], axis=1)
        flat = np.ascontiguousarray(views.reshape(-1, *crops.shape[1:]))
        parts = [
            self.runtime.run(flat[i : i + LARGEST_BATCH])
            for i in range(0, len(flat), LARGEST_BATCH)
        ]
        packed = np.concatenate(parts).reshape(len(crops), self.views, -1).mean(axis=1)
        k = len(self.classes)
        return packed[:, :k], packed[:, k], packed[:, k + 1 :]


def load_engine(directory: Path, *, runtime: str, threads: int | None = None) -> Engine:
    """Open a version's folder after checking every file against its `SHA256SUMS`.

    Args:
        directory: e.g. `mlmodels/shipped/hematovision-1.3.0`.
        runtime: "keras" or "litert", of which the other one is not imported; or "int8", the
            network of eight bits with what was calibrated for it. Where a version has none, or it
            did not say the same, that is "litert".
        threads: of the network, see `open_runtime`.

    Raises:
        ArtifactDamaged: a file is missing, is not what was registered, or cannot be read.
    """
    sums = verify_folder(directory)
    if runtime == INT8 and INT8_FILE not in sums:
        runtime = "litert"
    is_int8 = runtime == INT8
    try:
        card = json.loads((directory / CARD).read_text(encoding="utf-8"))
        settings = card["engine"] | (card["eight_bits"]["engine"] if is_int8 else {})
        familiarity = load_familiarity(directory / (FAMILIARITY_INT8 if is_int8 else FAMILIARITY))
        return Engine(
            name=card["name"],
            version=card["version"],
            classes=tuple(settings["classes"]),
            crop_rule=_crop_rule(settings),
            views=settings["views"],
            temperature=settings["temperature"],
            thresholds=Thresholds.of_card(settings["thresholds"]),
            familiarity=familiarity,
            runtime=open_runtime(directory, runtime, threads=threads),
            weights_sha256=sums[INT8_FILE if is_int8 else FILES[runtime]],
            card=card,
            attributes=load_attributes(directory / ATTRIBUTES) if ATTRIBUTES in sums else None,
            size_limits=_size_limits(settings),
            always_reviewed=always_reviewed(settings.get("always_reviewed", ())),
            unlike=settings.get("unlike", ""),
        )
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise ArtifactDamaged(
            f"The card of {directory.name} cannot be read. Restore the version's folder."
        ) from error


def _crop_rule(settings: dict[str, Any]) -> CropRule:
    """How crops are cut; versions before 2.0 leave their colours as they are."""
    mean = settings.get("crop_mean_lab")
    return CropRule(
        settings["crop_scale"], settings["input_px"], None if mean is None else tuple(mean)
    )


def _size_limits(settings: dict[str, Any]) -> np.ndarray | None:
    """Largest size of each class, in the order of the classes; versions before 1.3 have none."""
    limits = settings.get("size_limits")
    if limits is None:
        return None
    return np.array([float(limits.get(name, np.inf)) for name in settings["classes"]])


def verify_folder(directory: Path) -> dict[str, str]:
    """Check a version's files against its `SHA256SUMS`.

    Returns:
        SHA-256 in hexadecimal by file name.

    Raises:
        ArtifactDamaged: naming the first file that is missing or differs.
    """
    sums = checksums_of(directory)
    for name in (CARD, FAMILIARITY, *FILES.values()):
        if name not in sums:
            raise ArtifactDamaged(f"{CHECKSUMS} of {directory.name} does not name {name}.")
    for name, digest in sums.items():
        if file_sha256(file_of(directory, name)) != digest:
            raise ArtifactDamaged(
                f"The file {name} of {directory.name} is not the one that was registered. "
                "Restore the version's folder."
            )
    return sums


def _view(crops: np.ndarray, k: int) -> np.ndarray:
    """One of the eight ways to lay a square down; 0 is as it is."""
    turned = crops.transpose(0, 2, 1, 3) if k & 4 else crops
    turned = turned[:, ::-1] if k & 1 else turned
    return turned[:, :, ::-1] if k & 2 else turned
