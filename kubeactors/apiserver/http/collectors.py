"""Prometheus collectors of request metrics. Needs `prometheus-client`."""

from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from kubeactors.apiserver.http.health import Health
from kubeactors.apiserver.http.request_metrics import LABELS, RequestMetrics


class RequestCollector(Collector):
    """The metrics of the API server."""

    def __init__(self, requests: RequestMetrics) -> None:
        self._requests = requests

    def collect(self) -> Iterable[Metric]:
        """The current metrics."""
        total = CounterMetricFamily("apiserver_request", "Requests that were answered", labels=[*LABELS, "code"])
        for labels, count in self._requests.requests():
            total.add_metric(labels, count)
        yield total
        durations = HistogramMetricFamily("apiserver_request_duration_seconds", "How long answers took", labels=LABELS)
        for names, buckets, seconds in self._requests.durations():
            durations.add_metric(names, buckets, seconds)
        yield durations
        yield GaugeMetricFamily("apiserver_longrunning_requests", "Streams that are open", value=self._requests.watches)


class HealthCollector(Collector):
    """The results of health checks. Source: component-base/metrics/prometheus/slis/metrics.go (v1.36)."""

    def __init__(self, health: Health) -> None:
        self._health = health

    def collect(self) -> Iterable[Metric]:
        """The last result of each check, and the counts."""
        last = GaugeMetricFamily("kubernetes_healthcheck", "How a check of health ended last", labels=["name", "type"])
        for name, root, well in self._health.last():
            last.add_metric([name, root], int(well))
        yield last
        total = CounterMetricFamily(
            "kubernetes_healthchecks", "Checks of health that were made", labels=["name", "status", "type"]
        )
        for name, root, status, count in self._health.counts():
            total.add_metric([name, status, root], count)
        yield total
