"""DaemonSet: a pod on every matching node.

Source: api/apps/v1/types.go (v1.36).
"""

from typing import Annotated

from kubeactors.api.core.v1.pod import PodTemplateSpec
from kubeactors.apimachinery.meta import IntOrString, LabelSelector, Object, Time, TypedObject, always, merge_by

TEMPLATE_GENERATION = "deprecated.daemonset.template.generation"
"""The annotation with the number of template changes."""


class RollingUpdateDaemonSet(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The number of nodes whose daemon may be unavailable, or run twice, during an update; one of them is 0."""

    max_unavailable: IntOrString | None = None
    max_surge: IntOrString | None = None


class DaemonSetUpdateStrategy(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """How old pods are replaced: RollingUpdate, or OnDelete, once they are deleted manually."""

    type: str = ""
    rolling_update: RollingUpdateDaemonSet | None = None


class DaemonSetSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The pods of the daemon, and how they are replaced."""

    selector: LabelSelector | None = always(None)
    template: PodTemplateSpec = always(PodTemplateSpec())
    update_strategy: DaemonSetUpdateStrategy = always(DaemonSetUpdateStrategy())
    min_ready_seconds: int = 0
    revision_history_limit: int | None = None


class DaemonSetCondition(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A condition of the set; Kubernetes itself sets none."""

    type: str = always("")
    status: str = always("")
    last_transition_time: Time | None = always(None)
    reason: str = ""
    message: str = ""


class DaemonSetStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The number of nodes that run the daemon, should run it, and should not."""

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
    """Keeps a pod of a template running on every matching node."""

    api_version: str = "apps/v1"
    kind: str = "DaemonSet"
    spec: DaemonSetSpec = always(DaemonSetSpec())
    status: DaemonSetStatus = always(DaemonSetStatus())
