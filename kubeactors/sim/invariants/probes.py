"""Invariant of probes: their results decide, once the success or failure threshold is reached, and not before.

It does not know when a kubelet probes, only how often: from how long a container gives the same result follows how often
that must, and can at most, have been observed.

Source: "Liveness, Readiness, and Startup Probes" in Kubernetes' documentation, the documentation of Probe in
api/core/v1/types.go (v1.36).
"""

from collections.abc import Iterable, Iterator
from typing import ClassVar

import msgspec

from kubeactors.actor.cell import Cell
from kubeactors.actor.supervision import SECOND
from kubeactors.api.core.v1 import Container, ContainerStatus, Pod, Probe
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.kubelet import Kubelet
from kubeactors.kubelet.runtimes import Behaviour
from kubeactors.kubelet.runtimes.curves import Curve
from kubeactors.kubelet.runtimes.simulated import SimulatedRuntime
from kubeactors.kubelet.runtimes.simulated_container import SimulatedContainer
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.invariants.kubelet import TERMINAL, kubelet_on
from kubeactors.sim.invariants.pod_status import statuses_of
from kubeactors.sim.world import Commit, World

LATE = SECOND // 2
"""How long after a result a kubelet may report it."""
RECOVERED = 35 * SECOND
"""How long after a fault kubelets and the API server are back to normal speed."""

NEVER = 1 << 62

Span = tuple[int, int, bool]
"""From when to when, in nanoseconds since its start, a container gives which result."""


def spans(curve: Curve[bool], begin: int, end: int) -> Iterator[Span]:
    """The results that a container gives between two moments after its start.

    >>> list(spans(Curve(((0, True), (6, False), (9, True))), 2, 20))
    [(2, 6, True), (6, 9, False), (9, 20, True)]
    """
    begins = [since for since, _ in curve.steps]
    for (since, answer), until in zip(curve.steps, [*begins[1:], end], strict=True):
        if max(since, begin) < min(until, end):
            yield max(since, begin), min(until, end), answer


def may_have(found: Iterable[Span], probe: Probe, times: int, *, answer: bool) -> bool:
    """Whether a result may have been observed that often in a row: short spans of the other one may have been missed.

    >>> sick = Curve(((0, True), (6 * SECOND, False), (9 * SECOND, True)))
    >>> [may_have(spans(sick, 0, 20 * SECOND), Probe(period_seconds=2), times, answer=False) for times in (1, 2, 3)]
    [True, True, False]
    >>> moody = Curve(((0, False), (3 * SECOND, True), (4 * SECOND, False), (5 * SECOND, True)))
    >>> [may_have(spans(moody, 0, 20 * SECOND), Probe(period_seconds=2), times, answer=False) for times in (3, 4)]
    [True, False]
    """
    period, begin, end = _period(probe), NEVER, -NEVER
    for since, until, given in found:
        if given is answer:
            begin, end = since if since - end >= period else begin, until
            if end - begin >= (times - 1) * period:
                return True
    return False


def due(span: Span, probe: Probe, times: int) -> int:
    """By when the result of a span must have been observed that often, in nanoseconds since the start."""
    return span[0] + times * _period(probe) + LATE


def _period(probe: Probe) -> int:
    return max(probe.period_seconds, 1) * SECOND


