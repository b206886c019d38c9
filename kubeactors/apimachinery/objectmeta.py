"""Validation of object metadata.

Source: apimachinery/pkg/api/validation/objectmeta.go, pkg/apis/meta/v1/validation/validation.go (v1.36).
"""

from collections.abc import Iterator, Mapping, Sequence

from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import (
    FieldError,
    forbidden,
    invalid,
    not_supported,
    required,
    shown,
    too_long,
)
from kubeactors.apimachinery.labels import validate_labels
from kubeactors.apimachinery.meta import ManagedFieldsEntry, ObjectMeta, OwnerReference

IMMUTABLE = "field is immutable"
NEGATIVE = "must be greater than or equal to 0"

MAX_ANNOTATIONS_BYTES = 256 * 1024
MAX_FIELD_MANAGER_BYTES = 128
MAX_SUBRESOURCE_BYTES = 256

ORPHAN_DEPENDENTS, FOREGROUND_DELETION = "orphan", "foregroundDeletion"


def validate_object_meta(
    meta: ObjectMeta, *, namespaced: bool, name_rule: names.NameValidator, path: str = "metadata"
) -> Iterator[FieldError]:
    """Validate the metadata of a new object, after its name was generated."""
    if meta.generate_name:
        for message in name_rule(meta.generate_name, True):
            yield invalid(f"{path}.generateName", meta.generate_name, message)
    if not meta.name:
        yield required(f"{path}.name", "name or generateName is required")
    else:
        for message in name_rule(meta.name, False):
            yield invalid(f"{path}.name", meta.name, message)
    yield from _validate_namespace(meta.namespace, namespaced, f"{path}.namespace")
    yield from validate_nonnegative(meta.generation, f"{path}.generation")
    yield from _validate_common(meta, path)
    yield from validate_finalizers(meta.finalizers, f"{path}.finalizers")
    yield from validate_managed_fields(meta.managed_fields, f"{path}.managedFields")


def validate_object_meta_update(new: ObjectMeta, old: ObjectMeta, path: str = "metadata") -> Iterator[FieldError]:
    """Validate the metadata of an update."""
    if old.deletion_timestamp is not None:
        yield from validate_no_new_finalizers(new.finalizers, old.finalizers, f"{path}.finalizers")
    if not new.resource_version:
        yield invalid(f"{path}.resourceVersion", new.resource_version, "must be specified for an update")
    yield from validate_nonnegative(new.generation, f"{path}.generation")
    if new.generation < old.generation:
        yield invalid(f"{path}.generation", new.generation, "must not be decremented")
    yield from validate_immutable(new.name, old.name, f"{path}.name")
    yield from validate_immutable(new.namespace, old.namespace, f"{path}.namespace")
    yield from validate_immutable(new.uid, old.uid, f"{path}.uid")
    yield from validate_immutable(new.creation_timestamp, old.creation_timestamp, f"{path}.creationTimestamp")
    yield from validate_immutable(new.deletion_timestamp, old.deletion_timestamp, f"{path}.deletionTimestamp")
    grace = (new.deletion_grace_period_seconds, old.deletion_grace_period_seconds)
    yield from validate_immutable(*grace, f"{path}.deletionGracePeriodSeconds")
    yield from _validate_common(new, path)
    yield from validate_managed_fields(new.managed_fields, f"{path}.managedFields")


def validate_immutable(new: object, old: object, path: str) -> Iterator[FieldError]:
    """The value must not change.

    >>> [str(one) for one in validate_immutable("b", "a", "metadata.name")]
    ['metadata.name: Invalid value: "b": field is immutable']
    """
    if new != old:
        yield invalid(path, new, IMMUTABLE)


def validate_nonnegative(value: int, path: str) -> Iterator[FieldError]:
    """The value must not be negative."""
    if value < 0:
        yield invalid(path, value, NEGATIVE)


def validate_annotations(annotations: Mapping[str, str], path: str) -> Iterator[FieldError]:
    """Keys are qualified names in any case; the total size is at most 256 KiB."""
    for key in annotations:
        for message in names.qualified_name(key.lower()):
            yield invalid(path, key, message)
    size = sum(names.byte_length(key) + names.byte_length(value) for key, value in annotations.items())
    if size > MAX_ANNOTATIONS_BYTES:
        yield too_long(path, MAX_ANNOTATIONS_BYTES)


