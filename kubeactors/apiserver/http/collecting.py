"""What was counted of requests, as Prometheus' families of metrics. Needs `prometheus-client`."""

from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from kubeactors.apiserver.http.metrics import LABELS, RequestMetrics


class RequestCollector(Collector):
    """The metrics of the API server."""

    def __init__(self, requests: RequestMetrics) -> None:
        self._requests = requests

    def collect(self) -> Iterable[Metric]:
        """The metrics of this moment."""
        total = CounterMetricFamily("apiserver_request", "Requests that were answered", labels=[*LABELS, "code"])
        for labels, count in self._requests.requests():
            total.add_metric(labels, count)
        yield total
        durations = HistogramMetricFamily("apiserver_request_duration_seconds", "How long answers took", labels=LABELS)
        for names, buckets, seconds in self._requests.durations():
            durations.add_metric(names, buckets, seconds)
        yield durations
        yield GaugeMetricFamily("apiserver_longrunning_requests", "Streams that are open", value=self._requests.watches)
