"""After a conflict on a stale cache a controller reads live, instead of waiting for the cache to catch up."""

import pytest

from kubeactors.api.core.v1 import Pod
from kubeactors.sim import Plan, Simulation
from kubeactors.sim.chaos.faults import WatchLag
from kubeactors.sim.workload import (
    AnyAction,
    CreateDeployment,
    CreateReplicationController,
    CreateStatefulSet,
    DeletePod,
    Scale,
    ScaleReplicationController,
    ScaleStatefulSet,
)


@pytest.mark.parametrize(
    ("resource", "create", "scale"),
    [
        (
            "statefulsets",
            CreateStatefulSet(at=0.0, name="a", replicas=3),
            ScaleStatefulSet(at=21.0, name="a", replicas=1),
        ),
        ("deployments", CreateDeployment(at=0.0, name="a", replicas=3), Scale(at=21.0, name="a", replicas=1)),
        (
            "replicationcontrollers",
            CreateReplicationController(at=0.0, name="a", replicas=3),
            ScaleReplicationController(at=21.0, name="a", replicas=1),
        ),
    ],
    ids=["stateful set", "deployment", "replication controller"],
)
def test_a_new_size_counts_as_soon_as_a_status_write_conflicted(
    resource: str, create: AnyAction, scale: AnyAction
) -> None:
    lag = WatchLag(at=20.0, seconds=100.0, component="controller-manager", resource=resource)
    simulation = Simulation(Plan(steps=(create, lag, scale, DeletePod(at=25.0, name="a", number=0))))
    simulation.run(until=50.0)
    assert len(simulation.world.of(Pod)) == 1
