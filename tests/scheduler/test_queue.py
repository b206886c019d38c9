"""The scheduling queue: order, backoff, requeueing by events."""

import msgspec

from kubeactors.api.core.v1 import Toleration
from kubeactors.api.resource.v1 import ResourceClaim
from kubeactors.scheduler.cache import Cache
from kubeactors.scheduler.cluster_event import ANYTHING, Action, ClusterEvent, Hint, Resource, Subject
from kubeactors.scheduler.plugins import PrioritySort
from kubeactors.scheduler.pod_info import PodInfo, pod_info
from kubeactors.scheduler.queue import SchedulingQueue
from kubeactors.scheduler.queued_pod import SECOND, QueuedPod
from tests.scheduler.builders import node, pod, profile

NODE_ADDED = ClusterEvent(Resource.NODE, Action.ADD)
ASSIGNED_POD_DELETE = ClusterEvent(Resource.ASSIGNED_POD, Action.DELETE)


def make_queue() -> SchedulingQueue:
    rules = profile(Cache())
    return SchedulingQueue(rules.gate, rules.hints, PrioritySort().sort_key)


def popped(queue: SchedulingQueue, now: int = 0) -> QueuedPod:
    found = queue.pop(now)
    assert found is not None
    return found


def refused(queue: SchedulingQueue, *plugins: str, now: int = 0) -> QueuedPod:
    queued = popped(queue, now)
    queued.plugins = plugins
    queue.requeue(queued, now)
    return queued


def test_pods_are_popped_by_priority_and_then_by_age() -> None:
    queue = make_queue()
    queue.add(pod_info(pod("old")), 1)
    queue.add(pod_info(pod("young")), 2)
    queue.add(pod_info(pod("urgent", priority=10)), 3)

    assert [popped(queue).info.pod.metadata.name for _ in range(3)] == ["urgent", "old", "young"]
    assert queue.pop(0) is None


def test_an_unschedulable_pod_waits_for_an_event_that_may_help() -> None:
    queue = make_queue()
    queue.add(pod_info(pod("p", {"cpu": "4"})), 0)
    refused(queue, "NodeResourcesFit")

    assert queue.pop(60 * SECOND) is None
    queue.move(NODE_ADDED, None, node("small", cpu="1"), 60 * SECOND)
    assert queue.pop(60 * SECOND) is None
    queue.move(NODE_ADDED, None, node("large", cpu="8"), 60 * SECOND)
    assert popped(queue, 60 * SECOND).info.key == "default/p"


def test_an_event_for_a_single_pod_is_not_checked_for_others() -> None:
    asked: list[str] = []

    def helps(one: PodInfo, _: Subject, __: Subject) -> bool:
        asked.append(one.uid)
        return True

    hint = Hint(Resource.RESOURCE_CLAIM, Action.ADD, helps, lambda _, new: "uid-b" if new is not None else "")
    queue = SchedulingQueue(lambda _: None, {"Claims": (hint,)}, PrioritySort().sort_key)
    for name in ("a", "b", "c"):
        queue.add(pod_info(pod(name)), 0)
        refused(queue, "Claims")

    queue.move(ClusterEvent(Resource.RESOURCE_CLAIM, Action.ADD), None, ResourceClaim(), 60 * SECOND)
    assert asked == ["uid-b"]
    assert popped(queue, 60 * SECOND).info.uid == "uid-b"
    queue.move(ClusterEvent(Resource.RESOURCE_CLAIM, Action.ADD), None, None, 60 * SECOND)
    assert asked == ["uid-b", "uid-a", "uid-c"]


def test_a_plugin_that_waits_for_any_event_gets_every_event() -> None:
    queue = SchedulingQueue(lambda _: None, {"Any": ANYTHING}, PrioritySort().sort_key)
    queue.add(pod_info(pod("p")), 0)
    refused(queue, "Any")
    assert queue.awaits(NODE_ADDED)
    queue.move(NODE_ADDED, None, node("n"), 60 * SECOND)
    assert popped(queue, 60 * SECOND).info.uid == "uid-p"


def test_an_event_is_not_lost_while_a_pod_is_in_flight() -> None:
    queue = make_queue()
    queue.add(pod_info(pod("p", {"cpu": "4"})), 0)
    queued = popped(queue)
    queue.move(ASSIGNED_POD_DELETE, pod("other", {"cpu": "1"}), None, 1)
    queued.plugins = ("NodeResourcesFit",)
    queue.requeue(queued, 2)

    assert queue.next_deadline() == 2 + SECOND
    assert popped(queue, 2 + SECOND) is queued


