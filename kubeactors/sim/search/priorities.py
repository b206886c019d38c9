"""Priorities with a few changes: PCT.

Source: Burckhardt, Kothari, Musuvathi, Nagarakatte, "A Randomized Scheduler with Probabilistic Guarantees of Finding
Bugs" (2010): a bug that needs d things in a certain order is found with a probability of at least 1 / (n k^(d-1)) for n
actors and k steps; in most systems the changes need not be placed so exactly, and it is much more likely.
"""

from zlib import crc32

from kubeactors.actor.schedules import mix

_RANKS = 1 << 32
_FAR = 1 << 40
"""Farther than any arrival."""


class Priorities:
    """Every actor has a priority; the highest that is ready goes next. At d - 1 steps an actor falls below all others.

    An actor's priority is drawn by its path alone, so that another actor in the system does not shift it.

    Args:
        seed: decides priorities and changes.
        depth: d, of the bugs that are looked for.
        steps: k, how many steps a run has, about; later steps change nothing.
    """

    def __init__(self, seed: str, *, depth: int = 3, steps: int = 5_000) -> None:
        self._seed = crc32(seed.encode()) | len(seed) << 32
        drawn = (mix(self._seed ^ mix(number)) % steps + 1 for number in range(1, depth))
        self._changes = {step: number for number, step in enumerate(drawn, 1)}
        self._paths: dict[str, str] = {}
        self._lowered: dict[str, int] = {}
        self._ranks: dict[str, int] = {}

    def turn(self, arrival: int, label: str, occurrence: int) -> int:
        """See `Schedule.turn`: by rank, and by arrival among equals."""
        path = self._paths.get(label)
        if path is None:
            path = self._paths[label] = label.split(":", 2)[1]
        change = self._changes.get(arrival)
        if change is not None:
            self._lowered[path] = change
        lowered = self._lowered.get(path)
        if lowered is not None:
            return (_RANKS + lowered) * _FAR
        rank = self._ranks.get(path)
        if rank is None:
            rank = self._ranks[path] = mix(self._seed ^ crc32(path.encode())) % _RANKS
        return rank * _FAR
