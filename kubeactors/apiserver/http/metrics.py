"""`/metrics`: what was counted, as text for Prometheus, made with `prometheus-client` when somebody asks for it."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from kubeactors.apiserver.http.health import Health
from kubeactors.apiserver.http.messages import HttpRequest, Response
from kubeactors.apiserver.http.request_metrics import RequestMetrics

if TYPE_CHECKING:
    from prometheus_client.registry import Collector

TEXT = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """Answers `/metrics`; `collectors` are asked for what others count."""

    def __init__(self, requests: RequestMetrics, collectors: "Callable[[], Sequence[Collector]]") -> None:
        self._requests = requests
        self._collectors = collectors

    def answer(self, request: HttpRequest) -> Response:
        """The text."""
        from kubeactors.apiserver.http.collecting import RequestCollector  # noqa: PLC0415 - whoever scrapes pays for it

        del request
        return _told((RequestCollector(self._requests), *self._collectors()))

    @staticmethod
    def of_health(health: Health) -> Response:
        """What became of the checks of health that others asked for, as text."""
        from kubeactors.apiserver.http.collecting import HealthCollector  # noqa: PLC0415 - the same

        return _told((HealthCollector(health),))


def _told(collectors: "Sequence[Collector]") -> Response:
    from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415 - the same

    registry = CollectorRegistry(auto_describe=False)
    for one in collectors:
        registry.register(one)
    return Response(body=generate_latest(registry), content_type=TEXT)
