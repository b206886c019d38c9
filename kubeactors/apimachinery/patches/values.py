"""Type guards for JSON values."""

from typing import TypeGuard

Map = dict[str, object]
List = list[object]


def is_map(value: object) -> TypeGuard[Map]:
    """A JSON object."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[List]:
    """A JSON array."""
    return isinstance(value, list)
