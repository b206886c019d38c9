"""Runs one workload: a store, an API server and a scheduler, as in a cluster, and nothing else."""

import gc
import resource
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Never, TypeAlias, cast

import anyio
import msgspec
from msgspec.structs import replace

from benchmarks.scheduler import shapes
from benchmarks.scheduler.workload import Devices, Pods, Workload
from kubeactors.actor import Actor, ActorSystem, Ref
from kubeactors.api import SCHEME
from kubeactors.api.core.v1 import Namespace, Node, Pod, Service, ServiceAccount, ServicePort, ServiceSpec
from kubeactors.api.resource.v1 import ResourceClaim, ResourceClaimTemplate
from kubeactors.api.scheduling.v1 import PriorityClass
from kubeactors.apimachinery.meta import DeleteOptions, ObjectMeta
from kubeactors.apimachinery.requests import ADMIN, DELETED, ListOptions
from kubeactors.apiserver import ApiServer, ObjectCodec
from kubeactors.client import Client, EventSink, InformerFactory, InProcessTransport
from kubeactors.cluster.inbox import Inbox
from kubeactors.cluster.processes import SchedulerProcess
from kubeactors.controllers.resourceclaim import ResourceClaimController
from kubeactors.storage import Store, StoreMessage
from kubeactors.storage.backends.memory import MemoryBackend

CREATORS = 64
"""How many requests are sent concurrently."""
CHURN_SECONDS = 0.2

Work: TypeAlias = Callable[[], Awaitable[object]]


