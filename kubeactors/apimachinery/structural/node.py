"""A node of a structural schema, parsed for repeated use.

Source: apiextensions-apiserver/pkg/apiserver/schema/structural.go, convert.go (v1.36).
"""

from collections.abc import Mapping, Sequence
from typing import cast

Raw = Mapping[str, object]


class Structural:
    """A node of a structural schema.

    Objects have named `properties`, or `additional` ones of one schema (True: any). `preserve`: unknown fields are
    kept. `embedded`: it is a whole object with type and metadata. `default` is None if there is none.
    """

    __slots__ = (
        "additional",
        "default",
        "embedded",
        "has_default",
        "int_or_string",
        "items",
        "list_type",
        "map_keys",
        "map_type",
        "nullable",
        "preserve",
        "properties",
        "raw",
        "rules",
        "type",
    )

    def __init__(self, raw: Raw) -> None:
        self.raw: Raw = raw
        self.type: str = str(raw.get("type") or "")
        self.properties: dict[str, Structural] = {
            name: Structural(one) for name, one in _schemas(raw.get("properties")).items()
        }
        self.additional: Structural | bool = _additional(raw.get("additionalProperties"))
        items = raw.get("items")
        self.items: Structural | None = Structural(cast("Raw", items)) if isinstance(items, Mapping) else None
        self.default: object = raw.get("default")
        self.has_default: bool = self.default is not None
        self.nullable: bool = raw.get("nullable") is True
        self.preserve: bool = raw.get("x-kubernetes-preserve-unknown-fields") is True
        self.embedded: bool = raw.get("x-kubernetes-embedded-resource") is True
        self.int_or_string: bool = raw.get("x-kubernetes-int-or-string") is True
        self.list_type: str = str(raw.get("x-kubernetes-list-type") or "")
        self.map_keys: tuple[str, ...] = tuple(cast("Sequence[str]", raw.get("x-kubernetes-list-map-keys") or ()))
        self.map_type: str = str(raw.get("x-kubernetes-map-type") or "")
        self.rules: tuple[Raw, ...] = tuple(cast("Sequence[Raw]", raw.get("x-kubernetes-validations") or ()))

    def child(self, name: str) -> "Structural | None":
        """The node of a field; None if it is unknown.

        >>> Structural({"type": "object", "properties": {"a": {"type": "string"}}}).child("a").type
        'string'
        """
        found = self.properties.get(name)
        if found is None and isinstance(self.additional, Structural):
            return self.additional
        return found


def _schemas(value: object) -> Mapping[str, Raw]:
    return cast("Mapping[str, Raw]", value) if isinstance(value, Mapping) else {}


def _additional(value: object) -> Structural | bool:
    if isinstance(value, Mapping):
        return Structural(cast("Raw", value))
    return value is True
