"""In which order things happen: strategies that choose it, and one form in which every order can be kept.

    strategies.py   the orders that a campaign tries, by name       priorities.py   PCT: few, well-placed changes of order
    tape.py         an order as deviations from first in, first out; recorded, played again, made small
    fewest.py       delta debugging
    exhaustive.py   all orders of a small system, without those that cannot make a difference
    steps.py        what a step of a run has touched, and what could have come in another order

Who sends to it: campaigns, replays, tests of small systems. It sends nothing: the simulator's run queue asks it.
"""

from kubeactors.sim.search.exhaustive import Exploration, explore
from kubeactors.sim.search.priorities import Priorities
from kubeactors.sim.search.strategies import DELAYS, FIFO, STRATEGIES, TAPE, schedule_of, strategy_of
from kubeactors.sim.search.tape import Deviation, Recorder, Tape, shrink_tape

__all__ = [
    "DELAYS",
    "FIFO",
    "STRATEGIES",
    "TAPE",
    "Deviation",
    "Exploration",
    "Priorities",
    "Recorder",
    "Tape",
    "explore",
    "schedule_of",
    "shrink_tape",
    "strategy_of",
]
