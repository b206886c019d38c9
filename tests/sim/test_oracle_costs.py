"""The cost of invariants per commit does not grow with the cluster; it is counted in executed lines, not in time."""

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeAlias

import pytest

from kubeactors.sim import Plan, Simulation
from kubeactors.sim.chaos import faults
from kubeactors.sim.judge import Judge
from kubeactors.sim.plan import in_order
from kubeactors.sim.workload import CreateDeployment, CreateStatefulSet, DeletePod, Drain, Roll, Scale

Trace: TypeAlias = Callable[[FrameType, str, Any], Any]

OF_A_DEPLOYMENT = 10
SECONDS = 40.0
TIMES = 4
GROWTH = 1.25
"""The tolerated difference: events in the two clusters coincide differently by chance."""
AT_EVENTS = (
    "committed",
    "asked",
    "read",
    "watched",
    "store_asked",
    "store_told",
    "_component_answered",
    "_server_answered",
    "_store_answered",
)


class Lines:
    """Counts executed lines, each iteration of a loop anew."""

    def __init__(self) -> None:
        self.count: int = 0

    def __call__(self, frame: FrameType, event: str, _: object) -> Trace:
        self.count += event == "line"
        return self

    @contextmanager
    def counted(self) -> Generator[None]:
        """Start counting."""
        before = sys.gettrace()
        sys.settrace(self)
        try:
            yield
        finally:
            sys.settrace(before)


def counting(method: Callable[..., Any], lines: Lines) -> Callable[..., Any]:
    """The method, with its lines counted."""

    def counted(*args: object) -> object:
        with lines.counted():
            return method(*args)

    return counted


def plan_of(nodes: int) -> Plan:
    """Five pods for each node, some of them created while others are deleted, and events that make every invariant look again."""
    deployments = [
        CreateDeployment(at=0.1 * number, name=f"web{number}", replicas=OF_A_DEPLOYMENT) for number in range(nodes // 2)
    ]
    return Plan(
        seed=1,
        nodes=nodes,
        pods_per_node=20,
        steps=in_order(
            [
                *deployments,
                CreateStatefulSet(at=1.0, name="db", replicas=2),
                Roll(at=10.0, name="web0", image="2"),
                DeletePod(at=14.0, name="db"),
                Scale(at=16.0, name="web1", replicas=OF_A_DEPLOYMENT // 2),
                Drain(at=20.0, node="node-1"),
                faults.KubeletRestart(at=24.0, node="node-3"),
                faults.ApiServerRestart(at=30.0),
            ]
        ),
    )


def cost_of(nodes: int, monkeypatch: pytest.MonkeyPatch) -> tuple[float, float]:
    """Executed lines of invariants per commit, and per periodic check and node."""
    at_events, at_looks, looks = Lines(), Lines(), SECONDS / 5.0
    with monkeypatch.context() as patch:
        for name in AT_EVENTS:
            patch.setattr(Judge, name, counting(getattr(Judge, name), at_events))
        patch.setattr(Judge, "look", counting(Judge.look, at_looks))
        simulation = Simulation(plan_of(nodes))
        assert simulation.run(SECONDS).violations == ()
    commits = sum(map(len, simulation.world.log.values()))
    return at_events.count / commits, at_looks.count / looks / nodes


def test_the_cost_of_invariants_per_commit_does_not_grow_with_the_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    small, large = (cost_of(nodes, monkeypatch) for nodes in (6, 6 * TIMES))
    assert large[0] < small[0] * GROWTH
    assert large[1] < small[1] * GROWTH
