"""Semantic versions, and comparisons, which quantities share.

Source: apiserver/pkg/cel/library/semverlib.go (v1.36); semver.org 2.0.0.
"""

import re
from itertools import zip_longest

from kubeactors.apimachinery.cel.library import quantities
from kubeactors.apimachinery.cel.library.declaration import (
    BOOL,
    INT,
    STRING,
    TAGGED,
    Function,
    Tagged,
    function,
    is_valid,
    of_value,
    of_values,
    text_of,
)

SEMVER = "semver"
_NUMBER = r"(0|[1-9]\d*)"
_FORM = re.compile(rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?", re.ASCII)


def parse(text: str) -> Tagged:
    """A version.

    Raises:
        ValueError: it is not one.
    """
    if not _FORM.fullmatch(text):
        raise ValueError(f"No Major.Minor.Patch elements found in {text!r}")
    return {SEMVER: text}


def compare(one: Tagged, other: Tagged) -> int:
    """Compare two versions, or two quantities.

    >>> compare(parse("1.0.0-rc.2"), parse("1.0.0-rc.10")), compare(parse("1.0.0"), parse("1.0.0-rc.1"))
    (-1, 1)
    """
    if SEMVER not in one:
        return quantities.compare(one, other)
    mine, theirs = _parts(one), _parts(other)
    if mine[:3] != theirs[:3]:
        return -1 if [int(part or 0) for part in mine[:3]] < [int(part or 0) for part in theirs[:3]] else 1
    return _compare_pre(mine[3] or "", theirs[3] or "")


def _compare_pre(mine: str, theirs: str) -> int:
    """Compare pre-release versions: a version without one is greater."""
    if not mine or not theirs:
        return (not mine) - (not theirs)
    for left, right in zip_longest(mine.split("."), theirs.split(".")):
        if left != right:
            return -1 if _rank(left) < _rank(right) else 1
    return 0


def _rank(part: str | None) -> tuple[int, int, str]:
    """Missing sorts before numbers, numbers before words."""
    if part is None:
        return 0, 0, ""
    return (1, int(part), "") if part.isdecimal() else (2, 0, part)


def _parts(value: Tagged) -> tuple[str | None, ...]:
    found = _FORM.fullmatch(text_of(value, SEMVER))
    assert found is not None, "only versions are tagged so"
    return found.groups()


def _part(index: int) -> Function:
    name = ("major", "minor", "patch")[index]
    return of_value(name, INT, lambda one: int(_parts(one)[index] or 0))


FUNCTIONS: tuple[Function, ...] = (
    function("semver", (STRING,), TAGGED, parse),
    function("isSemver", (STRING,), BOOL, is_valid(parse)),
    *(_part(index) for index in range(3)),
    of_values("compareTo", INT, compare),
    of_values("isGreaterThan", BOOL, lambda one, other: compare(one, other) > 0),
    of_values("isLessThan", BOOL, lambda one, other: compare(one, other) < 0),
)
