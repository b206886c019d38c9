"""Watch events are compared with what the store has committed."""

from typing import cast

import pytest

from kubeactors.actor import Actor, SimSystem
from kubeactors.actor.cell import Cell
from kubeactors.api.coordination.v1 import Lease
from kubeactors.apimachinery.meta import ListMeta, ObjectMeta
from kubeactors.apimachinery.requests import (
    ADDED,
    ADMIN,
    GroupVersionResource,
    ListOptions,
    ListResult,
    Watch,
    WatchEvent,
    WatchEvents,
    WatchStarted,
)
from kubeactors.sim.invariants.apiserver import WatchesAreGapFree
from kubeactors.sim.network import Served, Stream
from kubeactors.sim.world import World
from kubeactors.storage import KeyValue, StoreEvent

REVISION = 7
LEASES = GroupVersionResource("coordination.k8s.io", "v1", "leases")


def _lease(name: str) -> Lease:
    return Lease(metadata=ObjectMeta(name=name, namespace="x", uid=name, resource_version=str(REVISION)))


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        (("a", "b", "c"), ""),
        (("a", "c"), f"should be {ADDED} of leases/x/b"),
        (("a", "b"), ""),  # the rest may come in another message
        (("a", "b", "c", "c"), "came after 7"),
    ],
)
def test_each_object_of_one_transaction_is_delivered_once(told: tuple[str, ...], problem: str) -> None:
    cell, invariant = _watcher()
    request = Watch(resource=LEASES, subscriber=cell, watch=1, options=ListOptions(resource_version="5"), user=ADMIN)
    message = WatchEvents(1, tuple(WatchEvent(ADDED, _lease(name)) for name in told), 1)
    problems = list(invariant.watched(Stream("controller-manager", request, cell), cell, message))
    assert len(problems) == bool(problem)
    assert not problems or problem in problems[0]


def _watcher() -> tuple[Cell, WatchesAreGapFree]:
    """A watcher, after one transaction has created three Leases."""
    sim, world = SimSystem(), World()
    for name in ("a", "b", "c"):
        kv = KeyValue(f"leases/x/{name}", _lease(name), REVISION, REVISION, 1)
        world.apply(StoreEvent(kv=kv, previous=None, deleted=False))
    return cast("Cell", sim.spawn(Actor, name="watcher")), WatchesAreGapFree(world, sim.kernel.root)


def test_a_watch_with_a_list_delivers_what_comes_after_it() -> None:
    cell, invariant = _watcher()
    request = Watch(resource=LEASES, subscriber=cell, watch=1, lists=True, user=ADMIN)
    begun = WatchStarted(ListResult(metadata=ListMeta(resource_version="5"), items=()))
    assert list(invariant.served(Served(cell, request, 5, 0), begun)) == []
    told = WatchEvents(1, (WatchEvent(ADDED, _lease("b")),), 1)
    (problem,) = invariant.watched(Stream("controller-manager", request, cell), cell, told)
    assert f"should be {ADDED} of leases/x/a" in problem
