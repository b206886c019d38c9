"""The decoding of schemas: their keywords, and the types of these.

In the original schemas have a type of their own. Here they are plain documents, which are read as that type only to
find what its decoder would say: keywords that it does not know, and values of a wrong type. Schemas of items and of
additional properties have a decoder within it, which ignores unknown keywords.

Source: apiextensions-apiserver/pkg/apis/apiextensions/v1/types_jsonschema.go, marshal.go (v1.36).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Optional, cast

import msgspec

from kubeactors.api.apiextensions.v1.customresourcedefinition import CustomResourceDefinition
from kubeactors.apimachinery.findings import DecodeError, Findings, Place
from kubeactors.apimachinery.meta import Object
from kubeactors.apimachinery.reader import reader_of
from kubeactors.apimachinery.structural.node import Raw

_RULES = "x-kubernetes-validations"
_NAMES = {
    "schema": "$schema",
    "ref": "$ref",
    "preserve": "x-kubernetes-preserve-unknown-fields",
    "embedded": "x-kubernetes-embedded-resource",
    "int_or_string": "x-kubernetes-int-or-string",
    "list_map_keys": "x-kubernetes-list-map-keys",
    "list_type": "x-kubernetes-list-type",
    "map_type": "x-kubernetes-map-type",
    "rules": _RULES,
    "not_": "not",
}


def _keyword(name: str) -> str:
    first, *others = name.split("_")
    return _NAMES.get(name, first + "".join(other.title() for other in others))


class ValidationRule(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A CEL rule."""

    rule: str = ""
    message: str = ""
    message_expression: str = ""
    reason: str | None = None
    field_path: str = ""
    optional_old_self: bool | None = None