def test_an_event_before_a_pod_was_popped_does_not_requeue_it() -> None:
    queue = make_queue()
    queue.add(pod_info(pod("first", {"cpu": "4"})), 0)
    queue.add(pod_info(pod("second", {"cpu": "4"})), 0)
    popped(queue)
    queue.move(ASSIGNED_POD_DELETE, pod("other", {"cpu": "1"}), None, 1)
    refused(queue, "NodeResourcesFit")

    assert queue.pop(10) is None


def test_the_backoff_doubles_up_to_ten_seconds() -> None:
    queue = make_queue()
    queue.add(pod_info(pod("p")), 0)
    waits: list[int] = []
    now = 0
    for _ in range(6):
        refused(queue, now=now)
        deadline = queue.next_deadline()
        assert deadline is not None
        waits.append((deadline - now) // SECOND)
        now = deadline

    assert waits == [1, 2, 4, 8, 10, 10]


def test_a_pod_in_backoff_is_popped_early_when_nothing_is_active() -> None:
    queue = make_queue()
    queue.add(pod_info(pod("p", {"cpu": "1"})), 0)
    queued = refused(queue, "NodeResourcesFit")
    queue.move(NODE_ADDED, None, node("n"), 1)
    queue.add(pod_info(pod("fresh")), 1)

    assert popped(queue, 1).info.key == "default/fresh"
    assert popped(queue, 1) is queued


def test_a_pod_that_failed_with_an_error_waits_for_its_full_backoff() -> None:
    queue = make_queue()
    queue.add(pod_info(pod("p")), 0)
    refused(queue)

    assert queue.pop(SECOND - 1) is None
    assert popped(queue, SECOND).attempts == 2


def test_an_unschedulable_pod_is_retried_after_five_minutes() -> None:
    queue = make_queue()
    queue.add(pod_info(pod("p")), 0)
    refused(queue, "NodeAffinity", now=SECOND)

    assert queue.next_deadline() == 301 * SECOND
    assert queue.pop(301 * SECOND - 1) is None
    assert queue.pop(301 * SECOND) is not None


def test_a_gated_pod_is_queued_when_its_last_gate_is_removed() -> None:
    queue = make_queue()
    queue.add(pod_info(pod("p", gates=("a", "b"))), 0)
    queue.update(pod_info(pod("p", gates=("b",))), 1)
    assert queue.pop(1) is None

    queue.update(pod_info(pod("p")), 2)
    assert popped(queue, 2).info.pod.spec.scheduling_gates == ()


def test_a_new_toleration_requeues_only_its_pod() -> None:
    queue = make_queue()
    for name in ("a", "b"):
        queue.add(pod_info(pod(name)), 0)
    refused(queue, "TaintToleration")
    refused(queue, "TaintToleration")

    now = 20 * SECOND
    queue.update(pod_info(pod("b", tolerations=(Toleration(operator="Exists"),))), now)
    assert popped(queue, now).info.key == "default/b"
    assert queue.pop(now) is None


def test_a_status_change_requeues_no_pod() -> None:
    queue = make_queue()
    queue.add(pod_info(pod("p")), 0)
    queued = refused(queue, "NodeResourcesFit")
    changed = msgspec.structs.replace(
        queued.info.pod, metadata=msgspec.structs.replace(queued.info.pod.metadata, resource_version="2")
    )
    queue.update(pod_info(changed), 60 * SECOND)

    assert queue.pop(60 * SECOND) is None
    assert queued.info.pod is changed


def test_a_pod_deleted_in_flight_is_not_requeued() -> None:
    queue = make_queue()
    queue.add(pod_info(pod("p")), 0)
    queued = popped(queue)
    queue.delete("uid-p")
    queue.requeue(queued, 1)

    assert len(queue) == 0


def test_a_recreated_pod_is_another_pod() -> None:
    queue = make_queue()
    queue.add(pod_info(pod("p", uid="old")), 0)
    queue.add(pod_info(pod("p", uid="new")), 1)
    queue.delete("old")

    assert popped(queue, 1).uid == "new"
    assert queue.pop(1) is None
