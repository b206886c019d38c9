"""Pruning: unknown fields are dropped, and reported.

Source: apiextensions-apiserver/pkg/apiserver/schema/pruning/algorithm.go, schema/objectmeta/coerce.go (v1.36).
"""

from collections.abc import Mapping
from typing import cast

import msgspec

from kubeactors.apimachinery.findings import Findings, Place
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apimachinery.reader import reader_of
from kubeactors.apimachinery.structural.node import Structural

_OWN = ("apiVersion", "kind", "metadata")


def pruned(fields: Mapping[str, object], schema: Structural) -> tuple[Mapping[str, object], tuple[str, ...]]:
    """The known fields of an object, without type and metadata; and the paths of the unknown ones, sorted.

    The same mapping is returned if nothing is dropped.

    >>> pruned({"a": 1, "b": 2}, Structural({"type": "object", "properties": {"a": {"type": "integer"}}}))
    ({'a': 1}, ('b',))
    """
    dropped: list[str] = []
    kept = _map(fields, schema, "", dropped, own=False)
    return (kept, tuple(sorted(dropped))) if dropped else (fields, ())


def _value(value: object, schema: Structural, path: str, dropped: list[str]) -> object:
    if isinstance(value, Mapping):
        return _map(cast("Mapping[str, object]", value), schema, path, dropped, own=schema.embedded)
    if schema.items is not None and isinstance(value, list):
        items = cast("list[object]", value)
        return [_value(one, schema.items, f"{path}[{i}]", dropped) for i, one in enumerate(items)]
    return value


def _map(
    value: Mapping[str, object], schema: Structural, path: str, dropped: list[str], *, own: bool
) -> dict[str, object]:
    kept: dict[str, object] = {}
    for name, one in value.items():
        at = f"{path}.{name}" if path else name
        child = schema.child(name)
        if own and name == "metadata":
            kept[name] = _metadata(one, at, dropped)
        elif child is not None:
            kept[name] = _value(one, child, at, dropped)
        elif schema.preserve or schema.additional is True or (own and name in _OWN):
            kept[name] = one
        else:
            dropped.append(at)
    return kept


def _metadata(value: object, path: str, dropped: list[str]) -> object:
    """Metadata of an embedded object; if it is malformed, validation reports it."""
    findings = Findings()
    found = reader_of(ObjectMeta).read(value, Place(path, "", ("metadata",)), findings)
    if findings.wrong:
        return value
    dropped += [one.partition('"')[2].rstrip('"') for one in findings.strict_errors]
    return cast("object", msgspec.json.decode(msgspec.json.encode(found)))
