"""Jobs, and the little that kubelets do for them."""

from collections.abc import Callable
from functools import partial

from msgspec.structs import replace

from kubeactors.api.batch.v1 import Job, JobSpec
from kubeactors.api.core.v1 import (
    Container,
    ContainerState,
    ContainerStateTerminated,
    ContainerStatus,
    Pod,
    PodSpec,
    PodTemplateSpec,
)
from tests.controllers.plane import Plane, meta

TRACKED = ("batch.kubernetes.io/job-tracking",)


def template(restart_policy: str = "Never") -> PodTemplateSpec:
    """A template of one container that ends."""
    container = Container(name="c", image="example/batch:1")
    return PodTemplateSpec(spec=PodSpec(containers=(container,), restart_policy=restart_policy))


def job(name: str = "pi", **fields: object) -> Job:
    """A job with these fields in its spec."""
    return Job(metadata=meta(name), spec=replace(JobSpec(template=template()), **fields))


def ended(pod: Pod, code: int = 0, time: str = "2026-01-01T00:00:00Z") -> Pod:
    """The pod as a kubelet reports it once its container has ended with this code."""
    state = ContainerState(terminated=ContainerStateTerminated(exit_code=code, finished_at=time))
    containers = (ContainerStatus(name="c", state=state),)
    status = replace(pod.status, phase="Failed" if code else "Succeeded", container_statuses=containers)
    return replace(pod, status=status)


def active(plane: Plane) -> list[Pod]:
    """The pods that have not ended and are not going, by name."""
    over = {"Succeeded", "Failed"}
    pods = [one for one in plane.list(Pod) if one.metadata.deletion_timestamp is None and one.status.phase not in over]
    return sorted(pods, key=lambda pod: pod.metadata.name)


def end(plane: Plane, code: int = 0, pick: Callable[[Pod], bool] = lambda _: True) -> int:
    """End the active pods that are picked; how many."""
    pods = [pod for pod in active(plane) if pick(pod)]
    for pod in pods:
        plane.change(pod, partial(ended, code=code), "status")
    plane.sim.run(1.0)
    return len(pods)


def conditions(plane: Plane, name: str = "pi") -> list[tuple[str, str, str]]:
    """Types, states and reasons of a job's conditions."""
    return [(one.type, one.status, one.reason) for one in plane.get(Job, name).status.conditions]
