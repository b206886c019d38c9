"""Validation of values by JSON Schema, with Kubernetes' messages.

A library validates; its errors are translated to Kubernetes'. Of several errors about one value, those are dropped that
Kubernetes does not look for after another.

Source: kube-openapi/pkg/validation/{validate,errors,strfmt}, apiextensions-apiserver/pkg/apiserver/validation (v1.36).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Protocol, cast

import msgspec

from kubeactors.apimachinery.field import (
    TYPE_INVALID,
    FieldError,
    invalid,
    not_supported,
    required,
    shown,
    too_long,
    too_many,
)
from kubeactors.apimachinery.regexp import compiled
from kubeactors.apimachinery.structural.all_of import unfulfilled
from kubeactors.apimachinery.structural.formats import FORMATS, range_check
from kubeactors.apimachinery.structural.node import Raw

NIL = "<nil>"
"""The path of errors to which Kubernetes gives none."""


class _Kind(Protocol):
    @property
    def name(self) -> str: ...


class _Found(Protocol):
    """An error of the library."""

    @property
    def kind(self) -> _Kind: ...
    @property
    def instance(self) -> object: ...
    @property
    def instance_path(self) -> Sequence[str | int]: ...
    @property
    def schema_path(self) -> Sequence[str | int]: ...


class _Library(Protocol):
    def iter_errors(self, instance: object) -> Iterable[_Found]: ...


class _GoPattern:
    """The keyword `pattern` with Go's syntax instead of JavaScript's."""

    def __init__(self, parent_schema: dict[str, object], value: object, schema_path: list[str | int]) -> None:
        self._pattern = str(value)
        self._looked_for = compiled(self._pattern)

    def validate(self, instance: object) -> None:
        if isinstance(instance, str) and self._looked_for.search(instance) is None:
            raise ValueError(self._pattern)


class _NumberRange:
    """A keyword for the ranges of numbers, which JSON Schema does not limit."""

    def __init__(self, parent_schema: dict[str, object], value: object, schema_path: list[str | int]) -> None:
        self._check = range_check({**parent_schema, "type": value})

    def validate(self, instance: object) -> None:
        if self._check is not None and (found := self._check.problems(instance)):
            raise ValueError("\n".join(found))


_GO_PATTERN, _NUMBER_RANGE = "x-go-pattern", "x-number-range"


class ValueValidator:
    """Validates values against a schema. The library is imported with the first validator."""

    def __init__(self, schema: Raw) -> None:
        import jsonschema_rs  # noqa: PLC0415 -- only clusters with custom kinds need it

        self._schema = draft4(schema)
        made = jsonschema_rs.Draft4Validator(
            self._schema,
            formats=FORMATS,
            validate_formats=True,
            ignore_unknown_formats=True,
            keywords={_GO_PATTERN: _GoPattern, _NUMBER_RANGE: _NumberRange},
        )
        self._validator = cast("_Library", made)

    def errors(self, value: object, path: str = "", old: object = None) -> Iterator[FieldError]:
        """The errors of a value at a path. Errors of parts that equal `old` are dropped: they were accepted before.

        Errors name their fields from below `path` on, as in Kubernetes.
        """
        new: list[_Found] = []
        for found in _relevant(self._validator.iter_errors(value)):
            if old is None or _at(old, found.instance_path) != found.instance:
                new.append(found)
                yield from _told(found, path, _below(found.instance_path))
        for one in unfulfilled(((found.instance_path, found.schema_path) for found in new), self._schema):
            none = "" if one.partly else ". None validated"
            yield invalid(NIL, "", f'"{_below(one.value)}" must validate all the schemas (allOf){none}')


def draft4(schema: Raw) -> dict[str, object]:
    """A schema with Kubernetes' keywords translated to JSON Schema.

    >>> draft4({"type": "string", "nullable": True}), draft4({"x-kubernetes-int-or-string": True})
    ({'type': ['string', 'null']}, {'type': ['integer', 'string']})
    """
    made = {_AS.get(key, key): value for key, value in schema.items() if key in _KEYWORDS}
    made.update(_types(schema))
    if range_check(schema) is not None:
        made[_NUMBER_RANGE] = schema["type"]  # by itself: a nullable one has two in JSON Schema
    if schema.get("nullable") is True and "enum" in made:
        made["enum"] = [*cast("Sequence[object]", made["enum"]), None]
    for key in ("required", "enum", *_LISTS_OF_SCHEMAS):
        if not made.get(key):
            made.pop(key, None)  # these must not be empty in JSON Schema
    if "required" in made:
        made["required"] = [*dict.fromkeys(cast("Sequence[str]", made["required"]))]
    return {key: _within(key, value) for key, value in made.items()}


def _types(schema: Raw) -> dict[str, object]:
    types = ["integer", "string"] if schema.get("x-kubernetes-int-or-string") is True else [schema.get("type")]
    if schema.get("nullable") is True:
        types.append("null")
    return {} if None in types else {"type": types if len(types) > 1 else types[0]}


def _within(key: str, value: object) -> object:
    """The value of a keyword; schemas in it are translated, too."""
    if key in _LISTS_OF_SCHEMAS:
        return [draft4(one) for one in cast("Sequence[Raw]", value)]
    if key in _MAPS_OF_SCHEMAS and isinstance(value, Mapping):
        return {name: draft4(one) for name, one in cast("Mapping[str, Raw]", value).items()}
    if key in _SCHEMAS and isinstance(value, Mapping):
        return draft4(cast("Raw", value))
    return value


_AS = {"pattern": _GO_PATTERN}
_SCHEMAS = ("items", "additionalProperties", "not")
_MAPS_OF_SCHEMAS = ("properties", "patternProperties")
_LISTS_OF_SCHEMAS = ("allOf", "anyOf", "oneOf")
_KEYWORDS = frozenset(
    (
        "type", "format", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum", "maxLength", "minLength",
        "pattern", "maxItems", "minItems", "uniqueItems", "multipleOf", "enum", "maxProperties", "minProperties",
        "required", "items", "allOf", "oneOf", "anyOf", "not", "properties", "additionalProperties",
        "patternProperties",
    )
)  # fmt: skip

_ONE_OF_STRING = ("maxLength", "minLength", _GO_PATTERN)
"""Only the first of these is reported."""


def _relevant(found: Iterable[_Found]) -> Iterator[_Found]:
    """Per schema, a value of a wrong type has no error besides that and its range, and a string has one.

    A number without a fraction is an integer, however it is written.
    """
    by_schema: dict[tuple[tuple[str | int, ...], ...], list[_Found]] = {}
    for one in found:
        if not _is_whole(one):
            by_schema.setdefault((tuple(one.instance_path), tuple(one.schema_path[:-1])), []).append(one)
    for errors in by_schema.values():
        wrong_type = [one for one in errors if one.kind.name == "type"]
        of_text = [one for word in _ONE_OF_STRING for one in errors if one.kind.name == word]
        for one in errors:
            if wrong_type and one not in wrong_type and one.kind.name != _NUMBER_RANGE:
                continue
            if not wrong_type and one in of_text and one is not of_text[0]:
                continue
            yield one


def _is_whole(found: _Found) -> bool:
    """Whether the error is only that an integer was written as 2.0."""
    value = found.instance
    if found.kind.name != "type" or not isinstance(value, float) or not value.is_integer():
        return False
    return "integer" in cast("Sequence[str]", _of(found.kind, "types"))


def _told(found: _Found, path: str, name: str) -> Iterator[FieldError]:
    """An error of the library with Kubernetes' message."""
    kind, value = found.kind, found.instance
    word = kind.name
    at = _joined(path, name)
    if word == "required":
        yield required(_joined(path, _joined(name, str(_of(kind, "property")))))
    elif word == "type":
        wanted = [one for one in cast("Sequence[str]", _of(kind, "types")) if one != "null"]
        got = _type_name(value)
        said = f"{name} in body must be of type {','.join(wanted)}: {shown(got)}"
        yield FieldError(at, TYPE_INVALID, f"Invalid value: {shown(got)}: {said}")
    elif word == _NUMBER_RANGE:
        yield from (invalid(NIL, "", f"{one} in {name}") for one in str(_of(kind, "message")).split("\n"))
    elif word == "enum":
        options = [one for one in cast("Sequence[object]", _of(kind, "options")) if one is not None]
        yield not_supported(at, value, [one if isinstance(one, str) else _json(one) for one in options])
    elif word == "maxLength":
        yield too_long(at, cast("int", _of(kind, "limit")))
    elif word in ("maxItems", "maxProperties"):
        yield too_many(at, len(cast("Sequence[object]", value)), cast("int", _of(kind, "limit")))
    elif word == "format":
        said = f"{name} in body must be of type {_of(kind, 'format')}: {shown(value)}"
        yield FieldError(at, TYPE_INVALID, f"Invalid value: {shown(value)}: {said}")
    elif word in _COMPOSED:
        branches = cast("Sequence[Sequence[_Found]]", getattr(kind, "context", None) or ())
        yield invalid(NIL, "", f'"{name}" {_COMPOSED[word]}{_holding(branches) if word == "oneOf" else ""}')
        yield from _best(branches, path)
    elif word in _WORDS:
        yield invalid(at, value, f"{name} in body {_WORDS[word](kind)}")
    else:
        yield invalid(at, value, f"{name} in body is not valid ({word})")


