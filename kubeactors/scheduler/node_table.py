"""The resources of all nodes as arrays, so that a pod is compared with many nodes at once."""

import numpy as np
import numpy.typing as npt

from kubeactors.api.core.v1.demand import CPU, EPHEMERAL_STORAGE, MEMORY, PODS
from kubeactors.scheduler.node_info import NodeInfo

_FIRST_CAPACITY = 16


class NodeTable:
    """Arrays with one line per resource and one column per row number of a `NodeInfo`.

    `allocatable[table.line("cpu"), row]` is the allocatable CPU of the node of that row. Rows without a node are not
    `present`. Arrays grow by doubling, and are replaced when they do: do not keep references.
    """

    def __init__(self) -> None:
        self._lines = {CPU: 0, MEMORY: 1, EPHEMERAL_STORAGE: 2, PODS: 3}
        self.allocatable: npt.NDArray[np.int64] = np.zeros((4, _FIRST_CAPACITY), np.int64)
        self.requested: npt.NDArray[np.int64] = np.zeros((4, _FIRST_CAPACITY), np.int64)
        self.floor: npt.NDArray[np.int64] = np.zeros((2, _FIRST_CAPACITY), np.int64)
        """The non-zero requests (with default minimums): milli-CPU and memory."""
        self.present: npt.NDArray[np.bool_] = np.zeros(_FIRST_CAPACITY, np.bool_)

    @property
    def capacity(self) -> int:
        """The number of rows of the arrays."""
        return len(self.present)

    def line(self, resource: str) -> int | None:
        """The line of the resource; None if no node ever had it."""
        return self._lines.get(resource)

    def grow(self, rows: int) -> None:
        """Make room for at least this many rows."""
        while self.capacity < rows:
            extra = self.capacity
            self.allocatable = np.pad(self.allocatable, ((0, 0), (0, extra)))
            self.requested = np.pad(self.requested, ((0, 0), (0, extra)))
            self.floor = np.pad(self.floor, ((0, 0), (0, extra)))
            self.present = np.pad(self.present, (0, extra))

    def write_node(self, info: NodeInfo) -> None:
        """Update the row after its Node was added, changed or removed."""
        self.present[info.row] = info.node is not None
        self.allocatable[:, info.row] = 0
        for resource, size in info.allocatable.items():
            line = self._line_of(resource)
            self.allocatable[line, info.row] = size

    def write_pods(self, info: NodeInfo) -> None:
        """Update the row after its pods changed."""
        row = info.row
        for resource, size in info.requested.items():
            line = self._line_of(resource)
            self.requested[line, row] = size
        self.floor[0, row] = info.floor_milli_cpu
        self.floor[1, row] = info.floor_memory

    def clear(self, row: int) -> None:
        """Clear the row."""
        self.present[row] = False
        self.allocatable[:, row] = 0
        self.requested[:, row] = 0
        self.floor[:, row] = 0

    def _line_of(self, resource: str) -> int:
        line = self._lines.get(resource)
        if line is None:
            line = self._lines[resource] = len(self._lines)
            self.allocatable = np.pad(self.allocatable, ((0, 1), (0, 0)))
            self.requested = np.pad(self.requested, ((0, 1), (0, 0)))
        return line
