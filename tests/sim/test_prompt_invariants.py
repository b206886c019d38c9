"""What a prompt invariant has found stays true until an object of a kind that it reads changes."""

from collections.abc import Mapping
from typing import TypeVar, cast

import pytest

from kubeactors.apimachinery.meta import TypedObject
from kubeactors.sim import Simulation
from kubeactors.sim.grammar import generate
from kubeactors.sim.invariants import ALL
from kubeactors.sim.invariants.prompt import PromptInvariant
from kubeactors.sim.world import Commit, World

T = TypeVar("T", bound=TypedObject)

PROMPT = [one for one in ALL if issubclass(one, PromptInvariant)]
SEEDS = range(6)


class ReadWorld(World):
    """Records the kinds that are read; not those of what an owner controls, from which readers select by kind."""

    def __init__(self) -> None:
        super().__init__()
        self.read: dict[type[TypedObject], None] = {}

    def of(self, type_: type[T]) -> Mapping[str, T]:
        self.read[type_] = None
        return super().of(type_)

    def find(self, type_: type[T], name: str, namespace: str = "default") -> T | None:
        self.read[type_] = None
        return super().find(type_, name, namespace)

    def log_of(self, type_: type[TypedObject], node: str = "") -> list[Commit]:
        self.read[type_] = None
        return super().log_of(type_, node)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_remembered_is_what_another_look_would_find(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    remembered = PromptInvariant.found
    looks = 0

    def compared(self: PromptInvariant) -> tuple[tuple[str, str], ...]:
        nonlocal looks
        looks += 1
        found = remembered(self)
        assert found == tuple(self.pending()), self.name
        return found

    monkeypatch.setattr(PromptInvariant, "found", compared)
    assert Simulation(generate(seed), PROMPT).run().violations == ()
    assert looks


def test_only_kinds_that_are_declared_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    remembered = PromptInvariant.found
    undeclared: dict[str, list[type[TypedObject]]] = {}

    def noted(self: PromptInvariant) -> tuple[tuple[str, str], ...]:
        world = cast("ReadWorld", self.world)
        world.read.clear()
        found = remembered(self)
        other = [one for one in world.read if one not in self.reads]
        if other and self.reads:
            undeclared[self.name] = other
        return found

    monkeypatch.setattr(PromptInvariant, "found", noted)
    monkeypatch.setattr("kubeactors.sim.simulation.World", ReadWorld)
    for seed in SEEDS:
        assert Simulation(generate(seed), PROMPT).run().violations == ()
    assert undeclared == {}
