"""What controllers ask of pods, and the indexes under which they find them.

Source: pkg/controller/controller_utils.go, pkg/api/v1/pod/util.go (v1.36).
"""

from collections.abc import Iterable, Iterator
from enum import IntEnum
from random import Random

from kubeactors.api.core.v1 import Pod, PodCondition
from kubeactors.apimachinery import names
from kubeactors.apimachinery.meta import ObjectMeta, Time
from kubeactors.apimachinery.time import parse_time
from kubeactors.client import reading
from kubeactors.controllers.clocks import seconds_left

RUNNING, PENDING, SUCCEEDED, FAILED, UNKNOWN = "Running", "Pending", "Succeeded", "Failed", "Unknown"
READY, DISRUPTION_TARGET = "Ready", "DisruptionTarget"


class Life(IntEnum):
    """How a pod counts for whoever keeps a number of them alive."""

    UNREADY = 0
    READY = 1
    TERMINATING = 2
    FINISHED = 3


def life_of(pod: Pod) -> Life:
    """How the pod counts: the first two are active.

    >>> life_of(Pod())
    <Life.UNREADY: 0>
    """
    if pod.status.phase in (SUCCEEDED, FAILED):
        return Life.FINISHED
    if pod.metadata.deletion_timestamp is not None:
        return Life.TERMINATING
    return Life.READY if is_ready(pod) else Life.UNREADY


def is_active(pod: Pod) -> bool:
    """Neither finished nor going."""
    return pod.metadata.deletion_timestamp is None and pod.status.phase not in (SUCCEEDED, FAILED)


def condition(pod: Pod, type_: str) -> PodCondition | None:
    """The pod's condition of that type."""
    for one in pod.status.conditions:
        if one.type == type_:
            return one
    return None


def is_ready(pod: Pod) -> bool:
    """Whether the pod takes traffic."""
    found = condition(pod, READY)
    return found is not None and found.status == "True"


def ready_time(pod: Pod) -> Time | None:
    """Since when the pod has been ready, or has not been."""
    found = condition(pod, READY)
    return found.last_transition_time if found is not None else None


def seconds_to_available(pod: Pod, min_ready_seconds: int, now: int) -> float | None:
    """How long until the pod has been ready for long enough, if it stays so: 0 if it has, None if it is not ready.

    Never more than that: a pod that is ready since a time to come was told so by another clock, which is not waited for.
    `now` is unix time in nanoseconds.
    """
    found = condition(pod, READY)
    if found is None or found.status != "True":
        return None
    if min_ready_seconds == 0:
        return 0.0
    if not found.last_transition_time:
        return None
    return seconds_left(parse_time(found.last_transition_time), min_ready_seconds, now)


def generated_name(base: str, random: Random) -> str:
    """A name such as the API server makes of `generateName`.

    A controller makes it itself, so that it knows the name of what it creates before the reply, and even if there
    is none.

    >>> generated_name("web-", Random(1))
    'web-f52jr'
    """
    return names.generate(base, random)


def restarts(pod: Pod) -> int:
    """The restarts of the container that was restarted most."""
    return max((one.restart_count for one in pod.status.container_statuses), default=0)


def label_values(namespace: str, labels: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Index values under which an object with these labels is found by one of them, or by its namespace alone.

    >>> label_values("default", {"app": "web"}.items())
    ('default/', 'default/app=web')
    """
    return (f"{namespace}/", *[f"{namespace}/{key}={value}" for key, value in labels])


@reading("metadata.labels")
def by_labels(pod: Pod) -> tuple[str, ...]:
    """Index: every label of the pod, in its namespace."""
    return label_values(pod.metadata.namespace, pod.metadata.labels.items())


@reading("spec.node_name")
def by_node(pod: Pod) -> tuple[str, ...]:
    """Index: the node that the pod is on."""
    return (pod.spec.node_name,) if pod.spec.node_name else ()


def owner_changed(old: ObjectMeta, new: ObjectMeta) -> bool:
    """Whether the owners differ; mostly they are the same tuple."""
    return old.owner_references is not new.owner_references and old.owner_references != new.owner_references


FIRST_BATCH = 1
"""One is tried first: if it is refused, so would be the others."""


def batches(wanted: int) -> Iterator[int]:
    """Sizes of batches: each twice the one before, while there is something left to do.

    >>> list(batches(10))
    [1, 2, 4, 3]
    """
    size = FIRST_BATCH
    while wanted > 0:
        yield min(size, wanted)
        wanted -= size
        size *= 2
