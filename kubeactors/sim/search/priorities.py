"""PCT: random priorities with a few changes.

Source: Burckhardt, Kothari, Musuvathi, Nagarakatte, "A Randomized Scheduler with Probabilistic Guarantees of Finding
Bugs" (2010): a bug of depth d (it needs d ordering constraints) is found with a probability of at least 1 / (n k^(d-1))
for n actors and k steps; in most systems the changes need not be placed so exactly, and it is much more likely.
"""

from zlib import crc32

from kubeactors.actor.schedules import mix

_RANKS = 1 << 32
_FAR = 1 << 40
"""Greater than any arrival number."""


class Priorities:
    """Every actor has a priority; the highest ready one runs next. At d - 1 steps an actor drops below all others.

    An actor's priority depends on its path alone, so that another actor in the system does not shift it.

    Args:
        seed: decides priorities and changes.
        depth: d, the depth of the bugs to find.
        steps: k, the approximate number of steps of a run; no change comes later.
    """

    def __init__(self, seed: str, *, depth: int = 3, steps: int = 5_000) -> None:
        self._seed = crc32(seed.encode()) | len(seed) << 32
        drawn = (mix(self._seed ^ mix(number)) % steps + 1 for number in range(1, depth))
        self._changes = {step: number for number, step in enumerate(drawn, 1)}
        self._lowered: dict[str, int] = {}
        self._turns: dict[str, int] = {}
        """By label."""

    def turn(self, arrival: int, label: str, occurrence: int) -> int:
        """See `Schedule.turn`: by rank, and by arrival among equals."""
        change = self._changes.get(arrival)
        if change is not None:
            self._lowered[_path_of(label)] = change
            self._turns.clear()
        turn = self._turns.get(label)
        if turn is None:
            turn = self._turns[label] = self._rank(_path_of(label)) * _FAR
        return turn

    def _rank(self, path: str) -> int:
        lowered = self._lowered.get(path)
        return mix(self._seed ^ crc32(path.encode())) % _RANKS if lowered is None else _RANKS + lowered


def _path_of(label: str) -> str:
    return label.split(":", 2)[1]
