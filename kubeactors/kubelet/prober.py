"""Runs the probes of a container that are due.

Source: pkg/kubelet/prober/worker.go doProbe, pkg/kubelet/prober/prober.go (v1.36).
"""

from collections.abc import Iterator

from kubeactors.api.core.v1.event import WARNING
from kubeactors.kubelet.container_record import ContainerRecord
from kubeactors.kubelet.hooks import EventFields
from kubeactors.kubelet.probes import READINESS, STARTUP, ProbeWorker
from kubeactors.kubelet.runtimes import ContainerRuntime


def run_probes(record: ContainerRecord, runtime: ContainerRuntime, now: int) -> Iterator[EventFields]:
    """Run the due probes. Yields events of failures. The startup probe runs alone until it succeeds."""
    assert record.current is not None  # it is running
    for probe in record.probes:
        if not probe.is_due(now) or not (probe.kind == STARTUP or record.started):
            continue
        result = runtime.probe(record.current.id, probe.kind, probe.probe, now)
        if result is None:
            probe.wait()
            continue
        probe.take(result, now)
        if not result.success:
            yield WARNING, "Unhealthy", f"{probe.kind} probe failed: {result.output}"


def failed_probe(record: ContainerRecord) -> ProbeWorker | None:
    """The failed probe because of which the container must restart; None if there is none."""
    return next((one for one in record.probes if one.has_failed and one.kind != READINESS), None)
