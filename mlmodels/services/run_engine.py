"""Holds the open engine of a worker process. Loads TensorFlow or LiteRT: workers only."""

from __future__ import annotations

import logging
import threading

import numpy as np
from django.conf import settings

from mlmodels import artifacts
from mlmodels.errors import ModelDamaged
from mlmodels.ml.engine import Engine, load_engine
from mlmodels.ml.errors import ArtifactDamaged
from mlmodels.models import ModelVersion

logger = logging.getLogger(__name__)

Key = tuple[str, str, artifacts.Fingerprint]

_lock = threading.Lock()
_open: dict[Key, Engine] = {}


def engine_for(version: ModelVersion) -> Engine:
    """The open engine of a version; opened once in a process, again when its files change.

    A new version is opened beside the old one, which goes when the new one stands; who works
    with the old one keeps it to the end.

    Raises:
        ModelDamaged: a file is missing, or is not the one that was registered.
    """
    folder = artifacts.model_folder(version.folder)
    key = (version.checksums_sha256, settings.INFERENCE_RUNTIME, artifacts.fingerprint(folder))
    with _lock:
        engine = _open.get(key)
        if engine is None:
            engine = _load(version)
            _open.clear()
            _open[key] = engine
        return engine


def _load(version: ModelVersion) -> Engine:
    folder = artifacts.model_folder(version.folder)
    try:
        artifacts.refuse_other_files(folder, version.checksums_sha256)
        engine = load_engine(folder, runtime=settings.INFERENCE_RUNTIME)
    except ArtifactDamaged as error:
        logger.error("Model version %s cannot be opened: %s", version, error.message)
        raise ModelDamaged() from error
    # The first call builds the network's graph, which takes seconds: now, not with an image.
    side_px = engine.crop_rule.side_px
    engine.run(np.zeros((1, side_px, side_px, 3), np.uint8))
    return engine
