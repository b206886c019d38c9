"""The pod watcher: which pods count as good, and when a wave is settled."""

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from kubeactors.api.core.v1 import Pod, PodCondition, PodSpec, PodStatus
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apimachinery.requests import ADDED, DELETED, MODIFIED, WatchEvent, WatchEvents
from kubeactors.cluster.bench.pods import PodWatcher, Wave
from kubeactors.cluster.bench.workload import GENERATION_LABEL, WORKLOAD_LABEL


def pod(
    phase: str = "Pending", *, node: str = "", generation: str = "0", deleted: bool = False, name: str = "a"
) -> Pod:
    labels = {WORKLOAD_LABEL: "web", GENERATION_LABEL: generation}
    stamp = "2026-01-01T00:00:00Z" if deleted else None
    metadata = ObjectMeta(name=name, namespace="default", uid=name, labels=labels, deletion_timestamp=stamp)
    return Pod(metadata=metadata, spec=PodSpec(node_name=node), status=PodStatus(phase=phase))


def watched(*events: WatchEvent, wanted: int = 1, ends: bool = False) -> PodWatcher:
    watcher = PodWatcher()
    watcher.expect("web", wanted, ends=ends)
    watcher.tell(WatchEvents(1, events))
    return watcher


def added(*pods: Pod) -> Sequence[WatchEvent]:
    return [WatchEvent(ADDED, one) for one in pods]


@pytest.mark.parametrize(
    ("seen", "good", "stale"),
    [
        (pod(), 0, 1),
        (pod("Running", node="n"), 1, 0),
        (pod("Running", node="dark"), 0, 0),
        (pod("Running", deleted=True), 0, 0),
        (pod("Running", generation="old"), 0, 1),
        (pod("Failed"), 0, 0),
    ],
)
def test_a_pod_counts_if_it_is_as_wanted(seen: Pod, good: int, stale: int) -> None:
    watcher = watched()
    watcher.darken(["dark"])
    watcher.tell(WatchEvents(1, tuple(added(seen))))
    assert watcher.waves["web"] == Wave(wanted=1, good=good, stale=stale)


def test_a_latency_is_measured_once_per_pod() -> None:
    running = pod("Running")
    events = [*added(pod()), WatchEvent(MODIFIED, running), WatchEvent(MODIFIED, running)]
    watcher = watched(*events)
    assert (watcher.running, len(watcher.latencies)) == (1, 1)


def test_another_pod_of_the_same_name_is_measured_anew() -> None:
    first, second = pod("Running"), replace(pod("Running"), metadata=replace(pod().metadata, uid="b"))
    watcher = watched(*added(first), WatchEvent(DELETED, first), *added(second))
    assert (watcher.running, watcher.waves["web"].good) == (2, 1)


def test_a_finished_pod_of_a_job_counts_for_ever() -> None:
    done = pod("Succeeded")
    watcher = watched(*added(done), WatchEvent(DELETED, done), ends=True)
    watcher.darken(["n"])
    assert watcher.waves["web"].settled


def test_a_change_of_the_template_makes_all_pods_stale() -> None:
    watcher = watched(*added(pod("Running")))
    watcher.change("web", generation="1")
    assert watcher.waves["web"] == Wave(wanted=1, generation="1", good=0, stale=1)
    watcher.tell(WatchEvents(1, tuple(added(pod("Running", generation="1", name="b")))))
    assert not watcher.waves["web"].settled  # the old pod still exists
    watcher.tell(WatchEvents(1, (WatchEvent(DELETED, pod("Running")),)))
    assert watcher.waves["web"].settled


def test_a_complaint_has_the_reasons_of_the_scheduler() -> None:
    condition = PodCondition(type="PodScheduled", status="False", reason="Unschedulable", message="0/1 nodes.")
    picky = replace(pod(), status=PodStatus(phase="Pending", conditions=(condition,)))
    assert watched(*added(picky)).complaint(["web"]) == "0 of 1 pods of web run; the scheduler says: 0/1 nodes."


async def test_waiting_ends_when_all_waves_are_settled() -> None:
    watcher = watched(*added(pod("Running")))
    await watcher.wait(["web"])
