"""Validation of lists that are sets or maps: items are unique.

Source: apiextensions-apiserver/pkg/apiserver/schema/listtype/validation.go (v1.36).
"""

from collections.abc import Iterator, Mapping
from typing import cast

import msgspec

from kubeactors.apimachinery.field import FieldError, duplicate
from kubeactors.apimachinery.structural.node import Structural


def validate_lists(value: object, schema: Structural, path: str = "") -> Iterator[FieldError]:
    """An error for each duplicate item of a set or a map.

    >>> tags = Structural({"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}})
    >>> [str(error) for error in validate_lists(["a", "a"], tags, "tags")]
    ['tags[1]: Duplicate value: "a"']
    """
    if isinstance(value, Mapping):
        for name, one in cast("Mapping[str, object]", value).items():
            child = schema.child(name)
            if child is not None:
                yield from validate_lists(one, child, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and schema.items is not None:
        items = cast("list[object]", value)
        yield from _repeated(items, schema, path)
        for i, one in enumerate(items):
            yield from validate_lists(one, schema.items, f"{path}[{i}]")


def _repeated(items: list[object], schema: Structural, path: str) -> Iterator[FieldError]:
    if schema.list_type not in ("set", "map"):
        return
    seen: dict[bytes, None] = {}
    for i, one in enumerate(items):
        identity = one if schema.list_type == "set" else _keys(one, schema)
        if identity is None:
            continue
        key = msgspec.json.encode(identity, order="deterministic")
        if key in seen:
            yield duplicate(f"{path}[{i}]", identity)
        seen[key] = None


def _keys(item: object, schema: Structural) -> dict[str, object] | None:
    """The keys of an item, with defaults; None if it is not an object, which is reported elsewhere."""
    if not isinstance(item, Mapping) or schema.items is None:
        return None
    found = cast("Mapping[str, object]", item)
    defaults = {name: one.default for name, one in schema.items.properties.items() if one.has_default}
    return {key: found.get(key, defaults.get(key)) for key in schema.map_keys if key in found or key in defaults}
