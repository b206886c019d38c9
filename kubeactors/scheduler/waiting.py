"""Pods that Permit plugins hold up: their places are kept until they are allowed, refused, or time is up.

Source: pkg/scheduler/framework/runtime/waiting_pods_map.go (v1.36).
"""

from collections import deque
from collections.abc import Iterator, Mapping

import msgspec

from kubeactors.apimachinery.time import go_duration
from kubeactors.scheduler.framework import Code, Status
from kubeactors.scheduler.pod_info import PodInfo

SECOND = 1_000_000_000


class Decided(msgspec.Struct, frozen=True, gc=False):
    """A pod that waits no longer; `refusal` is None if it may be bound."""

    uid: str
    refusal: Status | None


class WaitingPod:
    """One pod, where it is to go, and for how many seconds each plugin holds it up; since then, in nanoseconds."""

    __slots__ = ("_seconds", "info", "node_name", "pending", "since")

    def __init__(self, info: PodInfo, node_name: str, seconds: Mapping[str, float], since: int) -> None:
        self.info: PodInfo = info
        self.node_name: str = node_name
        self.since: int = since
        self.pending: dict[str, None] = dict.fromkeys(seconds)
        """The plugins that it waits for still."""
        self._seconds = seconds

    def deadline(self, plugin: str) -> int:
        """When the plugin loses patience."""
        return self.since + int(self._seconds[plugin] * SECOND)

    def seconds(self, plugin: str) -> float:
        """How much patience the plugin has."""
        return self._seconds[plugin]


class WaitingPods:
    """What plugins see of pods that wait. What they decide is carried out by the scheduler, in order."""

    def __init__(self) -> None:
        self._pods: dict[str, WaitingPod] = {}
        self._decided: deque[Decided] = deque()

    def __iter__(self) -> Iterator[WaitingPod]:
        """All that wait, the longest first."""
        return iter(tuple(self._pods.values()))

    def __len__(self) -> int:
        return len(self._pods)

    def get(self, uid: str) -> WaitingPod | None:
        """The pod, if it waits."""
        return self._pods.get(uid)

    def allow(self, uid: str, plugin: str) -> None:
        """The plugin holds the pod up no longer; with the last one it goes on. Nothing happens if it does not wait."""
        waiting = self._pods.get(uid)
        if waiting is None:
            return
        waiting.pending.pop(plugin, None)
        if not waiting.pending:
            self._decide(uid, None)

    def reject(self, uid: str, plugin: str, reason: str) -> None:
        """The pod gives its place up. Nothing happens if it does not wait."""
        if uid in self._pods:
            self._decide(uid, Status(Code.UNSCHEDULABLE, (reason,), plugin))

    # For the scheduler.

    def add(self, waiting: WaitingPod) -> None:
        """The pod waits from now on."""
        self._pods[waiting.info.uid] = waiting

    def take(self) -> Decided | None:
        """The next decision to carry out."""
        return self._decided.popleft() if self._decided else None

    def expire(self, now: int) -> None:
        """Refuse those whose time is up."""
        for waiting in self:
            late = next((one for one in waiting.pending if waiting.deadline(one) <= now), None)
            if late is not None:
                patience = go_duration(waiting.seconds(late))
                reason = f"rejected due to timeout after waiting {patience} at plugin {late}"
                self.reject(waiting.info.uid, late, reason)

    def next_deadline(self) -> int | None:
        """When `expire` will have something to do."""
        return min((one.deadline(plugin) for one in self for plugin in one.pending), default=None)

    def _decide(self, uid: str, refusal: Status | None) -> None:
        del self._pods[uid]
        self._decided.append(Decided(uid, refusal))
