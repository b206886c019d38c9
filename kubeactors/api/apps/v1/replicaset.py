"""ReplicaSet: a number of pods of one template.

Source: api/apps/v1/types.go (v1.36).
"""

from typing import Annotated

from kubeactors.api.core.v1.pod import PodTemplateSpec
from kubeactors.apimachinery.meta import LabelSelector, Object, Time, TypedObject, always, merge_by


class ReplicaSetSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The number of pods, their template, and the selector that matches them."""

    replicas: int | None = None
    min_ready_seconds: int = 0
    selector: LabelSelector | None = always(None)
    template: PodTemplateSpec = always(PodTemplateSpec())


class ReplicaSetCondition(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A condition of the set, such as ReplicaFailure."""

    type: str = always("")
    status: str = always("")
    last_transition_time: Time | None = always(None)
    reason: str = ""
    message: str = ""


class ReplicaSetStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The number of pods; `observed_generation` is that of the observed spec."""

    replicas: int = always(0)
    fully_labeled_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    terminating_replicas: int | None = None
    observed_generation: int = 0
    conditions: Annotated[tuple[ReplicaSetCondition, ...], merge_by("type")] = ()


class ReplicaSet(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Keeps a number of pods of one template running."""

    api_version: str = "apps/v1"
    kind: str = "ReplicaSet"
    spec: ReplicaSetSpec = always(ReplicaSetSpec())
    status: ReplicaSetStatus = always(ReplicaSetStatus())
