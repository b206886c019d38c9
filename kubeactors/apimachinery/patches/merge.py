"""JSON merge patch: the patch has the shape of the object, and null removes.

Source: RFC 7386.
"""

from typing import cast


def merge(target: object, patch: object) -> object:
    """The patched value. Nothing is changed in place.

    >>> merge({"a": {"b": 1, "c": [1, 2]}}, {"a": {"b": None, "c": [3]}, "d": {"e": None}})
    {'a': {'c': [3]}, 'd': {}}
    """
    if not isinstance(patch, dict):
        return patch
    result = dict(cast("dict[str, object]", target)) if isinstance(target, dict) else {}
    for name, value in cast("dict[str, object]", patch).items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merge(result.get(name), value)
    return result
