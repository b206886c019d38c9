"""The progress line of a campaign: on a terminal only."""

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
"""The remaining events are named if there are no more than this."""


def clock(seconds: float | None) -> Callable[[], bool]:
    """A function that is true for so many real seconds; forever if None."""
    if seconds is None:
        return lambda: True
    end = time.monotonic() + seconds  # noqa: TID251 -- a command runs in real time
    return lambda: time.monotonic() < end  # noqa: TID251 -- the same


class Progress:
    """A line that is rewritten in place."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()
        self._pause = clock(0.0)
        self._what, self._first = "", 0

    def show(self, ledger: Ledger) -> None:
        """Show the state of the campaign, at most every `PROGRESS_SECONDS`."""
        if self._shown and not self._pause():
            self._pause = clock(PROGRESS_SECONDS)
            rate = ledger.scenarios / ledger.seconds if ledger.seconds else 0.0
            self._write(
                f"{ledger.scenarios} scenarios, {rate:.1f}/s, {ledger.virtual_seconds / 3600:.1f} virtual hours, "
                f"{len(ledger.found)} violations"
            )

    def shrinks(self, finding: Finding, which: str) -> None:
        """From now on show how the plan of this violation is shrunk."""
        self._what = f"shrinking {finding.violation.invariant}{which}"
        self._first = len(finding.plan.steps)
        self._tell(f"{self._what}, {self._first} events")

    def shrunk(self, best: Plan) -> None:
        """Show the size of the best plan so far, and its events if they are few."""
        left = (
            ", ".join(kind_of(one) for one in best.steps) if len(best.steps) <= FEW else "Ctrl-C keeps the best so far"
        )
        self._tell(f"{self._what}, {self._first} events: {len(best.steps)} so far ({left})")

    def _tell(self, line: str) -> None:
        if self._shown:
            self._write(line)

    def clear(self) -> None:
        """Clear the line."""
        if self._shown:
            self._write("")

    def _write(self, line: str) -> None:
        line = line[: shutil.get_terminal_size().columns - 1]  # a wrapped line could not be overwritten
        print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)
