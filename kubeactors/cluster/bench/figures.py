"""The figures of a run as strings: the rows and columns that the terminal and the report share. Pure."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from kubeactors.cluster.bench.latency import CallLatencies, Latencies
from kubeactors.cluster.bench.result import ActorUse, BenchResult, MessageCount, StepResult

Cells: TypeAlias = tuple[str, ...]

STEP_HEADER = ("step", "seconds", "pods", "pods/s", "start-up p50 / p90 / p99")
CALL_HEADER = ("verb", "requests", "p50 / p90 / p99")
ACTOR_HEADER = ("actor", "actors", "messages", "per pod", "busy", "deepest mailbox")
MESSAGE_HEADER = ("actor and message", "count", "per pod")


def _startup(found: Latencies) -> str:
    return f"{found.p50:.3f} / {found.p90:.3f} / {found.p99:.3f} s"


def _call(found: CallLatencies) -> str:
    return f"{found.p50 * 1000:.2f} / {found.p90 * 1000:.2f} / {found.p99 * 1000:.2f} ms"


ROWS: tuple[tuple[str, Callable[[BenchResult], str]], ...] = (
    ("nodes", lambda one: f"{one.nodes:,}"),
    ("pods Running", lambda one: f"{one.pods:,}"),
    ("seconds", lambda one: f"{one.seconds:.2f}"),
    ("pods per second", lambda one: f"{one.pods_per_second:,.0f}"),
    ("start-up latency p50 / p90 / p99", lambda one: _startup(one.startup_latency_seconds)),
    ("all nodes Ready after", lambda one: f"{one.nodes_ready_seconds:.2f} s"),
    ("actor messages per pod", lambda one: f"{one.messages_per_pod:.1f}"),
    ("peak memory", lambda one: f"{one.peak_rss_bytes / 2**20:,.0f} MiB"),
    ("Python", lambda one: one.python),
)
"""The figures of a run, one per line."""


def titles(results: Sequence[BenchResult]) -> list[str]:
    """A title for each run: its scenario, with a number where that is ambiguous."""
    names = [one.scenario or "bench" for one in results]
    return [name if names.count(name) == 1 else f"{name} ({number})" for number, name in enumerate(names, 1)]


def step_row(step: StepResult) -> Cells:
    """The row of a step."""
    name = step.step if step.complete else f"{step.step} (not done)"
    figures = (f"{step.pods:,}", f"{step.pods_per_second:,.0f}", _startup(step.startup_latency_seconds))
    return (name, f"{step.seconds:.2f}", *(figures if step.pods else ("", "", "")))


def call_rows(result: BenchResult) -> Iterator[Cells]:
    """The rows of requests by verb."""
    for verb, found in result.api_latency_seconds.items():
        yield verb, f"{found.requests:,}", _call(found)


def actor_row(use: ActorUse) -> Cells:
    """The row of a class of actors."""
    counts = (f"{use.actors:,}", f"{use.messages:,}", f"{use.messages_per_pod:.2f}")
    return (use.actor, *counts, f"{use.busy_seconds:.2f} s", f"{use.deepest_mailbox:,}")


def message_row(one: MessageCount) -> Cells:
    """The row of a kind of message to a class of actors."""
    return f"{one.actor}: {one.message}", f"{one.count:,}", f"{one.per_pod:.2f}"
