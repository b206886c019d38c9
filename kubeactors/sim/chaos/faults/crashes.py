"""Who crashes, and starts anew."""

from kubeactors.sim.steps import Fault, Lasting


class KubeletRestart(Fault, frozen=True, kw_only=True, tag="kubelet-restart"):
    """A kubelet crashes and is started again; containers go on."""

    node: str


class ApiServerRestart(Fault, frozen=True, kw_only=True, tag="apiserver-restart"):
    """The API server crashes and is started again."""


class StoreRestart(Fault, frozen=True, kw_only=True, tag="store-restart"):
    """The store crashes and is started again; nothing durable is lost."""


class ManagerRestart(Fault, frozen=True, kw_only=True, tag="manager-restart"):
    """The controller manager crashes as a whole and is started again, with empty caches."""


class SchedulerRestart(Fault, frozen=True, kw_only=True, tag="scheduler-restart"):
    """The scheduler crashes as a whole and is started again, with an empty cache."""


class ControllerCrash(Fault, frozen=True, kw_only=True, tag="controller-crash"):
    """A controller crashes right after its next writes, so many; the last one takes effect, its reply is lost.

    With `process` the whole component crashes. Of the scheduler the `controller` is `scheduler`, of a node it is empty.
    """

    controller: str
    writes: int = 1
    process: bool = False
    component: str = "controller-manager"


class StaleRestart(Lasting, frozen=True, kw_only=True, tag="stale-restart"):
    """A component crashes, and is then served by an API server that has fallen behind: stale cached reads, late watches.

    What that server has is as old as the beginning of the fault; the crash comes `after` so many seconds. With a
    `resource` only that one is read from there.
    """

    component: str
    after: float
    resource: str = ""

    @property
    def heals_at(self) -> float:
        """When it is over."""
        return self.at + self.after + self.seconds

    @property
    def moments(self) -> tuple[float, ...]:
        """The server falls behind, the component crashes, the server has caught up."""
        return self.at, self.at + self.after, self.heals_at


class VersionSkew(Lasting, frozen=True, kw_only=True, tag="version-skew"):
    """A component is served by an API server of a newer version, which has one more default of pods and their templates.

    It starts anew when it comes to that server, and when it comes back to the older one. See `skew.py`.
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
