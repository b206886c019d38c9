"""Invariant of components' memory: nothing of deleted objects, and no own write that was superseded.

A component that keeps such state leaks memory, mistakes a recreated object for the deleted one, or waits forever for an
event that has passed. The harm shows late and rarely, but the state can be inspected at any time.
"""

import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from functools import cache
from typing import ClassVar, NamedTuple, cast

from kubeactors.apimachinery.meta import TypedObject
from kubeactors.client import Controller, Indexer, Overlay
from kubeactors.client.correlation import Lru
from kubeactors.controllers.job.podcontrol import PodControl as JobPodControl
from kubeactors.kubelet.heartbeat import NodeReporter
from kubeactors.kubelet.materials import Materials
from kubeactors.scheduler.queue import SchedulingQueue
from kubeactors.scheduler.workloads import Workloads
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.tree import cells, is_held_up

OURS = ("kubeactors.controllers.", "kubeactors.scheduler.", "kubeactors.kubelet.", "kubeactors.client.")
"""The packages whose actors and parts of actors are inspected."""
NOT_INSPECTED: tuple[type[object], ...] = (Indexer, Lru, OrderedDict, Materials)
"""Exempt: caches, which other invariants compare with the store; LRU maps; and what containers were created with."""
PASSING: tuple[tuple[type[object], str], ...] = (
    (Controller, "_counts"), (Workloads, "_known"), (JobPodControl, "_released"),
    (SchedulingQueue, "_seeking"), (SchedulingQueue, "_active"), (SchedulingQueue, "_backoff"), (SchedulingQueue, "_errors"),
    (NodeReporter, "node"), (NodeReporter, "_lease"),
)  # fmt: skip
"""Exempt attributes: overwritten before their next use, or dropped with their owner.

Heaps drop removed entries when these reach the top. A kubelet whose Node is deleted while it runs does not register again
until it restarts: it keeps its copy of that Node, and recreates its Lease whenever that is garbage-collected
(`registerWithAPIServer` in pkg/kubelet/kubelet_node_status.go, v1.36).
"""
UID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class NoStaleComponentState(Invariant):
    """When all is quiet, no component holds a deleted object, its uid, or an own write that was superseded.

    Deleted objects are recognised by their uids in whatever a component keeps: keys and values of dicts, API objects.
    """

    name: ClassVar[str] = "no-stale-component-state"

    def settled(self) -> Iterator[str]:
        """Inspect each component, unless one still backs off: it has not completed the work that drops its state."""
        if is_held_up(self.root):
            return
        gone = self._gone()
        seen: dict[int, object] = {}
        for cell in cells(self.root):
            actor = cast("object", cell.actor)
            if type(actor).__module__.startswith(OURS):
                for holder, what in _memories(actor, seen):
                    yield from (f"{cell.path} {told}" for told in self._look(holder, what, gone))

    def _gone(self) -> dict[str, str]:
        """Uids and keys of deleted objects, except those that an existing object names as its owner.

        Such a dependent stays if the owner's kind is no longer defined, as attemptToDeleteItem in
        pkg/controller/garbagecollector/garbagecollector.go (v1.36) cannot read its owner.
        """
        there = (one.metadata.owner_references for _, one in self.world.everything())
        named = {one.uid: None for owners in there for one in owners}
        gone = (commit for log in self.world.log.values() for commit in log if commit.new is None)
        uids = ((commit.current.metadata.uid, commit.key) for commit in gone)
        return {uid: key for uid, key in uids if uid not in named}

    def _look(self, holder: object, what: object, gone: Mapping[str, str]) -> Iterator[str]:
        if isinstance(what, TypedObject):
            uid, version = what.metadata.uid, what.metadata.resource_version
            now = self.world.by_uid.get(uid)
            if uid in gone:
                yield f"still holds {title(what)}, which is deleted"
            elif isinstance(holder, Overlay) and now is not None and now.metadata.resource_version != version:
                yield f"still overlays its write of {title(what)} at {version}, which is at {now.metadata.resource_version}"
        else:
            yield from (
                f"still holds the uid of {gone[uid]}, which is deleted" for uid in UID.findall(str(what)) if uid in gone
            )


class _Anatomy(NamedTuple):
    """How objects of a class are inspected."""

    is_inspected: bool
    slots: tuple[str, ...]
    passing: tuple[str, ...]
    """Exempt attributes."""


@cache
def _anatomy(lineage: tuple[type[object], ...]) -> _Anatomy:
    """The anatomy of a class, by its method resolution order."""
    known = any(one in lineage for one in (dict, list, tuple, set)) or lineage[0].__module__.startswith(OURS)
    return _Anatomy(
        is_inspected=known and not any(one in lineage for one in NOT_INSPECTED),
        slots=tuple(dict.fromkeys(name for part in lineage for name in _slots(part))),
        passing=tuple(name for part, name in PASSING if part in lineage),
    )


def _memories(actor: object, seen: dict[int, object]) -> Iterator[tuple[object, object]]:
    """Each API object and each dict key that an actor holds, with the part of the actor that holds it."""
    waiting: list[tuple[object, object]] = [(actor, actor)]
    while waiting:
        holder, value = waiting.pop()
        if isinstance(value, TypedObject):
            yield holder, value
            continue
        anatomy = _anatomy(type(value).__mro__)
        if anatomy.is_inspected and id(value) not in seen:
            seen[id(value)] = value
            yield from _keys(holder, value)
            waiting += _parts(holder, value, anatomy)


def _keys(holder: object, value: object) -> Iterator[tuple[object, object]]:
    if isinstance(value, dict | set):
        yield from ((holder, key) for key in cast("Mapping[object, object]", value) if isinstance(key, str | tuple))


def _parts(holder: object, value: object, anatomy: _Anatomy) -> Iterator[tuple[object, object]]:
    """What a value consists of, each part with its holder."""
    if isinstance(value, dict):
        yield from ((holder, one) for one in cast("Mapping[object, object]", value).values())
    elif isinstance(value, list | tuple):
        yield from ((holder, one) for one in cast("list[object]", value))
    else:
        for name in (*anatomy.slots, *getattr(value, "__dict__", ())):
            if name not in anatomy.passing:
                yield value, cast("object", getattr(value, name, None))


def _slots(part: type[object]) -> tuple[str, ...]:
    found: object = part.__dict__.get("__slots__", ())
    return (found,) if isinstance(found, str) else cast("tuple[str, ...]", found)


INVARIANTS: tuple[type[Invariant], ...] = (NoStaleComponentState,)
