"""Usage of pods that is not known in advance. Pure, but for calls of the runtime."""

from collections.abc import Iterable

from kubeactors.api.core.v1 import Pod, PodSpec
from kubeactors.kubelet.container_record import ContainerRecord
from kubeactors.kubelet.runtimes import ContainerRuntime
from kubeactors.kubelet.runtimes.behaviour import DOMAIN
from kubeactors.kubelet.usage import WorkerUsage
from kubeactors.kubelet.volumes import directory_of

GROWING = tuple(f"{DOMAIN}{one}" for one in ("memory", "disk", "processes"))
"""Annotations that declare a pod's usage."""


def may_grow(pod: Pod, runtime: ContainerRuntime, *, reads: bool) -> bool:
    """Whether a pod's usage may grow: it is declared, measured, or limited for files that the pod writes.

    Only containers that run real code are measured or write files; these read their environment (`reads`).
    """
    annotations, spec = pod.metadata.annotations, pod.spec
    if annotations and any(key.endswith(GROWING) for key in annotations):
        return True
    if not reads:
        return False
    containers = (*spec.init_containers, *spec.containers)
    return any(runtime.is_measured(one.image) for one in containers) or _limits_files(spec)


def usage_of(pod: Pod, records: Iterable[ContainerRecord], runtime: ContainerRuntime, now: int) -> WorkerUsage:
    """The usage of the pod's running containers, and of its volumes."""
    return WorkerUsage(
        containers=tuple(
            (record.spec, runtime.container_stats(record.current.id, now))
            for record in records
            if record.current is not None and record.is_running
        ),
        volumes=tuple(
            (one.name, runtime.directory_bytes(directory_of(one, pod)))
            for one in pod.spec.volumes
            if one.empty_dir is not None
        ),
    )


def _limits_files(spec: PodSpec) -> bool:
    volumes = any(one.empty_dir is not None and one.empty_dir.size_limit is not None for one in spec.volumes)
    return volumes or any("ephemeral-storage" in one.resources.limits for one in spec.containers)
