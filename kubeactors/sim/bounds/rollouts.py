"""How many pods a deployment may have, and how many must be available, at any moment.

Controllers see a change with delay, and may act on the older spec until they have written its `observedGeneration`. Until a
deployment and all its ReplicaSets are observed, the widest bound since the change holds.
"""

from typing import TypeAlias

from kubeactors.api.apps.v1 import DaemonSet, Deployment, ReplicaSet, StatefulSet
from kubeactors.api.autoscaling.v2 import HorizontalPodAutoscaler, HorizontalPodAutoscalerBehavior
from kubeactors.api.core.v1 import Pod, ReplicationController
from kubeactors.apimachinery.labels import Selector, of_labels, of_object
from kubeactors.apimachinery.meta import IntOrString, TypedObject
from kubeactors.apimachinery.time import SECOND, parse_time

Replicas: TypeAlias = ReplicaSet | ReplicationController
"""The two kinds that keep a number of pods of one template."""

FINISHED = ("Succeeded", "Failed")
ROLLING = "RollingUpdate"


def is_active(pod: Pod) -> bool:
    """Whether it is neither finished nor terminating."""
    return pod.metadata.deletion_timestamp is None and pod.status.phase not in FINISHED


def is_ready(pod: Pod) -> bool:
    """Whether it is active and its condition Ready is true."""
    return is_active(pod) and _says(pod, "Ready")


def is_initialized(pod: Pod) -> bool:
    """Whether its init containers have completed."""
    return _says(pod, "Initialized")


def _says(pod: Pod, condition: str) -> bool:
    return any(one.type == condition and one.status == "True" for one in pod.status.conditions)


def is_available(pod: Pod, min_ready_seconds: int, wall: int) -> bool:
    """Whether it has been ready for so long by its node's clock; `wall` is unix time in nanoseconds."""
    if not is_ready(pod) or not min_ready_seconds:
        return is_ready(pod)
    since = next((one.last_transition_time for one in pod.status.conditions if one.type == "Ready"), None)
    return since is not None and parse_time(since) + min_ready_seconds * SECOND <= wall


def has_caught_up(value: Deployment | Replicas | StatefulSet | DaemonSet) -> bool:
    """Whether its controller has observed its newest spec."""
    return value.status.observed_generation >= value.metadata.generation


def wanted(value: Deployment | Replicas | StatefulSet) -> int:
    """Its `spec.replicas`, with the default of 1."""
    return 1 if value.spec.replicas is None else value.spec.replicas


def selector_of(value: Replicas) -> Selector:
    """Its selector."""
    if isinstance(value, ReplicationController):
        return of_labels(value.spec.selector)
    return of_object(value.spec.selector)


def is_rolling(deployment: Deployment) -> bool:
    """Whether its strategy is RollingUpdate."""
    return deployment.spec.strategy.type == ROLLING


def numbers(found: StatefulSet) -> range:
    """The ordinals of a stateful set's pods."""
    first = found.spec.ordinals.start if found.spec.ordinals is not None else 0
    return range(first, first + wanted(found))


def most(deployment: Deployment) -> int:
    """The maximum number of pods: replicas and `maxSurge`.

    Source: the documentation of `maxSurge` in api/apps/v1/types.go (v1.36): percentages are rounded up.
    """
    rolling = deployment.spec.strategy.rolling_update
    if not is_rolling(deployment) or rolling is None:
        return wanted(deployment)
    return wanted(deployment) + _scaled(rolling.max_surge, wanted(deployment), up=True)


def least(deployment: Deployment) -> int:
    """How many pods must stay available once the deployment is available: replicas minus `maxUnavailable`.

    Source: the documentation of `maxUnavailable` in api/apps/v1/types.go (v1.36): percentages are rounded down; if
    neither surge nor unavailability is allowed, one may be missing.
    """
    rolling = deployment.spec.strategy.rolling_update
    if not is_rolling(deployment) or rolling is None:
        return 0
    missing = _scaled(rolling.max_unavailable, wanted(deployment), up=False)
    if not missing and not _scaled(rolling.max_surge, wanted(deployment), up=True):
        missing = 1
    return max(wanted(deployment) - missing, 0)


def is_scaling_down_in_a_rollout(old: TypedObject | None, new: TypedObject, sets: int) -> bool:
    """Whether replicas decrease while several ReplicaSets share them: then the availability bound is not judged.

    Source: pkg/controller/deployment/sync.go, scale (v1.36).
    """
    return isinstance(old, Deployment) and isinstance(new, Deployment) and wanted(new) < wanted(old) and sets > 1


def _scaled(value: IntOrString | None, total: int, *, up: bool) -> int:
    if value is None or isinstance(value, int):
        return value or 0
    percent = int(value.removesuffix("%"))
    return -(-total * percent // 100) if up else total * percent // 100


def round_trip_seconds(found: HorizontalPodAutoscaler) -> int:
    """The longest time in which an autoscaler scales to its maximum and back, one pod at a time.

    >>> from kubeactors.api.autoscaling.v2 import HorizontalPodAutoscalerSpec, HPAScalingPolicy, HPAScalingRules
    >>> slowly = HPAScalingRules(policies=(HPAScalingPolicy(type="Pods", value=1, period_seconds=60),))
    >>> spec = HorizontalPodAutoscalerSpec(
    ...     max_replicas=6, behavior=HorizontalPodAutoscalerBehavior(scale_down=slowly)
    ... )
    >>> round_trip_seconds(HorizontalPodAutoscaler(spec=spec))
    600
    """
    spec, behavior = found.spec, found.spec.behavior or HorizontalPodAutoscalerBehavior()
    rules = [one for one in (behavior.scale_up, behavior.scale_down) if one is not None]
    waits = [one.stabilization_window_seconds or 0 for one in rules]
    waits += [policy.period_seconds for one in rules for policy in one.policies or ()]
    return 2 * (spec.max_replicas - (spec.min_replicas or 1)) * max(waits, default=0)
