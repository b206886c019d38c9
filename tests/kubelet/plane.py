"""Store, API server, scheduler and kubelets in a simulator; no controllers."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TypeVar, cast

from msgspec.structs import replace

from kubeactors.actor import Actor, Ref, SimSystem, handle
from kubeactors.api import SCHEME
from kubeactors.api.core.v1 import (
    Container,
    Node,
    Pod,
    PodSpec,
    ResourceRequirements,
    ServiceAccount,
)
from kubeactors.api.core.v1.event import Event
from kubeactors.apimachinery.meta import DeleteOptions, ObjectMeta, TypedObject
from kubeactors.apimachinery.status import NotFound, StatusError
from kubeactors.apiserver import ApiServer, ObjectCodec
from kubeactors.apiserver.registry.tokens import TokenIssuer
from kubeactors.client import Client, EventSink, InformerFactory, InProcessTransport, Notify
from kubeactors.cluster.processes import surroundings
from kubeactors.kubelet import CallApiServer, Kubelet, KubeletConfig, KubeletMessage
from kubeactors.kubelet.config import DEFAULT_EVICTION_HARD
from kubeactors.kubelet.runtimes import Behaviour, SimulatedRuntime
from kubeactors.message import Request
from kubeactors.scheduler import DEFAULT_CONFIG, Scheduler, SchedulerConfig
from kubeactors.scheduler.extender import Call, no_call
from kubeactors.storage import Store
from kubeactors.storage.backends.memory import MemoryBackend

T = TypeVar("T")
K = TypeVar("K", bound=TypedObject)


EMPTY_SPEC = PodSpec()


class Run(Request[object], frozen=True):
    """Await this in an actor."""

    work: Callable[[], Awaitable[object]]


class Runner(Actor[Run], reentrant=True, deterministic=True):
    """Awaits for a test what only actors can await."""

    @handle
    async def run(self, message: Run) -> object:
        try:
            return await message.work()
        except StatusError as error:
            return error


class SchedulerProcess(Actor[Notify], deterministic=True):
    """A scheduler with its informers."""

    def __init__(self, client: Client, config: SchedulerConfig, call: Call) -> None:
        self._client = client
        self._config = config
        self._call = call

    def started(self) -> None:
        informers = InformerFactory(self.ctx, self._client)
        events = self.ctx.spawn(partial(EventSink, self._client), name="events")
        scheduler = partial(
            Scheduler,
            self._client,
            informers.of(Pod),
            informers.of(Node),
            events,
            config=self._config,
            surroundings=surroundings(informers),
            call=self._call,
        )
        self.ctx.spawn(scheduler, name="scheduler")

    @handle
    def notified(self, message: Notify) -> None:
        """Ignore the message: nothing sends one."""


class Plane:
    """A control plane with synchronous methods for tests."""

    def __init__(
        self,
        seed: int = 1,
        *,
        nodes: int = 0,
        behaviour: Behaviour | None = None,
        static_pods: tuple[Pod, ...] = (),
        tokens: TokenIssuer | None = None,
        eviction_hard: Mapping[str, str] = DEFAULT_EVICTION_HARD,
        edge: Callable[[], Actor[CallApiServer]] | None = None,
        **node: str,
    ) -> None:
        self.sim = SimSystem(seed=seed)
        backend = MemoryBackend()
        self.store = self.sim.spawn(lambda: Store(backend, ObjectCodec(SCHEME)), name="store")
        self.server = self.sim.spawn(lambda: ApiServer(SCHEME, self.store, tokens=tokens), name="apiserver")
        self.client = Client(InProcessTransport(self.server))
        self._runner = self.sim.spawn(Runner, name="test")
        self._events = self.sim.spawn(partial(EventSink, self.client), name="events")
        self._edge = None if edge is None else self.sim.spawn(edge, name="edge")
        self._behaviour = behaviour
        self.static_pods = static_pods
        self._issues_tokens = tokens is not None
        self._configs: dict[str, KubeletConfig] = {}
        self.kubelets: dict[str, Ref[KubeletMessage]] = {}
        self.runtimes: dict[str, SimulatedRuntime] = {}
        self.sim.run(1.0)
        self.create(ServiceAccount(metadata=ObjectMeta(name="default", namespace="default")))
        for number in range(nodes):
            self.boot(f"node-{number}", eviction_hard=eviction_hard, **node)

    def do(self, work: Callable[[], Awaitable[T]]) -> T:
        """Return the result of the awaitable, or raise its exception."""
        result = self.sim.ask(self._runner, Run(work), timeout_seconds=120.0)
        if isinstance(result, StatusError):
            raise result
        return cast("T", result)

    # Machines.

    def boot(
        self,
        name: str,
        *,
        cpu: str = "4",
        memory: str = "8Gi",
        eviction_hard: Mapping[str, str] = DEFAULT_EVICTION_HARD,
    ) -> None:
        """Boot a machine with an empty runtime, and wait until its node accepts pods."""
        index = int(name.rpartition("-")[2])
        config = KubeletConfig(
            static_pods=self.static_pods,
            node_name=name,
            node_ip=f"172.16.0.{index + 1}",
            pod_cidr=f"10.0.{index}.0/24",
            eviction_hard=eviction_hard,
            account_tokens=self._issues_tokens,
            capacity={"cpu": cpu, "memory": memory, "pods": "110", "ephemeral-storage": "100Gi"},
        )
        self._configs[name] = config
        self.runtimes[name] = SimulatedRuntime(config.pod_cidr, self._behaviour)
        self.start_kubelet(name)
        self.sim.run(0.1)
        self.change_node(name, lambda node: replace(node, spec=replace(node.spec, taints=())))

    def configure(self, name: str, *, static_pods: tuple[Pod, ...] = (), boot: int = 0) -> None:
        """Change the static pods or the boot ID that the next kubelet on the machine finds."""
        self._configs[name] = replace(self._configs[name], static_pods=static_pods, boot=boot)

    def start_kubelet(self, name: str) -> None:
        """Start a kubelet on the machine in its present state."""
        kubelet = partial(
            Kubelet,
            client=self.client,
            runtime=self.runtimes[name],
            config=self._configs[name],
            events=self._events,
            api=self._edge,
        )
        self.kubelets[name] = self.sim.spawn(kubelet, name=f"kubelet-{name}")

    def power_off(self, name: str) -> None:
        """End the kubelet and all containers of the machine."""
        _ = self.sim.stop(self.kubelets[name])

    def start_scheduler(self, config: SchedulerConfig = DEFAULT_CONFIG, call: Call = no_call) -> None:
        self.scheduler = self.sim.spawn(partial(SchedulerProcess, self.client, config, call), name="scheduler-process")
        self.sim.run(0.1)

    # Objects.

    def create(self, value: K) -> K:
        return self.do(lambda: self.client.create(value))

    def pod(self, name: str) -> Pod:
        return self.do(lambda: self.client.get(Pod, name, "default"))

    def find_pod(self, name: str) -> Pod | None:
        try:
            return self.pod(name)
        except NotFound:
            return None

    def node(self, name: str) -> Node:
        return self.do(lambda: self.client.get(Node, name))

    def change_node(self, name: str, change: Callable[[Node], Node]) -> Node:
        node = self.node(name)
        return self.do(lambda: self.client.update(change(node)))

    def delete_pod(self, name: str, grace_seconds: int | None = None) -> None:
        options = DeleteOptions(grace_period_seconds=grace_seconds)
        self.do(lambda: self.client.delete(Pod, name, "default", options=options))

    def events(self, name: str) -> list[Event]:
        """Return the events of a pod, in order."""
        found = self.do(lambda: self.client.list(Event, "default", field_selector=f"involvedObject.name={name}"))
        return sorted(found.items, key=lambda one: int(one.metadata.resource_version))

    def run_until_pod(self, name: str, condition: Callable[[Pod], bool], seconds: float = 30.0) -> Pod:
        """Advance virtual time until the pod satisfies the condition."""
        for _ in range(int(seconds * 20)):
            found = self.pod(name)
            if condition(found):
                return found
            self.sim.run(0.05)
        raise AssertionError(f"pod {name} is not as expected: {self.pod(name)}")


def a_pod(
    name: str,
    *containers: Container,
    node_name: str = "",
    requests: dict[str, str] | None = None,
    command: tuple[str, ...] = (),
    restart_policy: str = "",
    grace_seconds: int | None = None,
    init: tuple[Container, ...] = (),
    spec: PodSpec = EMPTY_SPEC,
) -> Pod:
    """Return a pod in the namespace default, with one container unless some are given."""
    one = Container(
        name="c", image="example/x:1", command=command, resources=ResourceRequirements(requests=requests or {})
    )
    return Pod(
        metadata=ObjectMeta(name=name, namespace="default", labels={"app": name}),
        spec=replace(
            spec,
            node_name=node_name,
            containers=containers or (one,),
            init_containers=init,
            restart_policy=restart_policy,
            termination_grace_period_seconds=grace_seconds,
        ),
    )


def condition(pod: Pod, type_: str) -> tuple[str, str, str] | None:
    """Return status, reason and message of a condition."""
    return next(((one.status, one.reason, one.message) for one in pod.status.conditions if one.type == type_), None)