class Probed(msgspec.Struct):
    """A running container with probes."""

    uid: str
    """The uid of its pod."""
    container: Container
    behaviour: Behaviour
    kubelet: Kubelet
    runs: SimulatedContainer
    began: int
    """When it started, in virtual nanoseconds, like all times below."""
    started: int | None = None
    """When its status first had `started: true`; None if it has not yet."""
    ready: bool = False
    since: int = 0
    """Since when the status says so."""
    checked: int = 0
    """Up to when it was checked."""

    def times(self, kind: str, *, answer: bool) -> int:
        """The success or failure threshold of the probe of that kind; 0 without one."""
        probe = self.probe(kind)
        return 0 if probe is None else max(probe.success_threshold if answer else probe.failure_threshold, 1)

    def probe(self, kind: str) -> Probe | None:
        """The probe of that kind: startup, readiness or liveness; None if there is none."""
        one = self.container
        return {"startup": one.startup_probe, "readiness": one.readiness_probe, "liveness": one.liveness_probe}[kind]

    def curve(self, kind: str) -> Curve[bool]:
        """The results that the container gives to the probe of that kind, over time."""
        one = self.behaviour
        return {"startup": one.startup, "readiness": one.readiness, "liveness": one.liveness}[kind]

    def may_have(self, kind: str, now: int, *, answer: bool) -> bool:
        """Whether the threshold for that result may have been reached by now; False without a probe."""
        probe, times = self.probe(kind), self.times(kind, answer=answer)
        if probe is None:
            return False
        found = spans(self.curve(kind), self._first(kind, probe), now + 1 - self.began)
        return may_have(found, probe, times, answer=answer)

    def _first(self, kind: str, probe: Probe) -> int:
        """The earliest first probe, in nanoseconds since the start: not before the startup probe may have succeeded."""
        before = self.probe("startup") if kind != "startup" else None
        if before is None:
            return probe.initial_delay_seconds * SECOND
        asked = spans(self.behaviour.startup, self._first("startup", before), NEVER)
        return max(probe.initial_delay_seconds * SECOND, next((since for since, _, answer in asked if answer), NEVER))

    def due(self, kind: str, begin: int, until: int) -> Iterator[tuple[int, int, bool]]:
        """Results whose threshold must have been reached by `until`: since when, by when, and which result.

        Probes start at `begin` at the earliest, so the threshold of a short span may not be reached.
        """
        probe = self.probe(kind)
        if probe is None:
            return
        first = max(begin - self.began, probe.initial_delay_seconds * SECOND)
        for span in spans(self.curve(kind), first, until - self.began):
            heard = due(span, probe, self.times(kind, answer=span[2]))
            if heard <= span[1]:
                yield self.began + span[0], self.began + heard, span[2]

    def dues(self, now: int) -> Iterator[tuple[int, int, str]]:
        """For each result: since when it is given, by when it had to take effect, and what is missing (empty if nothing)."""
        for since, by, answer in self.due("startup", self.began, self.started if self.started is not None else now):
            undone = "should have been reported as started" if self.started is None else ""
            yield since, by, undone if answer else self._alive("startup")
        if self.started is None:
            return
        for since, by, answer in self.due("readiness", self.started, now):
            wrong = self.ready is not answer and self.since < by
            yield since, by, f"should have been reported as {'ready' if answer else 'not ready'}" if wrong else ""
        for since, by, answer in self.due("liveness", self.started, now):
            yield since, by, "" if answer else self._alive("liveness")

    def _alive(self, kind: str) -> str:
        ends = self.runs._finishes_at is not None  # noqa: SLF001 -- an invariant looks inside
        return "" if ends else f"failed its {kind} probe and should have been killed"


