"""How long something may take, where who has failed often waits long until he tries again."""

from kubeactors.actor.kernel import Kernel
from kubeactors.actor.supervision import SECOND
from kubeactors.sim.tree import is_backing_off

BACKOFF_SECONDS = 1010.0
"""How much longer, if a controller has failed so often that it waits: up to 1000 s before it tries again."""


class Allowance:
    """Virtual time that may pass, counted from now.

    Who waits to try again has his work before him, and others theirs after it: for them there is more of it, but not
    without end.

    Args:
        kernel: of the simulation.
        seconds: how long it may take where nobody waits to try again.
    """

    def __init__(self, kernel: Kernel, seconds: float) -> None:
        self._kernel = kernel
        self._begin = kernel.now
        self._longest = int(seconds * SECOND)
        self._end = self._begin + self._longest
        self._last = self._end + int(BACKOFF_SECONDS * SECOND)

    @property
    def used(self) -> int:
        """How many seconds have passed."""
        return (self._kernel.now - self._begin) // SECOND

    @property
    def is_used_up(self) -> bool:
        """Whether it has taken too long."""
        return self._kernel.now >= self._end

    @property
    def may_be_retried(self) -> bool:
        """Whether somebody waits to try again, and has not waited too long."""
        return self._kernel.now < self._last and is_backing_off(self._kernel.root)

    def wait_for_retries(self) -> None:
        """While somebody waits to try again no time counts: it begins anew when nobody does."""
        if is_backing_off(self._kernel.root):
            self.begin_anew()

    def begin_anew(self) -> None:
        """Something has come nearer to what it should be: what is left may take as long again."""
        self._end = min(self._kernel.now + self._longest, self._last)
