"""Runs the benchmarks and prints a table, or one JSON object: `python -m benchmarks.actors --help`."""

import argparse
import json
import sys

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


def measure(question: Question, rounds: int, scale: float, *, uvloop: bool) -> dict[str, float]:
    """The best rate of each contestant; in each round all have their turn."""
    best = dict.fromkeys(question.contestants, 0.0)
    for _ in range(rounds):
        for name, contestant in question.contestants.items():
            count = max(int(question.operations * scale * question.share.get(name, 1.0)) // 1000 * 1000, 100)
            seconds = anyio.run(contestant, count, backend="asyncio", backend_options={"use_uvloop": uvloop})
            best[name] = max(best[name], count / seconds)
    return best


def show(question: Question, best: dict[str, float]) -> None:
    """A few lines of the table."""
    print(f"\n{question.name}: {question.text}")
    for name, rate in best.items():
        ratio = rate / best[PEER]
        bar = f"  (bar {question.bar:g})" if name == "kubeactors" and question.bar else ""
        print(f"  {name:38} {rate:14,.0f} {question.unit}   {ratio:7.2f}x{bar}")


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.actors", description=__doc__)
    parser.add_argument("questions", nargs="*", help="names of questions; all by default")
    parser.add_argument("--rounds", type=int, default=3)
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
        best = measure(question, options.rounds, options.scale, uvloop=options.uvloop)
        report[question.name] = {"unit": question.unit, "bar": question.bar, "rates": best}
        if options.output == "text":
            show(question, best)
    if options.output == "json":
        print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
