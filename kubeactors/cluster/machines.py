"""The machines: each runs a kubelet and a container runtime, and can lose power."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from ipaddress import IPv4Address, IPv4Network
from itertools import islice
from typing import ClassVar, cast

from msgspec.structs import replace

from kubeactors.actor import Actor, Mailbox, Overflow, Ref, Supervision, handle
from kubeactors.api.core.v1 import Namespace, Pod
from kubeactors.apimachinery import quantity
from kubeactors.apimachinery.requests import UserInfo
from kubeactors.apimachinery.status import StatusError
from kubeactors.client import Client, EventSink, RecordEvent
from kubeactors.client.events import DiscardingSink
from kubeactors.cluster.spec import RACK_LABEL, ClusterSpec, NodePool, Timing
from kubeactors.cluster.workloads import RuntimeFactory, Workloads
from kubeactors.kubelet import CallApiServer, Kubelet, KubeletConfig, KubeletMessage
from kubeactors.kubelet.config import DEFAULT_EVICTION_HARD
from kubeactors.kubelet.messages import KeepRenewed, SetLoad, StopRenewing
from kubeactors.kubelet.renewals import LeaseRenewer, Slots
from kubeactors.kubelet.runtimes import Behaviour, ContainerStats
from kubeactors.kubelet.runtimes.host import ContainerHost
from kubeactors.kubelet.runtimes.table import RuntimeTable
from kubeactors.kubelet.stages import Darken, Lighten, StagePlayer, compiled
from kubeactors.kubelet.usage import NodeUsage, PodUsage, Usage
from kubeactors.message import Message, Recipient, Request

POD_NETWORK = IPv4Network("10.128.0.0/9")
"""The network of the pod ranges of nodes."""
NODE_NETWORK = IPv4Network("172.16.0.0/12")
"""The network of the addresses of nodes."""


EVENTS_MAILBOX = Mailbox(capacity=10_000, overflow=Overflow.DROP_NEWEST)
EVENTS_PER_SECOND, EVENTS_BURST = 500.0, 1000
"""All kubelets share an event sink, with ten times the limits of one: otherwise events would take most of the time of a
cluster with thousands of pods. Events beyond the limit are dropped; nothing waits for one."""

SECOND = 1_000_000_000

PLAYER_MAILBOX = Mailbox(capacity=1_000_000)
"""One player stands in for all kubelets."""

SHARED_HEARTBEATS = 50
"""From this number of machines on, heartbeats are batched, and there are no events about initial conditions; below it,
each kubelet sends its own, so that a fault can affect it alone."""


class PowerOff(Message, frozen=True):
    """Cut the power of these machines: they stop at once, and their containers are lost."""

    names: tuple[str, ...]


class PowerOn(Message, frozen=True):
    """Boot these machines: a fresh kubelet, no containers."""

    names: tuple[str, ...]


class LoadMachine(Message, frozen=True):
    """Set the usage of the machine's own programs."""

    name: str
    load: ContainerStats


class GetRacks(Request[dict[str, tuple[str, ...]]], frozen=True):
    """The names of the machines by rack; those in a rack share a power supply."""


class GetKubelet(Request[Ref[KubeletMessage] | None], frozen=True):
    """The kubelet of a machine; None if it is off or unknown."""

    name: str


class GetUsage(Request[Usage], frozen=True):
    """The resource usage of everything on the machines. Measured at most every other second."""


AT_ONE_TIME = 5_000
"""The number of machines that boot at once."""


class BootRest(Message, frozen=True):
    """A message to itself: boot the machines that are not booted yet."""


MachinesMessage = BootRest | PowerOff | PowerOn | LoadMachine | GetRacks | GetKubelet | GetUsage

USAGE_SECONDS = 2.0
"""The maximum age of a measurement. metrics-server, whose role this is, measures every 15 seconds."""


