"""Which layout a folder of files has, and what it offers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mlmodels.ml.datasets.class_names import ClassNames
from mlmodels.ml.datasets.layouts.boxes import list_boxes
from mlmodels.ml.datasets.layouts.folders import list_folders
from mlmodels.ml.datasets.layouts.four_classes import list_four_classes
from mlmodels.ml.datasets.layouts.listing import Choices, Listing
from mlmodels.ml.datasets.layouts.manifests import list_manifest


def list_pictures(
    root: Path, files: Sequence[str], names: ClassNames, choices: Choices = Choices()
) -> Listing:
    """What a folder offers: a manifest, the public archive, boxes, or else class folders.

    The public archive has tables of its own that name none of its copies: what does, goes first.

    Args:
        root: the folder.
        files: paths of all files in it, in their one form.
        names: which class names are known.
        choices: what a person said, if anybody did.

    Returns:
        Its pictures or boxes. Where a layout is refused as a whole, only the report.
    """
    manifest = list_manifest(root, files)
    if manifest is not None and manifest.pictures:
        return manifest
    return (
        list_four_classes(root, files, names, choices)
        or manifest
        or list_boxes(root, files)
        or list_folders(files, names, choices)
    )
