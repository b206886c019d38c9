"""What users may do, done in a cluster in which nothing breaks."""

import gc
import weakref

from kubeactors.api.batch.v1 import Job
from kubeactors.api.core.v1 import ConfigMap, Namespace, Pod
from kubeactors.sim import Plan, Simulation
from kubeactors.sim.grammar import generate
from kubeactors.sim.steps import kind_of
from kubeactors.sim.workload import (
    AnyAction,
    CreateCronJob,
    CreateNamespace,
    CreateStatefulSet,
    DeleteNamespace,
    DeletePod,
    SuspendCronJob,
)


def ran(*steps: AnyAction) -> Simulation:
    """A run of these steps in which nothing was violated."""
    simulation = Simulation(Plan(seed=3, steps=steps))
    assert simulation.run().violations == ()
    return simulation


def test_a_cron_job_runs_each_minute_until_it_is_suspended() -> None:
    simulation = ran(CreateCronJob(at=0.0, name="tick", run_seconds=0.5), SuspendCronJob(at=150.0, name="tick"))
    assert len([one for one in simulation.world.log[Job] if one.old is None]) == 2


def test_a_namespace_goes_with_all_that_is_in_it() -> None:
    simulation = ran(CreateNamespace(at=0.0, name="team"), DeleteNamespace(at=5.0, name="team"))
    world = simulation.world
    assert world.find(Namespace, "team", "") is None
    assert [
        one for type_ in (Pod, ConfigMap) for one in world.of(type_).values() if one.metadata.namespace == "team"
    ] == []
    assert any(one.current.metadata.namespace == "team" for one in world.log[Pod])


def test_a_pod_that_is_deleted_by_force_is_replaced() -> None:
    simulation = ran(
        CreateStatefulSet(at=0.0, name="db", replicas=2), DeletePod(at=5.0, name="db", number=0, force=True)
    )
    uids = {one.current.metadata.uid for one in simulation.world.log[Pod] if one.current.metadata.name == "db-0"}
    assert len(uids) == 2


def test_the_grammar_draws_every_one_of_these() -> None:
    drawn = {kind_of(step) for seed in range(150) for step in generate(seed, ()).steps}
    assert {"create-cron-job", "suspend-cron-job", "create-namespace", "delete-namespace"} <= drawn
    assert any(step.force for seed in range(20) for step in generate(seed, ()).steps if isinstance(step, DeletePod))


def test_a_simulation_that_is_over_takes_no_memory() -> None:
    simulation = Simulation(Plan(seed=1))
    simulation.run(20)
    gone = weakref.ref(simulation)
    del simulation
    gc.collect()
    assert gone() is None