class Measurement(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a workload."""

    workload: str
    nodes: int
    pods: int
    seconds: float
    pods_per_second: float
    threshold: float
    cpu_microseconds_per_pod: float
    """Of store, API server, scheduler and the program that creates the pods together."""
    peak_rss_bytes: int


class ClaimController(Actor[Never], deterministic=True):
    """The controller that makes claims of devices from templates, with its informers."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def started(self) -> None:
        """Start informers, then the controller."""
        informers = InformerFactory(self.ctx, self._client)
        controller = partial(
            ResourceClaimController,
            self._client,
            self.ctx.spawn(partial(EventSink, self._client), name="events"),
            pods=informers.of(Pod),
            claims=informers.of(ResourceClaim),
            templates=informers.of(ResourceClaimTemplate),
        )
        self.ctx.spawn(controller, name="resourceclaim")


class Scheduled:
    """Counts scheduled pods."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._seen: set[str] = set()

    async def until_refused(self, count: int) -> None:
        """Wait until so many pods are marked as unschedulable."""
        refused: set[str] = set()
        while len(refused) < count:
            event = await self._inbox.next()
            assert event is not None  # nobody closes the watch
            pod = cast("Pod", event.object)
            if any(one.type == "PodScheduled" and one.status == "False" for one in pod.status.conditions):
                refused.add(pod.metadata.uid)

    async def until(self, count: int, prefix: str) -> None:
        """Wait for so many pods whose names begin so."""
        found = 0
        while found < count:
            event = await self._inbox.next()
            assert event is not None  # nobody closes the watch
            pod = cast("Pod", event.object)
            uid = pod.metadata.uid
            if (
                event.type != DELETED
                and pod.spec.node_name
                and uid not in self._seen
                and pod.metadata.name.startswith(prefix)
            ):
                self._seen.add(uid)
                found += 1


class Run:
    """One workload in one control plane."""

    def __init__(self, client: Client, workload: Workload) -> None:
        self._client = client
        self._workload = workload
        self.pods = workload.measured.count
        """The number of measured pods."""
        self.cpu_seconds = 0.0
        """The CPU time of the measured part."""

    async def measure(self) -> float:
        """Seconds from the first request until the last pod is scheduled."""
        await self._prepare()
        gc.collect()
        seconds = 0.0
        async with self._scheduled() as scheduled, anyio.create_task_group() as others:
            if self._workload.churn is not None:
                others.start_soon(self._churn, self._workload.churn)
            if self._workload.deleted_per_second:
                others.start_soon(self._delete)
            if self._workload.recreates is not None:
                others.start_soon(self._recreate, self._workload.recreates)
            if self._workload.blockers is not None:
                await self._block(scheduled, self._workload.blockers)
            begun, cpu = time.perf_counter(), time.process_time()
            if self._workload.blockers is not None:
                await self._unblock(scheduled)
            elif self._workload.steady_seconds:
                await self._come_and_go(scheduled)
            else:
                await self._create_and_wait(scheduled, self._workload.measured, "measured")
            seconds, self.cpu_seconds = time.perf_counter() - begun, time.process_time() - cpu
            others.cancel_scope.cancel()
        return seconds

    async def _prepare(self) -> None:
        workload = self._workload
        await self._client.create(PriorityClass(metadata=ObjectMeta(name="high"), value=10))
        groups = (*workload.before, workload.measured)
        if workload.blockers is not None:
            groups = (*groups, replace(workload.measured, namespaces=("blockers",)))
        namespaces = list(dict.fromkeys(name for one in groups for name in one.namespaces))
        for namespace in dict.fromkeys(("default", *namespaces)):
            await self._namespace(namespace)
        number = 0
        for nodes in workload.nodes:
            made: list[Work] = []
            for index in range(nodes.count):
                name = shapes.NAMED if nodes.large else f"node-{number}"
                zone = nodes.zones[index % len(nodes.zones)]
                one = shapes.node(name, zone=zone, large=nodes.large, taints=nodes.taints, devices=nodes.devices)
                made.append(partial(self._node, one))
                if nodes.volumes:
                    made.append(partial(self._client.create, shapes.csi_node(name, nodes.volumes)))
                number += 1
            await all_of(made)
        if workload.devices is not None:
            await self._devices(workload.devices, [f"node-{one}" for one in range(number)], namespaces)
        async with self._scheduled() as scheduled:
            for index, pods in enumerate(workload.before):
                await self._create_and_wait(scheduled, pods, f"before-{index}")

    async def _come_and_go(self, scheduled: Scheduled) -> None:
        """Create pods, and delete them when all are scheduled, again and again until the time is over."""
        measured, until, self.pods = self._workload.measured, time.perf_counter() + self._workload.steady_seconds, 0
        options = DeleteOptions(grace_period_seconds=0)
        for number in range(1_000_000):
            if time.perf_counter() >= until:
                return
            prefix = f"steady-{number}-"
            await self._create_and_wait(scheduled, measured, prefix)
            self.pods += measured.count
            for where in _places(measured, prefix):
                await self._client.delete(Pod, *where, options=options)

    async def _devices(self, devices: Devices, names: list[str], namespaces: list[str]) -> None:
        await self._client.create(shapes.device_class())
        await all_of([partial(self._client.create, shapes.devices_of(name, devices.per_node)) for name in names])
        await all_of([partial(self._client.create, shapes.claim_template(one)) for one in namespaces])
        await all_of([partial(self._given, number, names) for number in range(devices.allocated)])

    async def _given(self, number: int, names: list[str]) -> None:
        claim = await self._client.create(shapes.resource_claim(f"given-{number}"))
        device, node = divmod(number, len(names))
        await self._client.update_status(shapes.given(claim, names[node], device))

    async def _namespace(self, name: str) -> None:
        if name != "default":
            await self._client.create(Namespace(metadata=ObjectMeta(name=name, labels={"team": "devops"})))
        await self._client.create(ServiceAccount(metadata=ObjectMeta(name="default", namespace=name)))
        if name in self._workload.services:
            spec = ServiceSpec(selector={"color": "blue"}, ports=(ServicePort(port=80),))
            await self._client.create(Service(metadata=ObjectMeta(name="service", namespace=name), spec=spec))

    async def _node(self, node: Node) -> None:
        """Create a ready node, without the taint of new nodes."""
        made = await self._client.create(node)
        await self._client.update(replace(made, spec=replace(made.spec, taints=node.spec.taints)))

    async def _create_and_wait(self, scheduled: Scheduled, pods: Pods, prefix: str) -> None:
        async with anyio.create_task_group() as group:
            places = _places(pods, prefix)
            works: list[Work] = [partial(self._pod, pods.shape, *where) for where in places]
            if pods.volumes:
                await all_of([partial(self._volume, pods.volumes, *where) for where in places])
                works = [partial(self._pod, shapes.with_claim(pods.shape, where[0]), *where) for where in places]
            group.start_soon(all_of, works)
            if pods.waits:
                await scheduled.until(pods.count, prefix)

    async def _pod(self, shape: Pod, name: str, namespace: str) -> None:
        metadata = replace(shape.metadata, name=name, namespace=namespace)
        await self._client.create(replace(shape, metadata=metadata))

    async def _volume(self, kind: str, name: str, namespace: str) -> None:
        await self._client.create(shapes.volume(name, namespace, kind))
        await self._client.create(shapes.claim(name, namespace))

    async def _block(self, scheduled: Scheduled, blocker: Pod) -> None:
        """Fill the cluster, so that the measured pods are unschedulable at first."""
        measured = self._workload.measured
        blockers = replace(measured, shape=blocker, namespaces=("blockers",))
        await self._create_and_wait(scheduled, blockers, "blocker")
        await self._create_and_wait(scheduled, replace(measured, waits=False), "measured")
        await scheduled.until_refused(measured.count)

    async def _unblock(self, scheduled: Scheduled) -> None:
        blockers = replace(self._workload.measured, namespaces=("blockers",))
        options = DeleteOptions(grace_period_seconds=0)
        works: list[Work] = [
            partial(self._client.delete, Pod, *where, options=options) for where in _places(blockers, "blocker")
        ]
        async with anyio.create_task_group() as group:
            group.start_soon(all_of, works)
            await scheduled.until(self._workload.measured.count, "measured")

    async def _recreate(self, shape: Pod) -> None:
        """Create and delete in turn a node, an unschedulable pod and a Service."""
        spec = ServiceSpec(selector={"app": "foo"}, ports=(ServicePort(port=8080, protocol="TCP"),))
        service = Service(metadata=ObjectMeta(name="churn", namespace="default"), spec=spec)
        for number in range(1_000_000):
            node = shapes.node(f"churn-{number}")
            await self._client.create(node)
            await self._pod(shape, f"churn-{number}", "default")
            await self._client.create(service)
            await anyio.sleep(1.0)
            await self._client.delete(Node, node.metadata.name)
            await self._client.delete(Pod, f"churn-{number}", "default", options=DeleteOptions(grace_period_seconds=0))
            await self._client.delete(Service, "churn", "default")

    async def _churn(self, shape: Pod) -> None:
        for number in range(1_000_000):
            await self._pod(shape, f"churn-{number}", "default")
            await anyio.sleep(CHURN_SECONDS)

    async def _delete(self) -> None:
        last = len(self._workload.before) - 1
        options = DeleteOptions(grace_period_seconds=0)
        for name, namespace in _places(self._workload.before[last], f"before-{last}"):
            await self._client.delete(Pod, name, namespace, options=options)
            await anyio.sleep(1 / self._workload.deleted_per_second)

    @asynccontextmanager
    async def _scheduled(self) -> AsyncGenerator[Scheduled]:
        inbox = Inbox()
        await self._client.watch(Pod, inbox, 1, ListOptions())
        try:
            yield Scheduled(inbox)
        finally:
            self._client.stop_watch(inbox, 1)


async def measure(workload: Workload) -> Measurement:
    """Start a control plane and run the workload in it."""
    async with ActorSystem("scheduler-perf") as system:
        backend = MemoryBackend()
        store = cast("Ref[StoreMessage]", await system.spawn(lambda: Store(backend, ObjectCodec(SCHEME)), name="store"))
        server = await system.spawn(lambda: ApiServer(SCHEME, store), name="apiserver")
        transport = InProcessTransport(server)
        await system.spawn(lambda: SchedulerProcess(Client(transport, ADMIN)), name="scheduler")
        if workload.devices is not None:
            await system.spawn(lambda: ClaimController(Client(transport, ADMIN)), name="controllers")
        run = Run(Client(transport, ADMIN), workload)
        seconds = await run.measure()
    return Measurement(
        workload=workload.name,
        nodes=sum(one.count for one in workload.nodes),
        pods=run.pods,
        seconds=round(seconds, 3),
        pods_per_second=round(run.pods / seconds, 1),
        threshold=workload.threshold,
        cpu_microseconds_per_pod=round(run.cpu_seconds / run.pods * 1e6, 1),
        peak_rss_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    )


async def all_of(works: list[Work]) -> None:
    """Run all, at most `CREATORS` concurrently."""
    remaining = iter(works)

    async def worker() -> None:
        for number, work in enumerate(remaining):
            await work()
            if number % 50 == 0:
                await anyio.lowlevel.checkpoint()

    async with anyio.create_task_group() as group:
        for _ in range(CREATORS):
            group.start_soon(worker)


def _places(pods: Pods, prefix: str) -> list[tuple[str, str]]:
    return [(f"{prefix}-{number}", pods.namespaces[number % len(pods.namespaces)]) for number in range(pods.count)]
