"""Conditions of objects, as `kubectl wait` evaluates them, on typed objects."""

from collections.abc import Sequence
from typing import Protocol, cast

import msgspec

from kubeactors.api.apps.v1 import Deployment, ReplicaSet
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.unstructured import Unstructured


class _Condition(Protocol):
    @property
    def type(self) -> str: ...
    @property
    def status(self) -> str: ...


class _Said(msgspec.Struct, frozen=True, rename="camel"):
    """A condition of a custom resource."""

    type: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""
    observed_generation: int = 0


def holds(obj: TypedObject, condition: str, status: str = "True") -> bool:
    """Whether a condition of the object has this status, case-insensitively; some names have a meaning of their own.

    `Complete` of a Deployment is the end of its rollout, as in `kubectl rollout status`; `Complete` of a ReplicaSet
    means that all its pods are ready. Any other name is a condition in `status.conditions`, which counts only if it
    was observed at the newest generation.

    Source: kubectl pkg/cmd/wait/condition.go (v1.36).
    """
    name, wanted = condition.casefold(), status.casefold()
    if name == "complete" and isinstance(obj, Deployment):
        return _rolled_out(obj) == (wanted == "true")
    if name == "complete" and isinstance(obj, ReplicaSet):
        return (obj.status.ready_replicas == (obj.spec.replicas or 0)) == (wanted == "true")
    if isinstance(obj, Deployment) and obj.status.observed_generation < obj.metadata.generation:
        return False
    found = next((one for one in conditions_of(obj) if one.type.casefold() == name), None)
    return found is not None and found.status.casefold() == wanted and not _is_stale(obj, found)


def conditions_of(obj: TypedObject) -> Sequence[_Condition]:
    """The conditions in the object's status, if its kind has any."""
    if isinstance(obj, Unstructured):
        return _said(obj.at("status", "conditions"))
    return cast("Sequence[_Condition]", getattr(getattr(obj, "status", None), "conditions", None) or ())


def _said(conditions: object) -> tuple[_Said, ...]:
    """The conditions of a custom resource, whose status may contain anything."""
    found: list[_Said] = []
    for one in cast("list[object]", conditions) if isinstance(conditions, list) else []:
        try:
            found.append(msgspec.convert(one, _Said))
        except msgspec.ValidationError:
            continue  # not a condition
    return tuple(found)


def _is_stale(obj: TypedObject, condition: _Condition) -> bool:
    """Whether the condition was observed at an older generation, as far as it or the status tells."""
    told: object = getattr(condition, "observed_generation", 0)
    if not told and isinstance(obj, Unstructured):
        told = obj.at("status", "observedGeneration")
    elif not told:
        told = getattr(getattr(obj, "status", None), "observed_generation", 0)
    return isinstance(told, int) and 0 < told < obj.metadata.generation


def _rolled_out(deployment: Deployment) -> bool:
    """Source: kubectl pkg/polymorphichelpers/rollout_status.go (v1.36)."""
    wanted, status = deployment.spec.replicas or 0, deployment.status
    return (
        status.observed_generation >= deployment.metadata.generation
        and status.updated_replicas == wanted
        and status.replicas == status.updated_replicas
        and status.available_replicas == status.updated_replicas
    )
