"""The kinds of a definition: one per served version.

Source: apiextensions-apiserver/pkg/apiserver/customresource_handler.go, pkg/registry/customresource (v1.36).
"""

from collections.abc import Iterator, Mapping
from typing import cast

from kubeactors.api.apiextensions.v1.columns import printer_of
from kubeactors.api.apiextensions.v1.customresourcedefinition import (
    NAMESPACED,
    CustomResourceDefinition,
    CustomResourceDefinitionVersion,
    CustomResourceSubresourceScale,
    schema_of_version,
    storage_version,
)
from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import (
    NOT_SUPPORTED,
    REQUIRED,
    TOO_LONG,
    TOO_MANY,
    TYPE_INVALID,
    FieldError,
    invalid,
    required,
)
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.objectmeta import validate_object_meta
from kubeactors.apimachinery.requests import GroupVersionResource
from kubeactors.apimachinery.scheme import Kind
from kubeactors.apimachinery.serializer import DecodeError
from kubeactors.apimachinery.structural import (
    Rules,
    Structural,
    ValueValidator,
    at_path,
    defaulted,
    ownership_of,
    pruned,
    validate_lists,
)
from kubeactors.apimachinery.structural.values import NIL
from kubeactors.apimachinery.unstructured import Unstructured, from_plain, type_of_kind

_BLOCKING = frozenset({NOT_SUPPORTED, REQUIRED, TOO_LONG, TOO_MANY, TYPE_INVALID})
"""Errors after which rules are not evaluated."""
_NOT_CHECKED = (
    "some validation rules were not checked because the object was invalid; correct the existing errors to complete "
    "validation"
)
_STATUS = "status"
_GO_TYPES: Mapping[type, str] = {float: "float64", str: "string", bool: "bool"}


class CustomKind:
    """The rules of a version's objects. Created once per definition; the validator on first use."""

    def __init__(self, version: CustomResourceDefinitionVersion) -> None:
        raw = schema_of_version(version) or {}
        self._schema = Structural(raw)
        self._paths = tuple(one.json_path for one in version.selectable_fields)
        parts = version.subresources
        self._scale = None if parts is None else parts.scale
        self._rules = Rules(self._schema)
        self._values: ValueValidator | None = None
        self._status: ValueValidator | None = None

    @property
    def schema(self) -> Structural:
        """The schema."""
        return self._schema

    def default(self, value: Unstructured) -> Unstructured:
        """Pruned and defaulted."""
        fields, _ = pruned(value.fields, self._schema)
        return value.with_fields(defaulted(fields, self._schema))

    def unknown_fields(self, value: Unstructured) -> tuple[str, ...]:
        """The fields that are not in the schema."""
        return tuple(f'unknown field "{path}"' for path in pruned(value.fields, self._schema)[1])

    def validate(self, value: Unstructured) -> Iterator[FieldError]:
        """Values match the schema, and rules hold."""
        return self._judged(value, None, [*self._validator.errors(_whole(value))])

    def validate_update(self, new: Unstructured, old: Unstructured) -> Iterator[FieldError]:
        """The same, except for unchanged values."""
        return self._judged(new, old, [*self._validator.errors(_whole(new), "", _whole(old))])

    def validate_status_update(self, new: Unstructured, old: Unstructured) -> Iterator[FieldError]:
        """The status matches the schema."""
        if self._status is None:
            status = self._schema.properties.get(_STATUS)
            self._status = ValueValidator({} if status is None else status.raw)
        errors = [*self._status.errors(new.fields.get(_STATUS, {}), _STATUS, old.fields.get(_STATUS))]
        return self._judged(new, old, errors)

    def fields(self, value: Unstructured) -> dict[str, str]:
        """The fields that field selectors support."""
        return {path.removeprefix("."): _text(at_path(value.fields, path)) for path in self._paths}

    @property
    def _validator(self) -> ValueValidator:
        if self._values is None:
            self._values = ValueValidator(self._schema.raw)
        return self._values

    def _judged(self, new: Unstructured, old: Unstructured | None, errors: list[FieldError]) -> Iterator[FieldError]:
        errors += _of_scale(new, self._scale)
        errors += _embedded(new.fields, self._schema, "")
        errors += validate_lists(new.fields, self._schema)
        yield from errors
        if not self._rules.any:
            return
        if any(error.reason in _BLOCKING for error in errors):
            yield invalid(NIL, None, _NOT_CHECKED)
        else:
            yield from self._rules.errors(_whole(new), None if old is None else _whole(old))


