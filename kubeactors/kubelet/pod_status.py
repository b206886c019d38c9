"""The status of a pod, as its kubelet reports it. Pure.

Source: pkg/kubelet/kubelet_pods.go generateAPIPodStatus and convertToAPIContainerStatuses,
pkg/kubelet/status/status_manager.go mergePodStatus (v1.36).
"""

from collections.abc import Sequence
from functools import lru_cache

import msgspec

from kubeactors.api.core.v1 import ContainerStatus, HostIP, Pod, PodIP, PodStatus
from kubeactors.apimachinery.time import format_time
from kubeactors.kubelet.conditions import Observed, conditions, failed_conditions
from kubeactors.kubelet.container_record import ContainerRecord
from kubeactors.kubelet.lifecycle import FAILED, TERMINAL, phase


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """A phase that was decided regardless of the containers, with reason and message."""

    phase: str
    reason: str
    message: str


class PodView(msgspec.Struct, frozen=True, kw_only=True):
    """The kubelet's view of a pod."""

    init: Sequence[ContainerRecord]
    main: Sequence[ContainerRecord]
    ephemeral: Sequence[ContainerRecord] = ()
    outcome: Outcome | None
    is_over: bool
    """Whether nothing runs, and nothing will run again."""
    initialized: bool
    """Whether initialization has completed."""
    has_sandbox: bool
    ip: str
    host_ip: str
    started_at: str


def pod_status(pod: Pod, view: PodView, now: int) -> PodStatus:
    """The desired status: the kubelet's own fields from its view, the rest as in the API."""
    base, metadata = pod.status, pod.metadata
    pod_name = f"{metadata.name}_{metadata.namespace}({metadata.uid})"
    waiting = bool(view.init) and not view.initialized
    init = tuple([_of_init(one, base, pod_name) for one in view.init])
    main = tuple([one.status(pod_name, initializing=waiting) for one in view.main])
    observed = Observed(
        init_statuses=init, statuses=main, phase=_phase(pod, view, init, main), has_sandbox=view.has_sandbox
    )
    reason, message = _explanation(base, view.outcome, observed.phase)
    ip = view.host_ip if pod.spec.host_network else view.ip
    return msgspec.structs.replace(
        base,
        observed_generation=metadata.generation,
        phase=observed.phase,
        conditions=conditions(pod, observed, format_time(now)),
        reason=reason,
        message=message,
        host_ip=view.host_ip,
        host_ips=_host_ips(view.host_ip),
        pod_ip=ip,
        pod_ips=(PodIP(ip=ip),) if ip else (),
        start_time=view.started_at,
        init_container_statuses=init,
        container_statuses=main,
        ephemeral_container_statuses=tuple([one.debug_status(pod_name) for one in view.ephemeral]),
    )


def _of_init(record: ContainerRecord, told: PodStatus, pod_name: str) -> ContainerStatus:
    """The status of an init container; if the runtime has lost it, its reported termination is kept."""
    if record.current is None and record.ended is not None:
        for one in told.init_container_statuses:
            if one.name == record.spec.name and one.state.terminated is not None:
                return one
    return record.status(pod_name, initializing=True)


@lru_cache(maxsize=8192)
def _host_ips(ip: str) -> tuple[HostIP, ...]:
    """The host IPs, shared by all pods of a node."""
    return (HostIP(ip=ip),)


def rejected_status(pod: Pod, outcome: Outcome, started_at: str, now: int) -> PodStatus:
    """The status of a rejected pod, without containers and address."""
    return msgspec.structs.replace(
        pod.status,
        observed_generation=pod.metadata.generation,
        phase=outcome.phase,
        conditions=failed_conditions(pod, format_time(now)),
        reason=outcome.reason,
        message=outcome.message,
        start_time=started_at,
    )


def _phase(pod: Pod, view: PodView, init: tuple[ContainerStatus, ...], main: tuple[ContainerStatus, ...]) -> str:
    if pod.status.phase in TERMINAL:
        return pod.status.phase
    if view.outcome is not None:
        return view.outcome.phase
    found = phase(pod.spec, init, main, is_over=view.is_over, was_initialized=view.initialized)
    return FAILED if view.is_over and found not in TERMINAL else found


def _explanation(base: PodStatus, outcome: Outcome | None, phase_: str) -> tuple[str, str]:
    """Reason and message; those in the API are kept while the phase is the same."""
    if outcome is not None and outcome.phase == phase_:
        return outcome.reason, outcome.message
    return (base.reason, base.message) if base.phase == phase_ else ("", "")
