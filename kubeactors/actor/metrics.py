"""Metrics of an actor system for Prometheus: computed when they are scraped, at no cost otherwise.

Needs the package `prometheus-client`, and is imported by its full name.
"""

from collections.abc import Iterable
from typing import Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from kubeactors.actor.statistics import ActorStatistics, Snapshot


class Observed(Protocol):
    """An actor system, seen from outside."""

    def snapshot(self) -> Snapshot:
        """The system as a whole."""
        ...


class ActorCollector(Collector):
    """Metrics per actor class: `REGISTRY.register(ActorCollector(system))`.

    Counters include actors that have stopped, so they never decrease. Names of actors are no labels, since there may be
    a million of them.

    >>> from prometheus_client import CollectorRegistry, generate_latest
    >>> from kubeactors.actor import SimSystem
    >>> registry = CollectorRegistry()
    >>> registry.register(ActorCollector(SimSystem()))
    >>> print(generate_latest(registry).decode().splitlines()[-1])
    actor_dead_letters_total 0.0
    """

    def __init__(self, system: Observed) -> None:
        self._system = system

    def collect(self) -> Iterable[Metric]:
        """The metrics of this moment."""
        snapshot = self._system.snapshot()
        yield from _gauges(snapshot)
        handled = CounterMetricFamily("actor_messages_handled", "Messages handled", labels=["actor"])
        busy = CounterMetricFamily("actor_busy_seconds", "Time in handlers, estimated", labels=["actor"])
        restarts = CounterMetricFamily("actor_restarts", "Restarts", labels=["actor"])
        for one in snapshot.totals:
            handled.add_metric([one.actor], one.handled)
            busy.add_metric([one.actor], one.busy_seconds)
            restarts.add_metric([one.actor], one.restarts)
        yield from (handled, busy, restarts)
        yield CounterMetricFamily("actor_spawned", "Actors up to now", value=snapshot.spawned)
        yield CounterMetricFamily("actor_dead_letters", "Messages nobody took", value=snapshot.dead_letters)


def _gauges(snapshot: Snapshot) -> Iterable[Metric]:
    by_class: dict[str, list[ActorStatistics]] = {}
    for one in snapshot.actors:
        by_class.setdefault(one.actor, []).append(one)
    actors = GaugeMetricFamily("actors", "Living actors", labels=["actor"])
    mail = GaugeMetricFamily("actor_mailbox_messages", "Messages that wait", labels=["actor"])
    waiting = GaugeMetricFamily("actor_waiting_handlers", "Handlers that wait for something", labels=["actor"])
    for actor, group in by_class.items():
        actors.add_metric([actor], len(group))
        mail.add_metric([actor], sum(one.mailbox for one in group))
        waiting.add_metric([actor], sum(one.waiting for one in group))
    yield from (actors, mail, waiting)
    yield GaugeMetricFamily("actor_run_queue", "Actors and handlers that are ready", value=snapshot.ready)
