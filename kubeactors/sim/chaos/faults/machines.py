"""Machines that lose power."""

from kubeactors.sim.steps import Fault, Lasting


class NodePowerLoss(Lasting, frozen=True, kw_only=True, tag="node-power-loss"):
    """A node stops at once with all its containers, and later boots without them."""

    node: str


class RackPowerLoss(Lasting, frozen=True, kw_only=True, tag="rack-power-loss"):
    """Some nodes that share a power supply stop at once, and later boot without containers."""

    nodes: tuple[str, ...]


class ZonePowerLoss(Lasting, frozen=True, kw_only=True, tag="zone-power-loss"):
    """All nodes stop at once, and later boot without containers."""


class NodeReplaced(Lasting, frozen=True, kw_only=True, tag="node-replaced"):
    """A node stops for good; its Node object is deleted, and later another machine registers under its name."""

    node: str

    @property
    def deleted_at(self) -> float:
        """When its Node object is deleted."""
        return self.at + self.seconds / 2

    @property
    def moments(self) -> tuple[float, ...]:
        """When it stops, its Node object is deleted, and another machine registers."""
        return self.at, self.deleted_at, self.heals_at


class NodeRemoved(Fault, frozen=True, kw_only=True, tag="node-removed"):
    """A node stops for good, and its Node object is deleted."""

    node: str


MachineFault = NodePowerLoss | RackPowerLoss | ZonePowerLoss | NodeReplaced | NodeRemoved
