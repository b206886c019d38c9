"""A cluster in virtual time, for several benchmarks."""

from kubeactors.actor import Ref, SimSystem
from kubeactors.api import SCHEME
from kubeactors.api.core.v1 import Container, Pod, PodSpec
from kubeactors.apimachinery.meta import ObjectMeta, TypedObject
from kubeactors.apimachinery.requests import ADMIN, Create, List, ListResult, Result
from kubeactors.client.transport import ApiMessage
from kubeactors.cluster.machines import MachinesMessage
from kubeactors.cluster.plane import ControlPlane, GetApiServer, GetMachines
from kubeactors.cluster.spec import ClusterSpec, NodePool
from kubeactors.storage.backends.memory import MemoryBackend

PODS = SCHEME.by_type(Pod).gvr
SETTLING_SECONDS = 60.0


class Simulated:
    """A control plane and its nodes, all in virtual time, with no faults."""

    def __init__(self, nodes: int, pods: int, room: int = 0) -> None:
        """Boot until all pods run. Nodes have room for twice as many pods, or for `room`."""
        self.sim = SimSystem(seed=1)
        size = str((room or 2 * pods) // nodes + 10)
        pool = NodePool(count=nodes, cpu=size, memory=f"{size}Gi", pods=size)
        backend = MemoryBackend()
        self.plane = self.sim.spawn(lambda: ControlPlane(ClusterSpec(nodes=pool), backend), name="cluster")
        self.sim.run(5.0)
        self.server: Ref[ApiMessage] = self.sim.ask(self.plane, GetApiServer())
        for number in range(pods):
            self.create(f"pod-{number}")
        self.sim.run(SETTLING_SECONDS)
        assert self.running() == pods, f"{self.running()} of {pods} pods run"

    @property
    def machines(self) -> Ref[MachinesMessage]:
        """The actor that runs the kubelets."""
        return self.sim.ask(self.plane, GetMachines())

    def create(self, name: str) -> None:
        """Create one pod."""
        spec = PodSpec(containers=(Container(name="app", image="example/app:1"),))
        self.put(Pod(metadata=ObjectMeta(name=name, namespace="default"), spec=spec))

    def put(self, value: TypedObject) -> None:
        """Create an object."""
        resource, namespace = SCHEME.by_type(type(value)).gvr, value.metadata.namespace
        made = self.sim.ask(self.server, Create(resource=resource, namespace=namespace, object=value, user=ADMIN))
        assert isinstance(made, Result), made

    def pods(self) -> tuple[Pod, ...]:
        """All pods."""
        found = self.sim.ask(self.server, List(resource=PODS, user=ADMIN))
        assert isinstance(found, ListResult), found
        return tuple(one for one in found.items if isinstance(one, Pod))

    def running(self) -> int:
        """How many pods are running and not terminating."""
        return sum(one.status.phase == "Running" and one.metadata.deletion_timestamp is None for one in self.pods())
