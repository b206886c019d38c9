"""StorageClass: how volumes are provisioned for claims.

Source: api/storage/v1/types.go, pkg/apis/storage/v1/defaults.go, pkg/apis/storage/validation/validation.go (v1.36).
"""

from collections.abc import Iterator

from msgspec.structs import replace

from kubeactors.api.core.v1.node_labels import OLD_LABELS
from kubeactors.api.core.v1.topology import TopologySelectorTerm
from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import FieldError, duplicate, invalid, not_supported, required, too_long
from kubeactors.apimachinery.meta import TypedObject, always
from kubeactors.apimachinery.objectmeta import validate_immutable

IMMEDIATE, WAIT_FOR_FIRST_CONSUMER = "Immediate", "WaitForFirstConsumer"
"""Binding modes: at once, or when a pod that uses the claim is scheduled."""
DELETE, RETAIN = "Delete", "Retain"

IS_DEFAULT = "storageclass.kubernetes.io/is-default-class"
"""The annotation of the default class."""

_MAX_PARAMETERS = 512
_MAX_PARAMETERS_SIZE = 256 * 1024


class StorageClass(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A provisioner, and the properties of its volumes."""

    api_version: str = "storage.k8s.io/v1"
    kind: str = "StorageClass"
    provisioner: str = always("")
    parameters: dict[str, str] = {}
    reclaim_policy: str | None = None
    mount_options: tuple[str, ...] = ()
    allow_volume_expansion: bool | None = None
    volume_binding_mode: str | None = None
    allowed_topologies: tuple[TopologySelectorTerm, ...] = ()


def is_default_class(found: StorageClass) -> bool:
    """Whether it is a default class."""
    return found.metadata.annotations.get(IS_DEFAULT) == "true"


def default_storage_class(found: StorageClass) -> StorageClass:
    """Binding mode Immediate, and reclaim policy Delete.

    >>> default_storage_class(StorageClass()).volume_binding_mode
    'Immediate'
    """
    if found.reclaim_policy is not None and found.volume_binding_mode is not None:
        return found
    return replace(
        found,
        reclaim_policy=DELETE if found.reclaim_policy is None else found.reclaim_policy,
        volume_binding_mode=IMMEDIATE if found.volume_binding_mode is None else found.volume_binding_mode,
    )


def validate_storage_class(found: StorageClass) -> Iterator[FieldError]:
    """The provisioner and its parameters are valid."""
    if not found.provisioner:
        yield required("provisioner")
    else:
        for message in names.qualified_name(found.provisioner.lower()):
            yield invalid("provisioner", found.provisioner, message)
    yield from validate_parameters(found.parameters)
    if found.reclaim_policy not in {None, DELETE, RETAIN}:
        yield not_supported("reclaimPolicy", found.reclaim_policy, (DELETE, RETAIN))
    if found.volume_binding_mode is None:
        yield required("volumeBindingMode")
    elif found.volume_binding_mode not in {IMMEDIATE, WAIT_FOR_FIRST_CONSUMER}:
        yield not_supported("volumeBindingMode", found.volume_binding_mode, (IMMEDIATE, WAIT_FOR_FIRST_CONSUMER))
    yield from _validate_topologies(found.allowed_topologies)


def validate_storage_class_update(new: StorageClass, old: StorageClass) -> Iterator[FieldError]:
    """Provisioner, parameters, reclaim policy and binding mode are immutable."""
    yield from validate_storage_class(new)
    yield from validate_immutable(new.parameters, old.parameters, "parameters")
    yield from validate_immutable(new.provisioner, old.provisioner, "provisioner")
    yield from validate_immutable(new.reclaim_policy, old.reclaim_policy, "reclaimPolicy")
    yield from validate_immutable(new.volume_binding_mode, old.volume_binding_mode, "volumeBindingMode")


def validate_parameters(parameters: dict[str, str]) -> Iterator[FieldError]:
    """Parameter names are not empty, and the total size is limited."""
    if len(parameters) > _MAX_PARAMETERS:
        yield too_long("parameters", _MAX_PARAMETERS)
        return
    for key in parameters:
        if not key:
            yield invalid("parameters", key, "field can not be empty.")
    if sum(len(key) + len(value) for key, value in parameters.items()) > _MAX_PARAMETERS_SIZE:
        yield too_long("parameters", _MAX_PARAMETERS_SIZE)


def _validate_topologies(terms: tuple[TopologySelectorTerm, ...]) -> Iterator[FieldError]:
    """Values, keys and terms are unique."""
    for i, term in enumerate(terms):
        path = f"allowedTopologies[{i}].matchLabelExpressions"
        yield from _validate_term(term, path)
        if _values_by_key(term) in map(_values_by_key, terms[:i]):
            yield duplicate(path, "")


def _values_by_key(term: TopologySelectorTerm) -> dict[str, list[str]]:
    return {one.key: sorted(dict.fromkeys(one.values or ())) for one in term.match_label_expressions}


def _validate_term(term: TopologySelectorTerm, path: str) -> Iterator[FieldError]:
    expressions = term.match_label_expressions
    for i, one in enumerate(expressions):
        values = one.values or ()
        if not values:
            yield required(f"{path}[{i}].values")
        for j, value in enumerate(values):
            if value in values[:j]:
                yield duplicate(f"{path}[{i}].values[{j}]", value)
        for message in names.qualified_name(one.key):
            yield invalid(f"{path}[{i}].key", one.key, message)
        if any(one.key == other.key for other in expressions[:i]):
            yield duplicate(f"{path}[{i}].key", one.key)


def warn_of_storage_class(new: StorageClass, _old: StorageClass | None) -> Iterator[str]:
    """Deprecated node labels."""
    for i, term in enumerate(new.allowed_topologies):
        for j, one in enumerate(term.match_label_expressions):
            if one.key in OLD_LABELS:
                at = f"allowedTopologies[{i}].matchLabelExpressions[{j}].key"
                yield f"{at}: {one.key} is {OLD_LABELS[one.key]}"