class Machines(Actor[MachinesMessage], deterministic=True):
    """Boots every machine of a pool when it starts, and later on request.

    A kubelet that fails is restarted and finds its runtime as it was; a machine that loses power loses both.
    """

    supervision: ClassVar[Supervision] = Supervision(max_restarts=1_000_000, within_seconds=60.0, backoff_seconds=0.5)

    def __init__(
        self,
        client: Client,
        spec: ClusterSpec,
        workloads: Workloads | None = None,
        running: dict[str, tuple[Pod, ...]] | None = None,
        api: Ref[CallApiServer] | None = None,
    ) -> None:
        self._api = api
        pools, timing = spec.pools, spec.timing
        self._stages = compiled(spec.stages)
        self._player: Ref[Darken | Lighten] | None = None
        self._running = {} if running is None else running
        """Pods that run from the start, by machine: consumed by its first boot, even over restarts of this actor."""
        self._client = client
        self._workloads = workloads
        self._runtimes: dict[str, RuntimeTable] = {}
        self._usage: Usage | None = None
        self._interval_seconds = timing.heartbeat_seconds
        self._has_events = spec.events
        self._configs = {config.node_name: config for config in kubelet_configs(pools, timing)}
        if spec.allocate_node_cidrs and not spec.stages:
            self._configs = {name: replace(one, pod_cidr="") for name, one in self._configs.items()}
        if spec.account_key:
            self._configs = {name: replace(one, account_tokens=True) for name, one in self._configs.items()}
        if spec.csi_nodes:
            self._configs = {name: replace(one, csi_node=True) for name, one in self._configs.items()}
        if len(self._configs) >= SHARED_HEARTBEATS:
            self._configs = {name: replace(one, tells_boot=False) for name, one in self._configs.items()}
        self._behaviours = {name: _behaviour(pool) for pool in pools for name in pool.names()}
        self._kubelets: dict[str, Ref[KubeletMessage]] = {}
        self._loads: dict[str, ContainerStats] = {}
        """The usage of the own programs of machines, where it was set."""
        self._boots: dict[str, int] = {}
        """The number of boots of each machine."""
        self._dark: dict[str, None] = {}
        """Machines that are not booted yet."""

    def started(self) -> None:
        """Boot all machines."""
        self._events: Recipient[RecordEvent] = self._sink() if self._has_events else DiscardingSink()
        if self._stages:
            player = partial(StagePlayer, self._client, self._configs.values(), self._stages, self._events)
            self._player = cast("Ref[Darken | Lighten]", self.ctx.spawn(player, name="stages", mailbox=PLAYER_MAILBOX))
            return
        self._renewer: Ref[KeepRenewed | StopRenewing] | None = None
        if len(self._configs) >= SHARED_HEARTBEATS:
            renewer = partial(LeaseRenewer, self._client, self._interval_seconds, Slots())
            self._renewer = cast("Ref[KeepRenewed | StopRenewing]", self.ctx.spawn(renewer, name="leases"))
        host = None
        if self._workloads is not None:
            host = self.ctx.spawn(partial(ContainerHost, self._workloads.platform), name="containers")
        self._factory = RuntimeFactory(self._workloads, host)
        self._dark = dict.fromkeys(self._configs)
        self._boot_some()

    def _sink(self) -> Ref[RecordEvent]:
        sink = partial(EventSink, self._client, per_second=EVENTS_PER_SECOND, burst=EVENTS_BURST)
        return self.ctx.spawn(sink, name="events", mailbox=EVENTS_MAILBOX)

    def _boot_some(self) -> None:
        for name in tuple(islice(self._dark, AT_ONE_TIME)):
            self._boot(name)
        if self._dark:
            self.ctx.self.tell(BootRest())

    @handle
    async def boot_rest(self, message: BootRest) -> None:
        """Boot more, once the API server has caught up with the requests of those before: its mailbox is bounded."""
        with suppress(StatusError):
            await self._client.find(Namespace, "default")
        self._boot_some()

    @handle
    def power_off(self, message: PowerOff) -> None:
        """Stop kubelets abruptly."""
        if self._player is not None:
            self._player.tell(Darken(message.names))
        for name in message.names:
            self._dark.pop(name, None)
            kubelet = self._kubelets.pop(name, None)
            if kubelet is not None:
                self.ctx.stop(kubelet, "no power")
                self._runtimes.pop(name).power_off()

    @handle
    def power_on(self, message: PowerOn) -> None:
        """Boot machines that are off."""
        if self._player is not None:
            self._player.tell(Lighten(tuple(name for name in message.names if name in self._configs)))
            return
        for name in message.names:
            if name in self._configs and name not in self._kubelets:
                self._boot(name)

    @handle
    def load_machine(self, message: LoadMachine) -> None:
        """Tell its kubelet, now and at each later boot."""
        self._loads[message.name] = message.load
        kubelet = self._kubelets.get(message.name)
        if kubelet is not None:
            kubelet.tell(SetLoad(message.load))

    @handle
    def get_racks(self, message: GetRacks) -> dict[str, tuple[str, ...]]:
        """All machines in racks, on or off."""
        racks: dict[str, list[str]] = {}
        for config in self._configs.values():
            if RACK_LABEL in config.labels:
                racks.setdefault(config.labels[RACK_LABEL], []).append(config.node_name)
        return {rack: tuple(names) for rack, names in racks.items()}

    @handle
    def get_kubelet(self, message: GetKubelet) -> Ref[KubeletMessage] | None:
        """The kubelet to ask for logs."""
        return self._kubelets.get(message.name)

    @handle
    def get_usage(self, message: GetUsage) -> Usage:
        """Of all machines that have power."""
        now = self.ctx.wall
        if self._usage is None or now - self._usage.time > USAGE_SECONDS * SECOND:
            nodes = tuple(_usage(name, runtime, now) for name, runtime in self._runtimes.items())
            self._usage = Usage(time=now, nodes=nodes)
        return self._usage

    def _boot(self, name: str) -> None:
        self._dark.pop(name, None)
        config, boots = self._configs[name], self._boots.get(name, 0)
        self._boots[name] = boots + 1
        if boots:
            config = replace(config, boot=boots)
        node = UserInfo(name=f"system:node:{name}", groups=("system:nodes", "system:authenticated"))
        runtime = self._runtimes[name] = self._factory.make(config.pod_cidr, self._behaviours[name])
        for pod in self._running.pop(name, ()):
            runtime.adopt(pod, self.ctx.wall)
        kubelet = partial(
            Kubelet,
            client=self._client.as_user(node),
            runtime=runtime,
            config=config,
            events=self._events,
            renewer=self._renewer,
            network=self._client,
            api=self._api,
        )
        self._kubelets[name] = self.ctx.spawn(kubelet, name=name)
        if name in self._loads:
            self._kubelets[name].tell(SetLoad(self._loads[name]))


