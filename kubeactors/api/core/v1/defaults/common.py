"""Helpers: values are copied only if something changes."""

from collections.abc import Callable
from operator import is_
from typing import TypeVar

import msgspec

from kubeactors.apimachinery.meta import Object

T = TypeVar("T")
R = TypeVar("R")
S = TypeVar("S", bound=Object)


def each(items: tuple[T, ...], default: Callable[[T], R]) -> tuple[T | R, ...]:
    """The items after `default`; the same tuple if it changed none of them.

    >>> items = ("a", "b")
    >>> each(items, str.lower) == items, each(items, str.upper)
    (True, ('A', 'B'))
    """
    if not items:
        return items
    changed = tuple(map(default, items))
    return items if all(map(is_, changed, items)) else changed


def optional(value: T | None, default: Callable[[T], R]) -> R | None:
    """The value after `default`; None stays None."""
    return None if value is None else default(value)


def filled(value: S, **fields: object) -> S:
    """The value with these fields; the same value if it already has them.

    >>> from kubeactors.api.core.v1.references import LocalObjectReference
    >>> one = LocalObjectReference(name="a")
    >>> filled(one, name=one.name) is one, filled(one, name="b")
    (True, LocalObjectReference(name='b'))
    """
    for name, new in fields.items():
        if getattr(value, name) is not new:
            return msgspec.structs.replace(value, **fields)
    return value
