"""Validation that workloads share: counts in their status, and names.

Source: pkg/apis/apps/validation/validation.go, pkg/apis/core/validation/validation.go (v1.36).
"""

from collections.abc import Iterator, Mapping

from kubeactors.api.validation import validate_count
from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import FieldError, invalid
from kubeactors.apimachinery.meta import IntOrString

MORE_THAN_REPLICAS = "cannot be greater than status.replicas"
MORE_THAN_READY = "cannot be greater than readyReplicas"

_HOSTNAME = (
    "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; "
    "a DNS label is recommended: "
)


def validate_counts(counts: Mapping[str, int | None]) -> Iterator[FieldError]:
    """Counts in a status, by the name of their field, are not negative.

    >>> [str(error) for error in validate_counts({"replicas": -1, "collisionCount": None})]
    ['status.replicas: Invalid value: -1: must be greater than or equal to 0']
    """
    for name, count in counts.items():
        yield from validate_count(count, f"status.{name}")


def validate_at_most(counts: Mapping[str, int], maximum: int, detail: str) -> Iterator[FieldError]:
    """Counts that are part of another one are not greater than that."""
    return (invalid(f"status.{name}", count, detail) for name, count in counts.items() if count > maximum)


def validate_collisions(new: int | None, old: int | None) -> Iterator[FieldError]:
    """The collision count does not decrease."""
    if (new or 0) < (old or 0):
        yield invalid("status.collisionCount", new or 0, "cannot be decremented")


def warn_of_name(name: str) -> Iterator[str]:
    """Names of pods derive from their owner's, and host names from these.

    >>> list(warn_of_name("a.b"))[0][-23:]
    '[must not contain dots]'
    """
    if wrong := names.dns1123_label(name):
        yield f"{_HOSTNAME}[{' '.join(wrong)}]"


def validate_number_or_percent(value: IntOrString, path: str) -> Iterator[FieldError]:
    """A number of pods, or a percentage."""
    if isinstance(value, str):
        for message in names.percent(value):
            yield invalid(path, value, message)
    else:
        yield from validate_count(value, path)


def validate_at_most_all(value: IntOrString, path: str) -> Iterator[FieldError]:
    """Not more than 100%.

    >>> [str(error) for error in validate_at_most_all("101%", "x")]
    ['x: Invalid value: "101%": must not be greater than 100%']
    """
    if (percent_of(value) or 0) > 100:
        yield invalid(path, value, "must not be greater than 100%")


def percent_of(value: IntOrString) -> int | None:
    """The percentage; None if the value is not one."""
    return int(value[:-1]) if isinstance(value, str) and not names.percent(value) else None


def number_of(value: IntOrString) -> int:
    """The number or the percentage; 0 for any other string.

    >>> number_of("25%"), number_of(3), number_of("3"), number_of("x")
    (25, 3, 3, 0)
    """
    if isinstance(value, int):
        return value
    return int(value) if value.isdecimal() else percent_of(value) or 0
