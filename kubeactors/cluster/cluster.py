"""A cluster inside an async application: `async with Cluster(nodes=3) as cluster`."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar, cast

import anyio
import msgspec

from kubeactors.actor import ActorSystem, Ref, Supervision
from kubeactors.api import SERVED
from kubeactors.api.core.v1 import Pod, ServiceAccount
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import ADMIN, APPLY_PATCH, DELETED, ListOptions, Patch, WriteOptions
from kubeactors.apimachinery.scheme import Kind
from kubeactors.apimachinery.status import NotFound
from kubeactors.apiserver import ObjectCodec, rbac
from kubeactors.client import Client, InProcessTransport, Transport
from kubeactors.cluster.conditions import holds
from kubeactors.cluster.data_dir import VOLUMES
from kubeactors.cluster.disks import open_disk
from kubeactors.cluster.goals import Goal, goal_of, told
from kubeactors.cluster.inbox import Inbox
from kubeactors.cluster.machines import GetRacks, MachinesMessage, PowerOff, PowerOn
from kubeactors.cluster.manifest import Manifest, ManifestError, Written, read_written
from kubeactors.cluster.plane import ControlPlane, GetApiServer, GetMachines, PlaneMessage, Shared
from kubeactors.cluster.platform import AnyioPlatform
from kubeactors.cluster.policy_gate import PolicyGate
from kubeactors.cluster.snapshot import ClusterSnapshot, TakeSnapshot
from kubeactors.cluster.spec import ClusterSpec, NodePool
from kubeactors.cluster.watch import WatchStream
from kubeactors.cluster.words import kind_of, object_of
from kubeactors.cluster.workloads import Images, Workloads
from kubeactors.network.policy import NetworkPolicies, PolicyMessage
from kubeactors.storage import Backend, StoreUnusable

if TYPE_CHECKING:
    from prometheus_client.registry import Collector

    from kubeactors.apiserver.http.app import ApiApp
    from kubeactors.cluster.proxy_sockets import ServiceSockets

T = TypeVar("T", bound=TypedObject)

DEFINED_SECONDS = 5.0
"""How long it may take until a custom kind is served."""
APPLIES = WriteOptions(field_manager="kubeactors", force=True)
"""Who owns the fields that `Cluster.apply` sets; what others have set to something else it takes over."""


class Seen(msgspec.Struct):
    """An object that is waited for, as it was seen last; None if there is none."""

    object: TypedObject | None = None


class Cluster:
    """A control plane and its nodes; it lives as long as the block.

    If its store is lost for good, as to another process that has taken over its prefix in etcd, the block is cancelled
    and raises `SystemFailed`, with the `StorageError` as its cause.

    Args:
        nodes: how many, or a `NodePool`; 3 by default.
        data_dir: where the state is kept over restarts; by default it is in memory and ends with the block.
        spec: everything at once, in place of the other arguments.
        snapshot: of another cluster, to go on from; it says what the nodes are, unless `spec` does. It is in memory.
        images: by name, with or without a tag: an `async def` that runs in this process when a pod names the image,
            a `Program`, or the `Behaviour` of a simulated container. Images that are not here are simulated.

    Raises:
        ValueError: `nodes` or `data_dir` are given beside a `spec` or a `snapshot`, which say them already.
    """

    def __init__(
        self,
        nodes: int | NodePool | None = None,
        *,
        data_dir: Path | None = None,
        spec: ClusterSpec | None = None,
        images: Images | None = None,
        snapshot: ClusterSnapshot | None = None,
    ) -> None:
        if (spec or snapshot) and (nodes is not None or data_dir is not None):
            raise ValueError("a spec or a snapshot says which nodes there are and where the state is; give either")
        self._snapshot = snapshot
        if snapshot is not None:
            spec = msgspec.structs.replace(spec or snapshot.spec, data_dir=None, etcd=None)
        self._images = images or {}
        pool = NodePool(count=nodes) if isinstance(nodes, int) else nodes or NodePool()
        self.spec: ClusterSpec = spec or ClusterSpec(nodes=pool, data_dir=data_dir)
        self._stack: AsyncExitStack
        self._authorizer = rbac.default_authorizer()
        # What fails in the plane is restarted in the plane; what is too much for that is to end the cluster, and be seen.
        self.system: ActorSystem = ActorSystem("cluster", supervision=Supervision(escalates=(StoreUnusable,)))
        self._gate = PolicyGate(self._start_policies)
        self._scheme = SERVED.copy()
        self.transport: Transport
        """How requests reach the API server; `Client(cluster.transport, user)` asks as somebody else."""
        self.client: Client
        """Asks as the administrator."""
        self._machines: Ref[MachinesMessage]
        self._plane: Ref[PlaneMessage]

    async def __aenter__(self) -> Self:
        """Start everything; when this returns pods can be created, nodes may still be on their way.

        Raises:
            StorageError: the data directory cannot be used; the class says why.
        """
        async with AsyncExitStack() as stack:  # what has started ends too if the rest does not come, or is cancelled
            await self._start(stack)
            self._stack = stack.pop_all()
        return self

    async def _start(self, stack: AsyncExitStack) -> None:
        backend = await self._backend(stack)
        workloads = Workloads(self._images, self._volumes(stack), partial(AnyioPlatform, self._gate))
        await stack.enter_async_context(self.system)
        running = self._snapshot.pods_by_node() if self._snapshot is not None else None
        shared = Shared(self._authorizer, self._scheme)
        factory = partial(ControlPlane, self.spec, backend, shared, workloads, running)
        plane = await self.system.spawn(factory, name="cluster")
        self._plane = plane
        self._server = await plane.ask(GetApiServer())
        self._machines = await plane.ask(GetMachines())
        self.transport = InProcessTransport(self._server)
        self.client = Client(self.transport, ADMIN, scheme=self._scheme)
        await self._until_there(ServiceAccount, "default", "default")  # pods are refused without it

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return await self._stack.__aexit__(kind, error, trace)

    async def _backend(self, stack: AsyncExitStack) -> Backend:
        if self._snapshot is not None:
            return self._snapshot.backend()
        backend = open_disk(self.spec, stack.enter_context(ExitStack()))
        # What cannot be read is said now, not by a store that fails again and again.
        if backend.blocking:
            await anyio.to_thread.run_sync(backend.load, ObjectCodec(self._scheme))
        return backend

    def _volumes(self, stack: AsyncExitStack) -> Path:
        """Where containers that are coroutines have their files."""
        if self.spec.data_dir is not None:
            return self.spec.data_dir / VOLUMES
        return Path(stack.enter_context(TemporaryDirectory(prefix="kubeactors-", ignore_cleanup_errors=True)))

    # Objects.

    async def apply(self, manifest: Manifest, namespace: str = "default") -> tuple[TypedObject, ...]:
        """Create the objects of a manifest, or make those that exist as it says: `kubectl apply --server-side`.

        Fields that others have set, and that it does not name, stay; those that an earlier `apply` has set, and it no
        longer names, go. Where it says something else than others it is right (`--force-conflicts`).

        Args:
            manifest: a path, YAML text, a mapping or a typed object; of a `List` its items.
            namespace: for objects that name none.

        Raises:
            ManifestError: it cannot be read, or an object has no name.
            StatusError: the API server refuses.
        """
        return tuple([await self._apply(one, namespace) for one in read_written(manifest, self._scheme)])

    async def _apply(self, written: Written, namespace: str) -> TypedObject:
        kind = await self._served(type(written.object))
        metadata = written.object.metadata
        if not metadata.name:
            raise ManifestError(f"this {kind.kind} has no name to apply it to; give it one, or create it by the client")
        request = Patch(
            resource=self.client.resource(kind.type),
            namespace=(metadata.namespace or namespace) if kind.namespaced else "",
            name=metadata.name,
            patch_type=APPLY_PATCH,
            patch=written.text,
            options=APPLIES,
            user=self.client.user,
        )
        return cast("TypedObject", (await self.client.send(request)).object)

    async def _served(self, type_: type[T]) -> Kind[T]:
        """The kind of a Struct; one that has just been defined is served in a moment.

        Raises:
            NotFound: it is not.
        """
        deadline = anyio.current_time() + DEFINED_SECONDS
        while True:
            try:
                self.client.resource(type_)
            except NotFound:
                if anyio.current_time() >= deadline:
                    raise
                await anyio.sleep(DEFINED_SECONDS / 500)
            else:
                return self._scheme.by_type(type_)

    async def wait_for(
        self,
        what: str,
        condition: str,
        *,
        namespace: str = "default",
        timeout: float = 30.0,  # noqa: ASYNC109 -- the contract's name
    ) -> TypedObject | None:
        """Wait until an object has a condition.

        Args:
            what: `kind/name`, in any of the kind's names: `deployment/web`, `po/nginx`.
            condition: a condition of its status (`Available`, `Ready`, `Ready=False`), without regard to case;
                `Complete` (rolled out); or what `kubectl wait --for` takes: `create`, `delete`, `condition=Ready`,
                `jsonpath={.status.phase}=Running`, any path that kubectl takes.
            namespace: where it is.
            timeout: seconds.

        Returns:
            The object as it is then; None if it is gone, as was waited for.

        Raises:
            ValueError: there is no such kind, or the condition makes no sense, or a path leads to what kubectl does not
                compare: several values, a list or an object.
            TimeoutError: it did not happen in time; it says what is so instead.
        """
        name, kind = object_of(what, self._scheme)
        goal, seen = goal_of(condition), Seen()
        with anyio.move_on_after(timeout) as scope:
            await self._until(goal, kind, name, namespace if kind.namespaced else "", seen)
        if scope.cancelled_caught:
            where = f"{what} in namespace {namespace}" if kind.namespaced else what
            raise TimeoutError(f"{where}: not {condition} within {timeout:g} s; {told(seen.object)}")
        return seen.object

    async def _until(self, goal: Goal, kind: Kind[TypedObject], name: str, namespace: str, seen: Seen) -> None:
        """Follow an object until it is as one waits for; a watch that ends is begun again."""
        while True:
            async with self.watching(kind.type, namespace, f"metadata.name={name}") as inbox:
                present = await self.client.list(kind.type, namespace, field_selector=f"metadata.name={name}")
                seen.object = present.items[0] if present.items else None
                while not goal(seen.object):
                    event = await inbox.next()
                    if event is None:
                        break
                    seen.object = None if event.type == DELETED else cast("TypedObject", event.object)
                else:
                    return

    async def _until_there(self, type_: type[TypedObject], name: str, namespace: str) -> None:
        async with self.watching(type_, namespace, f"metadata.name={name}") as inbox:
            present = await self.client.list(type_, namespace, field_selector=f"metadata.name={name}")
            if not present.items:
                await inbox.next()

    def watch(
        self,
        what: str | type[TypedObject],
        *,
        namespace: str = "default",
        label_selector: str = "",
        field_selector: str = "",
    ) -> WatchStream:
        """What is there, and what changes from then on: `async for event in cluster.watch("pods")`.

        Each event has a `type` (ADDED, MODIFIED, DELETED) and an `object`. Used with `async with`, or closed with
        `close`, it ends; otherwise with the cluster.

        Args:
            what: a kind in any of its names (`pods`, `pod`, `po`), or its class.
            namespace: where; empty: everywhere.
            label_selector: as kubectl's `--selector`.
            field_selector: as kubectl's `--field-selector`.

        Raises:
            ValueError: there is no such kind.
        """
        kind = kind_of(what, self._scheme) if isinstance(what, str) else self._scheme.by_type(what)
        return WatchStream(
            self.system,
            self.client,
            kind.type,
            namespace if kind.namespaced else "",
            label_selector=label_selector,
            field_selector=field_selector,
        )

    @asynccontextmanager
    async def watching(
        self, type_: type[TypedObject], namespace: str = "", field_selector: str = ""
    ) -> AsyncGenerator[Inbox]:
        """A watch of what changes from now on, while the block lasts."""
        inbox = Inbox()
        await self.client.watch(type_, inbox, 1, ListOptions(field_selector=field_selector), namespace)
        try:
            yield inbox
        finally:
            self.client.stop_watch(inbox, 1)

    async def addresses(self, labels: Mapping[str, str], namespace: str = "default") -> tuple[str, ...]:
        """The addresses of the pods with these labels that are ready and stay.

        One can connect to those in which a coroutine runs.
        """
        selector = ",".join(f"{key}={value}" for key, value in labels.items())
        found = await self.client.list(Pod, namespace, label_selector=selector)
        return tuple(
            one.status.pod_ip for one in found.items if holds(one, "Ready") and one.metadata.deletion_timestamp is None
        )

    # Futures.

    async def snapshot(self) -> ClusterSnapshot:
        """The cluster as it is now, to go on from: `async with Cluster(snapshot=snapshot) as future`.

        This cluster goes on as if nothing had happened. Any number of others, and simulations, can begin with it.
        """
        return await self._plane.ask(TakeSnapshot())

    @asynccontextmanager
    async def fork(self) -> "AsyncGenerator[Cluster]":
        """Another cluster that begins with what this one is now, and lives while the block lasts: a what-if future."""
        async with Cluster(snapshot=await self.snapshot(), images=self._images) as future:
            yield future

    # Machines.

    async def racks(self) -> dict[str, tuple[str, ...]]:
        """The names of the machines, by rack."""
        return await self._machines.ask(GetRacks())

    def power_off(self, names: Sequence[str]) -> None:
        """Machines stop at once, with everything that runs on them.

        Raises:
            ValueError: there is no machine of one of these names.
        """
        self._machines.tell(PowerOff(self._machines_of(names)))

    def power_on(self, names: Sequence[str]) -> None:
        """Machines boot again, empty.

        Raises:
            ValueError: there is no machine of one of these names.
        """
        self._machines.tell(PowerOn(self._machines_of(names)))

    def _machines_of(self, names: Sequence[str]) -> tuple[str, ...]:
        known = frozenset(name for pool in self.spec.pools for name in pool.names())
        for name in names:
            if name not in known:
                raise ValueError(f'there is no machine "{name}"; give names as they are in `racks`, or in the spec')
        return tuple(names)

    # The outside.

    @asynccontextmanager
    async def serve(
        self, directory: Path, *, host: str = "127.0.0.1", port: int = 6443, kubeconfig: Path | None = None
    ) -> AsyncGenerator[str]:
        """Serve HTTPS while the block lasts; yields the URL.

        Args:
            directory: where certificates are kept, made if there are none.
            host: where to listen.
            port: 0 takes a free one.
            kubeconfig: written with the administrator's credentials; by default into the directory.

        Raises:
            AddressInUse: somebody else listens there.
            KubeconfigTaken: where the kubeconfig goes is something else.
            WrongEventLoop: this is trio; HTTPS needs asyncio.
            PkiError: the certificates in the directory cannot be used.
        """
        from kubeactors.apiserver.http import serving  # noqa: PLC0415 -- an embedded cluster needs no HTTP
        from kubeactors.cluster.kubeconfig import write_kubeconfig  # noqa: PLC0415 -- the same
        from kubeactors.cluster.pki import ensure_pki  # noqa: PLC0415 -- the same

        pki = ensure_pki(directory, [host], datetime.now(UTC))  # noqa: TID251 -- certificates live in real time
        tls = serving.Tls(certificate=pki.server_certificate, key=pki.server_key, client_authority=pki.ca_certificate)
        async with serving.serve(self._app(), host=host, port=port, tls=tls) as listening:
            write_kubeconfig(kubeconfig or directory / "kubeconfig", listening.url, pki)
            yield listening.url

    @asynccontextmanager
    async def serve_dns(self, *, host: str = "127.0.0.1", port: int = 0) -> AsyncGenerator[tuple[str, int]]:
        """Answer DNS queries about services and pods, by UDP and TCP, while the block lasts; yields host and port.

        Args:
            host: where to listen.
            port: 0 takes a free one.

        Raises:
            OSError: one cannot listen there; it names the place.
        """
        from kubeactors.cluster.dns_sockets import serving_dns  # noqa: PLC0415 -- few clusters are asked for names
        from kubeactors.network.dns import ClusterDNS  # noqa: PLC0415 -- the same

        server = await self.system.spawn(partial(ClusterDNS, self.client))
        try:
            async with serving_dns(server, host, port) as address:
                yield address
        finally:
            _ = self.system.stop(server)

    @asynccontextmanager
    async def serve_services(self) -> "AsyncGenerator[ServiceSockets]":
        """Pass connections to services on to their pods that are coroutines, while the block lasts.

        Services are listened at by 127.x.y.z for the cluster IP 10.x.y.z, and by their node ports at 127.0.0.1;
        `await services.address("web", 80)` of what is yielded says where one of them is.
        """
        from kubeactors.cluster.proxy_sockets import serving_services  # noqa: PLC0415 -- few clusters need it
        from kubeactors.network.proxy import ServiceProxy  # noqa: PLC0415 -- the same

        async with serving_services(self.system, self._gate, partial(ServiceProxy, self.client)) as sockets:
            yield sockets

    async def _start_policies(self) -> Ref[PolicyMessage]:
        return await self.system.spawn(partial(NetworkPolicies, self.client), name="network-policies")

    def _collectors(self) -> "tuple[Collector, ...]":
        from kubeactors.actor.metrics import ActorCollector  # noqa: PLC0415 -- loaded with the first scrape

        return (ActorCollector(self.system),)

    def _app(self) -> "ApiApp":
        from kubeactors.apiserver.health import HEALTHZ, READYZ, looking_at  # noqa: PLC0415 -- the same
        from kubeactors.apiserver.http.app import ApiApp, HttpSettings  # noqa: PLC0415 -- the same
        from kubeactors.apiserver.http.health import Health  # noqa: PLC0415 -- the same
        from kubeactors.apiserver.http.openid import Issuer  # noqa: PLC0415 -- the same
        from kubeactors.apiserver.tokens import (  # noqa: PLC0415 -- the same
            ISSUER,
            AccountAuthenticator,
            AccountTokens,
            objects_of,
        )
        from kubeactors.cluster.pod_access import MachinePods  # noqa: PLC0415 -- the same

        kernel = self.system.kernel

        def clock() -> int:
            return kernel.wall + kernel.now

        key = self.spec.account_key
        server = self._server
        tokens = AccountTokens(key) if key else None
        known = () if tokens is None else (AccountAuthenticator(tokens, objects_of(server), clock),)
        settings = HttpSettings(
            tokens=known,
            health=Health(looking_at(server), livez=HEALTHZ, readyz=READYZ),
            flags=self.spec.server.flags(),
            pods=MachinePods(self._machines),
            collectors=self._collectors,
            actors=lambda: msgspec.json.encode(self.system.snapshot()),
            issuer=None if tokens is None else Issuer(name=ISSUER, key=tokens.public_key),
        )
        return ApiApp(self._server, self._scheme, authorizer=self._authorizer, clock=clock, settings=settings)
