"""Crashes and restarts."""

from kubeactors.sim.steps import Fault, Lasting


class KubeletRestart(Fault, frozen=True, kw_only=True, tag="kubelet-restart"):
    """A kubelet crashes and restarts; containers keep running."""

    node: str


class ApiServerRestart(Fault, frozen=True, kw_only=True, tag="apiserver-restart"):
    """The API server crashes and restarts."""


class StoreRestart(Fault, frozen=True, kw_only=True, tag="store-restart"):
    """The store crashes and restarts; nothing durable is lost."""


class ManagerRestart(Fault, frozen=True, kw_only=True, tag="manager-restart"):
    """The whole controller manager crashes and restarts, with empty caches."""


class SchedulerRestart(Fault, frozen=True, kw_only=True, tag="scheduler-restart"):
    """The whole scheduler crashes and restarts, with an empty cache."""


class ControllerCrash(Fault, frozen=True, kw_only=True, tag="controller-crash"):
    """A controller crashes right after its n-th write (`writes`) from now on, which takes effect; the reply is lost.

    With `process` the whole component crashes. For the scheduler `controller` is `scheduler`, for a node it is empty.
    """

    controller: str
    writes: int = 1
    process: bool = False
    component: str = "controller-manager"


class StaleRestart(Lasting, frozen=True, kw_only=True, tag="stale-restart"):
    """A component crashes, and restarts against an API server whose watch cache is stale: old lists, silent watches.

    The cache is as old as the beginning of the fault; the crash follows `after` so many seconds. With a `resource` only
    that one is served stale.
    """

    component: str
    after: float
    resource: str = ""

    @property
    def heals_at(self) -> float:
        """When the server has caught up."""
        return self.at + self.after + self.seconds

    @property
    def moments(self) -> tuple[float, ...]:
        """When the server falls behind, the component crashes, and the server has caught up."""
        return self.at, self.at + self.after, self.heals_at


class VersionSkew(Lasting, frozen=True, kw_only=True, tag="version-skew"):
    """A component is served by an API server of a newer version, which has one more default for pods and templates.

    The component restarts when it switches to that server, and when it switches back. See `skew.py`.
    """

    component: str


CrashFault = (
    KubeletRestart
    | ApiServerRestart
    | StoreRestart
    | ManagerRestart
    | SchedulerRestart
    | ControllerCrash
    | StaleRestart
    | VersionSkew
)
