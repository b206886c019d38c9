"""Power and load of machines, controlled by annotations of their Nodes."""

from typing import cast

from kubeactors.actor import Actor, Ref, handle
from kubeactors.api.core.v1 import Node
from kubeactors.apimachinery import quantity
from kubeactors.client import Change, Client, InformerFactory, Notify
from kubeactors.cluster.machines import LoadMachine, MachinesMessage, PowerOff, PowerOn
from kubeactors.kubelet.runtimes import ContainerStats

POWER_ANNOTATION = "kubeactors.io/power"
"""On a Node: `off` cuts the machine's power; `on`, or removing it, restores it."""
MEMORY_ANNOTATION = "kubeactors.io/memory"
"""On a Node: the memory usage of the machine's own programs. A malformed quantity counts as 0, here and below."""
DISK_ANNOTATION = "kubeactors.io/disk"
PROCESSES_ANNOTATION = "kubeactors.io/processes"


class PowerSwitch(Actor[Notify], deterministic=True):
    """Follows the annotations of all Nodes.

    Args:
        client: reads Nodes.
        machines: the machines.
    """

    def __init__(self, client: Client, machines: Ref[MachinesMessage]) -> None:
        self._client = client
        self._machines = machines

    def started(self) -> None:
        """Watch Nodes."""
        InformerFactory(self.ctx, self._client).of(Node).subscribe(self.ctx.self)

    @handle
    def changed(self, message: Notify) -> None:
        """Tell the machines what has changed."""
        for change in cast("tuple[Change[Node], ...]", message.changes):
            name = change.current.metadata.name
            if _off(change.new) != _off(change.old):
                self._machines.tell(PowerOff((name,)) if _off(change.new) else PowerOn((name,)))
            load = load_of(change.new)
            if load != load_of(change.old):
                self._machines.tell(LoadMachine(name, load))


def _off(node: Node | None) -> bool:
    return node is not None and node.metadata.annotations.get(POWER_ANNOTATION) == "off"


def load_of(node: Node | None) -> ContainerStats:
    """The usage of a machine's own programs.

    >>> load_of(None).memory_bytes, load_of(None).processes
    (0, 0)
    """
    annotations = {} if node is None else node.metadata.annotations
    memory, disk, processes = (
        _amount(annotations.get(one, "")) for one in (MEMORY_ANNOTATION, DISK_ANNOTATION, PROCESSES_ANNOTATION)
    )
    return ContainerStats(memory_bytes=memory, disk_bytes=disk, processes=processes)


def _amount(text: str) -> int:
    try:
        return max(quantity.value(text), 0)
    except ValueError:
        return 0
