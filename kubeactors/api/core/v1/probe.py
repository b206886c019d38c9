"""Probes and lifecycle hooks of containers.

Source: k8s.io/api/core/v1/types.go (v1.36).
"""

from kubeactors.apimachinery.meta import IntOrString, Object, always


class ExecAction(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Runs a command in the container; it succeeds with exit status 0."""

    command: tuple[str, ...] = ()


class HTTPHeader(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One header of a probe's request."""

    name: str = always("")
    value: str = always("")


class HTTPGetAction(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Sends a GET request; status 200 to 399 is success."""

    path: str = ""
    port: IntOrString = always(0)
    host: str = ""
    scheme: str = ""
    http_headers: tuple[HTTPHeader, ...] = ()


class TCPSocketAction(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Opens a connection; to connect is success."""

    port: IntOrString = always(0)
    host: str = ""


class GRPCAction(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Asks the gRPC health service."""

    port: int = always(0)
    service: str | None = always(None)


class SleepAction(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Waits."""

    seconds: int = always(0)


class LifecycleHandler(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What a lifecycle hook does: exactly one of the fields is set."""

    exec: ExecAction | None = None
    http_get: HTTPGetAction | None = None
    tcp_socket: TCPSocketAction | None = None
    sleep: SleepAction | None = None


class Lifecycle(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Hooks after the start and before the stop of a container."""

    post_start: LifecycleHandler | None = None
    pre_stop: LifecycleHandler | None = None
    stop_signal: str | None = None


class Probe(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A check that the kubelet repeats: exactly one of the first four fields says how, the rest when."""

    exec: ExecAction | None = None
    http_get: HTTPGetAction | None = None
    tcp_socket: TCPSocketAction | None = None
    grpc: GRPCAction | None = None
    initial_delay_seconds: int = 0
    timeout_seconds: int = 0
    period_seconds: int = 0
    success_threshold: int = 0
    failure_threshold: int = 0
    termination_grace_period_seconds: int | None = None
