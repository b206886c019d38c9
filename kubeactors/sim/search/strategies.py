"""The orders that a campaign tries, by name.

delays      half of all deliveries wait for up to 32 turns: much is reordered, nothing for long
priorities  PCT, see `priorities.py`: some actors are slow all the time, and that changes twice
fifo        first in, first out: what breaks here needs no luck
tape        first in, first out, but for the deviations of a tape: what an order that failed was made small to

What each is worth is measured by `python -m benchmarks.search`. `delays` is best where what one actor waits for has to
come in another order, and has found nearly all that `tests/quality/` asks for; `priorities` where one has to fall far
behind (20 of 200 seeds, `delays` none: `tests/quality/orders.py`), or where much has to happen in turn (15 of 500 seeds,
`delays` 18 of 20,000: `tests/sim/small.py`).
"""

from collections.abc import Callable, Sequence

from kubeactors.actor.schedules import Fifo, RandomDelays, Schedule
from kubeactors.sim.search.priorities import Priorities
from kubeactors.sim.search.tape import Deviation, Tape

DELAYS, PRIORITIES, FIFO, TAPE = "delays", "priorities", "fifo", "tape"

STRATEGIES: dict[str, Callable[[str], Schedule]] = {
    DELAYS: RandomDelays,
    PRIORITIES: Priorities,
    FIFO: lambda _seed: Fifo(),
}
"""What makes the schedule of a seed."""

PORTFOLIO = (*(DELAYS,) * 3, PRIORITIES)
"""What campaigns choose from, seed by seed, if no strategy is named."""


def strategy_of(seed: int) -> str:
    """The strategy of a seed in a campaign that names none.

    >>> [strategy_of(seed) for seed in range(4)]
    ['delays', 'delays', 'delays', 'priorities']
    """
    return PORTFOLIO[seed % len(PORTFOLIO)]


def schedule_of(strategy: str, seed: int | str, tape: Sequence[Deviation] = ()) -> Schedule:
    """The schedule of a strategy and a seed, or of a tape.

    Raises:
        KeyError: there is no such strategy.
    """
    return Tape(tape) if strategy == TAPE else STRATEGIES[strategy](str(seed))
