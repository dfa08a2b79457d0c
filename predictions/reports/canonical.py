"""Frozen dataclasses to canonical JSON and back.

One content has one text: keys sorted, no blanks, UTF-8, numbers that are finite. It refuses what
would not come back as it was: a number in place of a text, a field that is missing or unknown.
"""

from __future__ import annotations

import dataclasses
import json
import math
import types
from collections.abc import Collection
from functools import cache
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")


class ContentInvalid(ValueError):
    """The content of a report cannot be written, or the text is none. Says where, and what."""


def canonical_text(content: Any, *, without: Collection[str] = ()) -> str:
    """The one JSON text of a frozen dataclass.

    Args:
        without: names of its fields that are left out.
    """
    plain = _plain(type(content), content, "report")
    return json.dumps(
        {name: value for name, value in plain.items() if name not in without},
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
    )


def from_plain(kind: type[T], value: Any, where: str = "report") -> T:
    """The frozen dataclass that parsed JSON tells of."""
    result: T = _frozen(kind, value, where)
    return result


def _plain(kind: Any, value: Any, where: str) -> Any:
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        if not isinstance(value, kind):
            raise ContentInvalid(f"{where} is not a {kind.__name__}.")
        return {
            name: _plain(hint, getattr(value, name), f"{where}.{name}")
            for name, hint in _fields(kind).items()
        }
    if get_origin(kind) is tuple:
        if not isinstance(value, tuple):
            raise ContentInvalid(f"{where} is not a tuple.")
        return [_plain(get_args(kind)[0], item, f"{where}[]") for item in value]
    if get_origin(kind) is types.UnionType:
        return None if value is None else _plain(_one_of_optional(kind), value, where)
    return _leaf(kind, value, where)


def _frozen(kind: Any, value: Any, where: str) -> Any:
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        hints = _fields(kind)
        if not isinstance(value, dict) or set(value) != set(hints):
            raise ContentInvalid(f"{where} has not the fields of a {kind.__name__}.")
        return kind(
            **{name: _frozen(hint, value[name], f"{where}.{name}") for name, hint in hints.items()}
        )
    if get_origin(kind) is tuple:
        if not isinstance(value, list):
            raise ContentInvalid(f"{where} is not a list.")
        return tuple(_frozen(get_args(kind)[0], item, f"{where}[]") for item in value)
    if get_origin(kind) is types.UnionType:
        return None if value is None else _frozen(_one_of_optional(kind), value, where)
    return _leaf(kind, value, where)


@cache
def _fields(kind: Any) -> dict[str, Any]:
    """The names of a dataclass's fields with their kinds."""
    return get_type_hints(kind)


def _one_of_optional(kind: Any) -> Any:
    return next(inner for inner in get_args(kind) if inner is not type(None))


def _leaf(kind: Any, value: Any, where: str) -> Any:
    """A text, a number or a yes or no, of exactly the kind that the field has."""
    if get_origin(kind) is Literal:
        if value not in get_args(kind):
            raise ContentInvalid(f"{where} is not one of {', '.join(map(str, get_args(kind)))}.")
        return value
    if kind is float and type(value) in (int, float) and math.isfinite(value):
        # 12 and 12.0 are one number, so they have one text.
        return float(value)
    if type(value) is not kind or kind is float:
        raise ContentInvalid(f"{where} is not a {_NAMES[kind]}.")
    if kind is str and any("\ud800" <= character <= "\udfff" for character in value):
        raise ContentInvalid(f"{where} holds half a character.")
    return value


_NAMES = {float: "finite number", int: "whole number", str: "text", bool: "yes or no"}
