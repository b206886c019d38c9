"""What one can wait for: the words of `kubectl wait --for`, and shorter ones.

Source: kubectl pkg/cmd/wait/wait.go, condition.go, json.go (v1.36).
"""

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import msgspec

from kubeactors.apimachinery import serializer
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.structural.paths import at_path, steps_of
from kubeactors.cluster.conditions import conditions_of, holds

Goal: TypeAlias = Callable[[TypedObject | None], bool]
"""Whether an object is as one waits for; None if there is none."""


def goal_of(words: str) -> Goal:
    """What is meant by `Available`, `Ready=False`, `condition=Ready`, `create`, `delete` or `jsonpath={.status.phase}=Running`.

    >>> goal_of("Deleted")(None), goal_of("create")(None), goal_of("Ready")(None)
    (True, False, False)

    Raises:
        ValueError: they mean nothing, or the path is no simple one.
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
    """What is so instead: for the message of who waited in vain.

    >>> told(None)
    'there is no such object'
    """
    if obj is None:
        return "there is no such object"
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
        raise ValueError(f'"{words}" names nothing to wait for; write a condition, such as Ready or Ready=False')
    return partial(_has, name, status or "True")


def _has(name: str, status: str, obj: TypedObject | None) -> bool:
    return obj is not None and holds(obj, name, status)


def _at_path(words: str) -> Goal:
    """`{.status.phase}=Running`, or without a value: that there is one."""
    path, _, value = (part.strip().strip("'\"") for part in words.partition("="))
    path = path.removeprefix("{").removesuffix("}")
    path = path if path.startswith((".", "[")) else f".{path}"
    if steps_of(path) is None:
        raise ValueError(f'"{words}" is no path that is understood; write names and indexes, such as {{.status.phase}}')
    return partial(_says, path, value)


def _says(path: str, value: str, obj: TypedObject | None) -> bool:
    if obj is None:
        return False
    found = at_path(serializer.to_builtins(obj), path)
    return found is not None and (not value or value == _text(found))


def _text(value: object) -> str | None:
    """A single value as one writes it; None for several, which kubectl does not compare."""
    if isinstance(value, dict | list):
        return None
    return value if isinstance(value, str) else str(msgspec.json.encode(value), "utf-8")
