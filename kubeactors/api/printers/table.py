"""The types of tables, and cells that many kinds share.

Source: pkg/printers/internalversion/printers.go, apimachinery/pkg/apis/meta/v1/types.go (v1.36).
"""

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

import msgspec

from kubeactors.api.core.v1.container import Container
from kubeactors.apimachinery.meta import Object, ObjectMeta, always
from kubeactors.apimachinery.time import human_duration, parse_time

Cells = tuple[str | int | float | None, ...]

T = TypeVar("T")


class Column(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A column definition. Columns of `priority` 0 are always shown, others by `kubectl get -o wide` only."""

    name: str = always("")
    type: str = always("string")
    format: str = always("")
    description: str = always("")
    priority: int = always(0)


class RowCondition(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A condition of a row; the only one is Completed, and clients may hide such rows."""

    type: str = always("")
    status: str = always("")
    reason: str = ""
    message: str = ""


def no_conditions(_: object) -> tuple[RowCondition, ...]:
    """No row conditions."""
    return ()


class Printer(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """The table printer of a kind. `cells` takes the object and the time (ns since 1970), and fills all columns."""

    columns: tuple[Column, ...]
    cells: Callable[[T, int], Cells]
    conditions: Callable[[T], tuple[RowCondition, ...]] = no_conditions


NAME = Column(name="Name", format="name", description="The name of the object, unique in its namespace.")
AGE = Column(name="Age", description="How long ago the object was created.")
CONTAINERS = Column(name="Containers", description="The names of the template's containers.", priority=1)
IMAGES = Column(name="Images", description="The images of the template's containers.", priority=1)
SELECTOR = Column(name="Selector", description="The label selector of the pods.", priority=1)

NONE, UNKNOWN = "<none>", "<unknown>"


def age(meta: ObjectMeta, now_ns: int) -> str:
    """The age of an object.

    >>> age(ObjectMeta(creation_timestamp="1970-01-01T00:00:10Z"), 70 * 10**9), age(ObjectMeta(), 0)
    ('60s', '<unknown>')
    """
    return since(meta.creation_timestamp, now_ns)


def since(time: str | None, now_ns: int) -> str:
    """The time elapsed since a time."""
    return human_duration(now_ns - parse_time(time)) if time else UNKNOWN


def container_cells(containers: Iterable[Container]) -> tuple[str, str]:
    """Names and images of containers, each in one cell."""
    parts = [(one.name, one.image) for one in containers]
    return ",".join(name for name, _ in parts), ",".join(image for _, image in parts)


def at_most_three(items: Iterable[str], empty: str) -> str:
    """The first three of a list, and the number of the others.

    >>> at_most_three(["a", "b", "c", "d", "e"], "<unset>"), at_most_three([], "<unset>")
    ('a,b,c + 2 more...', '<unset>')
    """
    everything = tuple(items)
    shown, more = ",".join(everything[:3]), len(everything) - 3
    return f"{shown} + {more} more..." if more > 0 else shown or empty
