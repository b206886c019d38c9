"""Warnings about definitions.

Source: apiextensions-apiserver/pkg/registry/customresourcedefinition/strategy.go,
apiextensions-apiserver/pkg/apiserver/validation/formats.go (v1.36).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import cast

from kubeactors.api.apiextensions.v1.customresourcedefinition import CustomResourceDefinition
from kubeactors.apimachinery.structural.node import Raw

_OF_TEXT = frozenset(
    (
        "bsonobjectid", "uri", "email", "hostname", "ipv4", "ipv6", "cidr", "mac", "uuid", "uuid3", "uuid4", "uuid5",
        "isbn", "isbn10", "isbn13", "creditcard", "ssn", "hexcolor", "rgbcolor", "byte", "password", "date", "duration",
        "datetime", "quantity", "k8sshortname", "k8slongname",
    )
)  # fmt: skip
"""Formats of text, without the hyphens, which do not count."""
_OF_NUMBERS = {"integer": ("int32", "int64"), "number": ("float", "double")}


def warn_of_definition(new: CustomResourceDefinition, old: CustomResourceDefinition | None) -> Iterator[str]:
    """Unknown formats, each once, and only if they are new."""
    known = dict.fromkeys(_unknown_formats(old)) if old is not None else {}
    for name in dict.fromkeys(_unknown_formats(new)):
        if name not in known:
            yield f'unrecognized format "{name}"'


def _unknown_formats(definition: CustomResourceDefinition) -> Iterator[str]:
    for version in definition.spec.versions or ():
        if version.schema is not None and version.schema.open_api_v3_schema is not None:
            yield from _within(version.schema.open_api_v3_schema)


def _within(schema: Raw) -> Iterator[str]:
    name, kind = schema.get("format"), schema.get("type")
    if isinstance(name, str) and name and not _is_known(name, kind or "string"):
        yield name
    for word, value in schema.items():
        if word in {"items", "not", "additionalProperties"}:
            yield from _of_schemas((value,))
        elif word in {"allOf", "anyOf", "oneOf"}:
            yield from _of_schemas(cast("Sequence[object]", value))
        elif word in {"properties", "patternProperties", "definitions"}:
            yield from _of_schemas(cast("Mapping[str, object]", value).values())


def _of_schemas(values: Iterable[object]) -> Iterator[str]:
    """Of those that are schemas rather than booleans."""
    for value in values:
        if isinstance(value, Mapping):
            yield from _within(cast("Raw", value))


def _is_known(name: str, kind: object) -> bool:
    if kind == "string":
        return name.replace("-", "") in _OF_TEXT
    return name in _OF_NUMBERS.get(str(kind), ())
