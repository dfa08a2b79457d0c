"""What commands are told of an archive that a page would ask: classes, halves, folders."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from mlmodels.ml.classes import class_key
from mlmodels.ml.datasets.layouts.listing import Choices, Folders, Half
from mlmodels.ml.datasets.questions import UnknownClass, as_options
from mlmodels.models import Dataset


def add_archive_options(parser: ArgumentParser) -> None:
    """Let a command be told what an archive's classes and folders are."""
    parser.add_argument(
        "--class",
        dest="classes",
        action="append",
        default=[],
        metavar="NAME=LABEL",
        help="what a class name means, e.g. NEU=neutrophil; as often as needed",
    )
    parser.add_argument(
        "--leave-out",
        action="append",
        default=[],
        metavar="NAME",
        help="a class that is not taken; as often as needed",
    )
    parser.add_argument(
        "--half", choices=[*Half], default="", help="of the public four-class archive"
    )
    parser.add_argument(
        "--folders",
        choices=[*Folders],
        default="",
        help="what folders are that name neither class nor split",
    )


def choices_of(options: dict[str, Any]) -> Choices:
    """What a command was told.

    Raises:
        CommandError: a class is not written as NAME=LABEL.
    """
    classes = {class_key(name): "" for name in options["leave_out"]}
    for told in options["classes"]:
        name, equals, label = told.rpartition("=")
        if not equals or not class_key(label):
            raise CommandError(f"Say --class NAME=LABEL, e.g. NEU=neutrophil, not {told}.")
        classes[class_key(name)] = class_key(label)
    return Choices(classes, options["half"], options["folders"])


def questions_in_words(dataset: Dataset) -> str:
    """What a dataset waits for, as options of a command."""
    asked = dataset.questions or {}
    unknown = [
        UnknownClass(each["name"], each["pictures"], each["proposal"])
        for each in asked["classes"]
        if not each["code"] and not each["is_left_out"]
    ]
    folders = asked["folders"]
    return as_options(unknown, bool(asked["halves"]), folders["names"] if folders else [])
