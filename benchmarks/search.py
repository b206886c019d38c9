"""`python -m benchmarks.search`: compares search strategies and exhaustive search on small systems.

Prints the number of orders with and without reduction, in how many seeds each strategy finds a bug of depth 4, and the same
for bugs in small systems of our own components (`tests/quality/orders.py`). Exit 1 if the reduced search is not complete, PCT
finds nothing in 500 seeds, or uniform choice finds the bug in 20,000.
"""

import sys
import time
from collections.abc import Callable
from functools import partial

from kubeactors.actor import SimSystem
from kubeactors.actor.driver import RunQueue
from kubeactors.actor.schedules import RandomDelays, ScheduledQueue
from kubeactors.sim.search import Priorities, explore
from tests.quality.orders import ORDERS, SECONDS, SEEDS, Order
from tests.sim.small import STEPS, UniformQueue, senders, writers

MOST = 20_000
MOST_RUNS = 1_000
SYSTEMS = {
    "two writers": partial(writers),
    "two writers, twice each": partial(writers, times=2),
    "three writers": partial(writers, count=3),
}
QUEUES: dict[str, tuple[int, Callable[[int], RunQueue]]] = {
    "PCT, depth 4": (500, lambda seed: ScheduledQueue(Priorities(str(seed), depth=4, steps=STEPS))),
    "random delays": (20_000, lambda seed: ScheduledQueue(RandomDelays(str(seed)))),
    "uniform choice": (20_000, UniformQueue),
}


def main() -> int:
    """Print the tables."""
    proved = True
    print(f"{'all orders of':26} {'reduced':>8} {'all':>8} {'CPU s':>6} {'CPU s':>6}")
    for name, build in SYSTEMS.items():
        times = [time.process_time()]
        reduced = explore(build)
        times.append(time.process_time())
        everything = explore(build, reduce=False, most=MOST)
        times.append(time.process_time())
        proved &= reduced.complete and not reduced.problem
        count = str(everything.schedules) if everything.complete else f">{MOST}"
        print(
            f"{name:26} {reduced.schedules:8} {count:>8} {times[1] - times[0]:6.2f} {times[2] - times[1]:6.2f}",
            flush=True,
        )
    found = {name: _found(seeds, queue) for name, (seeds, queue) in QUEUES.items()}
    print(f"{'a bug of depth 4, by':26} {'seeds':>8} {'found':>8}")
    for name, count in found.items():
        print(f"{name:26} {QUEUES[name][0]:8} {count:8}")
    print(f"{'a bug that an order shows':52} " + " ".join(f"{one:>12}" for one in (*SEEDS, "every order")))
    for order in ORDERS:
        print(_told(order), flush=True)
    return 0 if proved and found["PCT, depth 4"] and not found["uniform choice"] else 1


def _told(order: Order) -> str:
    """In how many seeds each strategy finds it, and after how many orders exhaustive search does, if these are few."""
    with order.mutant():
        met = [f"{len(order.met(strategy, seeds))}/{seeds}" for strategy, seeds in SEEDS.items()]
        every = explore(order.build, seconds=SECONDS, most=MOST_RUNS)
    met.append(str(every.schedules) if every.problem else f">{MOST_RUNS}")
    return f"{order.name:52} " + " ".join(f"{one:>12}" for one in met)


def _found(seeds: int, queue: Callable[[int], RunQueue]) -> int:
    """In how many seeds the strategy finds the bug."""
    found = 0
    for seed in range(seeds):
        sim = SimSystem(0, queue=queue(seed))
        question = senders(sim)
        sim.run(10)
        found += bool(question())
    return found


if __name__ == "__main__":
    sys.exit(main())
