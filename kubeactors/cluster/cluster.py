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
from kubeactors.apimachinery.requests import ADMIN, DELETED, ListOptions
from kubeactors.apimachinery.scheme import Kind
from kubeactors.apiserver import ObjectCodec, rbac
from kubeactors.client import Client, InProcessTransport, Transport
from kubeactors.cluster.applying import apply
from kubeactors.cluster.conditions import holds
from kubeactors.cluster.data_dir import VOLUMES
from kubeactors.cluster.disks import open_disk
from kubeactors.cluster.goals import Goal, goal_of, told
from kubeactors.cluster.inbox import Inbox
from kubeactors.cluster.kind_names import kind_of, object_of
from kubeactors.cluster.machines import GetRacks, MachinesMessage, PowerOff, PowerOn
from kubeactors.cluster.manifest import Manifest, read_written
from kubeactors.cluster.plane import ControlPlane, GetApiServer, GetMachines, PlaneMessage, Shared
from kubeactors.cluster.platform import AnyioPlatform
from kubeactors.cluster.pod_requests import PodRequests
from kubeactors.cluster.policy_gate import PolicyGate
from kubeactors.cluster.snapshot import ClusterSnapshot, TakeSnapshot
from kubeactors.cluster.spec import ClusterSpec, NodePool
from kubeactors.cluster.watch import WatchStream
from kubeactors.cluster.workloads import Images, Workloads
from kubeactors.network.policy import NetworkPolicies, PolicyMessage
from kubeactors.storage import Backend, StoreUnusable

if TYPE_CHECKING:
    from kubeactors.apiserver.audit.trail import WriteLine
    from kubeactors.apiserver.http.app import ApiApp
    from kubeactors.cluster.proxy_sockets import ServiceSockets

T = TypeVar("T", bound=TypedObject)


class Seen(msgspec.Struct):
    """The last known state of the object that is waited for; None if it does not exist."""

    object: TypedObject | None = None


