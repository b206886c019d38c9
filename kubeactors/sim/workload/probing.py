"""Parameters of probes, and the containers' answers."""

import msgspec


class Probing(msgspec.Struct, frozen=True, kw_only=True):
    """Parameters of probes, and the answers by seconds since the container's start: curves, such as `ok 6:fail 12:ok`.

    All curves end with `ok`: containers are healthy in the end.
    """

    delay_seconds: int = 0
    """The initial delay."""
    period_seconds: int = 2
    patience: int = 2
    """The failure threshold of the startup probe."""
    failures: int = 2
    """The failure threshold of the readiness probe."""
    failures_to_die: int = 2
    """The failure threshold of the liveness probe."""
    successes: int = 1
    """The success threshold of the readiness probe."""
    startup: str = "ok"
    readiness: str = "ok"
    liveness: str = "ok"
