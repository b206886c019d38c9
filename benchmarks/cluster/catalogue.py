"""The benchmarks by name, and their modules.

A module is imported only when one of its benchmarks runs: its imports count as memory of the measured process.
"""

from importlib import import_module
from typing import cast

from benchmarks.cluster.question import Question

MODULES: dict[str, tuple[str, ...]] = {
    "readiness": ("ready",),
    "creation": ("create-1000", "create-5000", "create-limit", "create-beyond", "flatness"),
    "https": ("https",),
    "churn": ("churn",),
    "rollout": ("rollout", "rollout-large"),
    "controllers": ("job-10000", "collection", "autoscale"),
    "failure": ("failure",),
    "snapshot": ("snapshot",),
    "fanout": ("fan-out",),
    "messages": ("messages",),
    "idle": ("idle-virtual", "day", "idle-real", "idle-real-5000"),
    "fuzzing": ("fuzz", "fuzz-long", "fuzz-large"),
}
"""The names of the questions of each module, in the order in which they are asked."""
NAMES = tuple(name for names in MODULES.values() for name in names)


def questions_of(module: str) -> tuple[Question, ...]:
    """The questions that a module offers."""
    return cast("tuple[Question, ...]", import_module(f"benchmarks.cluster.{module}").QUESTIONS)


def question_named(name: str) -> Question:
    """One of `NAMES`."""
    module = next(module for module, names in MODULES.items() if name in names)
    return next(one for one in questions_of(module) if one.name == name)
