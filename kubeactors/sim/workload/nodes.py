"""User actions on nodes."""

from kubeactors.sim.steps import Action


class Cordon(Action, frozen=True, kw_only=True, tag="cordon"):
    """Make a node unschedulable."""

    node: str


class Uncordon(Action, frozen=True, kw_only=True, tag="uncordon"):
    """Make a node schedulable."""

    node: str


class Taint(Action, frozen=True, kw_only=True, tag="taint"):
    """Taint a node for a while: pods that do not tolerate the taint, or no longer, are evicted."""

    node: str
    seconds: float
    """How long the taint stays."""
    mild: bool = False
    """Whether its effect is PreferNoSchedule, which evicts no pod."""

    @property
    def heals_at(self) -> float:
        """When the taint is removed."""
        return self.at + self.seconds


class Drain(Action, frozen=True, kw_only=True, tag="drain"):
    """Cordon a node and evict its pods, except DaemonSet and static pods."""

    node: str


class DeleteNode(Action, frozen=True, kw_only=True, tag="delete-node"):
    """Delete the Node object of a machine that is off: its pods are garbage-collected. Without effect if the machine is on."""

    node: str


class AddForeignNodes(Action, frozen=True, kw_only=True, tag="add-foreign-nodes"):
    """Foreign machines join one after the other and leave again; they run no pods.

    A finalizer keeps their Nodes for a while. Overlapping visits share a machine: it leaves with the first visit to end.
    """

    machines: int
    apart_seconds: float
    seconds: float
    """How long each stays."""
    held_seconds: float
    """How long the finalizer keeps its Node after it has left."""

    @property
    def heals_at(self) -> float:
        """When the Nodes of all are gone."""
        return self.at + self.machines * self.apart_seconds + self.seconds + self.held_seconds

    @property
    def moments(self) -> tuple[float, ...]:
        """When each joins, the first leaves, and all are gone."""
        comings = (self.at + number * self.apart_seconds for number in range(self.machines))
        return *comings, self.at + self.seconds, self.heals_at


NodeAction = Cordon | Uncordon | Taint | Drain | DeleteNode | AddForeignNodes
