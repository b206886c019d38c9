"""How long until something is due, by clocks that jump.

Controllers wait in time that only goes on, for what is due by a clock that may be set back meanwhile, or ahead, or that
is not the one by which the beginning was written down. Kubernetes' wait for hours then, if the clock is hours back for
a moment just when they look.
"""

from kubeactors.apimachinery.time import SECOND


def seconds_left(since: int, seconds: float, now: int) -> float:
    """How long until so many seconds have passed since then, at least 0, and never more than all of them.

    `since` and `now` are unix time in nanoseconds. Look again when that is over: it may have been another clock's hour.

    >>> seconds_left(0, 10, 4 * SECOND), seconds_left(0, 10, 11 * SECOND)
    (6.0, 0.0)
    >>> seconds_left(5 * 3600 * SECOND, 10, 0)
    10.0
    """
    return min(max(since + int(seconds * SECOND) - now, 0) / SECOND, float(seconds))
