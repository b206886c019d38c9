"""Defaulting: absent fields get their defaults; null counts as absent where it is not allowed.

Source: apiextensions-apiserver/pkg/apiserver/schema/defaulting/algorithm.go, prunenulls.go (v1.36).
"""

from collections.abc import Mapping
from typing import cast

from kubeactors.apimachinery.structural.node import Structural


def defaulted(fields: Mapping[str, object], schema: Structural) -> Mapping[str, object]:
    """The fields with defaults. Defaults are shared, and must not be changed.

    >>> size = {"type": "integer", "default": 2}
    >>> defaulted({}, Structural({"type": "object", "properties": {"size": size}}))
    {'size': 2}
    """
    return cast("Mapping[str, object]", _value(fields, schema))


def _value(value: object, schema: Structural) -> object:
    if isinstance(value, Mapping):
        return _map(cast("Mapping[str, object]", value), schema)
    if schema.items is not None and isinstance(value, list):
        return [_item(one, schema.items) for one in cast("list[object]", value)]
    return value


def _item(value: object, schema: Structural) -> object:
    if value is None and not schema.nullable and schema.has_default:
        value = schema.default
    return _value(value, schema)


def _map(value: Mapping[str, object], schema: Structural) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, one in value.items():
        child = schema.child(name)
        if child is None:
            found[name] = one
        elif one is None and not child.nullable:
            if child.has_default:
                found[name] = _value(child.default, child)
            elif name not in schema.properties:
                found[name] = one
        else:
            found[name] = _value(one, child)
    for name, child in schema.properties.items():
        if child.has_default and name not in found:
            found[name] = _value(child.default, child)
    return found
