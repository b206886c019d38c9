"""Validation of references to fields of the pod and resources of its containers."""

import re
from collections.abc import Iterator, Sequence

from kubeactors.api.core.v1.env import ObjectFieldSelector, ResourceFieldSelector
from kubeactors.api.core.v1.validation.common import qualified_name
from kubeactors.apimachinery import quantity
from kubeactors.apimachinery.field import FieldError, invalid, not_supported, required

_CONVERTIBLE = frozenset(
    (
        "metadata.annotations",
        "metadata.labels",
        "metadata.name",
        "metadata.namespace",
        "metadata.uid",
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.serviceAccountName",
        "spec.schedulerName",
        "status.phase",
        "status.hostIP",
        "status.hostIPs",
        "status.podIP",
        "status.podIPs",
    )
)
_RENAMED = {"spec.host": "spec.nodeName"}
_subscripted = re.compile(r"(.*?)\['(.*)'\]", re.DOTALL)

_RESOURCES = (
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
)
_HUGE_PAGES = ("limits.hugepages-", "requests.hugepages-")
_UNITS = ("1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei")
_SIZED = {"memory": "memory", "ephemeral-storage": "local ephemeral storage"}


def validate_field_ref(selector: ObjectFieldSelector, fields: Sequence[str], path: str) -> Iterator[FieldError]:
    """The field must exist, and be one of `fields`; labels and annotations may be selected by key.

    Source: validateObjectFieldSelector, pkg/apis/core/pods/helpers.go, pkg/fieldpath/fieldpath.go (v1.36).
    """
    if not selector.api_version:
        yield required(f"{path}.apiVersion")
        return
    if not selector.field_path:
        yield required(f"{path}.fieldPath")
        return
    if selector.api_version != "v1":
        yield invalid(
            f"{path}.fieldPath",
            selector.field_path,
            f"error converting fieldPath: unsupported pod version: {selector.api_version}",
        )
        return
    subscripted = _subscripted.fullmatch(selector.field_path)
    field = subscripted[1] if subscripted else selector.field_path
    if subscripted and field in {"metadata.labels", "metadata.annotations"}:
        key = subscripted[2]
        yield from qualified_name(path, key.lower() if field == "metadata.annotations" else key)
    elif subscripted:
        yield _unknown(f"field label does not support subscript: {selector.field_path}", selector, path)
    elif field not in _CONVERTIBLE and field not in _RENAMED:
        yield _unknown(f"field label not supported: {field}", selector, path)
    elif (field := _RENAMED.get(field, field)) not in fields:
        yield not_supported(f"{path}.fieldPath", field, sorted(fields))


def _unknown(why: str, selector: ObjectFieldSelector, path: str) -> FieldError:
    return invalid(f"{path}.fieldPath", selector.field_path, f"error converting fieldPath: {why}")


def validate_resource_field_ref(
    selector: ResourceFieldSelector, path: str, *, needs_container: bool
) -> Iterator[FieldError]:
    """The resource must be one of containers, and the divisor one of its units."""
    resource = selector.resource
    if needs_container and not selector.container_name:
        yield required(f"{path}.containerName")
    elif not resource:
        yield required(f"{path}.resource")
    elif resource not in _RESOURCES and not resource.startswith(_HUGE_PAGES):
        yield not_supported(f"{path}.resource", resource, _RESOURCES)
    yield from _divisor(resource, selector.divisor, path)


def _divisor(resource: str, divisor: str, path: str) -> Iterator[FieldError]:
    if quantity.sign(divisor) == 0:
        return
    unit = quantity.canonical(divisor)
    kind = resource.partition(".")[2]
    if kind == "cpu":
        if unit not in {"1m", "1"}:
            why = "only divisor's values 1m and 1 are supported with the cpu resource"
            yield invalid(f"{path}.divisor", resource, why)
    elif (kind in _SIZED or kind.startswith("hugepages-")) and unit not in _UNITS:
        of = _SIZED.get(kind, "hugepages")
        why = f"only divisor's values {', '.join(_UNITS)} are supported with the {of} resource"
        yield invalid(f"{path}.divisor", resource, why)
