"""StatefulSet: pods with stable names, an order, and storage of their own.

Source: api/apps/v1/types.go (v1.36).
"""

from typing import Annotated

from kubeactors.api.core.v1.claim_templates import PersistentVolumeClaim
from kubeactors.api.core.v1.pod import PodTemplateSpec
from kubeactors.apimachinery.meta import IntOrString, LabelSelector, Object, Time, TypedObject, always, merge_by

ORDERED_READY, PARALLEL = "OrderedReady", "Parallel"
"""Pod management: one pod after the other, or all at once."""
RETAIN, DELETE = "Retain", "Delete"
"""Retention policies of claims."""


class RollingUpdateStatefulSetStrategy(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Pods below the partition keep their revision; of the others this many may be unavailable at a time."""

    partition: int | None = None
    max_unavailable: IntOrString | None = None


class StatefulSetUpdateStrategy(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """How old pods are replaced: RollingUpdate, or OnDelete, once they are deleted manually."""

    type: str = ""
    rolling_update: RollingUpdateStatefulSetStrategy | None = None


class StatefulSetPersistentVolumeClaimRetentionPolicy(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The retention of claims when the set is deleted or scaled down: Retain or Delete."""

    when_deleted: str = ""
    when_scaled: str = ""


class StatefulSetOrdinals(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The number of the first pod."""

    start: int = always(0)


class StatefulSetSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The number of pods, their template, their claims, and how they are replaced."""

    replicas: int | None = None
    selector: LabelSelector | None = always(None)
    template: PodTemplateSpec = always(PodTemplateSpec())
    volume_claim_templates: tuple[PersistentVolumeClaim, ...] = ()
    service_name: str = always("")
    pod_management_policy: str = ""
    update_strategy: StatefulSetUpdateStrategy = always(StatefulSetUpdateStrategy())
    revision_history_limit: int | None = None
    min_ready_seconds: int = 0
    persistent_volume_claim_retention_policy: StatefulSetPersistentVolumeClaimRetentionPolicy | None = None
    ordinals: StatefulSetOrdinals | None = None


class StatefulSetCondition(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A condition of the set; Kubernetes itself sets none."""

    type: str = always("")
    status: str = always("")
    last_transition_time: Time | None = always(None)
    reason: str = ""
    message: str = ""


class StatefulSetStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The number of pods by revision; revisions are names of ControllerRevisions."""

    observed_generation: int = 0
    replicas: int = always(0)
    ready_replicas: int = 0
    current_replicas: int = 0
    updated_replicas: int = 0
    current_revision: str = ""
    update_revision: str = ""
    collision_count: int | None = None
    conditions: Annotated[tuple[StatefulSetCondition, ...], merge_by("type")] = ()
    available_replicas: int = always(0)


class StatefulSet(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Keeps pods with stable identities running, at most one per identity."""

    api_version: str = "apps/v1"
    kind: str = "StatefulSet"
    spec: StatefulSetSpec = always(StatefulSetSpec())
    status: StatefulSetStatus = always(StatefulSetStatus())
