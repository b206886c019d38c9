"""Controllers reconcile each key once at a time, after all informers have synced, and retry failures."""

from collections.abc import Callable
from functools import partial
from typing import cast

import pytest

from kubeactors.actor import Actor, Gate, Ref, SimSystem
from kubeactors.api.core.v1 import ConfigMap, Secret
from kubeactors.apimachinery.meta import ObjectMeta, TypedObject
from kubeactors.apimachinery.requests import ADDED
from kubeactors.apimachinery.status import Conflict, StatusError, Timeout
from kubeactors.client import Change, Client, Controller, InformerFactory, Notify, SharedInformer
from kubeactors.client.controller import MAX_RECONCILES_PER_SECOND, ControllerMessage
from kubeactors.client.workqueue import SECOND
from tests.client.door import Door

Found = list[Ref[ControllerMessage]]


class Copier(Controller):
    """Records the keys that it reconciles; `act` decides the outcome."""

    concurrency = 2

    def __init__(
        self,
        config_maps: SharedInformer[ConfigMap],
        secrets: SharedInformer[Secret],
        log: list[str],
        act: Callable[["Copier", str], None],
    ) -> None:
        super().__init__()
        self.log = log
        self.act = act
        self.running: dict[str, None] = {}
        self.config_maps = config_maps.lister
        self.secrets = secrets.lister
        self.observe(config_maps, self.on_change)
        self.observe(secrets, lambda _: None)

    def on_change(self, change: Change[ConfigMap]) -> None:
        if change.current.metadata.namespace == "default":
            self.enqueue(change.key)

    async def reconcile(self, key: str) -> None:
        assert key not in self.running
        self.running[key] = None
        self.log.append(key)
        await self.ctx.sleep(0.1)
        del self.running[key]
        self.act(self, key)


class Component(Actor[Gate], deterministic=True):
    """The supervisor of informers and a controller."""

    def __init__(self, client: Client, log: list[str], act: Callable[[Copier, str], None], found: Found) -> None:
        self.client = client
        self.log = log
        self.act = act
        self.found = found

    def started(self) -> None:
        informers = InformerFactory(self.ctx, self.client)
        factory = partial(Copier, informers.of(ConfigMap), informers.of(Secret), self.log, self.act)
        self.found.append(self.ctx.spawn(factory, name="copier"))


class World(Door):
    def __init__(self, act: Callable[[Copier, str], None]) -> None:
        super().__init__()
        self.log: list[str] = []
        for name in ("a", "b", "c"):
            self.put(name)
        self.found: Found = []
        self.component = self.sim.spawn(partial(Component, self.client, self.log, act, self.found), name="component")

    def put(self, name: str) -> None:
        self.create(ConfigMap(metadata=ObjectMeta(name=name, namespace="default")))


def nothing(_controller: Copier, _key: str) -> None:
    """Succeed."""


def test_present_objects_are_reconciled_once_all_informers_have_synced() -> None:
    def check(controller: Copier, _key: str) -> None:
        assert controller.synced
        assert len(list(controller.config_maps)) == 3

    world = World(check)
    world.sim.run(5.0)
    assert world.log == ["default/a", "default/b", "default/c"]


def test_no_more_keys_than_the_limit_are_processed_at_once() -> None:
    most: list[int] = []
    world = World(lambda controller, _: most.append(len(controller.running) + 1))
    world.sim.run(5.0)
    assert len(world.log) == 3
    assert max(most) <= 2


def test_a_failed_key_is_retried_with_back_off_until_it_succeeds() -> None:
    left = {"default/b": 3}

    def refuse(_controller: Copier, key: str) -> None:
        if left.get(key, 0) > 0:
            left[key] -= 1
            raise Conflict.saying("changed meanwhile")

    world = World(refuse)
    world.sim.run(10.0)
    assert sorted(world.log) == ["default/a", *["default/b"] * 4, "default/c"]


@pytest.mark.parametrize("error", [Timeout.saying("no reply"), Conflict.saying("changed meanwhile")])
def test_a_key_is_in_doubt_after_an_unknown_outcome_or_a_conflict_until_it_succeeds(
    error: StatusError,
) -> None:
    doubts: list[bool] = []

    def lose(controller: Copier, key: str) -> None:
        if key == "default/a":
            doubts.append(controller.in_doubt(key))
            if len(doubts) == 1:
                raise error

    world = World(lose)
    world.sim.run(5.0)
    world.put("d")
    world.sim.run(5.0)
    assert doubts == [False, True]


@pytest.mark.parametrize("when", ["at once", "in the middle"])
def test_a_restarted_controller_reconciles_everything_again(when: str) -> None:
    world = World(nothing)
    world.sim.run(5.0 if when == "at once" else 0.05)
    world.sim.crash(world.found[0], RuntimeError("boom"))
    world.log.clear()
    world.sim.run(5.0)
    assert sorted(world.log) == ["default/a", "default/b", "default/c"]


def test_a_restarted_controller_ignores_notifications_for_earlier_instances() -> None:
    world = World(nothing)
    world.sim.run(5.0)
    world.sim.crash(world.found[0], RuntimeError("boom"))
    world.log.clear()
    gone = ConfigMap(metadata=ObjectMeta(name="gone", namespace="default"))
    change = cast("Change[TypedObject]", Change(ADDED, "default/gone", None, gone))
    world.found[0].tell(Notify(str(world.client.resource(ConfigMap)), (change,)))
    world.sim.run(5.0)
    assert sorted(world.log) == ["default/a", "default/b", "default/c"]


class Circle(Controller):
    """Enqueues a key again whenever it has reconciled it."""

    def __init__(self, times: list[int]) -> None:
        super().__init__()
        self.times = times

    def started(self) -> None:
        super().started()
        self.enqueue("a")

    async def reconcile(self, key: str) -> None:
        self.times.append(self.ctx.now)
        self.enqueue(key)


def test_a_key_is_reconciled_at_most_300_times_a_second() -> None:
    times: list[int] = []
    sim = SimSystem(seed=1)
    sim.spawn(partial(Circle, times))
    sim.run(2.5)
    assert [times.count(second * SECOND) for second in range(3)] == [MAX_RECONCILES_PER_SECOND] * 3
    assert len(times) == 3 * MAX_RECONCILES_PER_SECOND
