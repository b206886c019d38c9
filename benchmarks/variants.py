"""`python -m benchmarks.variants`: runs variants of all known replays (`tests/quality/variants.py`).

Each of the `--rounds` runs one variant of every replay in the directories, by default of those in `tests/regressions`. The
plans of violations are written to `--report`. Exit 1 if there was any.
"""

import argparse
import sys
from pathlib import Path

from kubeactors.sim import Simulation
from kubeactors.sim.plan import encode
from tests.quality.variants import Variants, known

REPLAYS = tuple(Path("tests/regressions") / one for one in ("replays", "alarms"))


def main() -> int:
    """Print each violation, and the number of plans after each round."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.variants", description=__doc__)
    parser.add_argument("directories", nargs="*", type=Path, default=REPLAYS)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--report", type=Path, default=Path("kubeactors-fuzz"))
    options = parser.parse_args()
    plans = known(options.directories)
    variants, count, found = Variants(plans), 0, 0
    for number in range(options.first, options.first + options.rounds):
        for name in plans:
            count += 1
            found += _violates(variants, name, number, options.report)
        print(f"{count} plans, {found} with violations", flush=True)
    return 1 if found else 0


def _violates(variants: Variants, name: str, number: int, report: Path) -> bool:
    plan = variants.of(name, number)
    violations = Simulation(plan).run().violations
    for first in violations[:1]:
        path = report / f"{first.invariant}-{name}-{number}.jsonl"
        report.mkdir(parents=True, exist_ok=True)
        path.write_text(encode(plan, first.invariant, comment=first.message), encoding="utf-8")
        print(f"{path}: {first.message}", flush=True)
    return bool(violations)


if __name__ == "__main__":
    sys.exit(main())
