"""The error of an `allOf` that does not hold, in addition to those of its parts.

The library reports the parts only; their schema paths tell which `allOf` they belong to.

Source: kube-openapi/pkg/validation/validate/schema_props.go (as of Kubernetes v1.36).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, cast

Path = Sequence[str | int]


class Unfulfilled(NamedTuple):
    """An `allOf` that does not hold: the value, and whether some of its parts hold."""

    value: tuple[str | int, ...]
    partly: bool


def unfulfilled(errors: Iterable[tuple[Path, Path]], schema: Mapping[str, object]) -> Iterator[Unfulfilled]:
    """Each `allOf` with an error, once; an error is the path of its value and the path of its schema keyword.

    >>> schema = {"properties": {"a": {"allOf": [{"minLength": 3}, {"pattern": "x"}]}}}
    >>> error = (["a"], ["properties", "a", "allOf", 1, "pattern"])
    >>> list(unfulfilled([error], schema))
    [Unfulfilled(value=('a',), partly=True)]
    """
    failed: dict[tuple[tuple[str | int, ...], tuple[str | int, ...]], dict[object, None]] = {}
    for value, word in errors:
        for i in _starts(word):
            whole = tuple(value[: len(value) - _depth(word[i + 2 : -1])])
            failed.setdefault((whole, tuple(word[: i + 1])), {})[word[i + 1]] = None
    for (whole, place), parts in failed.items():
        yield Unfulfilled(whole, len(parts) < len(_parts(schema, place)))


def _starts(word: Path) -> list[int]:
    """Where `allOf` keywords begin on a schema path: a property of that name is not followed by a number."""
    return [i for i, step in enumerate(word[:-1]) if step == "allOf" and isinstance(word[i + 1], int)]


def _depth(word: Path) -> int:
    """The depth of the value that a schema path leads to."""
    depth, steps = 0, iter(word)
    for step in steps:
        if step in {"properties", "patternProperties"}:
            depth += next(steps, None) is not None  # the name, which may look like a keyword
        elif step in {"items", "additionalProperties"}:
            depth += 1
        elif step == "allOf":
            next(steps, None)
    return depth


def _parts(schema: object, place: Path) -> Sequence[object]:
    for step in place:
        at = cast("Mapping[str, object]", schema) if isinstance(schema, Mapping) else cast("Sequence[object]", schema)
        schema = at[cast("int", step)] if isinstance(at, Sequence) else at[str(step)]
    return cast("Sequence[object]", schema)
