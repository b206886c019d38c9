"""The long soak: `python -m benchmarks.actors.soak [MESSAGES]`, ten million by default."""

import logging
import resource
import sys
import time

import anyio

from kubeactors.actor import Overflow
from tests.actor.soak import soak


def main() -> None:
    """Soak under each policy; print what was accounted for, and how the memory grew."""
    logging.getLogger("kubeactors").setLevel(logging.ERROR)
    messages = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    for overflow in Overflow:
        start = time.perf_counter()
        ledger, _, dead = anyio.run(soak, messages // len(Overflow), overflow)
        seconds = time.perf_counter() - start
        lost = messages // len(Overflow) - ledger.handled - ledger.crashed - dead
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(
            f"{overflow.value:12} handled {ledger.handled:,}, crashed {ledger.crashed:,}, dropped {dead:,}, "
            f"lost {lost}, doubled or out of order {ledger.disorder}; {seconds:.0f} s, peak {peak} MB"
        )


if __name__ == "__main__":
    main()
