"""Aggregates of lists, and lists as sets.

Source: apiserver/pkg/cel/library/lists.go (v1.36); cel-go/ext/sets.go.
"""

from itertools import pairwise
from typing import Protocol

from kubeactors.apimachinery.cel.library.declaration import BOOL, DYN, LIST, Function, function, member


class _Ordered(Protocol):
    def __lt__(self, other: object, /) -> bool: ...
    def __le__(self, other: object, /) -> bool: ...


def _sum(items: list[float]) -> float:
    return sum(items)


def _min(items: list[_Ordered]) -> _Ordered:
    return min(_some(items, "min"))


def _max(items: list[_Ordered]) -> _Ordered:
    return max(_some(items, "max"))


def _some(items: list[_Ordered], name: str) -> list[_Ordered]:
    if not items:
        raise ValueError(f"{name} called on empty list")
    return items


def _is_sorted(items: list[_Ordered]) -> bool:
    return all(one <= other for one, other in pairwise(items))


def _contains(items: list[object], others: list[object]) -> bool:
    return all(one in items for one in others)


def _is_equivalent(items: list[object], others: list[object]) -> bool:
    return _contains(items, others) and _contains(others, items)


def _intersects(items: list[object], others: list[object]) -> bool:
    return any(one in others for one in items)


FUNCTIONS: tuple[Function, ...] = (
    member("sum", (LIST,), DYN, _sum),
    member("min", (LIST,), DYN, _min),
    member("max", (LIST,), DYN, _max),
    member("isSorted", (LIST,), BOOL, _is_sorted),
    function("sets.contains", (LIST, LIST), BOOL, _contains),
    function("sets.equivalent", (LIST, LIST), BOOL, _is_equivalent),
    function("sets.intersects", (LIST, LIST), BOOL, _intersects),
)
