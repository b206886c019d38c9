"""The load of `hpa-example`, with which Kubernetes' documentation demonstrates autoscaling: each request computes.

Source: kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale-walkthrough, where a client that sends a request
every 10 ms makes one container use 600 millicores.
"""

import re

from kubeactors.api.core.v1 import Container
from kubeactors.apimachinery import quantity
from kubeactors.apimachinery.quantity import NANOS, QuantityError
from kubeactors.kubelet.runtimes.behaviour import NO_CPU, Behaviour
from kubeactors.kubelet.runtimes.curves import SECOND

CPU_SECONDS = 0.006
"""What one request takes."""
WINDOW = 15 * SECOND
"""Usage is the mean over at least so long: the resolution of metrics-server."""
REPLY = "OK!"
_names_it = re.compile(r"(?:^|/)hpa-example(?:$|[:@])")


def serves_with_load(container: Container, behaviour: Behaviour) -> bool:
    """Whether the container's requests cost CPU time: it is `hpa-example`, and declares no CPU usage or answer.

    >>> serves_with_load(Container(image="registry.k8s.io/hpa-example"), Behaviour())
    True
    """
    is_plain = behaviour.cpu == NO_CPU and not behaviour.answer and not container.command
    return is_plain and _names_it.search(container.image) is not None


class RequestLoad:
    """The CPU usage by the requests of a container.

    >>> load = RequestLoad(Container(image="hpa-example"), 0)
    >>> for _ in range(1000):
    ...     load.add()
    >>> load.nano_cores(20 * SECOND), load.nano_cores(25 * SECOND), load.nano_cores(40 * SECOND), load.nano_seconds
    (300000000, 300000000, 0, 6000000000)
    """

    __slots__ = ("_begin", "_most", "_requests", "_used", "nano_seconds")

    def __init__(self, container: Container, now: int) -> None:
        self._begin = now
        self._requests = self._used = 0
        self._most = _limit(container)
        self.nano_seconds: int = 0
        """The CPU time of all whole windows."""

    def add(self) -> None:
        """Count a request."""
        self._requests += 1

    def nano_cores(self, now: int) -> int:
        """The usage over the last whole window, up to the container's limit."""
        if now - self._begin >= WINDOW:
            self._used = min(int(self._requests * CPU_SECONDS * NANOS * SECOND / (now - self._begin)), self._most)
            self.nano_seconds += self._used * (now - self._begin) // SECOND
            self._begin, self._requests = now, 0
        return self._used


def _limit(container: Container) -> int:
    try:
        return quantity.parse(container.resources.limits["cpu"]).nanos
    except (KeyError, QuantityError):
        return 1000 * NANOS
