"""Each search strategy finds a bug that the others do not find, or not as soon: counted in seeds, not in seconds."""

import pytest

from kubeactors.sim.search import explore
from tests.quality.orders import EVERY_ORDER, ORDERS, SECONDS, SEEDS, Order

MANY, FEW = 4, 50
"""The best strategy finds a bug at least this many times as often as any other, and with one of the first seeds."""
STRATEGIES = ("fifo", "delays", "priorities")
"""The strategies of campaigns."""


@pytest.mark.parametrize("order", [one for one in ORDERS if one.best != EVERY_ORDER], ids=lambda one: one.name)
def test_an_order_dependent_bug_is_found_by_one_strategy_much_more_often_than_by_the_others(order: Order) -> None:
    with order.mutant():
        met = {strategy: order.met(strategy, SEEDS[strategy]) for strategy in STRATEGIES}
    best = met.pop(order.best)
    assert best[0] < FEW
    assert all(len(others) * MANY <= len(best) for others in met.values())
    assert not any(order.met(strategy, FEW) for strategy in STRATEGIES)


@pytest.mark.parametrize("order", [one for one in ORDERS if one.best == EVERY_ORDER], ids=lambda one: one.name)
def test_exhaustive_search_of_a_small_system_takes_fewer_runs_than_chance_and_proves_it_correct(
    order: Order,
) -> None:
    assert (explore(order.build, seconds=SECONDS).complete, explore(order.build, seconds=SECONDS).problem) == (True, "")
    with order.mutant():
        found = explore(order.build, seconds=SECONDS)
        assert found.problem
        assert not any(order.met(strategy, found.schedules) for strategy in STRATEGIES)


def test_every_strategy_is_the_best_somewhere() -> None:
    assert sorted(one.best for one in ORDERS) == sorted(["delays", "priorities", EVERY_ORDER])
