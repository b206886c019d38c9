"""Inspects the supervision tree of a simulated cluster: finds actors, and tells whether any is held up."""

from collections.abc import Iterator, Mapping
from typing import TypeVar, cast

from kubeactors.actor.cell import Cell
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.client import Controller
from kubeactors.client.informer import Informer
from kubeactors.sim.webhooks import WebhookPrograms

A = TypeVar("A")

_NOBODY: Mapping[str | int, Cell] = {}


def cells(root: Cell) -> Iterator[Cell]:
    """All cells of the tree, parents first."""
    waiting = list((root.cold.children or _NOBODY).values())[::-1]
    while waiting:
        cell = waiting.pop()
        yield cell
        children = cell.children
        if children:
            waiting += list(children.values())[::-1]


def actors_of(root: Cell, type_: type[object]) -> Iterator[tuple[str, object]]:
    """All actors of a class, with their paths; parents first."""
    waiting = list((root.cold.children or _NOBODY).values())[::-1]
    while waiting:  # `cells` in line: invariants inspect all actors every few seconds
        cell = waiting.pop()
        actor: object = cell.actor
        if isinstance(actor, type_):
            yield cell.path, actor
        children = cell.children
        if children:
            waiting += list(children.values())[::-1]


def actors_within(process: str, root: Cell, type_: type[A]) -> Iterator[tuple[str, A]]:
    """The actors of a class in the processes whose names have this prefix: cheaper than a search of the whole tree."""
    for cluster in (root.cold.children or _NOBODY).values():
        for name, cell in (cluster.cold.children or _NOBODY).items():
            if str(name).startswith(process):
                yield from cast("Iterator[tuple[str, A]]", actors_of(cell, type_))


def actor_at(root: Cell, type_: type[A], *names: str) -> A | None:
    """The actor of that class at this path below any cluster, or None."""
    for cluster in (root.cold.children or _NOBODY).values():
        found: Cell | None = cluster
        for name in names:
            found = (found.cold.children or _NOBODY).get(name) if found is not None else None
        actor: object = found.actor if found is not None else None
        if isinstance(actor, type_):
            return actor
    return None


def is_held_up(root: Cell) -> bool:
    """Whether a controller backs off after a failure, or may wait: for an informer that backs off, or for a webhook."""
    controllers = (cast("Controller", one) for _, one in actors_of(root, Controller))
    informers = (cast("Informer[TypedObject]", one) for _, one in actors_of(root, Informer))
    webhooks = (cast("WebhookPrograms", one) for _, one in actors_of(root, WebhookPrograms))
    return (
        any(one.queue.is_backing_off() for one in controllers)
        or any(one.is_backing_off for one in informers)
        or any(one.calls for one in webhooks)
    )
