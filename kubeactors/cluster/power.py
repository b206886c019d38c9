"""The power switch: whoever drives the cluster with kubectl cuts a machine's power by annotating its Node."""

from typing import cast

from kubeactors.actor import Actor, Ref, handle
from kubeactors.api.core.v1 import Node
from kubeactors.client import Change, Client, InformerFactory, Notify
from kubeactors.cluster.machines import MachinesMessage, PowerOff, PowerOn

POWER_ANNOTATION = "kubeactors.io/power"
"""On a Node: `off` cuts the machine's power, `on` or nothing restores it."""


class PowerSwitch(Actor[Notify], deterministic=True):
    """Follows the annotation of all Nodes.

    Args:
        client: reads Nodes.
        machines: who is told.
    """

    def __init__(self, client: Client, machines: Ref[MachinesMessage]) -> None:
        self._client = client
        self._machines = machines

    def started(self) -> None:
        """Watch Nodes."""
        InformerFactory(self.ctx, self._client).of(Node).subscribe(self.ctx.self)

    @handle
    def changed(self, message: Notify) -> None:
        """Switch those whose annotation has changed."""
        for change in cast("tuple[Change[Node], ...]", message.changes):
            if _off(change.new) != _off(change.old):
                name = change.current.metadata.name
                self._machines.tell(PowerOff((name,)) if _off(change.new) else PowerOn((name,)))


def _off(node: Node | None) -> bool:
    return node is not None and node.metadata.annotations.get(POWER_ANNOTATION) == "off"
