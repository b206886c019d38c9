"""Values as Go's fmt prints them, for the messages of patches.

Source: Go's fmt/print.go (%v), reflect.Type.String.
"""

from collections.abc import Mapping
from typing import cast


def shown(value: object) -> str:
    """A JSON value as `%v` prints it.

    >>> shown({"b": [1, True, None], "a": "x"})
    'map[a:x b:[1 true <nil>]]'
    """
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        members = cast("Mapping[str, object]", value)
        return f"map[{' '.join(f'{key}:{shown(members[key])}' for key in sorted(members))}]"
    if isinstance(value, list | tuple):
        return f"[{' '.join(map(shown, cast('list[object]', value)))}]"
    return str(value)


def type_name(value: object) -> str:
    """Go's type of a decoded JSON value.

    >>> [type_name(one) for one in ({}, [], "", 1, 1.5, True, None)]
    ['map[string]interface {}', '[]interface {}', 'string', 'int64', 'float64', 'bool', '%!s(<nil>)']
    """
    names: dict[type, str] = {bool: "bool", str: "string", int: "int64", float: "float64", type(None): "%!s(<nil>)"}
    if isinstance(value, Mapping):
        return "map[string]interface {}"
    return names.get(type(value), "[]interface {}")
