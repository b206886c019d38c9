"""Scale: what the `scale` subresource of a workload reads and writes.

Source: api/autoscaling/v1/types.go, pkg/apis/autoscaling/validation/validation.go (v1.36).
"""

from collections.abc import Iterator

from kubeactors.api.validation import validate_count
from kubeactors.apimachinery.field import FieldError
from kubeactors.apimachinery.meta import Object, TypedObject, always


class ScaleSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The desired number of replicas."""

    replicas: int = 0


class ScaleStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The actual number of replicas, and their selector as a string."""

    replicas: int = always(0)
    selector: str = ""


class Scale(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The scale of a workload."""

    api_version: str = "autoscaling/v1"
    kind: str = "Scale"
    spec: ScaleSpec = always(ScaleSpec())
    status: ScaleStatus = always(ScaleStatus())


def validate_scale(scale: Scale) -> Iterator[FieldError]:
    """A count is not negative."""
    return validate_count(scale.spec.replicas, "spec.replicas")