def validate_owner_references(owners: Sequence[OwnerReference], path: str) -> Iterator[FieldError]:
    """Each identifies an object; at most one is the controller."""
    controller = ""
    for owner in owners:
        yield from _validate_owner(owner, path)
        if not owner.controller:
            continue
        this = f"{owner.kind}/{owner.name}"
        if controller:
            found = f'Found "true" in references for {controller} and {this}'
            yield invalid(path, list(owners), f"Only one reference can have Controller set to true. {found}")
        controller = controller or this


def validate_finalizers(finalizers: Sequence[str], path: str) -> Iterator[FieldError]:
    """Each is a qualified name; `orphan` and `foregroundDeletion` exclude each other."""
    for finalizer in finalizers:
        for message in names.qualified_name(finalizer):
            yield invalid(path, finalizer, message)
    if ORPHAN_DEPENDENTS in finalizers and FOREGROUND_DELETION in finalizers:
        both = f"finalizer {ORPHAN_DEPENDENTS} and {FOREGROUND_DELETION} cannot be both set"
        yield invalid(path, list(finalizers), both)


def validate_no_new_finalizers(new: Sequence[str], old: Sequence[str], path: str) -> Iterator[FieldError]:
    """An object marked for deletion gets no further finalizers."""
    extra = sorted(dict.fromkeys(one for one in new if one not in old))
    if extra:
        listed = ", ".join(shown(one) for one in extra)
        rule = "no new finalizers can be added if the object is being deleted"
        yield forbidden(path, f"{rule}, found new finalizers []string{{{listed}}}")


def validate_field_manager(manager: str, path: str) -> Iterator[FieldError]:
    """A manager's name is short and printable."""
    if names.byte_length(manager) > MAX_FIELD_MANAGER_BYTES:
        yield too_long(path, MAX_FIELD_MANAGER_BYTES)
    for index, char in enumerate(manager):
        if not char.isprintable():
            at = len(manager[:index].encode())
            yield invalid(path, manager, f"invalid character U+{ord(char):04X} (at position {at})")


def validate_managed_fields(entries: Sequence[ManagedFieldsEntry], path: str) -> Iterator[FieldError]:
    """The entries are well-formed."""
    for index, entry in enumerate(entries):
        at = f"{path}[{index}]"
        if not entry.operation:
            yield required(f"{at}.operation", "must not be empty")
        elif entry.operation not in ("Apply", "Update"):
            yield not_supported(f"{at}.operation", entry.operation, ("Apply", "Update"))
        if entry.fields_type not in ("", "FieldsV1"):
            yield invalid(f"{at}.fieldsType", entry.fields_type, "must be `FieldsV1`")
        yield from validate_field_manager(entry.manager, f"{at}.manager")
        if names.byte_length(entry.subresource) > MAX_SUBRESOURCE_BYTES:
            yield too_long(f"{at}.subresource", MAX_SUBRESOURCE_BYTES)


def _validate_namespace(namespace: str, namespaced: bool, path: str) -> Iterator[FieldError]:  # noqa: FBT001 -- private
    if not namespaced:
        if namespace:
            yield forbidden(path, "not allowed on this type")
    elif not namespace:
        yield required(path)
    else:
        for message in names.dns1123_label(namespace):
            yield invalid(path, namespace, message)


def _validate_common(meta: ObjectMeta, path: str) -> Iterator[FieldError]:
    yield from validate_labels(meta.labels, f"{path}.labels")
    yield from validate_annotations(meta.annotations, f"{path}.annotations")
    yield from validate_owner_references(meta.owner_references, f"{path}.ownerReferences")


def _validate_owner(owner: OwnerReference, path: str) -> Iterator[FieldError]:
    group, slash, version = owner.api_version.rpartition("/")
    if not version or "/" in group:
        yield invalid(f"{path}.apiVersion", owner.api_version, "version must not be empty")
    for name, value in (("kind", owner.kind), ("name", owner.name), ("uid", owner.uid)):
        if not value:
            yield invalid(f"{path}.{name}", value, "must not be empty")
    if (group, slash, version, owner.kind) == ("", "", "v1", "Event"):
        yield invalid(path, owner, "/v1, Kind=Event is disallowed from being an owner")
