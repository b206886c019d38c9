"""Invariants of Events: what they say has happened, and what users look for is recorded.

Events are recorded in the order of their causes, and may be lost with their recorder. Repetitions are counted, not written
as new Events.

Source: "Application Introspection and Debugging" in Kubernetes' documentation; client-go tools/record/events_cache.go;
pkg/scheduler/schedule_one.go, pkg/controller/controller_utils.go, pkg/kubelet/events/event.go (v1.36).
"""

import re
from collections.abc import Iterator
from typing import ClassVar

import msgspec

from kubeactors.actor.cell import Cell
from kubeactors.actor.supervision import SECOND
from kubeactors.api.apps.v1 import ReplicaSet
from kubeactors.api.batch.v1 import Job
from kubeactors.api.core.v1 import ContainerStatus, Event, Namespace, Node, Pod
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import ApiRequest, Create, Result
from kubeactors.apimachinery.status import Status
from kubeactors.client import controller_of
from kubeactors.kubelet.static_pods import mirrored
from kubeactors.sim.invariants.inspection import is_lost_with_node, remembers_since
from kubeactors.sim.invariants.invariant import Invariant, RequestInvariant, title
from kubeactors.sim.invariants.pod_status import statuses_of
from kubeactors.sim.network import Asked
from kubeactors.sim.processes import MANAGER, SCHEDULER, kind_of_process
from kubeactors.sim.world import Commit, World

COMBINED = "(combined from similar events): "
SIMILAR = 11
"""The most Events on one object and reason that differ only in their message; further ones are combined in one Event."""
FORGOTTEN = 600 * SECOND
"""How long after the last similar Event a recorder starts to count anew; it also does when it restarts."""
BOUND = re.compile(r"Successfully assigned \S+ to (\S+)")
DEED = re.compile(r"(create|delete)d? (pod|job):? (\S+)", re.IGNORECASE)
SCALED = re.compile(r"Scaled (?:up|down) replica set (\S+) (?:from \d+ )?to (\d+)")
NOT_MADE = "FailedToCreate"
"""Prefix of reasons of Events about an object that could not be created, and so has no uid."""
OWN = re.compile(r"[0-9a-f]{32}")
"""The uid of a static pod, for which its kubelet records Events even while there is no mirror pod."""
MADE: dict[str, type[TypedObject]] = {"pod": Pod, "job": Job}


class EventsAreAccurate(Invariant):
    """An Event refers to an object that exists or existed, what it says has happened, and repetitions are counted."""

    name: ClassVar[str] = "events-are-accurate"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Event,)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._alike: dict[tuple[str, ...], list[int]] = {}
        """When similar Events, which differ only in their message, were first written."""
        self._combined: dict[tuple[str, ...], dict[str, None]] = {}
        """Messages of combined Events; they may be written once more by themselves."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Check each Event that is created or updated."""
        old, new = commit.old, commit.new
        if not isinstance(new, Event):
            return
        found = list(self._repeated(old, new) if isinstance(old, Event) else self._new(new))
        _, combined, message = new.message.rpartition(COMBINED)
        if combined:
            self._combined.setdefault(_similarity(new), {})[message] = None
        for problem in found:
            yield f"{new.reason} of {new.involved_object.kind} {new.involved_object.name}: {problem}"

    def _repeated(self, old: Event, new: Event) -> Iterator[str]:
        if times(new) <= times(old):
            yield f"its count was {times(old)}, and is {times(new)} after an update"
        if (new.involved_object, new.reason, new.type, new.first_timestamp) != (
            old.involved_object,
            old.reason,
            old.type,
            old.first_timestamp,
        ):
            yield "an update changed its object, reason, type or first timestamp"

    def _new(self, event: Event) -> Iterator[str]:
        involved = event.involved_object
        history = self._history(involved.kind, involved.namespace, involved.name)
        known = history is None or not involved.uid or OWN.fullmatch(involved.uid)
        if history and not involved.uid and not event.reason.startswith(NOT_MADE):
            yield "its involvedObject has no uid"
        if not known and not any(is_about(event, one.current) for one in history or ()):
            yield f"its involvedObject never existed with the uid {involved.uid}"
        yield from self._inaccurate(event)
        yield from self._counted(event)

    def _counted(self, event: Event) -> Iterator[str]:
        key = _similarity(event)
        if event.message in self._combined.get(key, ()):
            return
        now = self.root.kernel.now
        since = remembers_since(self.world, MANAGER, SCHEDULER, event.reporting_instance)
        alike = [one for one in self._alike.get(key, ()) if one > since]
        if alike and alike[-1] + FORGOTTEN < now:
            alike.clear()
        self._alike[key] = [*alike, now]
        if len(alike) >= SIMILAR:
            yield f"it is similar Event number {len(alike) + 1}, but only {SIMILAR} are written before they are combined"

    def _inaccurate(self, event: Event) -> Iterator[str]:
        involved = event.involved_object
        namespace, message = involved.namespace, event.message.rpartition(COMBINED)[2]
        bound, deed, scaled = BOUND.match(message), DEED.match(message), SCALED.match(message)
        if event.reason == "Scheduled" and bound is not None:
            pods = self._history("Pod", namespace, involved.name) or ()
            if not any(isinstance(one.new, Pod) and one.new.spec.node_name == bound[1] for one in pods):
                yield f"the pod was never bound to {bound[1]}"
        if event.reason.startswith("Successful") and deed is not None:
            history = self._history(deed[2].capitalize(), namespace, deed[3]) or ()
            if not any(_is_deed(deed[1].lower(), involved.uid, one) for one in history):
                yield f"{deed[2]} {deed[3]} was not {deed[1].lower()}d"
        if event.reason == "ScalingReplicaSet" and scaled is not None:
            sets = self._history("ReplicaSet", namespace, scaled[1]) or ()
            if not any(isinstance(one.new, ReplicaSet) and one.new.spec.replicas == int(scaled[2]) for one in sets):
                yield f"replica set {scaled[1]} never had {scaled[2]} replicas in its spec"

    def _history(self, kind: str, namespace: str, name: str) -> list[Commit] | None:
        """All commits of objects of that name; None if there never was an object of that kind."""
        found = [type_ for type_ in self.world.log if type_.__name__ == kind]
        return self.world.histories(found[0]).get((namespace, name), []) if found else None


