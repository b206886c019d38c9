"""What holds of what components remember: nothing of what is gone, and no own write that is long outdated.

Who forgets to forget fills the memory of a process that runs for months, takes one that comes for one that was, or waits
for ever for the end of what has long ended. That does harm late, and only in company; but it can be looked at.
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
from kubeactors.sim.tree import cells, is_backing_off

OURS = ("kubeactors.controllers.", "kubeactors.scheduler.", "kubeactors.kubelet.", "kubeactors.client.")
"""Whose actors, and which parts of them, are looked into."""
NOT_LOOKED_AT: tuple[type[object], ...] = (Indexer, Lru, OrderedDict, Materials)
"""Caches, which are compared with the store elsewhere, what forgets by itself what was not used for longest, and what
containers were made with, which stays as it was for them."""
PASSING: tuple[tuple[type[object], str], ...] = (
    (Controller, "_counts"), (Workloads, "_known"), (JobPodControl, "_released"),
    (SchedulingQueue, "_seeking"), (SchedulingQueue, "_active"), (SchedulingQueue, "_backoff"), (SchedulingQueue, "_errors"),
    (NodeReporter, "node"), (NodeReporter, "_lease"),
)  # fmt: skip
"""What is soon overwritten, at the latest when it is used again, or goes with its owner; it may tell of what is gone.

Heaps let go of what has left them when it comes to their top. A kubelet whose Node is deleted while it runs does not make
another one before it is started again: it goes on with what it knows of that one, and makes its Lease again as often as that
is collected (`registerWithAPIServer` in pkg/kubelet/kubelet_node_status.go, v1.36).
"""
UID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class NoStaleComponentState(Invariant):
    """When all is quiet, no component remembers an object that is gone, or a write of its own after which others have come.

    Objects that are gone are told by their uids, of which no two are equal, in whatever a component keeps: keys and values of
    its dicts, and objects of the API.
    """

    name: ClassVar[str] = "no-stale-component-state"

    def settled(self) -> Iterator[str]:
        """Look into each component; but what fails again and again does not come to its end, and so not to forgetting."""
        if is_backing_off(self.root):
            return
        gone = self._gone()
        seen: dict[int, object] = {}
        for cell in cells(self.root):
            actor = cast("object", cell.actor)
            if type(actor).__module__.startswith(OURS):
                for holder, what in _memories(actor, seen):
                    yield from (f"{cell.path} {told}" for told in self._look(holder, what, gone))

    def _gone(self) -> dict[str, str]:
        """Uids and keys of what is gone, and no object that is there names as its owner.

        One that does stays when the kind of its owner is gone, too, and nobody saw the end of that: attemptToDeleteItem in
        pkg/controller/garbagecollector/garbagecollector.go (v1.36) has nobody to ask.
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
                yield f"remembers {title(what)}, which is gone"
            elif isinstance(holder, Overlay) and now is not None and now.metadata.resource_version != version:
                yield f"remembers that it wrote {title(what)} at {version}; it is at {now.metadata.resource_version}"
        else:
            yield from (
                f"remembers the uid of {gone[uid]}, which is gone" for uid in UID.findall(str(what)) if uid in gone
            )


class _Anatomy(NamedTuple):
    """What is to be known of all objects of a class."""

    is_looked_at: bool
    slots: tuple[str, ...]
    passing: tuple[str, ...]
    """The attributes that are not looked at."""


@cache
def _anatomy(lineage: tuple[type[object], ...]) -> _Anatomy:
    """Of a class, by its method resolution order."""
    known = any(one in lineage for one in (dict, list, tuple, set)) or lineage[0].__module__.startswith(OURS)
    return _Anatomy(
        is_looked_at=known and not any(one in lineage for one in NOT_LOOKED_AT),
        slots=tuple(dict.fromkeys(name for part in lineage for name in _slots(part))),
        passing=tuple(name for part, name in PASSING if part in lineage),
    )


def _memories(actor: object, seen: dict[int, object]) -> Iterator[tuple[object, object]]:
    """Each object of the API that an actor remembers, and each key by which it does, with the part of it that holds them."""
    waiting: list[tuple[object, object]] = [(actor, actor)]
    while waiting:
        holder, value = waiting.pop()
        if isinstance(value, TypedObject):
            yield holder, value
            continue
        anatomy = _anatomy(type(value).__mro__)
        if anatomy.is_looked_at and id(value) not in seen:
            seen[id(value)] = value
            yield from _keys(holder, value)
            waiting += _parts(holder, value, anatomy)


def _keys(holder: object, value: object) -> Iterator[tuple[object, object]]:
    if isinstance(value, dict | set):
        yield from ((holder, key) for key in cast("Mapping[object, object]", value) if isinstance(key, str | tuple))


def _parts(holder: object, value: object, anatomy: _Anatomy) -> Iterator[tuple[object, object]]:
    """What it consists of, with who holds that."""
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
