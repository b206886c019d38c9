"""Disruptions of pods: they need the condition DisruptionTarget, and finished pods are kept."""

from typing import cast

import pytest

from kubeactors.actor import Actor, SimSystem
from kubeactors.actor.cell import Cell
from kubeactors.actor.supervision import SECOND
from kubeactors.api.core.v1 import Pod, PodCondition, PodStatus
from kubeactors.apimachinery.meta import DeleteOptions, ObjectMeta, Preconditions
from kubeactors.apimachinery.requests import (
    ADMIN,
    Create,
    Delete,
    GroupVersionResource,
    WriteOptions,
)
from kubeactors.apimachinery.status import NotFound, Status
from kubeactors.sim.invariants.disruptions import KNOWN, DisruptionTargetIsSet, FinishedPodsAreKept
from kubeactors.sim.network import Asked, Served
from kubeactors.sim.world import World
from kubeactors.storage import KeyValue, StoreEvent

PODS = GroupVersionResource("", "v1", "pods")
TARGET = PodCondition(type="DisruptionTarget", status="True", reason="PreemptionByScheduler")
DONE = Status(status="Success")
REFUSED = NotFound.saying('pods "a" not found').status


class Bench:
    """A world with one pod, and the two invariants of its disruption."""

    def __init__(self) -> None:
        self._sim = SimSystem()
        self._world = World()
        root = self._sim.kernel.root
        self.told = DisruptionTargetIsSet(self._world, root)
        self.kept = FinishedPodsAreKept(self._world, root)
        self._cell = cast("Cell", self._sim.spawn(Actor, name="replicaset"))

    def write(self, pod: Pod) -> None:
        """The store has the pod, and both invariants see the commit."""
        commit = self._world.apply(StoreEvent(kv=KeyValue("pods/x/a", pod, 1, 1, 1), previous=None, deleted=False))
        assert not [*self.told.committed(commit), *self.kept.committed(commit)]

    def passes(self, seconds: float) -> None:
        """Time passes."""
        self._sim.run(seconds)

    def delete(self, component: str) -> Asked:
        """A component deletes the pod."""
        options = DeleteOptions(preconditions=Preconditions(uid="u"))
        request = Delete(resource=PODS, namespace="x", name="a", options=options, user=ADMIN)
        return Asked(component, self._cell, request, 1, self._sim.now)

    def evict(self, options: WriteOptions) -> Served:
        """A user evicts the pod."""
        request = Create(
            resource=PODS, namespace="x", name="a", subresource="eviction", object=pod(), options=options, user=ADMIN
        )
        return Served(self._cell, request, 1, self._sim.now)


def pod(*conditions: PodCondition, phase: str = "Running", going: bool = True) -> Pod:
    metadata = ObjectMeta(
        name="a", namespace="x", uid="u", deletion_timestamp="2026-01-01T00:00:00Z" if going else None
    )
    return Pod(metadata=metadata, status=PodStatus(phase=phase, conditions=conditions))


@pytest.mark.parametrize(
    ("found", "component", "answer", "problems"),
    [
        (pod(), "scheduler", DONE, 1),
        (pod(TARGET), "scheduler", DONE, 0),
        (pod(), "scheduler", REFUSED, 0),
        (pod(phase="Failed"), "scheduler", DONE, 0),
        (pod(), "controller-manager", DONE, 0),
    ],
)
def test_a_preempted_pod_has_the_condition(found: Pod, component: str, answer: Status, problems: int) -> None:
    bench = Bench()
    bench.write(found)
    assert len(list(bench.told.answered(bench.delete(component), answer))) == problems


@pytest.mark.parametrize(
    ("found", "options", "problems"),
    [
        (pod(), WriteOptions(), 1),
        (pod(TARGET), WriteOptions(), 0),
        (pod(), WriteOptions(dry_run=("All",)), 0),
        (pod(going=False), WriteOptions(), 0),
    ],
)
def test_an_evicted_pod_has_the_condition(found: Pod, options: WriteOptions, problems: int) -> None:
    bench = Bench()
    bench.write(found)
    assert len(list(bench.told.served(bench.evict(options), DONE))) == problems


@pytest.mark.parametrize(("phase", "seconds", "problems"), [("Succeeded", 60, 1), ("Failed", 5, 0), ("Running", 60, 0)])
def test_scaling_down_keeps_finished_pods(phase: str, seconds: int, problems: int) -> None:
    assert KNOWN == 10 * SECOND
    bench = Bench()
    bench.write(pod(phase=phase, going=False))
    bench.passes(seconds)
    assert len(list(bench.kept.answered(bench.delete("controller-manager"), DONE))) == problems
