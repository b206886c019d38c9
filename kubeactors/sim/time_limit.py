"""Time limits that allow for controllers in back-off."""

from kubeactors.actor.kernel import Kernel
from kubeactors.actor.supervision import SECOND
from kubeactors.sim.tree import is_held_up

BACKOFF_SECONDS = 1010.0
"""The extension if a controller is backing off: it may wait up to 1000 s before it retries."""


class TimeLimit:
    """A limit on virtual time, counted from now.

    It is extended, up to a maximum, while a controller backs off: its work, and work that depends on it, comes after that.

    Args:
        kernel: of the simulation.
        seconds: the limit if no controller backs off.
    """

    def __init__(self, kernel: Kernel, seconds: float) -> None:
        self._kernel = kernel
        self._begin = kernel.now
        self._longest = int(seconds * SECOND)
        self._end = self._begin + self._longest
        self._last = self._end + int(BACKOFF_SECONDS * SECOND)

    @property
    def elapsed_seconds(self) -> int:
        """The seconds that have passed."""
        return (self._kernel.now - self._begin) // SECOND

    @property
    def is_exceeded(self) -> bool:
        """Whether the limit is exceeded."""
        return self._kernel.now >= self._end

    @property
    def is_held_up(self) -> bool:
        """Whether a controller backs off or may wait for a webhook, within the maximum."""
        return self._kernel.now < self._last and is_held_up(self._kernel.root)

    def extend_if_held_up(self) -> None:
        """While a controller backs off or may wait for a webhook, restart the limit."""
        if is_held_up(self._kernel.root):
            self.restart()

    def restart(self) -> None:
        """Restart the limit, up to the maximum: there was progress."""
        self._end = min(self._kernel.now + self._longest, self._last)
