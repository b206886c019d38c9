"""The control plane as a supervision tree: the only place where the rooms are wired together."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Never, TypeAlias, TypeVar, cast

from msgspec.structs import replace

from kubeactors import storage
from kubeactors.actor import Actor, Ref, Supervision, handle
from kubeactors.api import SCHEME
from kubeactors.api.core.v1 import Pod
from kubeactors.apimachinery.requests import UserInfo
from kubeactors.apimachinery.scheme import Scheme
from kubeactors.apiserver import ApiServer, Authorizer, ObjectCodec
from kubeactors.apiserver.admission.webhooks.call import Call as WebhookCall
from kubeactors.apiserver.admission.webhooks.call import CallWebhook
from kubeactors.apiserver.admission.webhooks.call import no_call as no_webhook
from kubeactors.client import Client, ElectionConfig, InProcessTransport, LeaderElector
from kubeactors.client.transport import ApiMessage, Transport
from kubeactors.cluster.autoscaler_metrics import MachineMetrics
from kubeactors.cluster.local_volumes import VOLUMES, LocalVolumes
from kubeactors.cluster.machines import Machines, MachinesMessage
from kubeactors.cluster.power import PowerSwitch
from kubeactors.cluster.processes import RESTARTING, SchedulerProcess
from kubeactors.cluster.snapshot import ClusterSnapshot, TakeSnapshot
from kubeactors.cluster.spec import ClusterSpec, node_labels
from kubeactors.cluster.webhooks import WebhookCalls
from kubeactors.cluster.webhooks import asking as asking_webhooks
from kubeactors.cluster.workloads import Workloads
from kubeactors.controllers.manager import ControllerManager, ControllerManagerConfig
from kubeactors.controllers.nodelifecycle import NodeLifecycleConfig
from kubeactors.controllers.nodelifecycle.zones import Rates
from kubeactors.controllers.podautoscaler import MetricsSource
from kubeactors.kubelet import CallApiServer
from kubeactors.message import Request
from kubeactors.scheduler import DEFAULT_CONFIG, SchedulerConfig
from kubeactors.scheduler.config import read as read_config
from kubeactors.scheduler.extender import Call, no_call
from kubeactors.storage import Backend, Store, StoreMessage

if TYPE_CHECKING:
    from kubeactors.apiserver.tokens import AccountTokens

MANAGER = UserInfo(name="system:kube-controller-manager", groups=("system:authenticated",))
SCHEDULER = UserInfo(name="system:kube-scheduler", groups=("system:authenticated",))
KUBELETS = UserInfo(name="system:kubelet", groups=("system:masters", "system:authenticated"))
"""The user of requests that kubelets make jointly, such as events; each kubelet is a node's user as well."""

ELECTION_TIMEOUT_SECONDS = 5.0
"""The timeout of an elector's request: half of the renew deadline.

Source: cmd/kube-controller-manager/app/options/options.go, cmd/kube-scheduler/app/options (v1.36).
"""
LOCAL_PATH = Path("/var/local/kubeactors")
"""The path of local volumes where no containers can write to them."""
REPORTERS = {"scheduler": "default-scheduler"}
"""The component names in events, where they differ from the component's own name."""

N = TypeVar("N")

Guest: TypeAlias = Callable[[Transport], Actor[Never]]
NO_GUESTS: Mapping[str, Guest] = {}


class GetApiServer(Request[Ref[ApiMessage]], frozen=True):
    """Ask for the API server."""


class GetMachines(Request[Ref[MachinesMessage]], frozen=True):
    """Ask for the machines."""


PlaneMessage = GetApiServer | GetMachines | TakeSnapshot


class Shared(NamedTuple):
    """What the API server shares with its HTTPS edge."""

    authorizer: Authorizer | None
    """Decides which requests are allowed."""
    scheme: Scheme
    """The kinds that are served; only the API server changes it."""


