"""The order of deliveries: search strategies, and a form in which any order can be recorded, replayed and shrunk.

    strategies.py   the strategies of a campaign, by name           priorities.py   PCT: few, well-placed changes of order
    tape.py         an order as deviations from first in, first out
    ddmin.py        delta debugging
    exhaustive.py   all orders of a small system, with partial-order reduction
    steps.py        what each step of a run touched, and which steps could be reordered

Who sends to it: campaigns, replays, tests of small systems. It sends nothing: the simulator's run queue calls it.
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
