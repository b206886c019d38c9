"""Simple JSON paths: names and indexes only.

Source: apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go (validateSimpleJSONPath),
client-go/util/jsonpath (v1.36).
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import cast

_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\['([^']+)'\]")


@lru_cache(maxsize=1024)
def steps_of(path: str) -> tuple[str | int, ...] | None:
    """The names and indexes of a path; None if it is not a simple one.

    >>> steps_of(".spec.tags[0]"), steps_of("spec")
    (('spec', 'tags', 0), None)
    """
    found: list[str | int] = []
    end = 0
    while end < len(path):
        step = _STEP.match(path, end)
        if step is None:
            return None
        found.append(int(step[2]) if step[2] is not None else step[1] or step[3])
        end = step.end()
    return tuple(found) if found else None


def at_path(value: object, path: str) -> object:
    """The value at a path, or None.

    >>> at_path({"spec": {"tags": ["x"]}}, ".spec.tags[0]")
    'x'
    """
    for step in steps_of(path) or ():
        value = _step(value, step)
    return value


def with_value(fields: Mapping[str, object], path: str, value: object) -> dict[str, object]:
    """The fields with another value at a path of names.

    >>> with_value({"spec": {"a": 1}}, ".spec.size", 2)
    {'spec': {'a': 1, 'size': 2}}
    """
    return _with(fields, [str(step) for step in steps_of(path) or ()], value)


def _with(fields: Mapping[str, object], names: list[str], value: object) -> dict[str, object]:
    name, *others = names
    if not others:
        return {**fields, name: value}
    inner = fields.get(name)
    within: Mapping[str, object] = cast("Mapping[str, object]", inner) if isinstance(inner, Mapping) else {}
    return {**fields, name: _with(within, others, value)}


def _step(value: object, step: str | int) -> object:
    if isinstance(step, int):
        items = cast("list[object]", value) if isinstance(value, list) else []
        return items[step] if step < len(items) else None
    return cast("Mapping[str, object]", value).get(step) if isinstance(value, Mapping) else None
