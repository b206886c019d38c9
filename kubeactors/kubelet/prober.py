"""Probes of a container that runs: each when it is due.

Source: pkg/kubelet/prober/worker.go doProbe, pkg/kubelet/prober/prober.go (v1.36).
"""

from collections.abc import Iterator

from kubeactors.api.core.v1.event import WARNING
from kubeactors.kubelet.container_record import ContainerRecord
from kubeactors.kubelet.hooks import Told
from kubeactors.kubelet.probes import READINESS, STARTUP, ProbeWorker
from kubeactors.kubelet.runtimes import ContainerRuntime


def run_probes(record: ContainerRecord, runtime: ContainerRuntime, now: int) -> Iterator[Told]:
    """Probe, or ask what has come of it; tells each failure. Until it has started, only the startup probe counts."""
    assert record.current is not None  # it runs
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
    """The probe because of which the container is to be started again."""
    return next((one for one in record.probes if one.has_failed and one.kind != READINESS), None)
