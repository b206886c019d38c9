"""Delays until a deadline, robust against clock jumps.

Timers run on the monotonic clock, but deadlines are wall times: the clock may be set back or forward meanwhile, and the
start may have been written by another machine's clock. Kubernetes' controllers wait for hours if the clock happens to
be hours behind at the moment they compute a delay.
"""

from kubeactors.apimachinery.time import SECOND


def seconds_left(since: int, seconds: float, now: int) -> float:
    """The time until `seconds` have passed since `since`: at least 0, at most `seconds`.

    `since` and `now` are Unix time in nanoseconds. Check again when the delay is over: `since` may be another clock's
    time.

    >>> seconds_left(0, 10, 4 * SECOND), seconds_left(0, 10, 11 * SECOND)
    (6.0, 0.0)
    >>> seconds_left(5 * 3600 * SECOND, 10, 0)
    10.0
    """
    return min(max(since + int(seconds * SECOND) - now, 0) / SECOND, float(seconds))
