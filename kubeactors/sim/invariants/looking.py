"""How invariants look into the supervision tree and compare caches with the store."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from typing import TypeVar, cast

from kubeactors.actor.cell import Cell
from kubeactors.actor.supervision import SECOND
from kubeactors.api.core.v1 import Pod
from kubeactors.apimachinery.meta import HasMeta, TypedObject
from kubeactors.client import Controller
from kubeactors.client.informer import SILENCE_SECONDS, Informer
from kubeactors.sim.invariants.invariant import title
from kubeactors.sim.world import Commit, World

A = TypeVar("A")

Key = tuple[str, str]

_NOBODY: Mapping[str | int, Cell] = {}

RETRIED_SECONDS = 30.0
UNDISTURBED = int((SILENCE_SECONDS + RETRIED_SECONDS) * SECOND)
"""So long after a fault a component knows again what there is: that a watch is dead is noticed by its silence."""
EVICTED, CONDEMNED = "DeletionByTaintManager", "DeletionByPodGC"
PREEMPTED = "PreemptionByScheduler"


def cells(root: Cell) -> Iterator[Cell]:
    """All actors' places, parents first."""
    waiting = list((root.extras.children or _NOBODY).values())[::-1]
    while waiting:
        cell = waiting.pop()
        yield cell
        children = cell.extras.children
        if children:
            waiting += list(children.values())[::-1]


def actors_of(root: Cell, type_: type[object]) -> Iterator[tuple[str, object]]:
    """All actors of a class, with their paths; parents first."""
    waiting = list((root.extras.children or _NOBODY).values())[::-1]
    while waiting:  # `cells` in line: many look at all of them every few seconds
        cell = waiting.pop()
        actor: object = cell.actor
        if isinstance(actor, type_):
            yield cell.path, actor
        children = cell.extras.children
        if children:
            waiting += list(children.values())[::-1]


def actors_within(process: str, root: Cell, type_: type[A]) -> Iterator[tuple[str, A]]:
    """Those in the processes whose names begin so: for who looks every few seconds, and knows where they are."""
    for cluster in (root.extras.children or _NOBODY).values():
        for name, cell in (cluster.extras.children or _NOBODY).items():
            if str(name).startswith(process):
                yield from cast("Iterator[tuple[str, A]]", actors_of(cell, type_))


def is_backing_off(root: Cell) -> bool:
    """Whether a controller waits with its next attempt because it has failed, or an informer, without which none begins."""
    controllers = (cast("Controller", one) for _, one in actors_of(root, Controller))
    informers = (cast("Informer[TypedObject]", one) for _, one in actors_of(root, Informer))
    return any(one.queue.is_backing_off() for one in controllers) or any(one.is_backing_off for one in informers)


def is_evicted(value: TypedObject | None) -> bool:
    """Whether a pod says that it goes because of a taint."""
    return isinstance(value, Pod) and any(one.reason == EVICTED for one in value.status.conditions)


def is_preempted(value: TypedObject | None) -> bool:
    """Whether a pod says that it goes to make room for one that is more urgent."""
    return isinstance(value, Pod) and any(one.reason == PREEMPTED for one in value.status.conditions)


def is_condemned(value: TypedObject | None) -> bool:
    """Whether a pod says that it is removed because its node is gone."""
    return isinstance(value, Pod) and any(one.reason == CONDEMNED for one in value.status.conditions)


def key_of(value: HasMeta) -> Key:
    """What an object is known by within its kind."""
    return value.metadata.namespace, value.metadata.name


def commit_behind(world: World, written: TypedObject) -> Commit | None:
    """The commit of a write that was answered with this object; None if it has changed nothing that the world knows."""
    revision, log = int(written.metadata.resource_version or 0), world.log_of(type(written))
    index = bisect_left(log, revision, key=lambda one: one.revision)
    return log[index] if index < len(log) and log[index].revision == revision else None


def differences(world: World, type_: type[TypedObject], cached: Mapping[Key, TypedObject], where: str) -> Iterator[str]:
    """In what a cache of all objects of a kind differs from the store."""
    real = {key_of(one): one for one in world.of(type_).values()}
    for key, one in real.items():
        if key not in cached:
            yield f"{where} lacks {title(one)}"
        elif cached[key].metadata.resource_version != one.metadata.resource_version:
            versions = (cached[key].metadata.resource_version, one.metadata.resource_version)
            yield f"{where} has {title(one)} at {versions[0]}, the store at {versions[1]}"
    for key, one in cached.items():
        if key not in real:
            yield f"{where} has {title(one)}, which is gone"