def _holding(branches: Sequence[Sequence[_Found]]) -> str:
    """How many branches hold, in words."""
    count = sum(not errors for errors in branches)
    return f"Found {count} valid alternatives" if count else "Found none valid"


def _best(branches: Sequence[Sequence[_Found]], path: str) -> Iterator[FieldError]:
    """The errors of the branch that the value matches best: the one with the fewest errors.

    Branches after one that holds are ignored.
    """
    before = takewhile(bool, branches)
    for one in min(before, key=len, default=()):
        yield from _told(one, path, _below(one.instance_path))


_COMPOSED = {
    "oneOf": "must validate one and only one schema (oneOf). ",
    "anyOf": "must validate at least one schema (anyOf)",
    "not": "must not validate the schema (not)",
}

_WORDS: dict[str, Callable[[_Kind], str]] = {
    "minLength": lambda kind: f"should be at least {_of(kind, 'limit')} chars long",
    _GO_PATTERN: lambda kind: f"should match '{_of(kind, 'message')}'",
    "maximum": lambda kind: f"should be less than or equal to {_of(kind, 'limit')}",
    "exclusiveMaximum": lambda kind: f"should be less than {_of(kind, 'limit')}",
    "minimum": lambda kind: f"should be greater than or equal to {_of(kind, 'limit')}",
    "exclusiveMinimum": lambda kind: f"should be greater than {_of(kind, 'limit')}",
    "multipleOf": lambda kind: f"should be a multiple of {_number(_of(kind, 'multiple_of'))}",
    "minItems": lambda kind: f"should have at least {_of(kind, 'limit')} items",
    "minProperties": lambda kind: f"should have at least {_of(kind, 'limit')} properties",
    "uniqueItems": lambda _: "shouldn't contain duplicates",
}


def _of(kind: _Kind, name: str) -> object:
    return cast("object", getattr(kind, name))


def _number(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _type_name(value: object) -> str:
    """JSON Schema's type of a value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    names: tuple[tuple[type, str], ...] = (
        (str, "string"),
        (int, "integer"),
        (float, "number"),
        (list, "array"),
    )
    return next((name for type_, name in names if isinstance(value, type_)), "object")


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path and name and not name.startswith("[") else path + name


def _below(path: Sequence[str | int]) -> str:
    """A path in a message.

    >>> _below(["spec", "parts", 0, "id"])
    'spec.parts[0].id'
    """
    written = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return written.removeprefix(".")


def _at(value: object, path: Sequence[str | int]) -> object:
    for step in path:
        if isinstance(step, int):
            items = cast("list[object]", value) if isinstance(value, list) else []
            value = items[step] if step < len(items) else _NOWHERE
        else:
            value = cast("Mapping[str, object]", value).get(step, _NOWHERE) if isinstance(value, Mapping) else _NOWHERE
    return value


_NOWHERE = object()
