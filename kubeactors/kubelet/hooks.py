"""Lifecycle hooks: postStart after a container has started, preStop before it is stopped.

Source: pkg/kubelet/kuberuntime/kuberuntime_container.go killContainer, executePreStopHook; pkg/kubelet/lifecycle (v1.36).
"""

from collections.abc import Iterator

from kubeactors.kubelet.container_record import ContainerRecord, PostStart
from kubeactors.kubelet.runtimes import ContainerRuntime

SECOND = 1_000_000_000
POST_START, PRE_STOP = "PostStart", "PreStop"
LEAST_GRACE_SECONDS = 2.0
"""The minimum grace period of a container after its preStop hook, however long that took."""

EventFields = tuple[str, str, str]
"""Type, reason and message of an event."""


def begin_stop(record: ContainerRecord, grace_seconds: float, now: int) -> bool:
    """Have the container stop within the grace period; a shorter one replaces it. False if nothing changes."""
    kill_at = now + int(grace_seconds * SECOND)
    if record.kill_at is not None and record.kill_at <= kill_at:
        return False
    if record.kill_at is None:
        lifecycle = record.spec.lifecycle
        record.has_hook = (
            lifecycle is not None and lifecycle.pre_stop is not None and grace_seconds > 0 and record.is_running
        )
        record.stop_at = None if record.has_hook else now
    record.kill_at = kill_at
    return True


def continue_stopping(record: ContainerRecord, runtime: ContainerRuntime, now: int) -> Iterator[EventFields]:
    """Run the preStop hook, then stop the container. Yields events of failures."""
    assert record.current is not None  # it is running
    assert record.kill_at is not None
    lifecycle = record.spec.lifecycle
    if record.stop_at is None and lifecycle is not None and lifecycle.pre_stop is not None and record.kill_at > now:
        result = runtime.run_hook(record.current.id, PRE_STOP, lifecycle.pre_stop, now)
        if result is not None:
            record.stop_at = now + int(result.seconds * SECOND)
            if not result.success:
                yield "Warning", "FailedPreStopHook", "PreStopHook failed"
    due = record.kill_at if record.stop_at is None else min(record.stop_at, record.kill_at)
    if due <= now:
        record.is_stopping = True
        left = max(record.kill_at - now, 0) / SECOND
        runtime.stop_container(record.current.id, max(left, LEAST_GRACE_SECONDS) if record.has_hook else left, now)


def run_post_start(record: ContainerRecord, runtime: ContainerRuntime, now: int) -> Iterator[EventFields]:
    """Continue with the postStart hook. Yields an event if it fails."""
    hook = record.spec.lifecycle.post_start if record.spec.lifecycle is not None else None
    assert hook is not None  # checked by the caller
    assert record.current is not None
    state = record.post_start
    if state is not None and state.until is None:
        result = runtime.run_hook(record.current.id, POST_START, hook, now)
        if result is None:
            return
        record.post_start = state = PostStart(now + int(result.seconds * SECOND))
        if not result.success:
            yield "Warning", "FailedPostStartHook", "PostStartHook failed"
    if state is not None and state.until is not None and state.until <= now:
        record.post_start = None
