"""The goals of `wait_for`: the conditions of `kubectl wait --for`, and short forms.

Source: kubectl pkg/cmd/wait/wait.go, condition.go, json.go (v1.36).
"""

import re
from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import msgspec

from kubeactors.apimachinery import serializer
from kubeactors.apimachinery.jsonpath import find, steps_of
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.cluster.conditions import conditions_of, holds

Goal: TypeAlias = Callable[[TypedObject | None], bool]
"""Whether an object is in the wanted state; None: it does not exist."""

_SINGLE_EQUALS = re.compile(r"(?<![=!<>])=(?!=)")
_RELAXED = re.compile(r"\{\.?([^{}]+)\}|\.?([^{}]+)")
"""Source: RelaxedJSONPathExpression in kubectl pkg/cmd/get/customcolumn.go."""


def goal_of(words: str) -> Goal:
    """The goal: `Available`, `Ready=False`, `condition=Ready`, `create`, `delete`, `jsonpath={.status.phase}=Running`.

    >>> goal_of("Deleted")(None), goal_of("create")(None), goal_of("Ready")(None)
    (True, False, False)

    Raises:
        ValueError: the condition is malformed.
    """
    word, _, rest = words.partition("=")
    match word.strip().casefold():
        case "delete" | "deleted" if not rest:
            return _is_gone
        case "create" | "created" if not rest:
            return _is_there
        case "jsonpath":
            return _at_path(rest)
        case "condition":
            return _condition(rest)
        case _:
            return _condition(words)


def told(obj: TypedObject | None) -> str:
    """The current state, for the message of a timeout.

    >>> told(None)
    'it does not exist'
    """
    if obj is None:
        return "it does not exist"
    conditions = ", ".join(f"{one.type}={one.status}{_why(one)}" for one in conditions_of(obj))
    return conditions or "it has no conditions"


def _why(condition: object) -> str:
    said: tuple[object, ...] = (getattr(condition, "reason", ""), getattr(condition, "message", ""))
    why = ": ".join(one for one in said if isinstance(one, str) and one)
    return f" ({why})" if why else ""


def _is_gone(obj: TypedObject | None) -> bool:
    return obj is None


def _is_there(obj: TypedObject | None) -> bool:
    return obj is not None


def _condition(words: str) -> Goal:
    name, _, status = (part.strip() for part in words.partition("="))
    if not name:
        raise ValueError(f'"{words}" is not a condition to wait for; write one, such as Ready or Ready=False')
    return partial(_has, name, status or "True")


def _has(name: str, status: str, obj: TypedObject | None) -> bool:
    return obj is not None and holds(obj, name, status)


def _at_path(words: str) -> Goal:
    """`{.status.phase}=Running`, or without a value: that the path exists."""
    written, *values = _SINGLE_EQUALS.split(words)
    if len(values) > 1:
        raise ValueError(f'"{words}" has more than one value; write {{.status.readyReplicas}}=3')
    relaxed = _RELAXED.fullmatch(written.strip().strip("'\""))
    if relaxed is None:
        raise ValueError(f'"{words}" is not a single path; write one, such as {{.status.phase}}')
    path = f".{relaxed[1] or relaxed[2]}"
    steps_of(path)
    value = values[0].strip().strip("'\"") if values else None
    if value == "":
        raise ValueError(f'"{words}" has no value after the equals sign; leave that out to wait for any')
    return partial(_says, path, value)


def _says(path: str, value: str | None, obj: TypedObject | None) -> bool:
    """Whether the value at a path equals this one (None: any).

    Raises:
        ValueError: there are several values, or a list or object to compare, which kubectl rejects.
    """
    found = [] if obj is None else find(serializer.to_builtins(obj), path)
    if len(found) > 1:
        raise ValueError(f"{path}: given jsonpath expression matches more than one value")
    if not found or value is None:
        return bool(found)
    return _text(path, found[0]).strip() == value.strip()


def _text(path: str, value: object) -> str:
    """A scalar as a string.

    Raises:
        ValueError: it is a list or an object.
    """
    match value:
        case dict() | list():
            raise ValueError(f"{path}: jsonpath leads to a nested object or list which is not supported")
        case str():
            return value
        case _:
            return str(msgspec.json.encode(value), "utf-8")
