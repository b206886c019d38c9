"""Finds, sets and removes conditions in a status, by their type.

Source: pkg/controller/deployment/util/deployment_util.go, pkg/controller/replicaset/replica_set_utils.go (v1.36).
"""

from typing import Protocol, TypeVar


class Condition(Protocol):
    """A condition of any kind of object."""

    @property
    def type(self) -> str:
        """The type, unique among the conditions of an object."""
        ...

    @property
    def status(self) -> str:
        """True, False or Unknown."""
        ...

    @property
    def reason(self) -> str:
        """The reason for the status, in one CamelCase word."""
        ...


C = TypeVar("C", bound=Condition)


def find(conditions: tuple[C, ...], type_: str) -> C | None:
    """The condition of this type; None if there is none."""
    for one in conditions:
        if one.type == type_:
            return one
    return None


def without(conditions: tuple[C, ...], type_: str) -> tuple[C, ...]:
    """The conditions of other types."""
    return tuple(one for one in conditions if one.type != type_)


def replaced(conditions: tuple[C, ...], new: C) -> tuple[C, ...]:
    """The conditions with the new one last; unchanged if there is one of the same status and reason."""
    current = find(conditions, new.type)
    if current is not None and current.status == new.status and current.reason == new.reason:
        return conditions
    return (*without(conditions, new.type), new)
