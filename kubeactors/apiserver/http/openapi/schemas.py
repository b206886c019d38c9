"""Structs as OpenAPI definitions.

Definitions are named after the packages of Kubernetes: `io.k8s.api.core.v1.Pod`.
"""

import typing
from collections.abc import Iterable, Mapping
from typing import TypeAlias, cast

import msgspec

from kubeactors.apimachinery.meta import Object, ObjectMeta
from kubeactors.apimachinery.reader import LONG_FIELDS
from kubeactors.apimachinery.unstructured import Unstructured
from kubeactors.apiserver.http.openapi.descriptions import description_of_field, description_of_type
from kubeactors.apiserver.http.type_hints import arguments, is_union, origin, package_of, struct_of, unwrapped

Json: TypeAlias = dict[str, object]

_META = "io.k8s.apimachinery.pkg.apis.meta.v1"
_SPECIAL = {
    "v1.Time": f"{_META}.Time",
    "v1.MicroTime": f"{_META}.MicroTime",
    "resource.Quantity": "io.k8s.apimachinery.pkg.api.resource.Quantity",
    "FieldsV1": f"{_META}.FieldsV1",
}
"""Types of Kubernetes that are plain strings or maps here, by the name in their annotation."""

_INT_OR_STRING = "io.k8s.apimachinery.pkg.util.intstr.IntOrString"


class Schemas:
    """Definitions, generated on first reference. `version` is that of OpenAPI: 2 or 3."""

    def __init__(self, version: int) -> None:
        self._version = version
        self._prefix = "#/definitions/" if version == 2 else "#/components/schemas/"
        self._kinds: dict[str, list[Json]] = {}
        self.definitions: dict[str, Json] = {}
        self._custom: dict[str, Mapping[str, object]] = {}

    def add_custom(self, type_: type[Object], definition: Mapping[str, object]) -> None:
        """Set the schema of a custom kind, before the first reference to it."""
        self._custom[definition_name(type_)] = definition

    def add_kind(self, type_: type[Object], group: str, version: str, kind: str) -> None:
        """Register a Struct as a top-level kind, before the first reference to it."""
        kinds = self._kinds.setdefault(definition_name(type_), [])
        kinds.append({"group": group, "kind": kind, "version": version})

    def add_list(self, type_: type[Object], group: str, version: str, kind: str) -> str:
        """Add the definition of a kind's list; returns its name."""
        name = f"{definition_name(type_)}List"
        properties = {
            "apiVersion": _API_VERSION,
            "items": {"type": "array", "description": f"Items of kind {kind}.", "items": self.reference(type_)},
            "kind": _KIND,
            "metadata": self._described(self._refer(f"{_META}.ListMeta", _LIST_META), "Metadata of the list."),
        }
        self.definitions[name] = {
            "description": f"{kind}List is a list of {kind} objects.",
            "type": "object",
            "required": ["items"],
            "properties": properties,
            "x-kubernetes-group-version-kind": [{"group": group, "kind": f"{kind}List", "version": version}],
        }
        return name

    def reference(self, type_: type[Object]) -> Json:
        """A reference to the definition of a Struct, which is generated if necessary."""
        name = definition_name(type_)
        if name not in self.definitions:
            self.definitions[name] = {}  # a Struct may be recursive
            custom = self._custom.get(name)
            self.definitions[name] = self._define(name, type_) if custom is None else self._extended(name, custom)
        return self.to(name)

    def to(self, name: str) -> Json:
        """A reference to a definition by name."""
        return {"$ref": self._prefix + name}

    def _extended(self, name: str, schema: Mapping[str, object]) -> Json:
        """The schema of a custom kind, with apiVersion, kind and metadata."""
        metadata = self._described(self.reference(ObjectMeta), "What every object has.")
        properties = cast("Json", schema.get("properties") or {})
        own: Json = {"apiVersion": _API_VERSION, "kind": _KIND, "metadata": metadata}
        return {**schema, "properties": properties | own, "x-kubernetes-group-version-kind": self._kinds[name]}

    def _define(self, name: str, type_: type[Object]) -> Json:
        hints = typing.get_type_hints(type_, include_extras=True)
        fields = sorted(msgspec.structs.fields(type_), key=lambda field: field.encode_name)
        definition: Json = {"description": description_of_type(type_), "type": "object"}
        if required := [field.encode_name for field in fields if _is_required(field, hints[field.name])]:
            definition["required"] = required
        definition["properties"] = {
            field.encode_name: self._property(type_, field.encode_name, hints[field.name]) for field in fields
        }
        if name in self._kinds:
            properties = cast("Json", definition["properties"])
            properties["apiVersion"], properties["kind"] = _API_VERSION, _KIND
            definition["x-kubernetes-group-version-kind"] = self._kinds[name]
        return definition

    def _property(self, type_: type[Object], name: str, hint: object) -> Json:
        hint, extras = unwrapped(hint)
        description = description_of_field(type_, name, _struct_in(hint))
        return self._described(self._schema(name, hint, extras), description) | _extensions(extras)

    def _schema(self, name: str, hint: object, extras: Mapping[str, object]) -> Json:
        if (special := _SPECIAL.get(str(extras.get("go", "")))) is not None:
            return self._refer(special, self._special(special))
        if is_union(hint):
            return self._refer(_INT_OR_STRING, self._int_or_string())
        within = arguments(hint)
        if origin(hint) is tuple:
            return {"type": "array", "items": self._nested(name, within[0])}
        if origin(hint) is dict:
            return {"type": "object", "additionalProperties": self._nested(name, within[1])}
        return self.reference(struct) if (struct := struct_of(hint)) else _scalar(name, hint)

    def _nested(self, name: str, hint: object) -> Json:
        """The schema of the items of a list or the values of a map."""
        hint, extras = unwrapped(hint)
        return self._schema(name, hint, extras)

    def _refer(self, name: str, definition: Json) -> Json:
        self.definitions.setdefault(name, definition)
        return self.to(name)

    def _described(self, schema: Json, description: str) -> Json:
        """Add a description; in version 3 a reference can have no siblings, so it is wrapped."""
        if "$ref" in schema and self._version == 3:
            schema = {"allOf": [schema]}
        return {"description": description} | schema if description else schema

    def _special(self, name: str) -> Json:
        if name.endswith(".FieldsV1"):
            return {"description": "The fields that a manager owns, as a tree.", "type": "object"}
        if not name.endswith(".Quantity"):
            return {"description": "A moment in UTC, RFC 3339.", "type": "string", "format": "date-time"}
        text: Json = {"description": "A number with a unit: 100m, 1Gi."}
        both: Json = {"oneOf": [{"type": "string"}, {"type": "number"}]}
        return text | ({"type": "string"} if self._version == 2 else both)

    def _int_or_string(self) -> Json:
        text: Json = {"description": "A number, or a text such as a name or a percentage.", "format": "int-or-string"}
        both: Json = {"oneOf": [{"type": "integer"}, {"type": "string"}]}
        return text | ({"type": "string"} if self._version == 2 else both)


