"""RuntimeClass: a configuration of the container runtime.

Source: api/node/v1/types.go, pkg/apis/node/validation/validation.go, pkg/apis/node/v1/defaults.go (v1.36).
"""

from collections.abc import Iterator
from typing import Annotated

from kubeactors.api.core.v1.affinity import Toleration
from kubeactors.api.core.v1.node_labels import OLD_LABELS
from kubeactors.api.core.v1.validation.resources import validate_overhead
from kubeactors.api.core.v1.validation.taints import validate_tolerations
from kubeactors.api.validation import validate_text
from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import FieldError
from kubeactors.apimachinery.labels import validate_labels
from kubeactors.apimachinery.meta import (
    ATOMIC,
    Object,
    Quantity,
    TypedObject,
    always,
)
from kubeactors.apimachinery.objectmeta import validate_immutable


class Overhead(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The resources of a pod beyond those of its containers."""

    pod_fixed: dict[str, Quantity] = {}


class Scheduling(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The scheduling constraints of pods of the class."""

    node_selector: Annotated[dict[str, str], ATOMIC] = {}
    tolerations: tuple[Toleration, ...] = ()


class RuntimeClass(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A handler of the container runtime, for pods to refer to."""

    api_version: str = "node.k8s.io/v1"
    kind: str = "RuntimeClass"
    handler: str = always("")
    overhead: Overhead | None = None
    scheduling: Scheduling | None = None


def validate_runtime_class(one: RuntimeClass) -> Iterator[FieldError]:
    """The handler's name, the overhead and the scheduling constraints are valid."""
    yield from validate_text(one.handler, "handler", names.dns1123_label)
    if one.overhead is not None:
        yield from validate_overhead(one.overhead.pod_fixed, "overhead.podFixed")
    if one.scheduling is not None:
        yield from validate_labels(one.scheduling.node_selector, "scheduling.nodeSelector")
        yield from validate_tolerations(one.scheduling.tolerations, "scheduling.tolerations")


def validate_runtime_class_update(new: RuntimeClass, old: RuntimeClass) -> Iterator[FieldError]:
    """The handler is immutable."""
    yield from validate_immutable(new.handler, old.handler, "handler")


def warn_of_runtime_class(new: RuntimeClass, _old: RuntimeClass | None) -> Iterator[str]:
    """Deprecated node labels."""
    for key in new.scheduling.node_selector if new.scheduling else ():
        if key in OLD_LABELS:
            yield f"scheduling.nodeSelector: {OLD_LABELS[key]}"