def _similarity(event: Event) -> tuple[str, ...]:
    """What makes Events similar: object, reason and reporter, whatever the message."""
    about = event.involved_object
    return (about.kind, about.uid, about.field_path, event.reason, event.reporting_component, event.reporting_instance)


def times(event: Event) -> int:
    """How often an Event occurred, from its count or its series.

    >>> times(Event(count=2)), times(Event(event_time="2026-01-01T00:00:00.000000Z"))
    (2, 1)
    """
    if event.event_time is None:
        return event.count
    return event.series.count if event.series is not None else 1


def is_about(event: Event, value: TypedObject) -> bool:
    """Whether an Event refers to an object. Events on nodes use the node's name as its uid."""
    return isinstance(value, Node) or event.involved_object.uid == value.metadata.uid


def _is_deed(verb: str, owner: str, commit: Commit) -> bool:
    if verb == "delete":
        return commit.new is None or commit.new.metadata.deletion_timestamp is not None
    controller = controller_of(commit.current.metadata)
    return controller is not None and controller.uid == owner


class Promise(msgspec.Struct, frozen=True):
    """Something has happened for which a component must record an Event."""

    component: str
    reason: str
    about: TypedObject
    at: int
    """When it happened, in virtual nanoseconds."""
    by: int
    """When the Event must be written at the latest."""


