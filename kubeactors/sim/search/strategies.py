"""The orders that a campaign tries, by name.

delays      half of all deliveries wait for up to 32 turns: much is reordered, nothing for long
sparse      one delivery in 50 waits, for up to 400 turns: mostly first in, first out, and a few come very late
priorities  PCT, see `priorities.py`: some actors are slow all the time, and that changes twice
fifo        first in, first out: what breaks here needs no luck
tape        first in, first out, but for the deviations of a tape: what an order that failed was made small to
"""

from collections.abc import Callable, Sequence

from kubeactors.actor.schedules import Fifo, RandomDelays, Schedule
from kubeactors.sim.search.priorities import Priorities
from kubeactors.sim.search.tape import Deviation, Tape

DELAYS, SPARSE, PRIORITIES, FIFO, TAPE = "delays", "sparse", "priorities", "fifo", "tape"

STRATEGIES: dict[str, Callable[[str], Schedule]] = {
    DELAYS: RandomDelays,
    SPARSE: lambda seed: RandomDelays(seed, spread=400, one_in=50),
    PRIORITIES: Priorities,
    FIFO: lambda _seed: Fifo(),
}
"""What makes the schedule of a seed."""

PORTFOLIO = (*(DELAYS,) * 5, *(PRIORITIES,) * 2, SPARSE)
"""What campaigns choose from, seed by seed, if no strategy is named."""


def strategy_of(seed: int) -> str:
    """The strategy of a seed in a campaign that names none.

    >>> [strategy_of(seed) for seed in range(8)]
    ['delays', 'delays', 'delays', 'delays', 'delays', 'priorities', 'priorities', 'sparse']
    """
    return PORTFOLIO[seed % len(PORTFOLIO)]


def schedule_of(strategy: str, seed: int | str, tape: Sequence[Deviation] = ()) -> Schedule:
    """The schedule of a strategy and a seed, or of a tape.

    Raises:
        KeyError: there is no such strategy.
    """
    return Tape(tape) if strategy == TAPE else STRATEGIES[strategy](str(seed))
