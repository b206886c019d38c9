"""What users do to nodes."""

from kubeactors.sim.steps import Action


class Cordon(Action, frozen=True, kw_only=True, tag="cordon"):
    """Let no more pods come to a node."""

    node: str


class Uncordon(Action, frozen=True, kw_only=True, tag="uncordon"):
    """Let pods come to a node."""

    node: str


class Taint(Action, frozen=True, kw_only=True, tag="taint"):
    """Drive off what does not tolerate it; what tolerates it for a time stays so long, or until the taint goes."""

    node: str
    seconds: float
    """How long the taint stays."""
    mild: bool = False
    """Whether nobody is driven off: pods come rather to other nodes."""

    @property
    def heals_at(self) -> float:
        """When it is gone."""
        return self.at + self.seconds


class Drain(Action, frozen=True, kw_only=True, tag="drain"):
    """Cordon a node and evict its pods, but those of daemon sets and its own."""

    node: str


class DeleteNode(Action, frozen=True, kw_only=True, tag="delete-node"):
    """Delete the Node object of a machine that is off: its pods are given up. If the machine is on nothing happens."""

    node: str


class Visit(Action, frozen=True, kw_only=True, tag="visit"):
    """Machines of somebody else join one after the other, and leave again; they run nothing.

    A finalizer holds their Nodes for a while. One that is there already leaves with the first who says so.
    """

    machines: int
    apart_seconds: float
    seconds: float
    """How long each stays."""
    held_seconds: float
    """How long its Node is there after it has left."""

    @property
    def heals_at(self) -> float:
        """When all are gone."""
        return self.at + self.machines * self.apart_seconds + self.seconds + self.held_seconds

    @property
    def moments(self) -> tuple[float, ...]:
        """Each comes, the first one leaves, all are gone."""
        comings = (self.at + number * self.apart_seconds for number in range(self.machines))
        return *comings, self.at + self.seconds, self.heals_at


NodeAction = Cordon | Uncordon | Taint | Drain | DeleteNode | Visit
