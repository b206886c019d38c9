"""The long soak: `python -m benchmarks.actors.soak [MESSAGES]`, ten million on each event loop by default."""

import logging
import resource
import sys
import time

import anyio

from tests.actor.soak import soak


def main() -> int:
    """Soak on asyncio, uvloop and trio; print the fate of all messages, and memory growth. Exit 1 if any message is lost."""
    logging.getLogger("kubeactors").setLevel(logging.ERROR)
    messages = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    wrong = False
    for name, backend, options in (
        ("asyncio", "asyncio", {"use_uvloop": False}),
        ("uvloop", "asyncio", {"use_uvloop": True}),
        ("trio", "trio", {}),
    ):
        start = time.process_time()
        account = anyio.run(lambda: soak(messages, rounds=10), backend=backend, backend_options=options)
        seconds = time.process_time() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(f"{name}: {messages:,} messages, {seconds:.0f} s of CPU, peak {peak} MB\n  {account}", flush=True)
        wrong = wrong or (account.lost, account.doubled, account.disorder, account.left) != (0, 0, 0, 0)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
