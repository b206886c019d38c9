"""Informers notify their subscribers of changes, over restarts of either."""

from functools import partial
from typing import cast

import pytest
from msgspec.structs import replace

from kubeactors.actor import Actor, Ref, handle
from kubeactors.actor.cell import Cell
from kubeactors.api.core.v1 import ConfigMap
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apiserver import ApiServer
from kubeactors.client import Informer, Notify, SharedInformer
from kubeactors.client.informer import InformerMessage
from tests.client.door import Door


class Listener(Actor[Notify], deterministic=True):
    """Records its notifications."""

    def __init__(self, heard: list[tuple[str, str]]) -> None:
        self._heard = heard

    @handle
    def notify(self, message: Notify) -> None:
        self._heard += [(change.type, change.key) for change in message.changes]


class World(Door):
    """An informer of ConfigMaps, and a subscriber."""

    def __init__(self) -> None:
        super().__init__()
        self.shared: SharedInformer[ConfigMap] = SharedInformer(ConfigMap, "configmaps")
        factory = partial(Informer[ConfigMap], self.client, self.shared, consistent=True)
        self.informer: Ref[InformerMessage] = self.sim.spawn(factory, name="informer")
        self.shared.ref = self.informer
        self.heard: list[tuple[str, str]] = []
        self.listener = self.listen("listener", self.heard)

    def listen(self, name: str, heard: list[tuple[str, str]]) -> Ref[Notify]:
        listener = self.sim.spawn(partial(Listener, heard), name=name)
        self.shared.subscribe(listener)
        self.sim.settle()
        return listener

    @property
    def instance(self) -> Informer[ConfigMap]:
        """The actor itself."""
        actor = cast("Cell", self.informer).actor
        assert isinstance(actor, Informer)
        return actor

    def put(self, name: str) -> ConfigMap:
        made = self.create(ConfigMap(metadata=ObjectMeta(name=name, namespace="default")))
        self.sim.run(0.5)
        return made


@pytest.fixture
def world() -> World:
    return World()


def test_a_subscriber_receives_every_change_and_the_lister_shows_it(world: World) -> None:
    made = world.put("a")
    world.change(made, lambda one: replace(one, data={"x": "y"}))
    world.sim.run(0.5)
    found = world.shared.lister.get("a", "default")
    assert found is not None
    assert found.data == {"x": "y"}
    world.delete(made)
    world.sim.run(0.5)
    assert world.heard == [("ADDED", "default/a"), ("MODIFIED", "default/a"), ("DELETED", "default/a")]
    assert len(world.shared.lister) == 0


def test_a_late_subscriber_first_receives_all_objects(world: World) -> None:
    world.put("a")
    world.put("b")
    heard: list[tuple[str, str]] = []
    world.listen("late", heard)
    assert heard == [("ADDED", "default/a"), ("ADDED", "default/b")]


def test_a_restarted_informer_keeps_its_subscribers_and_sends_only_changes(world: World) -> None:
    world.put("a")
    world.sim.crash(world.informer, RuntimeError("boom"))
    world.put("b")
    world.sim.run(2.0)
    assert world.heard == [("ADDED", "default/a"), ("ADDED", "default/b")]


def test_a_restart_of_the_api_server_loses_no_change(world: World) -> None:
    made = world.put("a")
    world.sim.crash(world.server, RuntimeError("boom"))
    world.put("b")
    world.delete(made)
    world.sim.run(10.0)
    assert world.heard == [("ADDED", "default/a"), ("ADDED", "default/b"), ("DELETED", "default/a")]


def test_a_stopped_subscriber_is_removed(world: World) -> None:
    gone = world.sim.spawn(partial(Listener, []), name="mortal")
    world.shared.subscribe(gone)
    world.sim.settle()
    assert len(world.shared.subscribers) == 2
    _ = world.sim.stop(gone)
    world.sim.settle()
    assert len(world.shared.subscribers) == 1


def test_a_quiet_watch_is_not_taken_for_a_dead_one(world: World) -> None:
    world.put("a")
    world.sim.run(1000.0)
    assert world.shared.connected_at < 1_000_000_000
    world.put("b")
    assert world.heard == [("ADDED", "default/a"), ("ADDED", "default/b")]


def test_a_restarted_subscriber_sees_at_least_what_it_saw_before(world: World) -> None:
    world.put("a")
    reflector = world.instance._reflector
    world.client.stop_watch(world.informer, reflector.number)  # the watch is dead, and the informer does not know
    world.put("b")
    assert world.heard == [("ADDED", "default/a")]
    world.shared.subscribe(world.listener)
    world.sim.run(0.5)
    assert world.heard == [("ADDED", "default/a"), ("ADDED", "default/a"), ("ADDED", "default/b")]


def test_a_subscriber_receives_all_objects_and_then_changes_with_its_marks(world: World) -> None:
    world.shared.mark_by(lambda change: 1 if change.current.data else 2)
    filled: list[tuple[str, str]] = []
    world.put("before")
    listener = world.sim.spawn(partial(Listener, filled), name="filled")
    world.shared.subscribe(listener, marks=1)
    world.sim.settle()
    world.create(ConfigMap(metadata=ObjectMeta(name="full", namespace="default"), data={"a": "b"}))
    world.put("empty")
    assert filled == [("ADDED", "default/before"), ("ADDED", "default/full")]
    assert world.heard[-2:] == [("ADDED", "default/full"), ("ADDED", "default/empty")]


def test_a_subscription_is_not_lost_if_the_informers_mailbox_is_full(world: World) -> None:
    cell, heard = cast("Cell", world.informer), list[tuple[str, str]]()
    capacity, cell.capacity = cell.capacity, 0
    world.listen("late", heard)
    assert heard == []
    cell.capacity = capacity
    world.put("a")
    assert heard == [("ADDED", "default/a")]


def test_a_restarted_informer_leaves_no_watch_behind(world: World) -> None:
    server = cast("Cell", world.server).actor
    assert isinstance(server, ApiServer)
    watches = len(server._hub)
    for _ in range(3):
        world.shared.subscribe(world.listener)
        world.sim.run(0.5)
    assert len(server._hub) == watches
