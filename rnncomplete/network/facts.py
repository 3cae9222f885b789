"""JSON from anybody, and types that it must have before anything is made of it.

Types are those of annotations: ``str``, ``int``, ``float``, ``bool``, ``None`` beside one of them, ``tuple[X, ...]`` for a
list, ``dict[str, X]``, a ``TypedDict``, and ``Any`` for what nobody computes with. A ``TypedDict`` may hold keys that it does
not name, for a later version to add; like ``Any`` they are plain values of no great depth.
"""

from __future__ import annotations

import json
import math
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints, is_typeddict

LARGEST_NUMBER = 10**15
"""On either side of zero; no count of ours comes near, and a float still holds it."""

MOST_LEVELS = 12
"""Of lists and objects inside one another."""


def read_json(text: str | bytes) -> Any:
    """What ``text`` holds; raises :class:`ValueError` if it is not JSON, also for NaN and the like, which Python lets through."""

    def refuse(constant: str) -> Any:
        raise ValueError(f"{constant} is not a number in JSON")

    try:
        return json.loads(text, parse_constant=refuse)
    except RecursionError:
        raise ValueError("lists or objects too deep inside one another") from None


def conform(value: Any, hint: Any, name: str, levels: int = MOST_LEVELS) -> Any:
    """``value`` of JSON as the type ``hint``; raises :class:`ValueError`, whose text names the place by ``name``."""
    if levels == 0:
        raise ValueError(f"{name.split('.', maxsplit=1)[0]} with lists or objects too deep inside one another")
    if get_origin(hint) in (Union, UnionType):
        if value is None:
            return None
        (hint,) = (kind for kind in get_args(hint) if kind is not NoneType)
    if hint is Any:
        kinds: dict[Any, Any] = {dict: dict[str, Any], list: tuple[Any, ...]}
        hint = kinds.get(type(value), type(value))
    if isinstance(value, dict) and (get_origin(hint) is dict or is_typeddict(hint)):
        hints = _hints(hint) if is_typeddict(hint) else dict.fromkeys(value, get_args(hint)[1])
        required: frozenset[str] = getattr(hint, "__required_keys__", frozenset())
        if missing := required - value.keys():
            raise ValueError(f"{name} without {min(missing)!r}")
        return {
            _scalar(key, str, name): conform(item, hints.get(key, Any), f"{name}.{key}", levels - 1)
            for key, item in value.items()
        }
    if isinstance(value, list) and get_origin(hint) is tuple:
        return tuple(conform(item, get_args(hint)[0], name, levels - 1) for item in value)
    return _scalar(value, hint, name)


@cache
def _hints(hint: Any) -> dict[str, Any]:
    return get_type_hints(hint)


def _scalar(value: Any, hint: Any, name: str) -> Any:
    """A single value of the type ``hint``, within bounds."""
    if hint is float and type(value) is int:
        value = float(value) if abs(value) <= LARGEST_NUMBER else math.inf
    if type(value) is not hint or hint in (dict, list):
        expected = getattr(hint, "__name__", str(hint))
        raise ValueError(f"{name} of type {type(value).__name__}; expected {expected}")
    if hint in (int, float) and not abs(value) <= LARGEST_NUMBER:
        raise ValueError(f"{name} of an impossible size")
    if hint is str:
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ValueError(f"{name} with half a character") from None
    return value
