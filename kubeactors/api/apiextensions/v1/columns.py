"""Tables of custom objects: the name, and the columns of the definition.

Source: apiextensions-apiserver/pkg/registry/customresource/tableconvertor/tableconvertor.go (v1.36).
"""

import msgspec

from kubeactors.api.apiextensions.v1.customresourcedefinition import (
    CustomResourceColumnDefinition,
    CustomResourceDefinitionVersion,
)
from kubeactors.api.printers.table import NAME, Cells, Column, Printer, since
from kubeactors.apimachinery.jsonpath import JsonPathError, find
from kubeactors.apimachinery.time import canonical_time
from kubeactors.apimachinery.unstructured import Unstructured

_AGE = CustomResourceColumnDefinition(
    name="Age", type="date", description="When the object was created.", json_path=".metadata.creationTimestamp"
)


def printer_of(version: CustomResourceDefinitionVersion) -> Printer[Unstructured]:
    """The printer of a version; without columns of its own it has the age."""
    columns = version.additional_printer_columns or (_AGE,)

    def cells(obj: Unstructured, now_ns: int) -> Cells:
        content = obj.content
        return obj.metadata.name, *(_cell(_first(content, one.json_path), one.type, now_ns) for one in columns)

    return Printer(columns=(NAME, *map(_column, columns)), cells=cells)


def _column(column: CustomResourceColumnDefinition) -> Column:
    description = column.description or f"Custom resource definition column (in JSONPath format): {column.json_path}"
    return Column(
        name=column.name,
        type=column.type,
        format=column.format,
        description=description,
        priority=column.priority,
    )


def _first(content: object, path: str) -> object:
    """The first value at a path; None if there is none, or the path is malformed."""
    try:
        return next(iter(find(content, path)), None)
    except JsonPathError:
        return None


def _cell(value: object, type_: str, now_ns: int) -> str | int | float | None:
    """A value as its column shows it; None if it has another type.

    >>> _cell(3, "integer", 0), _cell({"a": 1}, "string", 0), _cell("x", "integer", 0)
    (3, '{"a":1}', None)
    """
    if value is None:
        return None
    if type_ == "string":
        return _plain(value)
    if type_ == "date":
        return _since(value, now_ns)
    if type_ == "boolean":
        return value if isinstance(value, bool) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if type_ == "integer" else value


def _plain(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    return msgspec.json.encode(value).decode()


def _since(value: object, now_ns: int) -> str | None:
    if not isinstance(value, str):
        return None
    try:
        return since(canonical_time(value), now_ns)
    except ValueError:
        return "<invalid>"
