"""Kubernetes' JSONPath: names, indexes, slices, unions, wildcards, recursive descent, and filters.

A missing key, or a value of another type, yields nothing: evaluation never fails.

Source: client-go/util/jsonpath/{parser,jsonpath}.go with AllowMissingKeys (v1.36).
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from typing import TypeAlias, cast

Step: TypeAlias = Callable[[object], Iterable[object]]
"""Maps a value to the values at the next part of a path."""

_QUOTED = r"""(?:'[^']*'|"[^"]*")"""
_STEP = re.compile(
    rf"""
    \.\.(?P<descent>) (?=[^.\[\s])
  | \.?(?P<name>(?:\\.|[^\s.,\[\]$@{{}}\\])+)
  | \.?\[\s*(?:
        \?\((?P<filter>(?:{_QUOTED}|[^'"()])*)\)
      | (?P<keys>{_QUOTED}(?:\s*,\s*{_QUOTED})*)
      | (?P<slice>-?\d*:-?\d*(?::(?!0+\s*\])\d*)?)
      | (?P<indexes>-?\d+(?:\s*,\s*-?\d+)*)
      | (?P<all>\*)
    )\s*\]
    """,
    re.VERBOSE,
)
_COMPARISON = re.compile(rf"\s*(?P<left>@[^=!<>]*?|{_QUOTED})\s*(?:(?P<op>==|!=|<=|>=|<|>)\s*(?P<right>.+?)\s*)?")
_SIGNS = {"==": (0,), "!=": (-1, 1), "<": (-1,), "<=": (-1, 0), ">": (1,), ">=": (0, 1)}
"""The accepted results of comparing left with right: less, equal, greater."""


class JsonPathError(ValueError):
    """The path is malformed."""


def find(value: object, path: str) -> list[object]:
    r"""The values at a path, in order.

    >>> conditions = [{"type": "Synced", "status": "False"}, {"type": "Ready", "status": "True"}]
    >>> find({"status": {"conditions": conditions}}, '.status.conditions[?(@.type=="Ready")].status')
    ['True']
    >>> find({"a": [{"b": 1}, {"b": 2}]}, ".a[*].b"), find({"a": [0, 1, 2]}, ".a[-2:]"), find({}, ".a[0].b")
    ([1, 2], [1, 2], [])
    >>> find({"metadata": {"labels": {"example.com/x": "y"}}}, r".metadata.labels.example\.com/x")
    ['y']

    Raises:
        JsonPathError: the path is malformed.
    """
    found = [value]
    for step in steps_of(path):
        found = [inner for one in found for inner in step(one)]
    return found


@lru_cache(maxsize=4096)
def steps_of(path: str) -> tuple[Step, ...]:
    """The parts of a path.

    Raises:
        JsonPathError: the path is malformed.
    """
    steps: list[Step] = []
    end = 0
    while end < len(path):
        part = _STEP.match(path, end)
        if part is None:
            raise JsonPathError(f'"{path}" is not a JSONPath: malformed at "{path[end:]}"')
        steps.append(_step(part))
        end = part.end()
    return tuple(steps)


def _step(part: re.Match[str]) -> Step:
    text = part.group(part.lastgroup or "name")
    match part.lastgroup:
        case "descent":
            return _descendants
        case "keys":
            return partial(_named, [one[1:-1] for one in re.findall(_QUOTED, text)])
        case "indexes":
            return partial(_indexed, [int(one) for one in text.split(",")])
        case "slice":
            return partial(_sliced, slice(*(int(one) if one else None for one in text.split(":"))))
        case "filter":
            return partial(_filtered, _condition(text))
        case "all":
            return _children
        case _:
            return _children if text == "*" else partial(_named, [text.replace("\\", "")])


def _named(names: Iterable[str], value: object) -> Iterator[object]:
    fields: Mapping[str, object] = cast("Mapping[str, object]", value) if isinstance(value, Mapping) else {}
    return (fields[name] for name in names if fields.get(name) is not None)


def _items(value: object) -> Sequence[object]:
    return cast("Sequence[object]", value) if isinstance(value, list | tuple) else ()


def _indexed(indexes: Iterable[int], value: object) -> Iterator[object]:
    items = _items(value)
    return (items[one] for one in indexes if -len(items) <= one < len(items))


def _sliced(part: slice, value: object) -> Sequence[object]:
    return _items(value)[part]


def _children(value: object) -> Iterable[object]:
    return cast("Mapping[str, object]", value).values() if isinstance(value, Mapping) else _items(value)


def _descendants(value: object) -> Iterator[object]:
    """A value and all values in it."""
    yield value
    for child in _children(value):
        yield from _descendants(child)


def _filtered(condition: Callable[[object], bool], value: object) -> Iterator[object]:
    return (one for one in _items(value) if condition(one))


def _condition(text: str) -> Callable[[object], bool]:
    """The predicate of a filter."""
    asked = _COMPARISON.fullmatch(text)
    if asked is None:
        raise JsonPathError(f'"{text}" is not a filter')
    left = _operand(asked["left"])
    if asked["op"] is None:
        return lambda item: bool(left(item))
    return partial(_compared, left, _SIGNS[asked["op"]], _operand(asked["right"]))


def _compared(left: Step, signs: tuple[int, ...], right: Step, item: object) -> bool:
    """Whether both sides exist, are comparable, and compare as required."""
    return any(_sign(one, other) in signs for one in left(item) for other in right(item))


def _sign(one: object, other: object) -> int | None:
    """The comparison of two values; None if they have different types.

    >>> _sign("a", "b"), _sign(2, 1.5), _sign(True, True), _sign(1, True), _sign("1", 1)
    (-1, 1, 0, None, None)
    """
    if isinstance(one, str) and isinstance(other, str):
        return (one > other) - (one < other)
    if isinstance(one, bool) is not isinstance(other, bool):
        return None
    if isinstance(one, int | float) and isinstance(other, int | float):
        return (one > other) - (one < other)
    return None


def _operand(text: str) -> Step:
    """An operand of a comparison: a path from the item, or a literal."""
    if text.startswith("@"):
        path = text[1:].strip()
        steps_of(path)
        return lambda item: find(item, path)
    if re.fullmatch(_QUOTED, text):
        return lambda _: (text[1:-1],)
    if text in ("true", "false"):
        return lambda _: (text == "true",)
    try:
        number = float(text)
    except ValueError:
        raise JsonPathError(f'"{text}" is not a value') from None
    return lambda _: (number,)
