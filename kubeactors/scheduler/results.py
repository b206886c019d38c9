"""What plugins of the scheduling framework return: statuses, and the results of Filter and PostFilter.

Source: k8s.io/kube-scheduler/framework/interface.go, pkg/scheduler/framework/types.go (v1.36).
"""

from collections.abc import Mapping
from enum import IntEnum
from typing import TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from kubeactors.api.resource.v1 import ResourceClaim
from kubeactors.scheduler.node_info import NodeInfo
from kubeactors.scheduler.pod_info import PodInfo

_OFFSET = 1 << 31
"""Added to priorities to make them positive, so that more victims make a larger sum."""

Scores: TypeAlias = npt.NDArray[np.int64]
Mask: TypeAlias = npt.NDArray[np.bool_]
Rows: TypeAlias = npt.NDArray[np.intp]


class Code(IntEnum):
    """The code of a status. Success is expressed by None instead of a status."""

    ERROR = 1
    UNSCHEDULABLE = 2
    UNSCHEDULABLE_AND_UNRESOLVABLE = 3
    """Preemption would not help."""
    WAIT = 4
    """Only of Permit; see `Wait`."""
    SKIP = 5
    """The plugin does not handle this pod: another Bind plugin is to bind it; a PreScore plugin does not score it."""
    PENDING = 6
    """As UNSCHEDULABLE, but an event that the plugin waits for requeues the pod without backoff."""


class Status(msgspec.Struct, frozen=True, gc=False):
    """A rejection or error, with reasons for users and the plugin that returned it."""

    code: Code
    reasons: tuple[str, ...]
    plugin: str = ""
    """Plugins may leave this empty; the caller fills it in."""

    def signed(self, plugin: str) -> "Status":
        """The status with the name of the plugin that returned it."""
        return self if self.plugin else msgspec.structs.replace(self, plugin=plugin)

    @property
    def message(self) -> str:
        """The reasons, joined."""
        return ", ".join(self.reasons)

    @property
    def is_refusal(self) -> bool:
        """Whether this is a rejection, after which the pod waits for an event; otherwise it is an error."""
        return self.code in {Code.UNSCHEDULABLE, Code.UNSCHEDULABLE_AND_UNRESOLVABLE, Code.PENDING}


class Wait(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Returned by a Permit plugin: the assumed pod waits for `WaitingPods.allow`."""

    seconds: float
    """The timeout, after which the pod is rejected."""


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True, gc=False, eq=False):
    """Why no node fits: how many nodes have each status; or the rejection of a PreFilter plugin."""

    nodes: int
    counts: Mapping[Status, int]
    preemptable: Mask | None = None
    """By row, whether preemption on the node may help."""
    pre_filter_message: str = ""
    plugins: tuple[str, ...] = ()
    """The plugins that rejected the pod, sorted: it is requeued by events that they wait for."""
    pending: tuple[str, ...] = ()
    """Those of them that returned `PENDING`."""


class Candidate(msgspec.Struct, frozen=True, gc=False):
    """A node for preemption, and its victims, the most important first."""

    info: NodeInfo
    victims: tuple[PodInfo, ...]
    violations: int
    """How many victims violate their disruption budget."""

    @property
    def rank(self) -> tuple[int, int, int, int, int]:
        """Sort key, best first: violations, highest priority, sum of priorities, number and start time of victims."""
        if not self.victims:
            return (self.violations, -_OFFSET, 0, 0, 0)
        highest = self.victims[0].priority
        started = min(one.start_time for one in self.victims if one.priority == highest)
        total = sum(one.priority + _OFFSET for one in self.victims)
        return (self.violations, highest, total, len(self.victims), -started)


class PostFilterResult(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The outcome of PostFilter: a nominated node, and the victims to preempt there."""

    message: str = ""
    nominated_node: str | None = None
    """None keeps an earlier nomination, and an empty name clears it."""
    victims: tuple[PodInfo, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    """All candidates, if an extender takes part in preemption."""
    released: tuple[ResourceClaim, ...] = ()
    """Claims used by this pod alone whose devices are on unsuitable nodes: they are to be deallocated."""
