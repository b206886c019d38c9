"""`/metrics` in Prometheus' text format. `prometheus-client` is imported at the first scrape."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from kubeactors.apiserver.http.health import Health
from kubeactors.apiserver.http.messages import HttpRequest, Response
from kubeactors.apiserver.http.request_metrics import RequestMetrics

if TYPE_CHECKING:
    from prometheus_client.registry import Collector

TEXT = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """Serves `/metrics`; `collectors` returns further collectors."""

    def __init__(self, requests: RequestMetrics, collectors: "Callable[[], Sequence[Collector]]") -> None:
        self._requests = requests
        self._collectors = collectors

    def answer(self, request: HttpRequest) -> Response:
        """The metrics as text."""
        from kubeactors.apiserver.http.collectors import RequestCollector  # noqa: PLC0415 -- at the first scrape

        del request
        return _told((RequestCollector(self._requests), *self._collectors()))

    @staticmethod
    def of_health(health: Health) -> Response:
        """The metrics of health checks as text."""
        from kubeactors.apiserver.http.collectors import HealthCollector  # noqa: PLC0415 -- at the first scrape

        return _told((HealthCollector(health),))


def _told(collectors: "Sequence[Collector]") -> Response:
    from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415 -- at the first scrape

    registry = CollectorRegistry(auto_describe=False)
    for one in collectors:
        registry.register(one)
    return Response(body=generate_latest(registry), content_type=TEXT)
