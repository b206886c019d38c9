"""Assumed pods that wait for Permit plugins until they are allowed, rejected or timed out.

Source: pkg/scheduler/framework/runtime/waiting_pods_map.go (v1.36).
"""

from collections import deque
from collections.abc import Iterator, Mapping

import msgspec

from kubeactors.apimachinery.time import go_duration
from kubeactors.scheduler.pod_info import PodInfo
from kubeactors.scheduler.results import Code, Status

SECOND = 1_000_000_000


class Decided(msgspec.Struct, frozen=True, gc=False):
    """The decision about a waiting pod; `refusal` is None if it may be bound."""

    uid: str
    refusal: Status | None


class WaitingPod:
    """A waiting pod, its node, the timeout of each plugin in seconds, and since when it waits, in nanoseconds."""

    __slots__ = ("_seconds", "info", "node_name", "pending", "since")

    def __init__(self, info: PodInfo, node_name: str, seconds: Mapping[str, float], since: int) -> None:
        self.info: PodInfo = info
        self.node_name: str = node_name
        self.since: int = since
        self.pending: dict[str, None] = dict.fromkeys(seconds)
        """The plugins that it still waits for."""
        self._seconds = seconds

    def deadline(self, plugin: str) -> int:
        """When the plugin's timeout is over."""
        return self.since + int(self._seconds[plugin] * SECOND)

    def seconds(self, plugin: str) -> float:
        """The timeout of the plugin, in seconds."""
        return self._seconds[plugin]


class WaitingPods:
    """All waiting pods. The scheduler carries out the plugins' decisions in order."""

    def __init__(self) -> None:
        self._pods: dict[str, WaitingPod] = {}
        self._decided: deque[Decided] = deque()

    def __iter__(self) -> Iterator[WaitingPod]:
        """The waiting pods, oldest first."""
        return iter(tuple(self._pods.values()))

    def __len__(self) -> int:
        return len(self._pods)

    def get(self, uid: str) -> WaitingPod | None:
        """The waiting pod; None if it does not wait."""
        return self._pods.get(uid)

    def allow(self, uid: str, plugin: str) -> None:
        """Allow the pod for this plugin; the last plugin releases it for binding. No effect if it does not wait."""
        waiting = self._pods.get(uid)
        if waiting is None:
            return
        waiting.pending.pop(plugin, None)
        if not waiting.pending:
            self._decide(uid, None)

    def reject(self, uid: str, plugin: str, reason: str) -> None:
        """Reject the pod. No effect if it does not wait."""
        if uid in self._pods:
            self._decide(uid, Status(Code.UNSCHEDULABLE, (reason,), plugin))

    # For the scheduler.

    def add(self, waiting: WaitingPod) -> None:
        """Add a waiting pod."""
        self._pods[waiting.info.uid] = waiting

    def take(self) -> Decided | None:
        """Take the next decision; None if there is none."""
        return self._decided.popleft() if self._decided else None

    def expire(self, now: int) -> None:
        """Reject the pods with an expired timeout."""
        for waiting in self:
            late = next((one for one in waiting.pending if waiting.deadline(one) <= now), None)
            if late is not None:
                patience = go_duration(waiting.seconds(late))
                reason = f"rejected due to timeout after waiting {patience} at plugin {late}"
                self.reject(waiting.info.uid, late, reason)

    def next_deadline(self) -> int | None:
        """When `expire` is due next; None if no pod waits."""
        return min((one.deadline(plugin) for one in self for plugin in one.pending), default=None)

    def _decide(self, uid: str, refusal: Status | None) -> None:
        del self._pods[uid]
        self._decided.append(Decided(uid, refusal))
