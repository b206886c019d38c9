"""An autoscaler sets the size of a workload by its metrics, no faster than it may and never by guesses."""

from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from kubeactors.api.apps.v1 import Deployment
from kubeactors.api.autoscaling.v2 import (
    CrossVersionObjectReference,
    HorizontalPodAutoscaler,
    HorizontalPodAutoscalerBehavior,
    HorizontalPodAutoscalerSpec,
    HPAScalingPolicy,
    HPAScalingRules,
    MetricIdentifier,
    MetricSpec,
    MetricTarget,
    PodsMetricSource,
)
from kubeactors.api.autoscaling.v2.defaults import SCALE_DOWN, SCALE_UP, default_behavior
from kubeactors.api.core.v1 import Container, Pod, PodCondition, PodSpec, PodStatus, ResourceRequirements
from kubeactors.apimachinery.labels import Selector
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.controllers.podautoscaler import NoMetrics, PodMetric
from kubeactors.controllers.podautoscaler.behavior import Memory, decide
from kubeactors.controllers.podautoscaler.calculator import (
    MetricError,
    Situation,
    Tolerances,
    by_average,
    by_utilization,
    by_value,
)
from tests.controllers.plane import DEFAULT, Plane, deployment, meta

SECOND = 1_000_000_000
NOW = 10_000 * SECOND
OLD = "1970-01-01T00:10:00Z"


def pod(name: str, *, phase: str = "Running", ready: str = "True", start: str = OLD) -> Pod:
    container = Container(name="c", resources=ResourceRequirements(requests={"cpu": "1"}))
    condition = PodCondition(type="Ready", status=ready, last_transition_time=start)
    status = PodStatus(phase=phase, start_time=start, conditions=(condition,))
    return Pod(metadata=ObjectMeta(name=name), spec=PodSpec(containers=(container,)), status=status)


def situation(*millis: int | None, current: int | None = None, pods: tuple[Pod, ...] | None = None) -> Situation:
    """Pods `0`, `1`, ... of which each uses so much; nobody knows of None."""
    found = pods or tuple(pod(str(i)) for i in range(len(millis)))
    metrics = {str(i): PodMetric(value, NOW) for i, value in enumerate(millis) if value is not None}
    return Situation(current=current or len(found), pods=found, metrics=metrics, resource="cpu", now=NOW)


@pytest.mark.parametrize(
    ("given", "percent", "wanted"),
    [
        (situation(300, 500, 700), 30, 5),
        (situation(330, 330, 330), 30, 3),  # near enough
        (situation(100, 100, 100), 50, 1),
        (situation(100, None, None), 50, 3),  # the two might use everything
        (situation(900, None), 50, 2),  # the other might use nothing
        (situation(600, 600, None), 50, 3),
    ],
)
def test_utilization_determines_the_number_of_pods(given: Situation, percent: int, wanted: int) -> None:
    assert by_utilization(given, percent).replicas == wanted


def test_starting_pods_cause_no_scale_up() -> None:
    pods = (pod("0"), pod("1"), pod("2", phase="Pending"), pod("3", ready="False", start="1970-01-01T02:45:00Z"))
    assert by_utilization(situation(900, 900, 900, 900, pods=pods), 50).replicas == 4


def test_a_metric_without_any_value_is_an_error() -> None:
    with pytest.raises(MetricError, match="did not receive metrics for targeted pods"):
        by_utilization(situation(None, None), 50)
    with pytest.raises(MetricError, match="no pods returned by selector"):
        by_average(Situation(current=1, pods=(), metrics={}), 1000)


def test_an_object_value_scales_the_number_of_ready_pods() -> None:
    assert by_value(2, 3000, 1000, (pod("0"), pod("1"), pod("2", ready="False")), Tolerances()).replicas == 6


def spec(behavior: HorizontalPodAutoscalerBehavior | None = None) -> HorizontalPodAutoscalerSpec:
    return HorizontalPodAutoscalerSpec(min_replicas=1, max_replicas=10, behavior=behavior)


def test_the_scale_at_most_doubles_and_stays_within_bounds() -> None:
    found = decide(spec(), 3, 20, Memory(), NOW)
    assert (found.replicas, found.limited[0]) == (6, "ScaleUpLimit")
    found = decide(spec(), 8, 20, Memory(), NOW)
    assert (found.replicas, found.limited[0]) == (10, "TooManyReplicas")


def test_scale_down_is_stabilized_by_the_highest_recommendation_of_five_minutes() -> None:
    memory = Memory()
    assert decide(spec(), 8, 8, memory, NOW).replicas == 8
    held = decide(spec(), 8, 2, memory, NOW + 200 * SECOND)
    assert (held.replicas, held.able[0]) == (8, "ScaleDownStabilized")
    assert decide(spec(), 8, 2, memory, NOW + 301 * SECOND).replicas == 2


def test_policies_count_the_scale_events_of_their_period() -> None:
    slow = HPAScalingRules(
        stabilization_window_seconds=0, select_policy="Max",
        policies=(HPAScalingPolicy(type="Pods", value=2, period_seconds=60),),
    )  # fmt: skip
    paced = spec(HorizontalPodAutoscalerBehavior(scale_up=slow, scale_down=slow))
    memory = Memory()
    assert decide(paced, 3, 9, memory, NOW).replicas == 5
    memory.scaled(3, 5, NOW)
    later = decide(paced, 5, 9, memory, NOW + 30 * SECOND)
    assert (later.replicas, later.limited[0]) == (5, "ScaleUpLimit")
    assert decide(paced, 5, 9, memory, NOW + 61 * SECOND).replicas == 7


