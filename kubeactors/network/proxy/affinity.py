"""Clients that keep their backend: session affinity by address.

Source: pkg/proxy/iptables (v1.36): the time begins anew with each connection; 3 hours unless the service says more.
"""

from kubeactors.api.core.v1 import Service
from kubeactors.network.proxy.routes import Backend

SECOND = 1_000_000_000
CLIENT_IP = "ClientIP"
DEFAULT_SECONDS = 10_800


class Affinity:
    """Which backend a client has had, and until when it keeps it. Times in nanoseconds.

    >>> affinity, web = Affinity(), Backend("127.128.0.2", 80)
    >>> affinity.keep(("shop/web", 80, "127.0.0.1"), web, until=5)
    >>> affinity.of(("shop/web", 80, "127.0.0.1"), now=4) == web, affinity.of(("shop/web", 80, "127.0.0.1"), now=5)
    (True, None)
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[str, int, str], tuple[Backend, int]] = {}
        """In the order of the last use."""

    def of(self, client: tuple[str, int, str], now: int) -> Backend | None:
        """The backend that a client (service, port, address) keeps."""
        backend, until = self._kept.get(client, (None, 0))
        return backend if now < until else None

    def keep(self, client: tuple[str, int, str], backend: Backend, until: int) -> None:
        """Let the client keep it for a while."""
        self._kept.pop(client, None)
        self._kept[client] = (backend, until)

    def forget_expired(self, now: int) -> None:
        """Forget the clients whose time is over, from the one that is not heard of for longest."""
        while self._kept and (oldest := next(iter(self._kept.items())))[1][1] <= now:
            del self._kept[oldest[0]]


def affinity_seconds(service: Service) -> int:
    """How long a client keeps its backend; 0 without affinity."""
    if service.spec.session_affinity != CLIENT_IP:
        return 0
    config = service.spec.session_affinity_config
    given = config.client_ip.timeout_seconds if config is not None and config.client_ip is not None else None
    return given or DEFAULT_SECONDS
