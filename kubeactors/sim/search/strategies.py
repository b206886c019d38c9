"""Search strategies: the orders of deliveries that a campaign tries, by name.

delays      half of all deliveries wait for up to 32 turns: many are reordered, none for long
priorities  PCT, see `priorities.py`: some actors are slow all the time, and that changes twice
fifo        first in, first out: a failure here does not depend on the order
tape        first in, first out, except for the deviations of a tape: the shrunk form of a failing order

`python -m benchmarks.search` measures them. `delays` is best where messages to one actor must be reordered, and has found
nearly all bugs of `tests/quality/`; `priorities` is best where one actor must fall far behind (20 of 200 seeds, `delays`
none: `tests/quality/orders.py`), or where a long sequence of steps is needed (15 of 500 seeds, `delays` 18 of 20,000:
`tests/sim/small.py`).
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
"""The schedule of each strategy, by seed."""

PORTFOLIO = (*(DELAYS,) * 3, PRIORITIES)
"""The strategies of campaigns that name none, by seed in turn."""


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