@pytest.mark.parametrize("policies", [None, ()])
@pytest.mark.parametrize("select", ["Min", "Max", None])
def test_without_policies_there_is_no_scaling(
    policies: tuple[HPAScalingPolicy, ...] | None, select: str | None
) -> None:
    bare = HPAScalingRules(stabilization_window_seconds=0, select_policy=select, policies=policies)
    still = spec(HorizontalPodAutoscalerBehavior(scale_up=bare, scale_down=bare))
    grown, shrunk = decide(still, 3, 9, Memory(), NOW), decide(still, 3, 1, Memory(), NOW)
    assert (grown.replicas, grown.limited[0]) == (3, "ScaleUpLimit")
    assert (shrunk.replicas, shrunk.limited[0]) == (3, "ScaleDownLimit")


def test_a_direction_can_be_disabled() -> None:
    frozen = default_behavior(HorizontalPodAutoscalerBehavior(scale_down=HPAScalingRules(select_policy="Disabled")))
    assert frozen.scale_up == SCALE_UP
    assert frozen.scale_down == replace(SCALE_DOWN, select_policy="Disabled")
    assert decide(spec(frozen), 5, 1, Memory(), NOW).replicas == 5


class Load(NoMetrics):
    """Each pod has so much to do."""

    def __init__(self) -> None:
        self.milli = 1000

    async def pods(self, name: str, namespace: str, selector: Selector, series: Selector) -> Mapping[str, PodMetric]:
        del name, namespace, selector, series
        return Everywhere(self.milli)


class Everywhere(dict[str, PodMetric]):
    """The same value for every pod."""

    def __init__(self, milli: int) -> None:
        self._metric = PodMetric(milli)

    def __getitem__(self, key: str) -> PodMetric:
        return self._metric

    def get(self, key: str, default: object = None) -> PodMetric:
        return self._metric


def autoscaler(*metrics: MetricSpec) -> HorizontalPodAutoscaler:
    reference = CrossVersionObjectReference(api_version="apps/v1", kind="Deployment", name="web")
    return HorizontalPodAutoscaler(
        metadata=meta("web"),
        spec=HorizontalPodAutoscalerSpec(scale_target_ref=reference, max_replicas=5, metrics=metrics),
    )


QUEUE = MetricSpec(
    type="Pods",
    pods=PodsMetricSource(
        metric=MetricIdentifier(name="queue"), target=MetricTarget(type="AverageValue", average_value="1")
    ),
)


def replicas(plane: Plane) -> int | None:
    return plane.get(Deployment, "web").spec.replicas


def conditions(plane: Plane) -> dict[str, tuple[str, str]]:
    found = plane.get(HorizontalPodAutoscaler, "web").status.conditions
    return {one.type: (one.status, one.reason) for one in found}


def test_a_workload_is_scaled_up_under_load_and_down_after_the_window() -> None:
    load = Load()
    plane = Plane(config=replace(DEFAULT, metrics=load))
    plane.node("node-1")
    plane.create(deployment(2))
    plane.tick(2)
    plane.create(autoscaler(QUEUE))
    plane.tick(2)
    assert (replicas(plane), conditions(plane)["ScalingActive"]) == (2, ("True", "ValidMetricFound"))
    load.milli = 2000
    plane.tick(10)
    assert replicas(plane) == 4
    plane.tick(20)
    assert (replicas(plane), conditions(plane)["ScalingLimited"]) == (5, ("True", "TooManyReplicas"))
    load.milli = 100
    plane.tick(60)
    assert replicas(plane) == 5
    plane.tick(120)
    assert replicas(plane) == 1
    told = dict(plane.events("web"))
    assert told["SuccessfulRescale"] in {
        "New size: 4; reason: pods metric queue above target",
        "New size: 5; reason: pods metric queue above target",
        "New size: 1; reason: All metrics below target",
    }


def test_without_metrics_only_the_bounds_are_enforced(control_plane: Plane) -> None:
    control_plane.create(deployment(8))
    control_plane.create(autoscaler())
    control_plane.tick(3)
    assert replicas(control_plane) == 5
    control_plane.tick(20)
    assert replicas(control_plane) == 5
    assert conditions(control_plane)["ScalingActive"] == ("False", "FailedGetResourceMetric")
    (active,) = [
        one.message
        for one in control_plane.get(HorizontalPodAutoscaler, "web").status.conditions
        if one.type == "ScalingActive"
    ]
    assert active == (
        "the HPA was unable to compute the replica count: failed to get cpu utilization: unable to get metrics for "
        "resource cpu: unable to fetch metrics from resource metrics API: the server could not find the requested "
        "resource (get pods.metrics.k8s.io)"
    )


def test_a_missing_target_is_reported(control_plane: Plane) -> None:
    control_plane.create(autoscaler())
    control_plane.tick(2)
    assert conditions(control_plane) == {"AbleToScale": ("False", "FailedGetScale")}
    message = 'deployments.apps "web" not found'
    assert control_plane.events("web")[0] == ("FailedGetScale", message)


def test_two_autoscalers_of_the_same_pods_block_each_other_until_one_is_deleted() -> None:
    plane = Plane(config=replace(DEFAULT, metrics=Load()))
    plane.node("node-1")
    plane.create(deployment(2))
    plane.tick(2)
    plane.create(autoscaler(QUEUE))
    plane.create(replace(autoscaler(QUEUE), metadata=meta("second")))
    plane.tick(40)
    assert conditions(plane)["ScalingActive"] == ("False", "AmbiguousSelector")
    why = "pods by selector app=web are controlled by multiple HPAs: [{second default} {web default}]"
    assert {("AmbiguousSelector", why), ("FailedComputeMetricsReplicas", why)} <= {*plane.events("web")}
    plane.delete(plane.get(HorizontalPodAutoscaler, "second"))
    plane.tick(40)
    assert conditions(plane)["ScalingActive"] == ("True", "ValidMetricFound")
