"""Validation of schemas: structural, and within Kubernetes' subset of JSON Schema.

Source: apiextensions-apiserver/pkg/apiserver/schema/validation.go, schema/defaulting/validation.go,
pkg/apis/apiextensions/validation/validation.go (v1.36).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from kubeactors.api.apiextensions.v1.rule_validation import RULES, validate_rules
from kubeactors.api.apiextensions.v1.schema_shape import read_schema
from kubeactors.apimachinery.field import FieldError, forbidden, invalid, not_supported, required
from kubeactors.apimachinery.regexp import PatternError, compiled
from kubeactors.apimachinery.structural import Structural, ValueValidator, pruned
from kubeactors.apimachinery.structural.node import Raw

TYPES = ("array", "boolean", "integer", "number", "object", "string")
REASONS = ("FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired")

ROOT, ITEM, FIELD = "at the root", "for specified array items", "for specified object fields"

_FORBIDDEN_WORDS = {
    "$ref": "$ref is not supported",
    "definitions": "definitions is not supported",
    "dependencies": "dependencies is not supported",
    "patternProperties": "patternProperties is not supported",
    "additionalItems": "additionalItems is not supported",
    "id": "id is not supported",
}
_NESTED_WORDS = {
    "type": "must be empty to be structural",
    "additionalProperties": "must be undefined to be structural",
    "default": "must be undefined to be structural",
    "title": "must be empty to be structural",
    "description": "must be empty to be structural",
    "nullable": "must be false to be structural",
    "x-kubernetes-preserve-unknown-fields": "must be false to be structural",
    "x-kubernetes-embedded-resource": "must be false to be structural",
    "x-kubernetes-int-or-string": "must be false to be structural",
    "x-kubernetes-list-map-keys": "must be empty to be structural",
    "x-kubernetes-list-type": "must be undefined to be structural",
    "x-kubernetes-map-type": "must be undefined to be structural",
    "x-kubernetes-validations": "must be empty to be structural",
}
_BESIDE_STATUS = {
    "description": "Description",
    "type": "Type",
    "format": "Format",
    "title": "Title",
    "maximum": "Maximum",
    "exclusiveMaximum": "ExclusiveMaximum",
    "minimum": "Minimum",
    "exclusiveMinimum": "ExclusiveMinimum",
    "maxLength": "MaxLength",
    "minLength": "MinLength",
    "pattern": "Pattern",
    "maxItems": "MaxItems",
    "minItems": "MinItems",
    "uniqueItems": "UniqueItems",
    "multipleOf": "MultipleOf",
    "required": "Required",
    "items": "Items",
    "properties": "Properties",
    "externalDocs": "ExternalDocs",
    "example": "Example",
    "x-kubernetes-preserve-unknown-fields": "XPreserveUnknownFields",
    "x-kubernetes-validations": "XValidations",
}
"""Keywords of the root schema if the status is a subresource, and their names in Go."""
_INT_OR_STRING: list[object] = [{"type": "integer"}, {"type": "string"}]


def validate_schema(schema: Raw, path: str, *, has_status: bool = False) -> Iterator[FieldError]:
    """A whole schema. CEL rules are validated only if everything else is valid."""
    if why := read_schema(schema).wrong:
        yield invalid(path, schema, why)
        return
    if has_status:
        yield from _beside_status(schema, path)
    if schema.get("nullable") is True:
        yield forbidden(f"{path}.nullable", "nullable cannot be true at the root")
    foreign = [*_foreign(schema, path)]
    structural = [] if foreign else sorted(_structure(schema, ROOT, path), key=str)
    yield from structural
    defaults = [] if structural or foreign else [*_defaults(Structural(schema), path)]
    yield from defaults
    words = [*foreign, *_words(schema, path)]
    yield from words
    if not structural and not defaults and not words:
        yield from validate_rules(Structural(schema), path)
        yield from _buildable(schema, path)


def _beside_status(schema: Raw, path: str) -> Iterator[FieldError]:
    """The root schema has nothing that the schema of the status alone would lose."""
    for key, value in schema.items():
        if key == "type":
            if value != "object":
                why = 'only "object" is allowed as the type at the root of the schema if the status subresource is enabled'
                yield invalid(f"{path}.type", value, why)
                return
        elif key not in _BESIDE_STATUS:
            named = " ".join(_BESIDE_STATUS.values())
            why = f"only [{named}] fields are allowed at the root of the schema if the status subresource is enabled"
            yield invalid(path, schema, why)
            return


def _buildable(schema: Raw, path: str) -> Iterator[FieldError]:
    try:
        ValueValidator(schema)
    except ValueError as error:
        yield invalid(path, "", f"error building validator: {error}")


def _foreign(schema: Raw, path: str) -> Iterator[FieldError]:
    """Keywords of JSON Schema that Kubernetes does not support; a schema with them is not validated any further."""
    for word, why in _FORBIDDEN_WORDS.items():
        if schema.get(word):
            yield forbidden(f"{path}.{word}", why)
    for at, one in _within(schema, path):
        yield from _foreign(one, at)


def _structure(schema: Raw, level: str, path: str) -> Iterator[FieldError]:
    """Types are given outside of logical junctors."""
    for at, one, below in _places(schema, path):
        yield from _structure(one, below, at)
    yield from _logic(schema, path)
    yield from _type(schema, level, path)
    embedded = schema.get("x-kubernetes-embedded-resource") is True
    if level == ROOT or embedded:
        yield from _metadata(schema, path, root=level == ROOT)
    preserve = schema.get("x-kubernetes-preserve-unknown-fields") is True
    if embedded and not preserve and not schema.get("properties"):
        why = "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields"
        yield required(f"{path}.properties", why)
    if schema.get("x-kubernetes-int-or-string") is True and preserve:
        why = "must be false if x-kubernetes-int-or-string is true"
        yield invalid(f"{path}.x-kubernetes-preserve-unknown-fields", True, why)


def _places(schema: Raw, path: str) -> Iterator[tuple[str, Raw, str]]:
    """The nested schemas, with their level."""
    items, more = schema.get("items"), schema.get("additionalProperties")
    if isinstance(items, Mapping):
        yield f"{path}.items", cast("Raw", items), ITEM
    for name, one in _schemas(schema, "properties"):
        yield f"{path}.properties[{name}]", one, FIELD
    if isinstance(more, Mapping):
        yield f"{path}.additionalProperties", cast("Raw", more), FIELD


def _type(schema: Raw, level: str, path: str) -> Iterator[FieldError]:
    """A type, unless there is more than one."""
    type_ = str(schema.get("type") or "")
    free = ("x-kubernetes-int-or-string", "x-kubernetes-preserve-unknown-fields")
    if type_ == "array" and schema.get("items") is None:
        yield required(f"{path}.items", "must be specified")
    if schema.get("additionalProperties") is not None and level == ROOT:
        yield forbidden(f"{path}.additionalProperties", "must not be used at the root")
    if schema.get("x-kubernetes-embedded-resource") is True and type_ != "object":
        why = "must be object if x-kubernetes-embedded-resource is true"
        yield invalid(f"{path}.type", type_, why) if type_ else required(f"{path}.type", why)
    elif not type_ and not any(schema.get(word) is True for word in free):
        yield required(f"{path}.type", f"must not be empty {level}")
    if level == ROOT and type_ and type_ != "object":
        yield invalid(f"{path}.type", type_, "must be object at the root")


def _metadata(schema: Raw, path: str, *, root: bool) -> Iterator[FieldError]:
    """Type and metadata are predefined; a schema may restrict metadata by name rules only."""
    for name, one in _schemas(schema, "properties"):
        at = f"{path}.properties[{name}]"
        if name in ("kind", "apiVersion") and one.get("type") != "string":
            yield invalid(f"{at}.type", one.get("type") or "", "must be string")
        if name != "metadata":
            continue
        if one.get("type") != "object":
            yield invalid(f"{at}.type", one.get("type") or "", "must be object")
        within = cast("Mapping[str, object]", one.get("properties") or {})
        others = [word for word in one if word not in ("type", "properties", "required")]
        if root and (others or not set(within) <= {"name", "generateName"}):
            why = "must not specify anything other than name and generateName, but metadata is implicitly specified"
            yield forbidden(at, why)


def _logic(schema: Raw, path: str) -> Iterator[FieldError]:
    """Logical junctors have no types, except for IntOrString."""
    free = schema.get("x-kubernetes-int-or-string") is True
    for word in ("allOf", "anyOf", "oneOf"):
        branches = cast("Sequence[Raw]", schema.get(word) or ())
        if free and word == "anyOf" and list(branches) == _INT_OR_STRING:
            continue
        for i, one in enumerate(branches):
            if free and word == "allOf" and i == 0 and one.get("anyOf") == _INT_OR_STRING:
                continue
            yield from _nested(one, f"{path}.{word}[{i}]")
    if isinstance(schema.get("not"), Mapping):
        yield from _nested(cast("Raw", schema["not"]), f"{path}.not")
    pattern = schema.get("pattern")
    if isinstance(pattern, str) and pattern:
        try:
            compiled(pattern)
        except PatternError as error:
            yield invalid(f"{path}.pattern", pattern, f"must be a valid regular expression, but isn't: {error}")


def _nested(schema: Raw, path: str) -> Iterator[FieldError]:
    yield from _logic(schema, path)
    if isinstance(schema.get("items"), Mapping):
        yield from _nested(cast("Raw", schema["items"]), f"{path}.items")
    for name, one in _schemas(schema, "properties"):
        if name == "metadata":
            yield forbidden(f"{path}.properties[metadata]", "must not be specified in a nested context")
        yield from _nested(one, f"{path}.properties[{name}]")
    for word, why in _NESTED_WORDS.items():
        if schema.get(word):
            yield forbidden(f"{path}.{word}", why)


def _defaults(schema: Structural, path: str) -> Iterator[FieldError]:
    """Defaults are valid, and have no unknown fields."""
    if schema.has_default:
        yield from _default(schema, f"{path}.default")
    for name, one in schema.properties.items():
        yield from _defaults(one, f"{path}.properties[{name}]")
    if schema.items is not None:
        yield from _defaults(schema.items, f"{path}.items")
    if isinstance(schema.additional, Structural):
        yield from _defaults(schema.additional, f"{path}.additionalProperties")


def _default(schema: Structural, path: str) -> Iterator[FieldError]:
    value: object = schema.default
    if isinstance(schema.default, Mapping):
        _, dropped = pruned(cast("Mapping[str, object]", value), schema)
        if dropped:
            yield invalid(path, value, "must not have unknown fields")
    yield from ValueValidator(schema.raw).errors(value, path)


def _words(schema: Raw, path: str) -> Iterator[FieldError]:
    """Supported keywords with valid values only."""
    type_ = str(schema.get("type") or "")
    if type_ and type_ not in TYPES:
        yield not_supported(f"{path}.type", type_, TYPES)
    if schema.get("uniqueItems") is True:
        why = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
        yield forbidden(f"{path}.uniqueItems", why)
    more = schema.get("additionalProperties")
    if schema.get("properties") and more is not None and more is not True:
        why = "additionalProperties and properties are mutual exclusive"
        yield forbidden(f"{path}.additionalProperties", why)
    if isinstance(schema.get("items"), list):
        why = "items must be a schema object and not an array"
        yield forbidden(f"{path}.items", why)
    yield from _lists(schema, type_, path)
    yield from _rule_texts(schema, path)
    for at, one in _within(schema, path):
        yield from _words(one, at)


def _within(schema: Raw, path: str) -> Iterator[tuple[str, Raw]]:
    """All nested schemas."""
    for word in ("additionalProperties", "items", "not"):
        if isinstance(schema.get(word), Mapping):
            yield f"{path}.{word}", cast("Raw", schema[word])
    for name, one in _schemas(schema, "properties"):
        yield f"{path}.properties[{name}]", one
    for word in ("allOf", "oneOf", "anyOf"):
        for i, one in enumerate(cast("Sequence[Raw]", schema.get(word) or ())):
            yield f"{path}.{word}[{i}]", one


def _lists(schema: Raw, type_: str, path: str) -> Iterator[FieldError]:
    """Lists that are sets or maps, and maps that are one."""
    if schema.get("x-kubernetes-preserve-unknown-fields") is False:
        yield invalid(f"{path}.x-kubernetes-preserve-unknown-fields", False, "must be true or undefined")
    for word, needed, values in (
        ("x-kubernetes-map-type", "object", ("atomic", "granular")),
        ("x-kubernetes-list-type", "array", ("atomic", "set", "map")),
    ):
        value = schema.get(word)
        if value is None:
            continue
        if type_ != needed:
            why = f"must be {needed} if {word} is specified"
            yield invalid(f"{path}.type", type_, why) if type_ else required(f"{path}.type", why)
        if value not in values:
            yield not_supported(f"{path}.{word}", value, values)
    keys = cast("Sequence[str]", schema.get("x-kubernetes-list-map-keys") or ())
    list_type = schema.get("x-kubernetes-list-type")
    if keys and list_type != "map":
        why = "must be map if x-kubernetes-list-map-keys is non-empty"
        at = f"{path}.x-kubernetes-list-type"
        yield required(at, why) if list_type is None else invalid(at, list_type, why)
    if list_type == "map":
        yield from _list_map(schema, keys, path)


def _list_map(schema: Raw, keys: Sequence[str], path: str) -> Iterator[FieldError]:
    if not keys:
        why = "must not be empty if x-kubernetes-list-type is map"
        yield required(f"{path}.x-kubernetes-list-map-keys", why)
    items = schema.get("items")
    if not isinstance(items, Mapping):
        yield required(f"{path}.items", "must have a schema if x-kubernetes-list-type is map")
        return
    item = cast("Raw", items)
    if item.get("type") != "object":
        why = "must be object if parent array's x-kubernetes-list-type is map"
        yield invalid(f"{path}.items.type", item.get("type") or "", why)
        return
    known = dict(_schemas(item, "properties"))
    needed = cast("Sequence[str]", item.get("required") or ())
    for i, key in enumerate(keys):
        at = f"{path}.x-kubernetes-list-map-keys"
        if key not in known:
            yield invalid(at, list(keys), "entries must all be names of item properties")
            continue
        if known[key].get("type") in ("array", "object"):
            why = "must be a scalar type if parent array's x-kubernetes-list-type is map"
            yield invalid(f"{path}.items.properties[{key}].type", item.get("type"), why)
        if key in keys[:i]:
            yield invalid(at, list(keys), "must not contain duplicate entries")
        if key not in needed and known[key].get("default") is None:
            why = "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property"
            yield required(f"{path}.items.properties[{key}].default", why)
    if item.get("nullable") is True:
        yield forbidden(f"{path}.items.nullable", "cannot be nullable when x-kubernetes-list-type is map")


def _rule_texts(schema: Raw, path: str) -> Iterator[FieldError]:
    """Rules have expressions; these are compiled later."""
    for i, rule in enumerate(cast("Sequence[Raw]", schema.get(RULES) or ())):
        at = f"{path}.{RULES}[{i}]"
        text, message = str(rule.get("rule") or ""), str(rule.get("message") or "")
        if not text.strip():
            yield required(f"{at}.rule", "rule is not specified")
        elif message and not message.strip():
            yield invalid(f"{at}.message", message, "must be non-empty if specified")
        elif _breaks(message.strip()):
            yield invalid(f"{at}.message", message, "must not contain line breaks")
        elif _breaks(text.strip()) and not message.strip():
            yield required(f"{at}.message", "message must be specified if rule contains line breaks")
        expression = str(rule.get("messageExpression") or "")
        if expression and not expression.strip():
            yield required(f"{at}.messageExpression", "messageExpression must be non-empty if specified")
        reason = rule.get("reason")
        if reason is not None and reason not in REASONS:
            yield not_supported(f"{at}.reason", reason, REASONS)
        field = str(rule.get("fieldPath") or "")
        if field and not _leads_somewhere(field, Structural(schema)):
            yield invalid(f"{at}.fieldPath", field, "must be a valid path")


def _breaks(text: str) -> bool:
    return "\n" in text or "\r" in text


_STEP = re.compile(r"\.([^.\[\]]+)|\['([^']+)'\]")


def _leads_somewhere(path: str, schema: Structural) -> bool:
    """Whether a path is a field of the schema.

    >>> _leads_somewhere(".a", Structural({"type": "object", "properties": {"a": {}}}))
    True
    """
    return place_of(path, schema) is not None


def place_of(path: str, schema: Structural) -> Structural | None:
    """The schema at a path; None if there is none."""
    place: Structural | None = schema
    end = 0
    while end < len(path) and place is not None:
        step = _STEP.match(path, end)
        if step is None:
            return None
        place, end = place.child(step[1] or step[2]), step.end()
    return place if path else None


def _schemas(schema: Raw, word: str) -> Iterator[tuple[str, Raw]]:
    found = schema.get(word)
    if isinstance(found, Mapping):
        yield from cast("Mapping[str, Raw]", found).items()
