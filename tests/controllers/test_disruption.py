"""A budget says how many pods may go; evictions take no more."""

from collections.abc import Callable
from functools import partial

import pytest
from msgspec.structs import replace

from kubeactors.api.core.v1 import Pod, PodCondition, PodStatus
from kubeactors.api.policy.v1 import PodDisruptionBudget, PodDisruptionBudgetSpec, PodDisruptionBudgetStatus
from kubeactors.apimachinery.meta import LabelSelector
from kubeactors.apimachinery.status import StatusError, TooManyRequests
from kubeactors.apimachinery.time import SECOND, format_time
from kubeactors.controllers.disruption.plan import View, plan
from kubeactors.controllers.disruption.stale import seconds_to_stale
from tests.controllers.plane import SELECTOR, Plane, deployment, meta, replica_set, running, sized, template, unready

READY = running(Pod(metadata=meta("a", app="web")))


def budget(**fields: object) -> PodDisruptionBudget:
    spec = replace(PodDisruptionBudgetSpec(selector=SELECTOR), **fields)
    return PodDisruptionBudget(metadata=meta("web"), spec=spec)


def status(plane: Plane) -> PodDisruptionBudgetStatus:
    return plane.get(PodDisruptionBudget, "web").status


def evict(plane: Plane, pod: Pod) -> None:
    plane.do(partial(plane.client.evict, pod))


def numbers(found: PodDisruptionBudgetStatus) -> tuple[int, int, int, int]:
    return found.expected_pods, found.current_healthy, found.desired_healthy, found.disruptions_allowed


@pytest.mark.parametrize(
    ("fields", "ready", "scale", "wanted"),
    [
        ({"min_available": 1}, 3, 3, (3, 3, 1, 2)),
        ({"min_available": "50%"}, 3, 5, (5, 3, 3, 0)),
        ({"max_unavailable": 1}, 3, 3, (3, 3, 2, 1)),
        ({"max_unavailable": "34%"}, 3, 3, (3, 3, 1, 2)),
        ({"max_unavailable": 5}, 2, 3, (3, 2, 0, 2)),
        ({"min_available": 1}, 0, 0, (0, 0, 1, 0)),
    ],
)
def test_allowed_disruptions_are_healthy_pods_minus_desired_healthy_pods(
    fields: dict[str, object], ready: int, scale: int, wanted: tuple[int, int, int, int]
) -> None:
    view = View(budget=budget(**fields), pods=(READY,) * ready, scales={"uid": scale})
    assert numbers(plan(view).status) == wanted


def test_pods_with_an_allowed_eviction_count_as_unhealthy_for_two_minutes() -> None:
    going = replace(
        budget(min_available=0), status=PodDisruptionBudgetStatus(disrupted_pods={"a": "1970-01-01T00:00:00Z"})
    )
    view = View(budget=going, pods=(READY,))
    soon, late = plan(view), plan(replace(view, now=121 * 10**9))
    assert (soon.status.current_healthy, soon.not_deleted, soon.wait_seconds) == (0, (), 121.0)
    assert (late.status.current_healthy, late.not_deleted, late.wait_seconds) == (1, (READY,), None)


def test_the_scale_of_a_deployment_counts_during_a_rollout(control_plane: Plane) -> None:
    made = control_plane.create(deployment(4))
    control_plane.create(budget(max_unavailable="25%"))
    control_plane.tick(2)
    assert numbers(status(control_plane)) == (4, 4, 3, 1)
    control_plane.change(made, sized(8))
    control_plane.tick(2)
    assert numbers(status(control_plane)) == (8, 8, 6, 2)


def test_a_pod_that_becomes_unready_is_unhealthy(control_plane: Plane) -> None:
    control_plane.create(replica_set(2))
    control_plane.create(budget(min_available=1))
    control_plane.tick()
    assert status(control_plane).disruptions_allowed == 1
    control_plane.change(control_plane.list(Pod)[0], unready, "status")
    control_plane.sim.run(1.0)
    assert status(control_plane).disruptions_allowed == 0
    assert status(control_plane).conditions[0].reason == "InsufficientPods"


def test_an_eviction_is_allowed_as_often_as_the_budget_says(control_plane: Plane) -> None:
    control_plane.create(replica_set(3))
    control_plane.create(budget(min_available=2))
    control_plane.tick()
    first, second, _ = control_plane.list(Pod)
    evict(control_plane, first)
    with pytest.raises(TooManyRequests, match="Cannot evict pod as it would violate the pod's disruption budget"):
        evict(control_plane, second)
    gone = control_plane.get(Pod, first.metadata.name)
    assert gone.metadata.deletion_timestamp is not None
    assert [one.reason for one in gone.status.conditions if one.type == "DisruptionTarget"] == ["EvictionByEvictionAPI"]
    control_plane.tick(2)
    evict(control_plane, second)


