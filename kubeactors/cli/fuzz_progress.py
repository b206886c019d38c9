"""How far a campaign is: a line on the terminal, nothing in a pipe."""

import sys
import time
from collections.abc import Callable

from kubeactors.sim.ledger import Ledger
from kubeactors.sim.plan import Plan

PROGRESS_SECONDS = 0.2


def clock(seconds: float | None) -> Callable[[], bool]:
    """True for so many real seconds; None is for ever."""
    if seconds is None:
        return lambda: True
    end = time.monotonic() + seconds  # noqa: TID251 -- a command lives in real time
    return lambda: time.monotonic() < end  # noqa: TID251 -- the same


class Progress:
    """A line that is written again and again."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()
        self._pause = clock(0.0)

    def show(self, ledger: Ledger) -> None:
        """Write how far it is, not too often."""
        if self._shown and not self._pause():
            self._pause = clock(PROGRESS_SECONDS)
            rate = ledger.scenarios / ledger.seconds if ledger.seconds else 0.0
            self._write(
                f"{ledger.scenarios} scenarios, {rate:.1f} a second, {ledger.virtual_seconds / 3600:.1f} virtual hours, "
                f"{len(ledger.found)} violations"
            )

    def shrunk(self, invariant: str, best: Plan) -> None:
        """Write how small the plan of a violation is by now."""
        if self._shown:
            self._write(f"{invariant}: {len(best.steps)} events")

    def clear(self) -> None:
        """Leave the line to others."""
        if self._shown:
            self._write("")

    def _write(self, line: str) -> None:
        print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)
