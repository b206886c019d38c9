"""Runs the benchmarks and prints a table, or one JSON object: `python -m benchmarks.actors --help`."""

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from statistics import median
from typing import NamedTuple

import anyio

from benchmarks.actors import ask, fan, ring, spawn, tell
from benchmarks.actors.question import Question
from benchmarks.machine import machine

QUESTIONS = (
    tell.QUESTION,
    tell.ASYNC_QUESTION,
    ring.QUESTION,
    ring.ASYNC_QUESTION,
    fan.OUT_QUESTION,
    fan.IN_QUESTION,
    spawn.QUESTION,
    spawn.MEMORY_QUESTION,
    ask.QUESTION,
)
PEER = "asyncio.Queue"


class Rates(NamedTuple):
    """The rates of one contestant's rounds, in operations per second (or bytes)."""

    best: float
    median: float
    spread: float
    """The range of the rates, as a share of the median."""


def measure(question: Question, rounds: int, scale: float, *, uvloop: bool) -> dict[str, Rates]:
    """Each contestant's rates; all run in each round, in alternating order.

    So none comes always first, or always after the same one: what a machine does to the one it does to the other.
    """
    rates: dict[str, list[float]] = {name: [] for name in question.contestants}
    for number in range(rounds):
        for name in reversed(rates) if number % 2 else rates:
            count = max(int(question.operations * scale * question.share.get(name, 1.0)) // 1000 * 1000, 100)
            options = {"use_uvloop": uvloop}
            seconds = anyio.run(question.contestants[name], count, backend="asyncio", backend_options=options)
            rates[name].append(count / seconds)
    return {name: rates_of(found, question.best) for name, found in rates.items()}


def rates_of(found: list[float], best: Callable[[Iterable[float]], float]) -> Rates:
    """Summarize rounds.

    >>> rates_of([2.0, 1.0, 4.0], max)
    Rates(best=4.0, median=2.0, spread=1.5)
    """
    middle = median(found)
    return Rates(best=best(found), median=middle, spread=(max(found) - min(found)) / middle)


def show(question: Question, rates: dict[str, Rates]) -> None:
    """A few lines of the table."""
    print(f"\n{question.name}: {question.text}")
    for name, (best, middle, spread) in rates.items():
        bar = f"  (bar {question.bar:g})" if name == "kubeactors" and question.bar else ""
        print(
            f"  {name:38} {best:14,.0f} {question.unit}   {best / rates[PEER].best:7.2f}x"
            f"   median {middle:14,.0f} {middle / rates[PEER].median:7.2f}x   spread {spread:4.0%}{bar}"
        )


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.actors", description=__doc__)
    parser.add_argument("questions", nargs="*", help="names of questions; all by default")
    parser.add_argument("--rounds", type=int, default=4, help="even, so that each order comes as often")
    parser.add_argument("--scale", type=float, default=1.0, help="do so many times the operations")
    parser.add_argument("--uvloop", action="store_true")
    parser.add_argument("--output", choices=["text", "json"], default="text")
    options = parser.parse_args()
    chosen = [one for one in QUESTIONS if not options.questions or one.name in options.questions]
    if not chosen:
        sys.exit(f"known questions: {', '.join(one.name for one in QUESTIONS)}")
    report: dict[str, object] = {"machine": machine()}
    if options.output == "text":
        print(" · ".join(machine().values()))
    for question in chosen:
        rates = measure(question, options.rounds, options.scale, uvloop=options.uvloop)
        summed = {name: one._asdict() for name, one in rates.items()}
        report[question.name] = {"unit": question.unit, "bar": question.bar, "rates": summed}
        if options.output == "text":
            show(question, rates)
    if options.output == "json":
        print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
