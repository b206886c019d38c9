"""Validation of probes and lifecycle hooks."""

from collections.abc import Iterator

from kubeactors.api.core.v1.probe import HTTPGetAction, Lifecycle, LifecycleHandler, Probe, SleepAction
from kubeactors.api.core.v1.validation.common import messages, needed, one_of
from kubeactors.api.validation import validate_port_number_or_name
from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import FieldError, forbidden, invalid, required
from kubeactors.apimachinery.objectmeta import validate_nonnegative

_TOO_MANY = "may not specify more than 1 handler type"


def validate_liveness_probe(probe: Probe, path: str) -> Iterator[FieldError]:
    """The success threshold of liveness and startup probes is 1."""
    yield from _probe(probe, path)
    if probe.success_threshold != 1:
        yield invalid(f"{path}.successThreshold", probe.success_threshold, "must be 1")


def validate_readiness_probe(probe: Probe, path: str) -> Iterator[FieldError]:
    """A readiness probe has no termination grace period."""
    yield from _probe(probe, path)
    grace = probe.termination_grace_period_seconds
    if grace is not None:
        yield invalid(f"{path}.terminationGracePeriodSeconds", grace, "must not be set for readinessProbes")


def validate_lifecycle(lifecycle: Lifecycle, grace_period_seconds: int | None, path: str) -> Iterator[FieldError]:
    """Each hook has one handler; none sleeps longer than the grace period."""
    if lifecycle.post_start is not None:
        yield from _handler(lifecycle.post_start, grace_period_seconds, f"{path}.postStart")
    if lifecycle.pre_stop is not None:
        yield from _handler(lifecycle.pre_stop, grace_period_seconds, f"{path}.preStop")


def _probe(probe: Probe, path: str) -> Iterator[FieldError]:
    yield from _handler(probe, None, path)
    yield from validate_nonnegative(probe.initial_delay_seconds, f"{path}.initialDelaySeconds")
    yield from validate_nonnegative(probe.timeout_seconds, f"{path}.timeoutSeconds")
    yield from validate_nonnegative(probe.period_seconds, f"{path}.periodSeconds")
    yield from validate_nonnegative(probe.success_threshold, f"{path}.successThreshold")
    yield from validate_nonnegative(probe.failure_threshold, f"{path}.failureThreshold")
    grace = probe.termination_grace_period_seconds
    if grace is not None and grace <= 0:
        yield invalid(f"{path}.terminationGracePeriodSeconds", grace, "must be greater than 0")


def _handler(handler: Probe | LifecycleHandler, grace: int | None, path: str) -> Iterator[FieldError]:
    found = [(name, errors) for name, errors in _actions(handler, grace, path) if errors is not None]
    if not found:
        yield required(path, "must specify a handler type")
        return
    yield from found[0][1]
    for name, _ in found[1:]:
        yield forbidden(f"{path}.{name}", _TOO_MANY)


def _actions(
    handler: Probe | LifecycleHandler, grace: int | None, path: str
) -> Iterator[tuple[str, Iterator[FieldError] | None]]:
    if handler.exec is not None:
        yield "exec", needed(f"{path}.exec.command", handler.exec.command)
    if handler.http_get is not None:
        yield "httpGet", _http_get(handler.http_get, f"{path}.httpGet")
    if handler.tcp_socket is not None:
        yield "tcpSocket", validate_port_number_or_name(handler.tcp_socket.port, f"{path}.tcpSocket.port")
    if isinstance(handler, Probe):
        if handler.grpc is not None:
            yield "grpc", validate_port_number_or_name(handler.grpc.port, f"{path}.grpc.port")
    elif handler.sleep is not None:
        yield "sleep", _sleep(handler.sleep, grace, f"{path}.sleep")


def _http_get(action: HTTPGetAction, path: str) -> Iterator[FieldError]:
    yield from needed(f"{path}.path", action.path)
    yield from validate_port_number_or_name(action.port, f"{path}.port")
    yield from one_of(f"{path}.scheme", action.scheme, ("HTTP", "HTTPS"))
    for header in action.http_headers:
        yield from messages(f"{path}.httpHeaders", header.name, names.http_header_name(header.name))


def _sleep(action: SleepAction, grace: int | None, path: str) -> Iterator[FieldError]:
    if grace is not None and not 0 <= action.seconds <= grace:
        why = f"must be non-negative and less than terminationGracePeriodSeconds ({grace})"
        yield invalid(path, action.seconds, why)
