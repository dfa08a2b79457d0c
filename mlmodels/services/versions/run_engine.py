"""Holds the open engines of a worker process. Loads TensorFlow or LiteRT: workers only."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from pathlib import Path

import numpy as np
from django.conf import settings

from mlmodels import artifacts
from mlmodels.errors import ModelDamaged
from mlmodels.ml.errors import ArtifactDamaged
from mlmodels.ml.inference.engine import Engine, load_engine
from mlmodels.models import ModelVersion

logger = logging.getLogger(__name__)

Key = tuple[Path, str, str, artifacts.Fingerprint]

# Laboratories and imaging profiles that one worker serves in turn may each have a version of
# their own; an engine is some hundred megabytes.
ENGINES_KEPT = 3

_lock = threading.Lock()
_open: OrderedDict[Key, Engine] = OrderedDict()


def engine_for(version: ModelVersion) -> Engine:
    """The open engine of a version; opened once in a process, again when its files change.

    The last few that were asked for stay open. A new one is opened beside them, and the one
    that was not asked for the longest goes when the new one stands; who works with it keeps it
    to the end.

    Raises:
        ModelDamaged: a file is missing, or is not the one that was registered.
    """
    folder = artifacts.model_folder(version)
    runtime, files = settings.INFERENCE_RUNTIME, artifacts.fingerprint(folder)
    key = (folder, version.checksums_sha256, runtime, files)
    with _lock:
        engine = _open.get(key)
        if engine is None:
            engine = open_engine(version)
            _forget(folder)
            _open[key] = engine
        _open.move_to_end(key)
        while len(_open) > ENGINES_KEPT:
            _open.popitem(last=False)
        return engine


def _forget(folder: Path) -> None:
    """Close what was opened of a folder before its files changed."""
    for key in [key for key in _open if key[0] == folder]:
        del _open[key]


def open_engine(version: ModelVersion) -> Engine:
    """An engine of the caller's own, which nobody keeps open.

    Raises:
        ModelDamaged: a file is missing, or is not the one that was registered.
    """
    folder = artifacts.model_folder(version)
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
