"""Type checking of schemas: each keyword has a value of the right type.

In the original the decoder sees to this, as schemas have a type of their own there.

Source: apiextensions-apiserver/pkg/apis/apiextensions/v1/types_jsonschema.go (v1.36).
"""

from typing import Optional

import msgspec

from kubeactors.apimachinery.structural.node import Raw

_NAMES = {
    "preserve": "x-kubernetes-preserve-unknown-fields",
    "embedded": "x-kubernetes-embedded-resource",
    "int_or_string": "x-kubernetes-int-or-string",
    "list_map_keys": "x-kubernetes-list-map-keys",
    "list_type": "x-kubernetes-list-type",
    "map_type": "x-kubernetes-map-type",
    "rules": "x-kubernetes-validations",
    "not_": "not",
}


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.title() for other in others)


class _Rule(msgspec.Struct, frozen=True, rename="camel"):
    rule: str = ""
    message: str = ""
    message_expression: str = ""
    reason: str | None = None
    field_path: str = ""
    optional_old_self: bool | None = None


class _Schema(msgspec.Struct, frozen=True, rename=lambda name: _NAMES.get(name, _camel(name))):
    type: str = ""
    format: str = ""
    title: str = ""
    description: str = ""
    maximum: float | None = None
    exclusive_maximum: bool = False
    minimum: float | None = None
    exclusive_minimum: bool = False
    max_length: int | None = None
    min_length: int | None = None
    pattern: str = ""
    max_items: int | None = None
    min_items: int | None = None
    unique_items: bool = False
    multiple_of: float | None = None
    enum: list[object] | None = None
    max_properties: int | None = None
    min_properties: int | None = None
    required: list[str] | None = None
    items: object = None
    all_of: list["_Schema"] | None = None
    one_of: list["_Schema"] | None = None
    any_of: list["_Schema"] | None = None
    not_: Optional["_Schema"] = None
    properties: dict[str, "_Schema"] | None = None
    additional_properties: object = None
    nullable: bool = False
    preserve: bool | None = None
    embedded: bool = False
    int_or_string: bool = False
    list_map_keys: list[str] | None = None
    list_type: str | None = None
    map_type: str | None = None
    rules: list[_Rule] | None = None


def misshapen(schema: Raw) -> str:
    """The error of the first keyword with a value of a wrong type; empty if there is none.

    >>> misshapen({"type": "object", "properties": {"a": {"type": 1}}})
    'Expected `str`, got `int` - at `$.properties[...].type`'
    """
    try:
        found = msgspec.convert(schema, _Schema)
    except msgspec.ValidationError as error:
        return str(error)
    return next((why for why in map(misshapen, _schemas(found)) if why), "")


def _schemas(found: _Schema) -> list[Raw]:
    """The nested schemas that may also be of another type."""
    made: list[Raw] = []
    within = [*(found.properties or {}).values(), *(found.all_of or ()), *(found.one_of or ()), *(found.any_of or ())]
    for one in (found, *within, *([found.not_] if found.not_ is not None else [])):
        made += [value for value in (one.items, one.additional_properties) if isinstance(value, dict)]
        if one is not found:
            made += _schemas(one)
    return made