class ProbesAreRespected(Invariant):
    """A container is reported as ready or not ready, or restarted, when a probe's threshold is reached, and only then."""

    name: ClassVar[str] = "probes-are-respected"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Pod,)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._known: dict[str, Probed] = {}
        """Running containers by id, as the API shows them."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Compare each container's status before and after."""
        old, new = commit.old, commit.new
        if not isinstance(old, Pod) or not isinstance(new, Pod) or not _is_probed(new):
            return
        before = {one.name: one for one in statuses_of(old)}
        for one in statuses_of(new):
            was = before.get(one.name)
            if was is not None and was != one:
                for problem in self._told(new, was, one):
                    yield f"{title(new)}: container {one.name} {problem}"

    def _told(self, pod: Pod, was: ContainerStatus, one: ContainerStatus) -> Iterator[str]:
        known, now = self._known.get(was.container_id), self.root.kernel.now
        if known is not None and one.container_id == was.container_id and one.state.running is not None:
            yield from self._goes_on(pod, known, was, one)
        elif known is not None:
            del self._known[was.container_id]
            if not self._may_end(pod, known, now):
                yield "terminated, but its probes cannot have reached their failure threshold"
        if one.state.running is not None and one.container_id not in self._known:
            self._begins(pod, one)

    def _begins(self, pod: Pod, one: ContainerStatus) -> None:
        found = self._running(pod, one)
        if found is not None:
            self._known[one.container_id] = found
            self._note(found, one)

    def _goes_on(self, pod: Pod, known: Probed, was: ContainerStatus, one: ContainerStatus) -> Iterator[str]:
        now, answer = self.root.kernel.now, one.ready
        if self._is_same(pod, known):
            if one.started and not was.started and not self._may_be(known, "startup", now, answer=True):
                yield "is reported as started, but its startup probe cannot have succeeded"
            if answer is not was.ready and one.started and not self._may_be(known, "readiness", now, answer=answer):
                word, probe = ("ready", "succeeded") if answer else ("not ready", "failed")
                often = known.times("readiness", answer=answer)
                yield f"is reported as {word}, but its readiness probe cannot have {probe} {often} times in a row"
        yield from self._overdue(pod, known)
        self._note(known, one)

    def _note(self, known: Probed, one: ContainerStatus) -> None:
        now = self.root.kernel.now
        if one.started and known.started is None:
            known.started = now
        if one.ready is not known.ready or not known.since:
            known.ready, known.since = one.ready, now

    def _may_be(self, known: Probed, kind: str, now: int, *, answer: bool) -> bool:
        return known.probe(kind) is None or known.may_have(kind, now, answer=answer)

    def _may_end(self, pod: Pod, known: Probed, now: int) -> bool:
        """Whether it may have terminated, because of its probes or for another reason."""
        if pod.metadata.deletion_timestamp is not None or pod.status.phase in TERMINAL or pod.metadata.generation > 1:
            return True
        return not self._is_same(pod, known) or any(
            known.may_have(kind, now, answer=False) for kind in ("startup", "liveness")
        )

    def looked(self) -> Iterator[str]:
        """Look for results that must have taken effect by now."""
        for id_, known in list(self._known.items()):
            pod = self.world.by_uid.get(known.uid)
            if not isinstance(pod, Pod):
                del self._known[id_]
                continue
            for problem in self._overdue(pod, known):
                yield f"{title(pod)}: container {known.container.name} {problem}"

    def _overdue(self, pod: Pod, known: Probed) -> Iterator[str]:
        """Results that had to take effect since the last check, and did not."""
        now, checked = self.root.kernel.now, known.checked
        known.checked = now
        if pod.metadata.deletion_timestamp is not None or not self._is_same(pod, known):
            return
        calm = self.world.faults.slowed_until(pod.spec.node_name, "") + RECOVERED
        for since, by, undone in known.dues(now):
            if undone and calm < since and checked < by <= now:
                yield f"{undone} {(now - by) / SECOND:.1f} s ago"

    def _is_same(self, pod: Pod, known: Probed) -> bool:
        """Whether the kubelet instance is still the same; a restarted one counts results anew."""
        return self._kubelet(pod) is known.kubelet

    def _kubelet(self, pod: Pod) -> Kubelet | None:
        return kubelet_on(self.root, pod.spec.node_name)

    def _running(self, pod: Pod, one: ContainerStatus) -> Probed | None:
        """The simulated container behind a status; None if it has no probes, or exits by itself."""
        kubelet = self._kubelet(pod)
        runtime = kubelet._runtime if kubelet is not None else None  # noqa: SLF001 -- as above
        if kubelet is None or not isinstance(runtime, SimulatedRuntime):
            return None
        found = runtime._containers.get(one.container_id.partition("://")[2])  # noqa: SLF001 -- as above
        if not isinstance(found, SimulatedContainer) or found._starts_at is None or found._finishes_at is not None:  # noqa: SLF001 -- as above
            return None
        container, wall = found._config.container, self.root.kernel.wall  # noqa: SLF001 -- as above
        if not _has_probes(container):
            return None
        return Probed(pod.metadata.uid, container, found._behaviour, kubelet, found, found._starts_at - wall)  # noqa: SLF001 -- as above


def _is_probed(pod: Pod) -> bool:
    return any(map(_has_probes, pod.spec.containers))


def _has_probes(one: Container) -> bool:
    return (one.startup_probe or one.readiness_probe or one.liveness_probe) is not None


INVARIANTS: tuple[type[Invariant], ...] = (ProbesAreRespected,)
