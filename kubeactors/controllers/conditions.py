"""Conditions in a status: found, set and removed by their type.

Source: pkg/controller/deployment/util/deployment_util.go, pkg/controller/replicaset/replica_set_utils.go (v1.36).
"""

from typing import Protocol, TypeVar


class Condition(Protocol):
    """One thing that is true, false or unknown."""

    @property
    def type(self) -> str:
        """What it is about; unique among the conditions of an object."""
        ...

    @property
    def status(self) -> str:
        """True, False or Unknown."""
        ...

    @property
    def reason(self) -> str:
        """Why, in one word."""
        ...


C = TypeVar("C", bound=Condition)


def find(conditions: tuple[C, ...], type_: str) -> C | None:
    """The condition of that type."""
    for one in conditions:
        if one.type == type_:
            return one
    return None


def without(conditions: tuple[C, ...], type_: str) -> tuple[C, ...]:
    """The other ones."""
    return tuple(one for one in conditions if one.type != type_)


def replaced(conditions: tuple[C, ...], new: C) -> tuple[C, ...]:
    """With the new one last, unless there is one of the same status and reason already."""
    current = find(conditions, new.type)
    if current is not None and current.status == new.status and current.reason == new.reason:
        return conditions
    return (*without(conditions, new.type), new)