class Cluster:
    """A control plane and its nodes, for the duration of an `async with` block.

    If its store is lost for good, for example because another process has taken over its prefix in etcd, the block is
    cancelled and raises `SystemFailed`, with the `StorageError` as its cause.

    Args:
        nodes: the number of nodes, or a `NodePool`; 3 by default.
        data_dir: the directory of durable state; by default it is in memory and ends with the block.
        spec: everything at once, instead of the other arguments.
        snapshot: of another cluster, to continue from. It has the nodes, unless `spec` does; state is in memory.
        images: by name, with or without a tag: an `async def` that runs in this process when a pod names the image,
            a `Program`, or the `Behaviour` of a simulated container. All other images are simulated.

    Raises:
        ValueError: `nodes` or `data_dir` are given together with a `spec` or a `snapshot`.
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
            raise ValueError("a spec or a snapshot has the nodes and the data directory already; give one or the other")
        self._snapshot = snapshot
        if snapshot is not None:
            spec = msgspec.structs.replace(spec or snapshot.spec, data_dir=None, etcd=None)
        self._images = images or {}
        pool = NodePool(count=nodes) if isinstance(nodes, int) else nodes or NodePool()
        self.spec: ClusterSpec = spec or ClusterSpec(nodes=pool, data_dir=data_dir)
        self._stack: AsyncExitStack
        self._authorizer = rbac.default_authorizer()
        # Failures are handled within the plane; one that it cannot handle ends the cluster, visibly.
        self.system: ActorSystem = ActorSystem("cluster", supervision=Supervision(escalates=(StoreUnusable,)))
        self._gate = PolicyGate(self._start_policies)
        self._scheme = SERVED.copy()
        self.transport: Transport
        """Carries requests to the API server; `Client(cluster.transport, user)` acts as another user."""
        self.client: Client
        """The administrator's client."""
        self._machines: Ref[MachinesMessage]
        self._plane: Ref[PlaneMessage]

    async def __aenter__(self) -> Self:
        """Start everything. On return pods can be created; nodes may not be ready yet.

        Raises:
            StorageError: the state cannot be loaded; the class says why.
        """
        async with AsyncExitStack() as stack:  # if a later part fails to start, the earlier ones are stopped
            await self._start(stack)
            self._stack = stack.pop_all()
        return self

    async def _start(self, stack: AsyncExitStack) -> None:
        backend = await self._backend(stack)
        workloads = Workloads(self._images, self._volumes(stack), partial(AnyioPlatform, self._gate))
        await stack.enter_async_context(self.system)
        running = self._snapshot.pods_by_node() if self._snapshot is not None else None
        shared = Shared(self._authorizer, self._scheme)
        requests = partial(PodRequests, self._api_app, self.spec.root_ca) if self.spec.account_key else None
        factory = partial(ControlPlane, self.spec, backend, shared, workloads, running, pod_requests=requests)
        plane = await self.system.spawn(factory, name="cluster")
        self._plane = plane
        self._server = await plane.ask(GetApiServer())
        self._machines = await plane.ask(GetMachines())
        self.transport = InProcessTransport(self._server)
        self.client = Client(self.transport, ADMIN, scheme=self._scheme)
        await self._until_there(ServiceAccount, "default", "default")  # pods are rejected without it

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return await self._stack.__aexit__(kind, error, trace)

    async def _backend(self, stack: AsyncExitStack) -> Backend:
        if self._snapshot is not None:
            return self._snapshot.backend()
        backend = open_disk(self.spec, stack.enter_context(ExitStack()))
        # Fail here if it cannot be loaded, instead of in a store that is restarted repeatedly.
        if backend.blocking:
            await anyio.to_thread.run_sync(backend.load, ObjectCodec(self._scheme))
        return backend

    def _volumes(self, stack: AsyncExitStack) -> Path:
        """The directory of the files of coroutine containers."""
        if self.spec.data_dir is not None:
            return self.spec.data_dir / VOLUMES
        return Path(stack.enter_context(TemporaryDirectory(prefix="kubeactors-", ignore_cleanup_errors=True)))

    # Objects.

    async def apply(self, manifest: Manifest, namespace: str = "default") -> tuple[TypedObject, ...]:
        """Create or update the objects of a manifest by server-side apply, as `kubectl apply --server-side` does.

        Fields of other managers that it does not name stay; fields of an earlier `apply` that it no longer names are
        removed. It overrides conflicting fields (`--force-conflicts`).

        Args:
            manifest: a path, YAML text, a mapping or a typed object; a `List` stands for its items.
            namespace: the default namespace.

        Raises:
            ManifestError: the manifest cannot be read, or an object has no name.
            StatusError: the API server rejects an object.
        """
        objects = read_written(manifest, self._scheme)
        return tuple([await apply(self.client, self._scheme, one, namespace) for one in objects])

    async def wait_for(
        self,
        what: str,
        condition: str,
        *,
        namespace: str = "default",
        timeout: float = 30.0,  # noqa: ASYNC109 -- the contract's name
    ) -> TypedObject | None:
        """Wait until a condition on an object holds.

        Args:
            what: `kind/name`, with any of the kind's names: `deployment/web`, `po/nginx`.
            condition: a condition in its status (`Available`, `Ready`, `Ready=False`), case-insensitively;
                `Complete` (rolled out); or an argument of `kubectl wait --for`: `create`, `delete`, `condition=Ready`,
                `jsonpath={.status.phase}=Running`, any path that kubectl accepts.
            namespace: the namespace of the object.
            timeout: seconds.

        Returns:
            The object as it is then; None after a wait for its deletion.

        Raises:
            ValueError: the kind is unknown, the condition is malformed, or the path leads to a value that kubectl does
                not compare: several values, a list or an object.
            TimeoutError: the condition did not hold in time; the message has the current state.
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
        """Watch an object until the goal is reached; a watch that ends is restarted."""
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
        """The existing objects and all later changes: `async for event in cluster.watch("pods")`.

        Each event has a `type` (ADDED, MODIFIED, DELETED) and an `object`. The stream ends with its `async with` block,
        or with `close`; otherwise with the cluster.

        Args:
            what: a kind by any of its names (`pods`, `pod`, `po`), or its class.
            namespace: the namespace; empty for all.
            label_selector: as kubectl's `--selector`.
            field_selector: as kubectl's `--field-selector`.

        Raises:
            ValueError: the kind is unknown.
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
        """A watch of later changes, for the duration of the block."""
        inbox = Inbox()
        await self.client.watch(type_, inbox, 1, ListOptions(field_selector=field_selector), namespace)
        try:
            yield inbox
        finally:
            self.client.stop_watch(inbox, 1)

    async def addresses(self, labels: Mapping[str, str], namespace: str = "default") -> tuple[str, ...]:
        """The addresses of the ready pods with these labels that are not being deleted.

        Those of coroutine pods can be connected to.
        """
        selector = ",".join(f"{key}={value}" for key, value in labels.items())
        found = await self.client.list(Pod, namespace, label_selector=selector)
        return tuple(
            one.status.pod_ip for one in found.items if holds(one, "Ready") and one.metadata.deletion_timestamp is None
        )

    # Snapshots.

    async def snapshot(self) -> ClusterSnapshot:
        """The current state of the cluster, to continue from: `async with Cluster(snapshot=snapshot) as future`.

        This cluster is not affected. Any number of clusters and simulations can start from the snapshot.
        """
        return await self._plane.ask(TakeSnapshot())

    @asynccontextmanager
    async def fork(self) -> "AsyncGenerator[Cluster]":
        """A cluster that continues from this one's current state, for the duration of the block: a what-if future."""
        async with Cluster(snapshot=await self.snapshot(), images=self._images) as future:
            yield future

    # Machines.

    async def racks(self) -> dict[str, tuple[str, ...]]:
        """The names of the machines, by rack."""
        return await self._machines.ask(GetRacks())

    def power_off(self, names: Sequence[str]) -> None:
        """Stop machines at once, with everything that runs on them.

        Raises:
            ValueError: a machine does not exist.
        """
        self._machines.tell(PowerOff(self._machines_of(names)))

    def power_on(self, names: Sequence[str]) -> None:
        """Boot machines again, without containers.

        Raises:
            ValueError: a machine does not exist.
        """
        self._machines.tell(PowerOn(self._machines_of(names)))

    def _machines_of(self, names: Sequence[str]) -> tuple[str, ...]:
        known = frozenset(name for pool in self.spec.pools for name in pool.names())
        for name in names:
            if name not in known:
                raise ValueError(f'there is no machine "{name}"; give names as they are in `racks`, or in the spec')
        return tuple(names)

    # Serving.

    @asynccontextmanager
    async def serve(
        self, directory: Path, *, host: str = "127.0.0.1", port: int = 6443, kubeconfig: Path | None = None
    ) -> AsyncGenerator[str]:
        """Serve HTTPS for the duration of the block; yields the URL.

        Args:
            directory: the directory of certificates, which are created if necessary.
            host: the address to listen at.
            port: 0 takes a free one.
            kubeconfig: the path to write the administrator's kubeconfig to; by default in the directory.

        Raises:
            AddressInUse: the address is in use.
            KubeconfigTaken: the kubeconfig's path is another file.
            WrongEventLoop: this is trio; HTTPS needs asyncio.
            PkiError: the certificates in the directory cannot be used.
            OSError: the audit log cannot be opened.
        """
        from kubeactors.apiserver.http import serving  # noqa: PLC0415 -- an embedded cluster needs no HTTP
        from kubeactors.cluster.audit_log import opened  # noqa: PLC0415 -- the same
        from kubeactors.cluster.kubeconfig import write_kubeconfig  # noqa: PLC0415 -- the same
        from kubeactors.cluster.pki import ensure_pki  # noqa: PLC0415 -- the same

        pki = ensure_pki(directory, [host], datetime.now(UTC))  # noqa: TID251 -- certificates are valid in real time
        tls = serving.Tls(certificate=pki.server_certificate, key=pki.server_key, client_authority=pki.ca_certificate)
        audited = opened(self.spec.audit)
        async with audited as audit, serving.serve(self._api_app(audit), host=host, port=port, tls=tls) as listening:
            write_kubeconfig(kubeconfig or directory / "kubeconfig", listening.url, pki)
            yield listening.url

    def _api_app(self, audit: "WriteLine | None" = None) -> "ApiApp":
        """The application in front of the API server; it may be made more than once."""
        from kubeactors.cluster.api_app import api_app  # noqa: PLC0415 -- an embedded cluster needs no HTTP

        make = partial(api_app, self.system, self.spec, self._scheme, authorizer=self._authorizer)
        return make(server=self._server, machines=self._machines, audit=audit)

    @asynccontextmanager
    async def serve_dns(self, *, host: str = "127.0.0.1", port: int = 0) -> AsyncGenerator[tuple[str, int]]:
        """Answer DNS queries about services and pods, over UDP and TCP, during the block; yields host and port.

        Args:
            host: the address to listen at.
            port: 0 takes a free one.

        Raises:
            OSError: the address cannot be bound; the message names it.
        """
        from kubeactors.cluster.dns_sockets import serving_dns  # noqa: PLC0415 -- few clusters serve DNS
        from kubeactors.network.dns import ClusterDNS  # noqa: PLC0415 -- the same

        server = await self.system.spawn(partial(ClusterDNS, self.client))
        try:
            async with serving_dns(server, host, port) as address:
                yield address
        finally:
            _ = self.system.stop(server)

    @asynccontextmanager
    async def serve_services(self) -> "AsyncGenerator[ServiceSockets]":
        """Forward connections to services to their coroutine pods, for the duration of the block.

        A cluster IP 10.x.y.z is served at 127.x.y.z, node ports at 127.0.0.1; `await services.address("web", 80)` on
        the yielded value returns the address of a service's port.
        """
        from kubeactors.cluster.proxy_sockets import serving_services  # noqa: PLC0415 -- few clusters need it
        from kubeactors.network.proxy import ServiceProxy  # noqa: PLC0415 -- the same

        async with serving_services(self.system, self._gate, partial(ServiceProxy, self.client)) as sockets:
            yield sockets

    async def _start_policies(self) -> Ref[PolicyMessage]:
        return await self.system.spawn(partial(NetworkPolicies, self.client), name="network-policies")
