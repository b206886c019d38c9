"""Step functions of time, such as a container's memory usage or probe results. Pure."""

from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec

SECOND = 1_000_000_000
T = TypeVar("T")


class CurveError(ValueError):
    """The text is not a curve. Write values, each after the first with its start as `SECONDS:`: `100m 60:500m`."""


class Curve(msgspec.Struct, Generic[T], frozen=True):
    """Steps in order, each with its start in nanoseconds; the first starts at 0."""

    steps: tuple[tuple[int, T], ...]

    def at(self, since: int) -> T:
        """The value `since` nanoseconds after the start.

        >>> Curve(((0, "a"), (10, "b"))).at(9)
        'a'
        """
        found = self.steps[0][1]
        for begin, value in self.steps:
            if begin > since:
                break
            found = value
        return found

    def is_last(self, since: int) -> bool:
        """Whether the value no longer changes from then on."""
        return self.steps[-1][0] <= since


def parse_curve(text: str, value_of: Callable[[str], T]) -> Curve[T]:
    """Parse a curve; `value_of` parses a value, and raises ValueError if it is invalid.

    >>> parse_curve("1 2.5:3", int).steps
    ((0, 1), (2500000000, 3))

    Raises:
        CurveError: the text is not a curve.
    """
    steps: list[tuple[int, T]] = []
    for word in text.split():
        seconds, colon, value = word.rpartition(":")
        try:
            begin = int(float(seconds) * SECOND) if colon else 0
            steps.append((begin, value_of(value)))
        except (ValueError, OverflowError) as error:
            raise CurveError(f"{word!r} is not a value, nor SECONDS:VALUE ({error})") from error
    begins = [begin for begin, _ in steps]
    if not steps or begins[0] != 0 or begins != sorted(set(begins)):
        raise CurveError(f"{text!r} must begin at 0 and go on with later times")
    return Curve(tuple(steps))
