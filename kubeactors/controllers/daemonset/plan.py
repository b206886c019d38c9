"""Decides what a sync of a DaemonSet does: a pure function of the controller's view.

First every eligible node gets its pod, and pods that should not be there are deleted. Only when none of that is left is
a new template rolled out, node by node, so that missing pods count as unavailable.

Source: podsShouldBeOnNode, manage, updateDaemonSetStatus in pkg/controller/daemon/daemon_controller.go,
rollingUpdate in pkg/controller/daemon/update.go (v1.36).
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from kubeactors.api.apps.v1 import DaemonSet, DaemonSetStatus
from kubeactors.api.apps.v1.daemonset import TEMPLATE_GENERATION
from kubeactors.api.core.v1 import Node, Pod
from kubeactors.apimachinery.intstr import scaled
from kubeactors.controllers.daemonset.placing import GENERATION_LABEL, Fit, Placing, target_of
from kubeactors.controllers.history import REVISION_LABEL
from kubeactors.controllers.pods import FAILED, SUCCEEDED, is_ready, seconds_to_available

BURST = 250
"""At most this many pods are created, and this many deleted, in one sync."""

ROLLING_UPDATE = "RollingUpdate"


class View(msgspec.Struct, frozen=True, kw_only=True):
    """The input of a sync. `now` is Unix time in nanoseconds."""

    found: DaemonSet
    nodes: tuple[Node, ...]
    pods: tuple[Pod, ...]
    """The pods that the set controls."""
    revision: str
    """The hash of the present template."""
    resting: Mapping[str, float] = {}
    """The nodes on which failed pods back off, and for how many seconds still."""
    now: int


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A finished pod, which is deleted so that another one can replace it."""

    pod: Pod
    node: str


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """The nodes to create pods for, the pods to delete, the status to write, and when to sync again."""

    create: tuple[str, ...] = ()
    delete: tuple[Pod, ...] = ()
    ended: tuple[Finding, ...] = ()
    """The pods to delete that have finished."""
    status: DaemonSetStatus
    seconds: float | None = None


def plan(view: View) -> Plan:
    """Decide what this sync does."""
    rounds = _Round(view)
    rounds.place()
    if not rounds.create and not rounds.delete and view.found.spec.update_strategy.type == ROLLING_UPDATE:
        rounds.roll()
    return Plan(
        create=tuple(rounds.create[:BURST]),
        delete=tuple(rounds.delete[:BURST]),
        ended=tuple(rounds.ended),
        status=rounds.status(),
        seconds=rounds.seconds(),
    )


def is_updated(found: DaemonSet, pod: Pod, revision: str) -> bool:
    """Whether the pod was created from the present template."""
    labels = pod.metadata.labels
    generation = found.metadata.annotations.get(TEMPLATE_GENERATION)
    if revision and labels.get(REVISION_LABEL) == revision:
        return True
    return generation is not None and labels.get(GENERATION_LABEL) == generation


def by_age(pod: Pod) -> tuple[bool, str, str]:
    """Sort key: bound pods first, then the oldest."""
    return not pod.spec.node_name, pod.metadata.creation_timestamp or "", pod.metadata.name


