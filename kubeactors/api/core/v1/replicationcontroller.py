"""ReplicationController: a number of pods of one template; the predecessor of ReplicaSet.

Source: k8s.io/api/core/v1/types.go (v1.36).
"""

from typing import Annotated

from kubeactors.api.core.v1.pod import PodTemplateSpec
from kubeactors.apimachinery.meta import ATOMIC, Object, Time, TypedObject, always, merge_by


class ReplicationControllerSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The number of pods, their template, and the labels that select them."""

    replicas: int | None = None
    min_ready_seconds: int = 0
    selector: Annotated[dict[str, str], ATOMIC] = {}
    template: PodTemplateSpec | None = None


class ReplicationControllerCondition(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A condition of the controller, such as ReplicaFailure."""

    type: str = always("")
    status: str = always("")
    last_transition_time: Time | None = always(None)
    reason: str = ""
    message: str = ""


class ReplicationControllerStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The number of pods; `observed_generation` is that of the observed spec."""

    replicas: int = always(0)
    fully_labeled_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    observed_generation: int = 0
    conditions: Annotated[tuple[ReplicationControllerCondition, ...], merge_by("type")] = ()


class ReplicationController(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Keeps a number of pods of one template running."""

    api_version: str = "v1"
    kind: str = "ReplicationController"
    spec: ReplicationControllerSpec = always(ReplicationControllerSpec())
    status: ReplicationControllerStatus = always(ReplicationControllerStatus())


def replication_controller_fields(controller: ReplicationController) -> dict[str, str]:
    """The fields that field selectors support."""
    return {"status.replicas": str(controller.status.replicas)}
