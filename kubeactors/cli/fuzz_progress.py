"""How far a campaign is: a line on the terminal, nothing in a pipe."""

import shutil
import sys
import time
from collections.abc import Callable

from kubeactors.sim.campaigns.finding import Finding
from kubeactors.sim.campaigns.ledger import Ledger
from kubeactors.sim.plan import Plan
from kubeactors.sim.steps import kind_of

PROGRESS_SECONDS = 0.2
FEW = 8
"""So many events are named."""


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
        self._what, self._first = "", 0

    def show(self, ledger: Ledger) -> None:
        """Write how far it is, not too often."""
        if self._shown and not self._pause():
            self._pause = clock(PROGRESS_SECONDS)
            rate = ledger.scenarios / ledger.seconds if ledger.seconds else 0.0
            self._write(
                f"{ledger.scenarios} scenarios, {rate:.1f} a second, {ledger.virtual_seconds / 3600:.1f} virtual hours, "
                f"{len(ledger.found)} violations"
            )

    def shrinks(self, finding: Finding, which: str) -> None:
        """From now on the plan of this violation is made smaller."""
        self._what = f"shrinking {finding.violation.invariant}{which}"
        self._first = len(finding.plan.steps)
        self._tell(f"{self._what}, {self._first} events")

    def shrunk(self, best: Plan) -> None:
        """Write how small it is by now, and what is left if that is little."""
        left = (
            ", ".join(kind_of(one) for one in best.steps) if len(best.steps) <= FEW else "Ctrl-C takes the best so far"
        )
        self._tell(f"{self._what}, {self._first} events: {len(best.steps)} by now ({left})")

    def _tell(self, line: str) -> None:
        if self._shown:
            self._write(line)

    def clear(self) -> None:
        """Leave the line to others."""
        if self._shown:
            self._write("")

    def _write(self, line: str) -> None:
        line = line[: shutil.get_terminal_size().columns - 1]  # what goes on in a second line cannot be written over
        print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)