class ControlPlane(Actor[PlaneMessage], deterministic=True):
    """A whole cluster: store, API server, controller manager, scheduler, machines; each restarts alone.

    Args:
        spec: its configuration.
        backend: the store's data; opened and closed by the caller.
        shared: what the API server shares with its HTTPS edge.
        workloads: images and runtimes of containers; all are simulated by default.
        running: the pods that run on machines from the start, by machine; emptied as they boot.
        guests: further processes of the cluster by name: their factories, which take the API server's transport.
        webhooks: makes the actor that calls webhooks, where that is not over HTTPS.
        pod_requests: makes the actor that answers requests of commands in containers to the API server, if it can.
    """

    supervision: ClassVar[Supervision] = replace(RESTARTING, escalates=(storage.StoreUnusable,))

    def __init__(  # noqa: PLR0913, PLR0917 -- the first two are required; the others are rarely given
        self,
        spec: ClusterSpec,
        backend: Backend,
        shared: Shared | None = None,
        workloads: Workloads | None = None,
        running: dict[str, tuple[Pod, ...]] | None = None,
        guests: Mapping[str, Guest] = NO_GUESTS,
        webhooks: Callable[[], Actor[CallWebhook]] | None = None,
        pod_requests: Callable[[], Actor[CallApiServer]] | None = None,
    ) -> None:
        self._pod_requests = pod_requests
        self._webhooks = webhooks
        self._guests = guests
        self._running = {} if running is None else running
        self._workloads = workloads
        self._spec = spec
        self._tokens = _account_tokens(spec.account_key) if spec.account_key else None
        self._backend = backend
        self._scheme = SCHEME.copy() if shared is None else shared.scheme
        self._authorizer = None if shared is None else shared.authorizer

    def started(self) -> None:
        """Start from the store upwards; they are stopped in reverse order."""
        spawn = self.ctx.spawn
        store = spawn(partial(Store, self._backend, ObjectCodec(self._scheme)), name="store")
        self._store = cast("Ref[storage.TakeSnapshot]", store)
        server = spawn(
            partial(
                ApiServer,
                self._scheme,
                cast("Ref[StoreMessage]", store),
                replace(self._spec.server, node_labels=self._spec.server.node_labels | node_labels(self._spec.pools)),
                self._authorizer,
                tokens=self._tokens,
                call_webhook=self._way_to_webhooks(),
            ),
            name="apiserver",
        )
        self._server = cast("Ref[ApiMessage]", server)
        transport = InProcessTransport(self._server)
        # Components name no field manager: objects that they create have no managed fields, which saves most of the
        # cost of a pod. Their changes to objects with managed fields are tracked under the names of their users.
        manager = Client(transport, MANAGER, scheme=self._scheme)
        metrics = MachineMetrics(manager)
        self._spawn_candidates(
            "controller-manager", MANAGER, partial(ControllerManager, manager, self._controllers(metrics))
        )
        scheduler = Client(transport, SCHEDULER)
        config = DEFAULT_CONFIG if self._spec.scheduler is None else read_config(self._spec.scheduler)
        self._spawn_candidates(
            "scheduler",
            SCHEDULER,
            partial(SchedulerProcess, scheduler, config, self._way_to_extenders(config), events=self._spec.events),
        )
        nodes = Client(transport, KUBELETS)
        api = None if self._pod_requests is None else spawn(self._pod_requests, name="pod-requests")
        machines = partial(Machines, nodes, self._spec, self._workloads, self._running, api)
        self._machines = metrics.machines = spawn(machines, name="machines")
        if self._workloads is not None:
            spawn(partial(LocalVolumes, manager, self._workloads.directory), name="local-volumes")
        if self._spec.power_switch:
            spawn(partial(PowerSwitch, nodes, self._machines), name="power-switch")
        for name, guest in self._guests.items():
            spawn(partial(guest, transport), name=name)

    def _spawn_candidates(self, name: str, user: UserInfo, lead: Callable[[], Actor[N]]) -> None:
        """Start replicas of a component; with leader election, the work is a child of each elector."""
        count = self._spec.schedulers if user is SCHEDULER else self._spec.controller_managers
        if count == 1 and not self._spec.leader_elect:
            self.ctx.spawn(lead, name=name)
            return
        client = Client(InProcessTransport(self._server, ELECTION_TIMEOUT_SECONDS), user)
        election = ElectionConfig(
            name=f"kube-{name}",
            component=REPORTERS.get(name, f"kube-{name}"),
            events=self._spec.events,
            heir=count == 1,
        )
        for number in range(1, count + 1):
            candidate = name if number == 1 else f"{name}-{number}"
            self.ctx.spawn(partial(LeaderElector, client, election, lead), name=candidate)

    def _way_to_webhooks(self) -> WebhookCall:
        """Webhooks are programs elsewhere, or coroutines on machines; without either there is nothing to call."""
        carrier = self._webhooks or (None if self._workloads is None else WebhookCalls)
        return no_webhook if carrier is None else asking_webhooks(self.ctx.spawn(carrier, name="webhooks"))

    def _way_to_extenders(self, config: SchedulerConfig) -> Call:
        if not config.extenders:
            return no_call
        # Only extenders need an HTTP client.
        from kubeactors.cluster.extenders import ExtenderCalls, asking  # noqa: PLC0415

        return asking(self.ctx.spawn(ExtenderCalls, name="extenders"))

    def _controllers(self, metrics: MetricsSource) -> ControllerManagerConfig:
        timing = self._spec.timing
        lifecycle = NodeLifecycleConfig(
            grace_seconds=timing.node_monitor_grace_seconds, rates=Rates(primary=timing.evicted_nodes_per_second)
        )
        return ControllerManagerConfig(
            metrics=metrics,
            events=self._spec.events,
            node_lifecycle=lifecycle,
            root_ca=self._spec.root_ca,
            signing_key=self._spec.signing_key,
            sign_token=None if self._tokens is None else self._tokens.issue_legacy,
            cluster_cidr=self._spec.cluster_cidr,
            load_balancer_pool=self._spec.load_balancer_pool,
            local_path=str((LOCAL_PATH if self._workloads is None else self._workloads.directory) / VOLUMES),
        )

    @handle
    def get_api_server(self, message: GetApiServer) -> Ref[ApiMessage]:
        """The ref stays valid over restarts."""
        return self._server

    @handle
    def get_machines(self, message: GetMachines) -> Ref[MachinesMessage]:
        """The ref stays valid over restarts."""
        return self._machines

    @handle
    async def take_snapshot(self, message: TakeSnapshot) -> ClusterSnapshot:
        """The state of the cluster when the store replies."""
        kept = await self._store.ask(storage.TakeSnapshot())
        return ClusterSnapshot(spec=self._spec, store=kept, wall=self.ctx.wall)


def _account_tokens(key: bytes) -> "AccountTokens":
    from kubeactors.apiserver.tokens import AccountTokens  # noqa: PLC0415 -- clusters in memory sign no tokens

    return AccountTokens(key)
