"""The source of an autoscaler's metrics.

Source: pkg/controller/podautoscaler/metrics/{interfaces,client}.go (v1.36).
"""

from collections.abc import Mapping
from typing import Protocol

import msgspec

from kubeactors.api.autoscaling.v2 import CrossVersionObjectReference
from kubeactors.apimachinery.labels import Selector
from kubeactors.apimachinery.status import NotFound, StatusError


class PodMetric(msgspec.Struct, frozen=True, gc=False):
    """The value of a metric of one pod, in thousandths, with its time and window in nanoseconds."""

    milli: int
    time: int = 0
    window: int = 60_000_000_000


class MetricsSource(Protocol):
    """Answers the queries of autoscalers. All values are in thousandths. A StatusError says that there are none."""

    async def resource(self, name: str, namespace: str, selector: Selector, container: str) -> Mapping[str, PodMetric]:
        """The pods' usage of a resource, by pod name; of one container, if it is not empty."""
        ...

    async def pods(self, name: str, namespace: str, selector: Selector, series: Selector) -> Mapping[str, PodMetric]:
        """The values of a custom metric of pods, by pod name."""
        ...

    async def object(self, name: str, namespace: str, described: CrossVersionObjectReference, series: Selector) -> int:
        """The value of a custom metric of one object."""
        ...

    async def external(self, name: str, namespace: str, series: Selector) -> tuple[int, ...]:
        """The values of an external metric, one for each series."""
        ...


class NoMetrics:
    """A cluster that serves no metrics."""

    async def resource(self, name: str, namespace: str, selector: Selector, container: str) -> Mapping[str, PodMetric]:
        """Always raises StatusError."""
        del name, namespace, selector, container
        why = "the server could not find the requested resource (get pods.metrics.k8s.io)"
        raise _absent(f"unable to fetch metrics from resource metrics API: {why}")

    async def pods(self, name: str, namespace: str, selector: Selector, series: Selector) -> Mapping[str, PodMetric]:
        """Always raises StatusError."""
        del name, namespace, selector, series
        raise _no_custom_metrics()

    async def object(self, name: str, namespace: str, described: CrossVersionObjectReference, series: Selector) -> int:
        """Always raises StatusError."""
        del name, namespace, described, series
        raise _no_custom_metrics()

    async def external(self, name: str, namespace: str, series: Selector) -> tuple[int, ...]:
        """Always raises StatusError."""
        del namespace, series
        why = f"the server could not find the requested resource (get {name}.external.metrics.k8s.io)"
        raise _absent(f"unable to fetch metrics from external metrics API: {why}")


def _no_custom_metrics() -> StatusError:
    why = "no custom metrics API (custom.metrics.k8s.io) registered"
    return _absent(f"unable to fetch metrics from custom metrics API: {why}")


def _absent(message: str) -> StatusError:
    return NotFound.saying(message)
