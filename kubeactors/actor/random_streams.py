"""Random streams, keyed by seed, actor and purpose, so that one more draw shifts no other stream."""

import random


class RandomStreams:
    """The streams of one actor system.

    Args:
        seed: all streams derive from it.
    """

    __slots__ = ("_counts", "_seed")

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._counts: dict[str, dict[str, int]] = {}
        """How many streams there have been, by path and purpose."""

    def stream(self, path: str, purpose: str) -> random.Random:
        """A new stream: no two are the same, also not those of a restarted actor, or of its successor at that path.

        >>> streams = RandomStreams("7")
        >>> streams.stream("/a", "backoff").random() == streams.stream("/a", "backoff").random()
        False
        """
        counts = self._counts.setdefault(path, {})
        number = counts.get(purpose, 0)
        counts[purpose] = number + 1
        return random.Random(f"{self._seed}|{path}|{purpose}|{number}")

    def forget(self, path: str) -> None:
        """No actor will have that path again."""
        self._counts.pop(path, None)

    @property
    def paths(self) -> list[str]:
        """The paths that have drawn something and may be used again."""
        return list(self._counts)