class _Round:
    """A plan in the making."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._found = view.found
        self._minimum = view.found.spec.min_ready_seconds
        placing = Placing(view.found)
        self._fits = {node.metadata.name: placing.fit(node) for node in view.nodes}
        self._on: dict[str, list[Pod]] = {}
        for pod in view.pods:
            ended_and_going = pod.status.phase in (FAILED, SUCCEEDED) and _is_terminating(pod)
            if not ended_and_going:
                self._on.setdefault(target_of(pod), []).append(pod)
        self.create: list[str] = []
        self.delete: list[Pod] = []
        self.ended: list[Finding] = []

    # One pod on every eligible node.

    def place(self) -> None:
        """Create the missing pods, and delete those that should not be there."""
        for node, fit in self._fits.items():
            self._place_on(node, fit, self._on.get(node, []))
        for node, pods in self._on.items():
            if node not in self._fits:  # the pod garbage collector deletes those that are bound
                self.delete += [pod for pod in pods if not pod.spec.node_name and not _is_terminating(pod)]

    def _place_on(self, node: str, fit: Fit, pods: Sequence[Pod]) -> None:
        if fit is Fit.DOES_NOT:
            self.delete += [pod for pod in pods if not _is_terminating(pod)]
        elif not pods:
            self.create += [node] if fit is Fit.RUNS else []
        else:
            self._sync_pods(node, fit, pods)

    def _sync_pods(self, node: str, fit: Fit, pods: Sequence[Pod]) -> None:
        running = [pod for pod in pods if not _is_terminating(pod) and not self._is_finished(pod, node)]
        running.sort(key=by_age)
        if not self._surges():
            self.delete += running[1:]
        elif running:
            self._keep_two(running)
        elif fit is Fit.RUNS:
            self.create.append(node)

    def _is_finished(self, pod: Pod, node: str) -> bool:
        if pod.status.phase not in (FAILED, SUCCEEDED):
            return False
        if pod.status.phase == SUCCEEDED or node not in self._view.resting:
            self.ended.append(Finding(pod=pod, node=node))
            self.delete.append(pod)
        return True

    def _keep_two(self, running: Sequence[Pod]) -> None:
        """During a surging update a ready old pod stays until the new one is available."""
        new = [pod for pod in running if pod.metadata.labels.get(REVISION_LABEL) == self._view.revision]
        old = [pod for pod in running if pod.metadata.labels.get(REVISION_LABEL) != self._view.revision]
        self.delete += (*new[1:], *old[1:])
        if new and old and (not is_ready(old[0]) or self._is_available(new[0])):
            self.delete.append(old[0])

    # Rolling update.

    def roll(self) -> None:
        """Replace old pods as far as the update strategy allows."""
        desired = [node for node, fit in self._fits.items() if fit is Fit.RUNS]
        surge, unavailable = self._limits(len(desired))
        nodes = dict.fromkeys((*desired, *[node for node in self._on if node in self._fits]))
        if surge:
            self._roll_surging(nodes, surge)
        else:
            self._roll_deleting(nodes, unavailable)

    def _limits(self, desired: int) -> tuple[int, int]:
        rolling = self._found.spec.update_strategy.rolling_update
        if rolling is None:
            return 0, 1
        surge = scaled(rolling.max_surge or 0, desired, round_up=True)
        unavailable = scaled(rolling.max_unavailable or 0, desired, round_up=True)
        return surge, unavailable if surge or unavailable else 1

    def _roll_deleting(self, nodes: Iterable[str], allowed: int) -> None:
        """Delete old pods. Unavailable ones do not count against the limit."""
        candidates: list[Pod] = []
        unavailable = 0
        for node in nodes:
            new, old = self._updated(node)
            if len(new) + len(old) != 1:
                unavailable += 1
            elif new:
                unavailable += not self._is_available(new[0])
            elif self._is_available(old[0]):
                candidates.append(old[0])
            else:
                self.delete.append(old[0])
                unavailable += 1
        self.delete += candidates[: max(allowed - unavailable, 0)]

    def _roll_surging(self, nodes: Iterable[str], allowed: int) -> None:
        """Create new pods beside old ones, and delete old ones whose replacement is available."""
        candidates: list[str] = []
        surging = 0
        for node in nodes:
            new, old = self._updated(node)
            if len(new) > 1 or len(old) > 1:
                surging += 1
            elif not old or self._fits[node] is not Fit.RUNS:
                continue
            elif not new and self._is_available(old[0]):
                candidates.append(node)
            elif not new:
                self.create.append(node)
            elif self._is_available(new[0]):
                self.delete.append(old[0])
            else:
                surging += 1
        self.create += candidates[: max(allowed - surging, 0)]

    def _updated(self, node: str) -> tuple[list[Pod], list[Pod]]:
        """The node's pods of the present template, and its pods of older ones."""
        staying = [pod for pod in self._on.get(node, ()) if not _is_terminating(pod)]
        new = [pod for pod in staying if is_updated(self._found, pod, self._view.revision)]
        return new, [pod for pod in staying if pod not in new]

    # Status.

    def status(self) -> DaemonSetStatus:
        """On how many nodes the daemon should run, runs, and runs though it should not."""
        counts = [self._count(node) for node, fit in self._fits.items() if fit is Fit.RUNS]
        desired = len(counts)
        current, ready, available, updated = (sum(one) for one in zip(*counts, strict=True)) if counts else (0,) * 4
        misscheduled = sum(fit is not Fit.RUNS and bool(self._on.get(node)) for node, fit in self._fits.items())
        return DaemonSetStatus(
            current_number_scheduled=current,
            number_misscheduled=misscheduled,
            desired_number_scheduled=desired,
            number_ready=ready,
            observed_generation=self._found.metadata.generation,
            updated_number_scheduled=updated,
            number_available=available,
            number_unavailable=desired - available,
            collision_count=self._found.status.collision_count,
            conditions=self._found.status.conditions,
        )

    def _count(self, node: str) -> tuple[int, int, int, int]:
        """For one node, each 0 or 1: a pod exists; the oldest one is ready, available, of the present template."""
        pods = self._on.get(node)
        if not pods:
            return 0, 0, 0, 0
        pod = min(pods, key=by_age)
        return 1, is_ready(pod), self._is_available(pod), is_updated(self._found, pod, self._view.revision)

    def seconds(self) -> float | None:
        """The time until a pod becomes available, or the backoff of a failed one is over."""
        waits = [*self._view.resting.values()]
        if self._minimum:
            times = (seconds_to_available(pod, self._minimum, self._view.now) for pod in self._view.pods)
            waits += [one for one in times if one]
        return min(waits, default=None)

    def _surges(self) -> bool:
        rolling = self._found.spec.update_strategy.rolling_update
        surge = rolling.max_surge if rolling is not None else None
        return scaled(surge or 0, 100, round_up=True) > 0

    def _is_available(self, pod: Pod) -> bool:
        return seconds_to_available(pod, self._minimum, self._view.now) == 0


def surplus(revisions: Sequence[str], live: Mapping[str, None], limit: int) -> list[str]:
    """The old revisions (given oldest first) to delete beyond the limit. Revisions in use stay, and count.

    >>> surplus(["a", "b", "c"], {"a": None}, 1)
    ['b', 'c']
    """
    excess = max(len(revisions) - limit, 0)
    return [one for one in revisions if one not in live][:excess]


def _is_terminating(pod: Pod) -> bool:
    return pod.metadata.deletion_timestamp is not None