def _usage(node: str, runtime: RuntimeTable, now: int) -> NodeUsage:
    pods = (
        PodUsage(namespace=config.namespace, name=config.name, containers=tuple(running))
        for config, running in runtime.usage(now)
    )
    return NodeUsage(node=node, pods=tuple(pods))


def _behaviour(pool: NodePool) -> Behaviour:
    return Behaviour(start_seconds=pool.start_latency_seconds, stop_seconds=pool.stop_latency_seconds)


def kubelet_configs(pools: Sequence[NodePool], timing: Timing) -> Iterator[KubeletConfig]:
    """The settings of each kubelet of some pools, in order.

    >>> [one.pod_cidr for one in kubelet_configs([NodePool(count=1), NodePool(prefix="big", count=1)], Timing())]
    ['10.128.0.0/24', '10.128.1.0/24']

    Raises:
        ValueError: two nodes have one name.
    """
    most = max((quantity.value(pool.pods) for pool in pools), default=0)
    size = max((most + 3).bit_length(), 8)  # plus the addresses of network, router and broadcast
    places = [(pool, place, name) for pool in pools for place, name in enumerate(pool.names())]
    seen: dict[str, None] = {}
    for index, (pool, place, name) in enumerate(places):
        if name in seen:
            raise ValueError(f'two nodes are named "{name}"; give each node pool another prefix')
        seen[name] = None
        yield _config(pool, place, name, index, size, timing)


def _config(pool: NodePool, place: int, name: str, index: int, size: int, timing: Timing) -> KubeletConfig:  # noqa: PLR0913, PLR0917 -- called in one place
    pods, nodes = int(POD_NETWORK.network_address), int(NODE_NETWORK.network_address)
    capacity = pool.capacity()
    return KubeletConfig(
        node_name=name,
        node_ip=str(IPv4Address(nodes + index + 1)),
        pod_cidr=str(IPv4Network((pods + (index << size), 32 - size))),
        capacity=capacity,
        allocatable=capacity | pool.allocatable if pool.allocatable else None,
        labels=pool.labels_of(place),
        taints=pool.taints,
        eviction_hard=pool.eviction_hard or DEFAULT_EVICTION_HARD,
        static_pods=pool.static_pods,
        lease_duration_seconds=timing.lease_duration_seconds,
        heartbeat_seconds=timing.heartbeat_seconds,
    )
