"""Metrics of an actor system for Prometheus: read when they are scraped, at no cost otherwise.

Needs the package `prometheus-client`.
"""

from collections.abc import Callable, Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from kubeactors.actor.statistics import ActorStatistics
from kubeactors.actor.system import ActorSystem


class ActorCollector(Collector):
    """Sums over the actors of each class: `REGISTRY.register(ActorCollector(system))`.

    Names of actors are no labels: there may be a million of them.
    """

    def __init__(self, system: ActorSystem) -> None:
        self._system = system

    def collect(self) -> Iterable[Metric]:
        """The metrics of this moment."""
        by_class: dict[str, list[ActorStatistics]] = {}
        for one in self._system.statistics():
            by_class.setdefault(one.actor, []).append(one)
        gauges: dict[str, tuple[str, Callable[[ActorStatistics], float]]] = {
            "actors": ("Living actors", lambda _: 1),
            "actor_mailbox_messages": ("Messages that wait", lambda one: one.mailbox),
            "actor_waiting_handlers": ("Handlers that wait for something", lambda one: one.waiting),
        }
        counters: dict[str, tuple[str, Callable[[ActorStatistics], float]]] = {
            "actor_messages_handled": ("Messages handled by living actors", lambda one: one.handled),
            "actor_busy_seconds": ("Time in handlers of living actors, estimated", lambda one: one.busy_seconds),
            "actor_restarts": ("Restarts of living actors", lambda one: one.restarts),
        }
        for name, (text, value) in gauges.items():
            gauge = GaugeMetricFamily(name, text, labels=["actor"])
            for actor, group in by_class.items():
                gauge.add_metric([actor], sum(value(one) for one in group))
            yield gauge
        for name, (text, value) in counters.items():
            counter = CounterMetricFamily(name, text, labels=["actor"])
            for actor, group in by_class.items():
                counter.add_metric([actor], sum(value(one) for one in group))
            yield counter
        yield CounterMetricFamily("actor_dead_letters", "Messages nobody took", value=self._system.dead_letters)