class EventsAreRecorded(RequestInvariant):
    """Undisturbed components record Events for what they do to pods, and for what users look for when something is wrong.

    Not expected are Events on an object with many of them (the spam filter), and those beyond the recorder's rate limit
    and queue.
    """

    name: ClassVar[str] = "events-are-recorded"
    requests: ClassVar[tuple[type[ApiRequest[object]], ...]] = (Create,)
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Event, Pod)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._recorded: dict[tuple[str, str], None] = {}
        """Recorded Events, by uid of their object and reason."""
        self._writes: dict[str, int] = {}
        """Writes of Events per object, by its uid."""
        self._promises: list[Promise] = []
        self._busy: dict[str, int] = {}
        """Until when each component is busy writing the Events so far (virtual nanoseconds)."""

    def _expect(self, component: str, reason: str, about: TypedObject) -> None:
        now = self.root.kernel.now
        busy = self._busy[component] = max(self._busy.get(component, 0), now - BURST * PACE) + PACE
        if busy <= now + QUEUE * PACE:
            self._promises.append(Promise(component, reason, about, now, max(busy, now) + IN_TIME))

    def committed(self, commit: Commit) -> Iterator[str]:
        """Note Events, and what happens to pods."""
        old, new = commit.old, commit.new
        if isinstance(new, Event):
            uid = new.involved_object.uid
            self._recorded[uid, new.reason] = None
            self._writes[uid] = self._writes.get(uid, 0) + 1
        elif isinstance(old, Pod) and self._writes and not mirrored(old):
            for component, reason in _happened(old, new if isinstance(new, Pod) else None):
                self._expect(component, reason, commit.current)
        yield from ()

    def answered(self, asked: Asked, answer: object) -> Iterator[str]:
        """Note whether controllers succeed to create pods."""
        request = asked.request
        if not isinstance(request, Create) or not isinstance(request.object, Pod) or request.subresource:
            return
        controller = controller_of(request.object.metadata)
        owner = self.world.by_uid.get(controller.uid) if controller is not None else None
        if owner is None or not self._writes:
            return
        if isinstance(answer, Result):
            self._expect(asked.component, "SuccessfulCreate", owner)
        elif isinstance(answer, Status) and answer.reason == "Forbidden" and "terminated" not in answer.message:
            self._expect(asked.component, "FailedCreate", owner)
        yield from ()

    def looked(self) -> Iterator[str]:
        """Look for Events that are overdue."""
        now = self.root.kernel.now
        due = [one for one in self._promises if one.by < now]
        self._promises = [one for one in self._promises if one.by >= now]
        for one in due:
            uid = one.about.metadata.uid
            if (uid, one.reason) not in self._recorded and self._may_be_recorded(one):
                yield f"{one.component} recorded no Event {one.reason} on {title(one.about)}"

    def _may_be_recorded(self, promise: Promise) -> bool:
        uid, namespace = promise.about.metadata.uid, promise.about.metadata.namespace
        space = self.world.find(Namespace, namespace, "")
        stays = space is not None and space.metadata.deletion_timestamp is None
        calm = self.world.faults.slowed_until(kind_of_process(promise.component), "") + RECOVERED < promise.at
        lives = promise.component not in self.world.faults.powered_off
        return calm and lives and stays and self._writes.get(uid, 0) < MANY


PACE, BURST, QUEUE = SECOND // 50, 100, 1000
"""The recorder's rate limit, beyond a burst, and the length of its queue; Events beyond that are dropped.

Source: eventRecordQPS and eventBurst in pkg/kubelet/apis/config/types.go, kubeAPIQPS and kubeAPIBurst of the scheduler;
maxQueuedEvents in client-go tools/record/event.go (v1.36).
"""
IN_TIME = 15 * SECOND
"""How soon an undisturbed component writes an Event, beyond the time that the rate limit takes."""
RECOVERED = 35 * SECOND
"""How long after a fault its Events have been written."""
MANY = 20
"""How many Events on one object the spam filter lets pass at once.

Source: maxBurst in client-go tools/record/events_cache.go (v1.36).
"""
BACKING_OFF = "CrashLoopBackOff"


def _happened(old: Pod, new: Pod | None) -> Iterator[tuple[str, str]]:
    """What has happened to a pod: the component that must record it, and the reason."""
    node = old.spec.node_name
    if new is None:
        if node and not is_lost_with_node(old) and old.metadata.deletion_timestamp and _has_run(old):
            yield node, "Killing"
        return
    if not node and new.spec.node_name:
        yield SCHEDULER, "Scheduled"
    if _is_unschedulable(new) and not _is_unschedulable(old):
        yield SCHEDULER, "FailedScheduling"
    before = {one.name: one for one in statuses_of(old)}
    for one in statuses_of(new):
        yield from ((new.spec.node_name, reason) for reason in _changed(before.get(one.name), one))


def _changed(old: ContainerStatus | None, new: ContainerStatus) -> Iterator[str]:
    if new.state.running is not None and (old is None or old.container_id != new.container_id):
        yield from ("Created", "Started")
    if new.state.waiting is not None and new.state.waiting.reason == BACKING_OFF:
        yield "BackOff"
    if old is not None and old.container_id == new.container_id and old.ready and not new.ready and new.state.running:
        yield "Unhealthy"


def _has_run(pod: Pod) -> bool:
    return any(one.state.running is not None for one in pod.status.container_statuses)


def _is_unschedulable(pod: Pod) -> bool:
    return any(
        one.type == "PodScheduled" and one.status == "False" and one.reason == "Unschedulable"
        for one in pod.status.conditions
    )


INVARIANTS: tuple[type[Invariant], ...] = (EventsAreAccurate, EventsAreRecorded)
