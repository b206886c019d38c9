"""Deployment: rolls from the ReplicaSet of one template to that of the next.

Source: api/apps/v1/types.go (v1.36).
"""

from typing import Annotated

from kubeactors.api.core.v1.pod import PodTemplateSpec
from kubeactors.apimachinery.meta import (
    IntOrString,
    LabelSelector,
    Object,
    Time,
    TypedObject,
    always,
    merge_by,
    patch_strategy,
)

ROLLING_UPDATE, RECREATE = "RollingUpdate", "Recreate"
"""The types of a deployment's strategy."""


class RollingUpdateDeployment(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """How many pods may be unavailable or surplus during a rollout, as a number or a percentage of the replicas."""

    max_unavailable: IntOrString | None = None
    max_surge: IntOrString | None = None


class DeploymentStrategy(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """How old pods are replaced: RollingUpdate or Recreate."""

    type: str = ""
    rolling_update: RollingUpdateDeployment | None = None


class DeploymentSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The number of pods, their template, and how template changes are rolled out."""

    replicas: int | None = None
    selector: LabelSelector | None = always(None)
    template: PodTemplateSpec = always(PodTemplateSpec())
    strategy: Annotated[DeploymentStrategy, patch_strategy("retainKeys")] = always(DeploymentStrategy())
    min_ready_seconds: int = 0
    revision_history_limit: int | None = None
    paused: bool = False
    progress_deadline_seconds: int | None = None


class DeploymentCondition(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Available, Progressing or ReplicaFailure."""

    type: str = always("")
    status: str = always("")
    last_update_time: Time | None = always(None)
    last_transition_time: Time | None = always(None)
    reason: str = ""
    message: str = ""


class DeploymentStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The progress of the rollout; `collision_count` is part of the template's hash."""

    observed_generation: int = 0
    replicas: int = 0
    updated_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    unavailable_replicas: int = 0
    terminating_replicas: int | None = None
    conditions: Annotated[tuple[DeploymentCondition, ...], merge_by("type")] = ()
    collision_count: int | None = None


class Deployment(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Keeps pods of the newest template running, and rolls from one template to the next."""

    api_version: str = "apps/v1"
    kind: str = "Deployment"
    spec: DeploymentSpec = always(DeploymentSpec())
    status: DeploymentStatus = always(DeploymentStatus())
