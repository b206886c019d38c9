"""What a kubelet remembers of removed pods."""

from kubeactors.kubelet import Kubelet
from kubeactors.sim import Plan, Simulation
from kubeactors.sim.chaos.faults import SlowReplies
from kubeactors.sim.tree import actors_of
from kubeactors.sim.workload import CreateDeployment, DeleteDeployment


def test_a_removed_pod_is_forgotten_though_the_watch_event_precedes_the_response() -> None:
    slow = [
        SlowReplies(at=0.0, component=f"node-{one}", resource="pods", delay_seconds=0.5, seconds=60.0)
        for one in (1, 2, 3)
    ]
    web = CreateDeployment(at=0.0, name="web", replicas=3), DeleteDeployment(at=10.0, name="web")
    simulation = Simulation(Plan(seed=1, steps=(*slow, *web)))
    assert simulation.run(40.0).violations == ()
    kubelets = [one for _, one in actors_of(simulation.sim.kernel.root, Kubelet) if isinstance(one, Kubelet)]
    assert [one._statuses._writer._deleted for one in kubelets] == [{}, {}, {}]
