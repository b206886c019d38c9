"""`python -m benchmarks.quality`: searches for every mutant of the corpus, and reports how long that took.

Names restrict it to these. `--seconds` is the CPU time per mutant on each of `--cores` cores: each core runs its share of the
seeds, and the first finding counts. `--replays` is a directory for the findings, `--length` the length of plans as a multiple
of the usual one (14: up to 500 events). Exit 1 if a mutant was not found, or fails without its bug.

With `--automatic` the mutants are generated from the code of our components, a random `--sample` of them; the score is the
share that the first `--scenarios` of the default campaign kill, of those whose function runs at all. For each mutant only
scenarios are run in which it makes a difference (a dropped guard makes none while it holds), for at most `--seconds`.
Survivors are classified: no difference within the function; no difference in the sequence of states of any object; or only
a different number of messages (`stirs`). The score is given by room and by operator: of all, of those that stir or show, and
of those that show. `--room` restricts it to one room. Each of the `--cores` takes its share of the mutants.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import median

from kubeactors.sim.plan import encode
from tests.quality.automatic.hunt import Course, Verdict, campaign, hunt, merged, sample
from tests.quality.automatic.mutants import mutants, named
from tests.quality.corpus import CORPUS, Row
from tests.quality.search import Result, search


def main() -> int:
    """Print a line for each row, and a summary."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--length", type=int, default=1)
    parser.add_argument("--cores", type=int, default=1)
    parser.add_argument("--replays", type=Path)
    parser.add_argument("--automatic", action="store_true")
    parser.add_argument("--sample", type=int, default=200)
    parser.add_argument("--sample-seed", type=int, default=0)
    parser.add_argument("--scenarios", type=int, default=200)
    parser.add_argument("--room", default="")
    options = parser.parse_args()
    if options.automatic:
        return automatic(options)
    print(
        f"{'bug':46} {'found':7} {'CPU s':>6} {'scenarios':>9} {'of':>4} {'events':>6} {'CPU s':>6}  {'invariant':36} where it shipped"
    )
    results = [
        _look(row, options.replays, partial(_search, row, options))
        for row in CORPUS
        if not options.names or row.name in options.names
    ]
    found = [one for one in results if one.finding is not None]
    if found:
        seconds, events = [one.seconds for one in found], [len(one.finding.plan.steps) for one in found if one.finding]
        print(f"{len(found)} of {len(results)} found; median {median(seconds):.1f} s, {median(events):.0f} events")
        shrinking = [one.shrink_seconds for one in found]
        print(f"shrinking: median {median(shrinking):.1f} s, at most {max(shrinking):.1f} s")
    return 0 if len(found) == len(results) else 1


def automatic(options: argparse.Namespace) -> int:
    """Print a line for each mutant, and the score."""
    everything = [one for one in mutants() if one.module.startswith(f"kubeactors.{options.room}")]
    seeds = range(options.first_seed, options.first_seed + options.scenarios)
    drawn = [named(name) for name in options.names] or sample(everything, 3 * options.sample, options.sample_seed)
    with ProcessPoolExecutor(options.cores, get_context("fork")) as pool:
        without = merged(
            pool.map(partial(campaign, drawn), (seeds[core :: options.cores] for core in range(options.cores)))
        )
        chosen = [one for one in drawn if without.runs(one)][: len(options.names) or options.sample]
        print(f"{len(everything)} mutants; {len(chosen)} are tried in {len(without.places)} scenarios", flush=True)
        scenarios = [without.about(one) for one in chosen]
        hunts = pool.map(partial(hunt, seconds=options.seconds), chosen, scenarios)
        verdicts = list(map(_told, hunts, scenarios))
    for name in dict.fromkeys(one.mutant.operator for one in verdicts):
        _score(name, [one for one in verdicts if one.mutant.operator == name])
    for room in sorted({one.mutant.room for one in verdicts}):
        _score(room, [one for one in verdicts if one.mutant.room == room])
    _score("all", verdicts)
    sizes = Counter(one.operator for one in everything)
    running = Counter(one.operator for one in drawn if without.runs(one))
    weights = {
        name: sizes[name] * running[name] / many for name, many in Counter(one.operator for one in drawn).items()
    }
    print(f"weighted by the number of mutants of each operator: {100 * _weighted(verdicts, weights):.0f} %")
    return 0


def _score(what: str, verdicts: Sequence[Verdict]) -> None:
    killed, shown = sum(1 for one in verdicts if one.violated), sum(1 for one in verdicts if one.shows)
    stirring = sum(1 for one in verdicts if one.stirs or one.shows)
    print(
        f"{what}: {killed} of {len(verdicts)} killed: {100 * killed / max(len(verdicts), 1):.0f} %;"
        f" of the {stirring} that stir or show: {100 * killed / max(stirring, 1):.0f} %;"
        f" of the {shown} that show: {100 * killed / max(shown, 1):.0f} %"
    )


def _weighted(verdicts: Sequence[Verdict], weights: Mapping[str, float]) -> float:
    """The share of all mutants that are killed, extrapolated from a sample with equally many of each operator."""
    tried = Counter(one.mutant.operator for one in verdicts)
    killed = Counter(one.mutant.operator for one in verdicts if one.violated)
    total = sum(weights[name] for name in tried)
    return sum(weights[name] * killed[name] / tried[name] for name in tried) / total if total else 0.0


def _told(verdict: Verdict, scenarios: Mapping[int, Course]) -> Verdict:
    mutant = verdict.mutant
    word = verdict.violated or _fate(verdict)
    tried = f"{verdict.scenarios}/{len(scenarios)}"
    print(f"{word:28} {verdict.seconds:6.1f} {tried:>8}  {mutant.name} (line {mutant.line})", flush=True)
    return verdict


def _fate(verdict: Verdict) -> str:
    """The class of a survivor."""
    if verdict.shows:
        return "SURVIVES"
    if verdict.stirs:
        return "SURVIVES, ONLY STIRS"
    return "SURVIVES, SHOWS NOT" if verdict.reached else "NO DIFFERENCE"


def _search(row: Row, options: argparse.Namespace) -> Result:
    return search(row, options.seconds, options.first_seed, length=options.length, cores=options.cores)


def _look(row: Row, replays: Path | None, look: Callable[[], Result]) -> Result:
    result = look()
    finding = result.finding
    if finding is None:
        line = f"{row.name:46} {'no':7} {result.seconds:6.1f} {result.scenarios:9}"
        print(f"{line} {'':56} {row.citation}", flush=True)
        return result
    with row.twin():
        silent = not row.run(finding.plan).violations
    word = "yes" if silent else "FALSE"
    events, invariant = len(finding.plan.steps), finding.violation.invariant
    line = f"{row.name:46} {word:7} {result.seconds:6.1f} {result.scenarios:9}"
    line += f" {result.events:4} {events:6} {result.shrink_seconds:6.1f}  {invariant:36} {row.citation}"
    print(line, flush=True)
    if replays is not None and silent:
        replays.mkdir(parents=True, exist_ok=True)
        comment = f"{row.citation}: {finding.violation.message}"
        text = encode(finding.plan, invariant, comment=comment, operator=row.place)
        (replays / f"{row.name}.jsonl").write_text(text, encoding="utf-8")
    return result if silent else Result(name=row.name, scenarios=result.scenarios, seconds=result.seconds)


if __name__ == "__main__":
    sys.exit(main())
