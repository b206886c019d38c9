"""How many messages a pod costs. In the simulator that depends on the code alone, so a regression shows without a clock."""

from functools import partial

from kubeactors.actor import SimSystem
from kubeactors.api import SCHEME
from kubeactors.api.core.v1 import Container, Pod, PodSpec
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apimachinery.requests import ADMIN, Create, List, ListResult
from kubeactors.cluster.bench.messages import MessageCounter
from kubeactors.cluster.plane import ControlPlane, GetApiServer
from kubeactors.cluster.spec import ClusterSpec, NodePool
from kubeactors.storage.backends.memory import MemoryBackend

PODS = 40


def counted(seed: int) -> dict[tuple[str, str], int]:
    sim = SimSystem(seed=seed)
    spec = ClusterSpec(nodes=NodePool(count=4))
    plane = sim.spawn(partial(ControlPlane, spec, MemoryBackend()), name="cluster")
    server = sim.ask(plane, GetApiServer())
    sim.run(5.0)
    counter = MessageCounter()
    counter.attach(sim.kernel)
    resource = SCHEME.by_type(Pod).gvr
    pod_spec = PodSpec(containers=(Container(name="app", image="example/app:1"),))
    for number in range(PODS):
        pod = Pod(metadata=ObjectMeta(name=f"pod-{number}", namespace="default"), spec=pod_spec)
        sim.ask(server, Create(resource=resource, namespace="default", object=pod, user=ADMIN))
    sim.run(4.0)
    found = sim.ask(server, List(resource=resource, user=ADMIN))
    assert isinstance(found, ListResult)
    assert [one.status.phase for one in found.items if isinstance(one, Pod)] == ["Running"] * PODS
    return dict(counter.by_name())


def test_the_counts_of_a_seed_are_always_the_same() -> None:
    assert counted(1) == counted(1)


def test_a_pod_costs_so_many_requests() -> None:
    found = counted(1)
    per_pod = {
        ("ApiServer", "Create"): 6,  # the pod, its binding, and the events Scheduled, Pulled, Created, Started
        ("ApiServer", "Update"): 2,  # its status: the containers are made; they run
        ("Store", "Txn"): 8,
        ("EventSink", "RecordEvent"): 4,
        ("Kubelet", "WriteStatus"): 2,
    }
    assert {name: found[name] / PODS for name in per_pod} == per_pod
