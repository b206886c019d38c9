"""Draws power losses."""

from kubeactors.sim.chaos.faults import NodePowerLoss, NodeRemoved, NodeReplaced, RackPowerLoss, ZonePowerLoss
from kubeactors.sim.grammar.faults.aim import Aim
from kubeactors.sim.grammar.faults.draw import Draw
from kubeactors.sim.grammar.faults.spans import OUTAGES, SPANS


def _node(aim: Aim, at: float) -> NodePowerLoss:
    return NodePowerLoss(at=at, node=aim.node(), seconds=aim.source.choice(OUTAGES))


def _rack(aim: Aim, at: float) -> RackPowerLoss:
    """Half of the nodes, or one more."""
    first = aim.source.integer(0, len(aim.nodes) - 1)
    nodes = (*aim.nodes[first:], *aim.nodes[:first])[: len(aim.nodes) // 2 + 1]
    return RackPowerLoss(at=at, nodes=nodes, seconds=aim.source.choice(SPANS[3:]))


def _zone(aim: Aim, at: float) -> ZonePowerLoss:
    return ZonePowerLoss(at=at, seconds=aim.source.choice(SPANS[3:]))


def _replaced(aim: Aim, at: float) -> NodeReplaced:
    return NodeReplaced(at=at, node=aim.node(), seconds=aim.source.choice(SPANS[3:]))


def _removed(aim: Aim, at: float) -> NodeRemoved:
    return NodeRemoved(at=at, node=aim.node())


DRAWS: dict[str, Draw] = {
    "node-power-loss": _node,
    "rack-power-loss": _rack,
    "zone-power-loss": _zone,
    "node-replaced": _replaced,
    "node-removed": _removed,
}