_API_VERSION: Json = {"description": "The group and version of the object's kind.", "type": "string"}
_KIND: Json = {"description": "The kind of the object.", "type": "string"}
_LIST_META: Json = {
    "description": "Metadata of a list.",
    "type": "object",
    "properties": {
        "continue": {"description": "Where to go on, if the list was cut.", "type": "string"},
        "remainingItemCount": {"description": "How many items follow.", "type": "integer", "format": "int64"},
        "resourceVersion": {"description": "The revision of the list.", "type": "string"},
        "selfLink": {"description": "No longer used.", "type": "string"},
    },
}


def definition_name(type_: type[Object]) -> str:
    """The name of a Struct's definition, as in Kubernetes.

    >>> from kubeactors.api.apps.v1 import Deployment
    >>> definition_name(Deployment)
    'io.k8s.api.apps.v1.Deployment'
    """
    if issubclass(type_, Unstructured):
        api_version = type_().api_version
        group, _, version = api_version.rpartition("/")
        return ".".join((*reversed(group.split(".")), version, type_.__name__))
    package = package_of(type_)
    return f"{_META}.{type_.__name__}" if package == "meta.v1" else f"io.k8s.api.{package}.{type_.__name__}"


def _is_required(field: msgspec.structs.FieldInfo, hint: object) -> bool:
    """Whether Kubernetes always encodes the field, and therefore requires it.

    Structs by value are always encoded as well, so nothing can be inferred for those. A plain map has a factory, too.
    """
    if field.default_factory in {msgspec.NODEFAULT, dict} or not callable(field.default_factory):
        return False
    return not isinstance(field.default_factory(), Object) and not _is_time(hint)


def _is_time(hint: object) -> bool:
    return unwrapped(hint)[1].get("format") == "date-time"


def _struct_in(hint: object) -> type[Object] | None:
    """The Struct of a field's value or items."""
    if origin(hint) is tuple:
        hint = unwrapped(arguments(hint)[0])[0]
    return struct_of(hint)


def _extensions(extras: Mapping[str, object]) -> Json:
    found: Json = {}
    if key := extras.get("patchMergeKey"):
        found |= {
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": [key],
            "x-kubernetes-patch-merge-key": key,
        }
    elif "patchMergeKey" in extras:
        found["x-kubernetes-list-type"] = "set"
    if strategy := extras.get("patchStrategy"):
        found["x-kubernetes-patch-strategy"] = strategy
    return found


def _scalar(name: str, hint: object) -> Json:
    if hint is int:
        return {"type": "integer", "format": "int64" if name in LONG_FIELDS else "int32"}
    if hint is bytes:
        return {"type": "string", "format": "byte"}
    names: Iterable[tuple[type, Json]] = (
        (str, {"type": "string"}),
        (bool, {"type": "boolean"}),
        (float, {"type": "number"}),
    )
    return next((schema for type_, schema in names if hint is type_), {"type": "object"})