def kinds_of(crd: CustomResourceDefinition) -> tuple[Kind[TypedObject], ...]:
    """The kinds of all versions that are served, and of the one that is stored."""
    stored = storage_version(crd)
    wanted = [one for one in crd.spec.versions or () if one.served or one.name == stored]
    return tuple(_kind(crd, one, stored) for one in wanted)


def _kind(crd: CustomResourceDefinition, version: CustomResourceDefinitionVersion, stored: str) -> Kind[TypedObject]:
    spec, accepted = crd.spec, crd.status.accepted_names
    group, name, rules = spec.group, version.name, CustomKind(version)
    type_ = type_of_kind(f"{group}/{name}", accepted.kind)
    kept = type_of_kind(f"{group}/{stored}", accepted.kind)
    parts = version.subresources
    found = (("scale", parts is not None and parts.scale), (_STATUS, parts is not None and parts.status))
    made = Kind(
        type=type_,
        group=group,
        version=name,
        kind=accepted.kind,
        list_kind=accepted.list_kind,
        resource=accepted.plural,
        singular=accepted.singular,
        short_names=accepted.short_names,
        categories=accepted.categories,
        namespaced=spec.scope == NAMESPACED,
        subresources=tuple(part for part, given in found if given is not None and given is not False),
        deprecation=_deprecation(crd, version),
        default=rules.default,
        validate=rules.validate,
        validate_update=rules.validate_update,
        validate_status_update=rules.validate_status_update,
        fields=rules.fields,
        unknown_fields=rules.unknown_fields,
        ownership=ownership_of(rules.schema),
        printer=printer_of(version),
        definition=rules.schema.raw,
        stored_as=None if name == stored else GroupVersionResource(group, stored, accepted.plural),
        to_stored=lambda value: _as(value, kept),
        from_stored=lambda value: _as(value, type_),
    )
    return cast("Kind[TypedObject]", made)


def scale_of(crd_kind: Kind[TypedObject]) -> CustomResourceSubresourceScale | None:
    """The replica paths of a custom kind."""
    bound = getattr(crd_kind.default, "__self__", None)
    return bound._scale if isinstance(bound, CustomKind) else None  # noqa: SLF001 - its own


def _as(value: TypedObject, type_: type[Unstructured]) -> Unstructured:
    """An object in another version: only its type changes."""
    found = cast("Unstructured", value)
    return found if isinstance(found, type_) else type_(metadata=found.metadata, fields=found.fields)


def _deprecation(crd: CustomResourceDefinition, version: CustomResourceDefinitionVersion) -> str:
    if not version.deprecated:
        return ""
    usual = f"{crd.spec.group}/{version.name} {crd.spec.names.kind} is deprecated"
    return usual if version.deprecation_warning is None else version.deprecation_warning


def _whole(value: Unstructured) -> dict[str, object]:
    return value.content


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)


def _of_scale(value: Unstructured, scale: CustomResourceSubresourceScale | None) -> Iterator[FieldError]:
    """Replica counts are integers and not negative."""
    if scale is None:
        return
    for path in (scale.spec_replicas_path, scale.status_replicas_path):
        found = at_path(value.fields, path)
        if found is None:
            continue
        if isinstance(found, bool) or not isinstance(found, int):
            go = _GO_TYPES.get(type(found), "map[string]interface {}")
            yield invalid(path, 0, f"{path} accessor error: {_text(found)} is of the type {go}, expected int64")
        elif found < 0:
            yield invalid(path, found, "should be a non-negative integer")
        elif found > (1 << 31) - 1:
            yield invalid(path, found, "should be less than or equal to 2147483647")


def _embedded(value: object, schema: Structural, path: str) -> Iterator[FieldError]:
    """Embedded objects have type and metadata."""
    if isinstance(value, list) and schema.items is not None:
        for i, one in enumerate(cast("list[object]", value)):
            yield from _embedded(one, schema.items, f"{path}[{i}]")
    if not isinstance(value, Mapping):
        return
    members = cast("Mapping[str, object]", value)
    if schema.embedded:
        yield from _type_and_metadata(members, path)
    for name, one in members.items():
        child = schema.child(name)
        if child is not None:
            yield from _embedded(one, child, f"{path}.{name}" if path else name)


def _type_and_metadata(members: Mapping[str, object], path: str) -> Iterator[FieldError]:
    for name in ("apiVersion", "kind"):
        if not members.get(name):
            yield required(f"{path}.{name}")
    try:
        found, _ = from_plain(members, type_of_kind("", "Embedded"))
    except DecodeError as error:
        yield invalid(f"{path}.metadata", members.get("metadata"), str(error))
        return
    metadata, at = found.metadata, f"{path}.metadata"
    rule = names.name_is_path_segment
    yield from validate_object_meta(metadata, namespaced=bool(metadata.namespace), name_rule=rule, path=at)
