"""Session affinity by client address.

Source: pkg/proxy/iptables (v1.36): each connection restarts the timeout, which is 3 hours unless the Service has another.
"""

from kubeactors.api.core.v1 import Service
from kubeactors.network.proxy.routes import Backend

SECOND = 1_000_000_000
CLIENT_IP = "ClientIP"
DEFAULT_SECONDS = 10_800


class Affinity:
    """The backends of clients, and until when they keep them. Times are in nanoseconds.

    >>> affinity, web = Affinity(), Backend("127.128.0.2", 80)
    >>> affinity.keep(("shop/web", 80, "127.0.0.1"), web, until=5)
    >>> affinity.of(("shop/web", 80, "127.0.0.1"), now=4) == web, affinity.of(("shop/web", 80, "127.0.0.1"), now=5)
    (True, None)
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[str, int, str], tuple[Backend, int]] = {}
        """In the order of their last use."""

    def of(self, client: tuple[str, int, str], now: int) -> Backend | None:
        """The backend of a client (service, port, address), if it has one."""
        backend, until = self._kept.get(client, (None, 0))
        return backend if now < until else None

    def keep(self, client: tuple[str, int, str], backend: Backend, until: int) -> None:
        """Let the client keep a backend until this time."""
        self._kept.pop(client, None)
        self._kept[client] = (backend, until)

    def forget_expired(self, now: int) -> None:
        """Forget the clients whose timeout has passed, least recently used first."""
        while self._kept and (oldest := next(iter(self._kept.items())))[1][1] <= now:
            del self._kept[oldest[0]]


def affinity_seconds(service: Service) -> int:
    """How long a client keeps its backend after a connection; 0 without affinity."""
    if service.spec.session_affinity != CLIENT_IP:
        return 0
    config = service.spec.session_affinity_config
    given = config.client_ip.timeout_seconds if config is not None and config.client_ip is not None else None
    return given or DEFAULT_SECONDS
