"""When is an object what one waits for: `kubectl wait`'s question, asked of a typed object."""

from collections.abc import Sequence
from typing import Protocol, cast

from kubeactors.api.apps.v1 import Deployment, ReplicaSet
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.unstructured import Unstructured


class _Condition(Protocol):
    @property
    def type(self) -> str: ...
    @property
    def status(self) -> str: ...


def holds(obj: TypedObject, condition: str) -> bool:
    """Whether a condition of the object's status is true, or what its name means is so.

    `Complete` of a Deployment is the end of its rollout, as `kubectl rollout status` sees it; `Complete` of a
    ReplicaSet that all its pods are ready. Any other name is a condition in `status.conditions`.
    """
    if condition == "Complete" and isinstance(obj, Deployment):
        return _rolled_out(obj)
    if condition == "Complete" and isinstance(obj, ReplicaSet):
        return obj.status.ready_replicas == (obj.spec.replicas or 0)
    if isinstance(obj, Deployment) and obj.status.observed_generation < obj.metadata.generation:
        return False  # what the status says is about an older spec
    if isinstance(obj, Unstructured):
        return _says(obj.at("status", "conditions"), condition)
    status = getattr(obj, "status", None)
    conditions = cast("Sequence[_Condition]", getattr(status, "conditions", ()))
    return any(one.type == condition and one.status == "True" for one in conditions)


def _says(conditions: object, wanted: str) -> bool:
    """The same of a custom resource, which may have anything there."""
    found = cast("list[object]", conditions) if isinstance(conditions, list) else []
    pairs = [cast("dict[str, object]", one) for one in found if isinstance(one, dict)]
    return any(one.get("type") == wanted and one.get("status") == "True" for one in pairs)


def _rolled_out(deployment: Deployment) -> bool:
    """Source: kubectl pkg/polymorphichelpers/rollout_status.go (v1.36)."""
    wanted, status = deployment.spec.replicas or 0, deployment.status
    return (
        status.observed_generation >= deployment.metadata.generation
        and status.updated_replicas == wanted
        and status.replicas == status.updated_replicas
        and status.available_replicas == status.updated_replicas
    )