def test_a_budget_without_an_observed_status_allows_nothing(control_plane: Plane) -> None:
    control_plane.create(replica_set(3))
    control_plane.tick()
    made = control_plane.create(budget(min_available=0))
    control_plane.sim.run(1.0)
    _ = control_plane.sim.stop(control_plane.child("controllers/disruption"))
    control_plane.change(made, lambda one: replace(one, spec=replace(one.spec, min_available=1)))
    with pytest.raises(TooManyRequests) as caught:
        evict(control_plane, control_plane.list(Pod)[0])
    details = caught.value.status.details
    assert details is not None
    assert [one.message for one in details.causes] == [
        "The disruption budget web is still being processed by the server."
    ]


def test_an_unhealthy_pod_may_be_evicted_if_enough_others_are_healthy(control_plane: Plane) -> None:
    control_plane.create(replica_set(3))
    control_plane.create(budget(min_available=2))
    control_plane.tick()
    sick = control_plane.change(control_plane.list(Pod)[0], unready, "status")
    control_plane.sim.run(1.0)
    assert status(control_plane).disruptions_allowed == 0
    evict(control_plane, sick)
    assert status(control_plane).disrupted_pods == {}


def test_a_pod_with_two_budgets_cannot_be_evicted(control_plane: Plane) -> None:
    control_plane.create(replica_set(1))
    control_plane.create(budget(min_available=0))
    control_plane.create(replace(budget(min_available=0), metadata=meta("other")))
    control_plane.tick()
    with pytest.raises(StatusError, match="more than one PodDisruptionBudget"):
        evict(control_plane, control_plane.list(Pod)[0])


def test_unmanaged_pods_are_reported(control_plane: Plane) -> None:
    control_plane.create(Pod(metadata=meta("bare", app="web"), spec=template().spec))
    control_plane.create(budget(max_unavailable=1))
    control_plane.tick()
    assert numbers(status(control_plane)) == (0, 1, 0, 0)
    assert "UnmanagedPods" in [reason for reason, _ in control_plane.events("web")]


def test_a_budget_without_a_selector_covers_no_pods(control_plane: Plane) -> None:
    control_plane.create(replica_set(1))
    control_plane.create(budget(min_available=1, selector=None))
    control_plane.tick()
    assert numbers(status(control_plane)) == (0, 0, 1, 0)
    control_plane.create(replace(budget(min_available=1, selector=LabelSelector()), metadata=meta("all")))
    control_plane.tick()
    assert control_plane.get(PodDisruptionBudget, "all").status.expected_pods == 1


def targeted(reason: str = "EvictionByEvictionAPI", since: int = 0) -> Callable[[Pod], Pod]:
    """What says that a pod is about to go."""
    found = PodCondition(
        type="DisruptionTarget", status="True", reason=reason, last_transition_time=format_time(since), message="why"
    )
    return lambda pod: replace(pod, status=replace(pod.status, conditions=(*pod.status.conditions, found)))


@pytest.mark.parametrize(
    ("pod", "now", "seconds"),
    [
        pytest.param(targeted()(READY), 20 * SECOND, 100.0, id="may still go"),
        pytest.param(targeted()(READY), 500 * SECOND, 0.0, id="stays"),
        pytest.param(targeted(since=3600 * SECOND)(READY), 0, 120.0, id="another clock"),
        pytest.param(targeted("TerminationByKubelet")(READY), 500 * SECOND, None, id="the kubelet's"),
        pytest.param(READY, 500 * SECOND, None, id="nobody said so"),
        pytest.param(
            replace(targeted()(READY), metadata=replace(READY.metadata, deletion_timestamp=format_time(0))),
            500 * SECOND,
            None,
            id="goes",
        ),
        pytest.param(targeted()(replace(READY, status=PodStatus(phase="Failed"))), 500 * SECOND, None, id="has ended"),
    ],
)
def test_a_disruption_target_is_stale_after_two_minutes(pod: Pod, now: int, seconds: float | None) -> None:
    assert seconds_to_stale(pod, now) == seconds


@pytest.mark.parametrize("ahead", [pytest.param(0, id="our clock"), pytest.param(3600, id="another clock")])
def test_a_stale_disruption_target_condition_is_reset(control_plane: Plane, ahead: int) -> None:
    control_plane.create(replica_set(1))
    control_plane.tick()
    (pod,) = control_plane.list(Pod)
    wall = control_plane.sim.kernel.wall + control_plane.sim.now
    control_plane.change(pod, targeted(since=wall + ahead * SECOND), "status")
    control_plane.sim.run(115.0)
    assert [one.status for one in control_plane.list(Pod)[0].status.conditions if one.type == "DisruptionTarget"] == [
        "True"
    ]
    control_plane.sim.run(10.0)
    (pod,) = control_plane.list(Pod)
    found = [one for one in pod.status.conditions if one.type == "DisruptionTarget"]
    assert [(one.status, one.reason, one.message) for one in found] == [("False", "", "")]
    assert pod.metadata.deletion_timestamp is None
