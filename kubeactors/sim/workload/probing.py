"""How containers are probed, and what they answer."""

import msgspec


class Probing(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of probes, and the answers to them since the container's start: curves, such as `ok 6:fail 12:ok`.

    Whatever they answer by and by, containers are well in the end.
    """

    delay_seconds: int = 0
    """How long nobody asks."""
    period_seconds: int = 2
    patience: int = 2
    """After so many failures in a row, before it has started, it is started again."""
    failures: int = 2
    """After so many in a row it is not ready any more."""
    failures_to_die: int = 2
    """After so many in a row, once it has started, it is started again."""
    successes: int = 1
    """After so many answers in a row that are well it is ready."""
    startup: str = "ok"
    readiness: str = "ok"
    liveness: str = "ok"