class ExternalDocumentation(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Where there is more to read."""

    description: str = ""
    url: str = ""


class JSONSchemaProps(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False, rename=_keyword):
    """A schema: all keywords, and the types of those that the decoder of this type decodes itself."""

    id: str = ""
    schema: str = ""
    ref: str | None = None
    description: str = ""
    type: str = ""
    format: str = ""
    title: str = ""
    default: object = None
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
    enum: tuple[object, ...] = ()
    max_properties: int | None = None
    min_properties: int | None = None
    required: tuple[str, ...] = ()
    items: object = None
    all_of: tuple["JSONSchemaProps", ...] = ()
    one_of: tuple["JSONSchemaProps", ...] = ()
    any_of: tuple["JSONSchemaProps", ...] = ()
    not_: Optional["JSONSchemaProps"] = None
    properties: dict[str, "JSONSchemaProps"] = {}
    additional_properties: object = None
    pattern_properties: dict[str, "JSONSchemaProps"] = {}
    dependencies: dict[str, object] = {}
    additional_items: object = None
    definitions: dict[str, "JSONSchemaProps"] = {}
    external_docs: ExternalDocumentation | None = None
    example: object = None
    nullable: bool = False
    preserve: bool | None = None
    embedded: bool = False
    int_or_string: bool = False
    list_map_keys: tuple[str, ...] = ()
    list_type: str | None = None
    map_type: str | None = None
    rules: tuple[ValidationRule, ...] = ()


_KEYWORDS = frozenset(one.encode_name for one in msgspec.structs.fields(JSONSchemaProps))
_RULE_KEYWORDS = frozenset(one.encode_name for one in msgspec.structs.fields(ValidationRule))
_POINTERS = frozenset({"$ref", "not", "items", "additionalProperties", "additionalItems", "default", "example"}) | {
    "x-kubernetes-preserve-unknown-fields",
    "x-kubernetes-list-type",
    "x-kubernetes-map-type",
    "externalDocs",
}
"""Keywords that may be empty or false: all others are then as good as absent. (Numbers may be zero.)"""
_MAPS = ("properties", "patternProperties", "definitions")
_LISTS = ("allOf", "oneOf", "anyOf")
_OPAQUE = ("items", "additionalProperties", "additionalItems")
"""Keywords whose schemas have a decoder of their own."""
_ROOT = Place()
_FIELDS = ("spec", "versions", "schema", "openAPIV3Schema")


def read_schema(schema: Raw, place: Place = _ROOT) -> Findings:
    """What the decoder finds in a schema: unknown keywords, and the first value of a wrong type.

    >>> found = read_schema({"type": 1, "properties": {"a": {"foo": 2}}})
    >>> found.wrong, found.strict_errors
    ('json: cannot unmarshal number into Go struct field JSONSchemaProps.type of type string', ('unknown field "properties.a.foo"',))
    """
    findings = Findings()
    if _fits(schema):
        return findings
    reader_of(JSONSchemaProps).read(schema, place, findings)
    for value, inner in _opaque(schema, place):
        findings.wrong = findings.wrong or _wrong(value, inner)
    return findings


def unknown_keywords(crd: CustomResourceDefinition) -> tuple[str, ...]:
    """The unknown keywords in the schemas of a definition, as strict errors.

    Raises:
        DecodeError: a value in one is of a wrong type.
    """
    made: list[str] = []
    for index, version in enumerate(crd.spec.versions or ()):
        schema = None if version.schema is None else version.schema.open_api_v3_schema
        place = Place(f"spec.versions[{index}].schema.{_FIELDS[-1]}", "CustomResourceValidation", _FIELDS)
        findings = read_schema(schema or {}, place)
        if findings.wrong:
            raise DecodeError(findings.wrong)
        made += findings.strict_errors
    return tuple(made)


def tidy(schema: Raw) -> Raw:
    """The schema without unknown and empty keywords; the same object if there are none.

    >>> tidy({"type": "string", "foo": 1, "nullable": False, "maxLength": 0, "items": {"bar": None, "title": ""}})
    {'type': 'string', 'maxLength': 0, 'items': {}}
    """
    made: dict[str, object] = {}
    same = True
    for key, value in schema.items():
        kept = key in _KEYWORDS and not _absent(key, value)
        new = _tidy_value(key, value) if kept else None
        same = same and kept and new is value
        if kept:
            made[key] = new
    return schema if same else made


def _absent(key: str, value: object) -> bool:
    if value is None:
        return True
    return key not in _POINTERS and (value is False or (isinstance(value, str | list | dict | tuple) and not value))


def _tidy_value(key: str, value: object) -> object:
    one = value  # its type is narrowed below
    if key in _MAPS and isinstance(value, dict):
        named = cast("dict[str, object]", value)
        new: dict[str, object] = {name: {} if one is None else _tidy_schema(one) for name, one in named.items()}
        return named if all(new[name] is one for name, one in named.items()) else new
    if isinstance(value, list) and (key in _LISTS or key in ("items", _RULES)):
        listed = cast("list[object]", value)
        many = [_tidy_rule(one) if key == _RULES else _tidy_schema(one) for one in listed]
        return listed if all(new is one for new, one in zip(many, listed, strict=True)) else many
    return _tidy_schema(one) if key in _OPAQUE or key == "not" else one


def _tidy_rule(value: object) -> object:
    if not isinstance(value, dict):
        return value
    rule = cast("dict[str, object]", value)
    new = {key: rule[key] for key in rule if key in _RULE_KEYWORDS}
    return rule if len(new) == len(rule) else new


def _tidy_schema(value: object) -> object:
    return tidy(cast("dict[str, object]", value)) if isinstance(value, dict) else value


def _fits(schema: Raw) -> bool:
    try:
        found = msgspec.convert(schema, JSONSchemaProps)
    except msgspec.ValidationError:
        return False
    return all(_fits_within(one) for one in _tree(found))


def _tree(found: JSONSchemaProps) -> Iterator[JSONSchemaProps]:
    yield found
    named = (found.properties, found.pattern_properties, found.definitions)
    within = [*(one for some in named for one in some.values()), *found.all_of, *found.one_of, *found.any_of]
    for one in (*within, *(() if found.not_ is None else (found.not_,))):
        yield from _tree(one)


def _fits_within(found: JSONSchemaProps) -> bool:
    for value in (found.items, found.additional_properties, found.additional_items):
        schemas = cast("list[object]", value if isinstance(value, list) else [value])
        for one in schemas:
            if isinstance(one, dict) and not _fits(cast("Raw", one)):
                return False
    return all(
        one is None or isinstance(one, bool | dict) for one in (found.additional_properties, found.additional_items)
    )


def _opaque(schema: Raw, place: Place) -> Iterator[tuple[object, Place]]:
    """The values of the keywords that have a decoder of their own."""
    for key, value in schema.items():
        inner = place.field(key, JSONSchemaProps.__name__)
        if key in _OPAQUE:
            yield value, inner
        elif key in _MAPS and isinstance(value, Mapping):
            for name, one in cast("Mapping[str, object]", value).items():
                yield from _opaque(cast("Raw", one), inner.key(name)) if isinstance(one, dict) else ()
        elif key in _LISTS and isinstance(value, list | tuple):
            for index, one in enumerate(cast("list[object]", value)):
                yield from _opaque(cast("Raw", one), inner.index(index)) if isinstance(one, dict) else ()
        elif key == "not" and isinstance(value, dict):
            yield from _opaque(cast("Raw", value), inner)


def _wrong(value: object, place: Place) -> str:
    """The error of the decoder within, which has the place of the keyword outside."""
    if isinstance(value, list):
        return next((why for one in cast("list[object]", value) if (why := _wrong(one, place))), "")
    if isinstance(value, dict):
        why = read_schema(cast("Raw", value)).wrong
        outside = f"Go struct field {place.struct}.{'.'.join(place.fields)} of type"
        return re.sub(r"Go (struct field \S+ of type|value of type)", outside.replace("\\", r"\\"), why, count=1)
    additional = place.fields[-1] != "items" and value is not None and not isinstance(value, bool)
    return "boolean or JSON schema expected" if additional else ""
