"""Runs the benchmarks and prints a table, or JSON: `python -m benchmarks.cluster --help`.

Without a name all questions are asked, each in a process of its own, so that none sees the memory of another.
"""

import argparse
import gc
import json
import subprocess
import sys
from importlib.util import find_spec
from typing import cast

import anyio
import msgspec

from benchmarks.cluster.catalogue import NAMES, question_named
from benchmarks.cluster.question import Figure, Figures, Question
from benchmarks.machine import machine
from kubeactors.cli.loop import MIDDLE, OLD, YOUNG


def answered(question: Question, scale: float) -> Figures:
    """Run a benchmark in this process, with the settings of the commands."""
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
    options = {"use_uvloop": find_spec("uvloop") is not None}
    return anyio.run(question.answer, scale, backend="asyncio", backend_options=options)


def apart(question: Question, scale: float) -> Figures:
    """Run a benchmark in another process."""
    command = [sys.executable, "-m", "benchmarks.cluster", question.name, "--scale", str(scale), "--output", "json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    report = cast("dict[str, object]", json.loads(done.stdout))
    return msgspec.convert(report[question.name], tuple[Figure, ...])


def show(question: Question, figures: Figures) -> None:
    """A few lines of the table."""
    print(f"\n{question.name}: {question.text}")
    for one in figures:
        print(f"  {one.name:58} {one.value:14,.2f} {one.unit:4} {one.verdict}", flush=True)


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cluster", description=__doc__)
    parser.add_argument("questions", nargs="*", help="names of questions; all by default")
    parser.add_argument("--scale", type=float, default=1.0, help="do so many times the work")
    parser.add_argument("--output", choices=["text", "json"], default="text")
    options = parser.parse_args()
    chosen = [question_named(one) for one in NAMES if not options.questions or one in options.questions]
    if not chosen or len(chosen) < len(options.questions):
        sys.exit(f"known questions: {', '.join(NAMES)}")
    report: dict[str, object] = {"machine": machine()}
    if options.output == "text":
        print(" · ".join(machine().values()))
    for question in chosen:
        found = (answered if len(chosen) == 1 else apart)(question, options.scale)
        report[question.name] = found
        if options.output == "text":
            show(question, found)
    if options.output == "json":
        print(json.dumps(msgspec.to_builtins(report), indent=2))


if __name__ == "__main__":
    main()
