"""The processes of a cluster and their actors, by the names that faults use.

There may be several candidates for the controller manager and the scheduler: then each candidate is a process, and the
leader's controllers are children of its `Tenure`.
"""

from collections.abc import Iterator
from typing import TypeVar, cast

import msgspec

from kubeactors.actor.cell import Cell
from kubeactors.client.leaderelector import Tenure
from kubeactors.kubelet import Kubelet
from kubeactors.sim.steps import Step
from kubeactors.sim.tree import cells

S = TypeVar("S", bound=Step)

MANAGER, SCHEDULER, SERVER, MACHINES = "controller-manager", "scheduler", "apiserver", "machines"
OPERATOR = "operator"
"""The process of an operator under test."""
ELECTED = (MANAGER, SCHEDULER)
LEADING, WORK = "leading", "work"


class Processes:
    """Finds processes and actors.

    Args:
        root: of the supervision tree.
        plane: the name of the control plane in it.
    """

    def __init__(self, root: Cell, plane: str) -> None:
        self._root = root
        self._plane = plane

    def find(self, *path: str) -> Cell | None:
        """The actor at a path below the control plane."""
        return _below(self._root, self._plane, *path)

    def leader(self, kind: str) -> str:
        """The name of the leading candidate of a kind; of the first one if none leads."""
        plane = self.find()
        for name, cell in (plane.children or {}).items() if plane is not None else ():
            if isinstance(name, str) and kind_of_process(name) == kind and _below(cell, LEADING) is not None:
                return name
        return kind

    def at_the_leader(self, fault: S) -> S:
        """The same fault; if it targets a controller manager or a scheduler, it targets the leader."""
        component = getattr(fault, "component", "")
        if component not in ELECTED or self.leader(component) == component:
            return fault
        return msgspec.structs.replace(fault, component=self.leader(component))

    def process(self, name: str) -> Cell | None:
        """The topmost actor of a process."""
        on_its_own = kind_of_process(name) in {*ELECTED, OPERATOR}
        return self.find(name) if on_its_own else self.find(MACHINES, name)

    def actor(self, process: str, name: str) -> Cell | None:
        """An actor of a process by its name; the topmost one if the name is empty."""
        cell = self.process(process)
        if cell is None or not name:
            return cell
        return _below(_below(cell, LEADING, WORK) or cell, name)

    def actors(self, process: str) -> list[Cell]:
        """All actors of a process."""
        top = self.process(process)
        return [] if top is None else [top, *cells(top)]

    def tenures(self, process: str) -> list[Cell]:
        """Those of its actors that end with its leadership."""
        return [cell for cell in self.actors(process) if isinstance(cast("object", cell.actor), Tenure)]

    def machines(self) -> Iterator[str]:
        """The names of the nodes that have power."""
        machines = self.find(MACHINES)
        for name, cell in (machines.children or {}).items() if machines is not None else ():
            if isinstance(cast("object", cell.actor), Kubelet):
                yield str(name)

    def clients(self) -> list[str]:
        """The names of all processes that send requests to the API server."""
        plane = self.find()
        names = [str(name) for name in (plane.children or {})] if plane is not None else []
        return [name for name in names if kind_of_process(name) in {*ELECTED, OPERATOR}] + list(self.machines())


def kind_of_process(name: str) -> str:
    """The kind of a process; each node's kubelet is a kind of its own.

    >>> kind_of_process("scheduler-2"), kind_of_process("node-2")
    ('scheduler', 'node-2')
    """
    return next((kind for kind in ELECTED if name.startswith(kind)), name)


def _below(cell: Cell | None, *path: str) -> Cell | None:
    for name in path:
        cell = (cell.children or {}).get(name) if cell is not None else None
    return cell
