"""Validation of a whole object: its metadata, by rules common to all kinds, and the rest, by its strategy.

Unchanged metadata is not validated again, nor is the rest if only managed fields have changed.
Some errors in metadata are found by two rules of Kubernetes, and reported twice.

Source: apiserver/pkg/registry/rest/create.go, update.go (v1.36).
"""

from collections.abc import Iterator

from msgspec.structs import replace

from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import FieldError
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.objectmeta import (
    validate_managed_fields,
    validate_object_meta,
    validate_object_meta_update,
)
from kubeactors.apimachinery.scheme import Kind
from kubeactors.apimachinery.status import invalid
from kubeactors.apiserver.registry.strategy import Strategy


def check_create(strategy: Strategy[TypedObject], new: TypedObject, shown: Kind[TypedObject]) -> None:
    """Validate a new object; `shown` is the version in which the client sent it.

    Raises:
        Invalid: it is not valid.
    """
    kind = strategy.kind
    errors = [*validate_object_meta(new.metadata, namespaced=kind.namespaced, name_rule=kind.name_rule)]
    own = shown.stored_as is None or shown.has_webhook_conversion  # else it was validated before its conversion
    errors += strategy.validate(new) if own else shown.validate(shown.from_stored(new))
    _refuse(shown, new, errors)


def check_update(
    strategy: Strategy[TypedObject], new: TypedObject, old: TypedObject, subresource: str, shown: Kind[TypedObject]
) -> None:
    """Validate a change of an object or a part of it; `shown` is the version in which the client sent it.

    Raises:
        Invalid: it is not valid.
    """
    errors = [] if new.metadata is old.metadata else [*_metadata_errors(strategy, new, old)]
    if shown.stored_as is None or shown.has_webhook_conversion or subresource:
        errors += strategy.check(new, old, subresource)
    else:
        errors += shown.validate_update(shown.from_stored(new), shown.from_stored(old))
    _refuse(shown, new, errors)


def _metadata_errors(strategy: Strategy[TypedObject], new: TypedObject, old: TypedObject) -> Iterator[FieldError]:
    kind, metadata = strategy.kind, new.metadata
    if replace(metadata, managed_fields=old.metadata.managed_fields) == old.metadata:
        errors = [*validate_managed_fields(metadata.managed_fields, "metadata.managedFields")]
        yield from errors * (4 if strategy.repeats_metadata else 3)
        return
    yield from validate_object_meta(metadata, namespaced=kind.namespaced, name_rule=names.name_is_path_segment)
    for _ in range(2):
        yield from validate_object_meta_update(metadata, old.metadata)
    if strategy.repeats_metadata:
        yield from validate_object_meta(metadata, namespaced=kind.namespaced, name_rule=kind.name_rule)


def _refuse(kind: Kind[TypedObject], value: TypedObject, errors: list[FieldError]) -> None:
    if errors:
        raise invalid(kind.kind, kind.group, value.metadata.name, errors)
