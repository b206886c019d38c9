"""DaemonSet: a pod on every node that fits.

Source: api/apps/v1/types.go (v1.36).
"""

from typing import Annotated

from kubeactors.api.core.v1.pod import PodTemplateSpec
from kubeactors.apimachinery.meta import IntOrString, LabelSelector, Object, Time, TypedObject, always, merge_by

TEMPLATE_GENERATION = "deprecated.daemonset.template.generation"
"""Annotation: how often the template has changed."""


class RollingUpdateDaemonSet(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """On how many nodes the daemon may be missing, or run twice, during an update; one of them is 0."""

    max_unavailable: IntOrString | None = None
    max_surge: IntOrString | None = None


class DaemonSetUpdateStrategy(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """How old pods are replaced: RollingUpdate, or OnDelete by whoever deletes them."""

    type: str = ""
    rolling_update: RollingUpdateDaemonSet | None = None


class DaemonSetSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Which pods, and how they are replaced."""

    selector: LabelSelector | None = always(None)
    template: PodTemplateSpec = always(PodTemplateSpec())
    update_strategy: DaemonSetUpdateStrategy = always(DaemonSetUpdateStrategy())
    min_ready_seconds: int = 0
    revision_history_limit: int | None = None


class DaemonSetCondition(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One aspect of the set; Kubernetes itself sets none."""

    type: str = always("")
    status: str = always("")
    last_transition_time: Time | None = always(None)
    reason: str = ""
    message: str = ""


class DaemonSetStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """On how many nodes the daemon runs, should run, and should not."""

    current_number_scheduled: int = always(0)
    number_misscheduled: int = always(0)
    desired_number_scheduled: int = always(0)
    number_ready: int = always(0)
    observed_generation: int = 0
    updated_number_scheduled: int = 0
    number_available: int = 0
    number_unavailable: int = 0
    collision_count: int | None = None
    conditions: Annotated[tuple[DaemonSetCondition, ...], merge_by("type")] = ()


class DaemonSet(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Keeps one pod of a template on every node that fits."""

    api_version: str = "apps/v1"
    kind: str = "DaemonSet"
    spec: DaemonSetSpec = always(DaemonSetSpec())
    status: DaemonSetStatus = always(DaemonSetStatus())
